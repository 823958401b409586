import type { Line } from '../facts.ts';

/** The line above an exception that Symfony prints in a block, broken at the width of the terminal. */
const HEADING = /^(In \S+\.php line \d+:|\s*\[[\w\\]+\])$/;

/** Joins the lines of such a block, because a message may be broken within a word. */
export function unwrapped(lines: readonly Line[]): readonly Line[] {
  const joined: Line[] = [];
  let block: { first: Line; parts: string[] } | undefined;
  let expected = false;
  const end = () => {
    if (block) joined.push({ ...block.first, text: `  ${block.parts.join('')}` });
    block = undefined;
  };
  for (const line of lines) {
    const inside = /^ {2}\S/.test(line.text) && (expected || block !== undefined);
    if (inside) {
      block ??= { first: line, parts: [] };
      block.parts.push(line.text.slice(2));
    } else {
      end();
      joined.push(line);
    }
    expected = HEADING.test(line.text) || (expected && line.text.trim() === '');
  }
  end();
  return joined;
}
