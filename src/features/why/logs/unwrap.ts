import type { Line } from '../facts.ts';

/** The line above an exception: Symfony's, whose message is broken at the width of the terminal, or Collision's. */
const HEADING = /^(?:In \S+\.php line \d+:|\s*\[[\w\\]+\]|\s+[\w\\]+(?:Exception|Error))$/;

/** Symfony breaks a message within a word, Collision only where the message does. */
const isBroken = ({ heading = '' }: Line): boolean => !/(?:Exception|Error)$/.test(heading);

/** Joins the lines of the message of an exception. */
export function unwrapped(lines: readonly Line[]): readonly Line[] {
  const joined: Line[] = [];
  let block: { first: Line; parts: string[] } | undefined;
  let heading: string | undefined;
  const end = () => {
    if (block) joined.push({ ...block.first, text: `  ${block.parts.join(isBroken(block.first) ? '' : ' ')}` });
    block = undefined;
  };
  for (const line of lines) {
    const inside = /^ {2}\S/.test(line.text) && (heading !== undefined || block !== undefined);
    if (inside) {
      block ??= { first: heading === undefined ? line : { ...line, heading }, parts: [] };
      block.parts.push(line.text.slice(2));
    } else {
      end();
      joined.push(line);
    }
    if (HEADING.test(line.text)) heading = line.text.trim();
    else if (line.text.trim() !== '') heading = undefined;
  }
  end();
  return joined;
}
