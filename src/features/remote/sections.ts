import { randomBytes } from 'node:crypto';
import type { Machine } from './machine.ts';
import SECTIONS from './sections.sh';
import { runOn, scripted } from './ssh.ts';

/** A part of the output of a script that prints sections, as sections.sh has it: its name, the words behind it, and what follows. */
export interface ScriptSection {
  readonly name: string;
  readonly words: readonly string[];
  readonly body: Buffer;
}

/** Runs a script on a server and reads its sections. */
export async function readSections(
  ctx: Parameters<typeof runOn>[0],
  machine: Machine,
  script: string,
  args: readonly string[],
  limitMs: number,
): Promise<readonly ScriptSection[]> {
  const nonce = randomBytes(16).toString('hex');
  const command = scripted(SECTIONS + script, nonce, ...args);
  const { stdout } = await runOn(ctx, machine, command, { limitMs });
  return sectionsIn(stdout, nonce);
}

/** The sections of an output. Text that a login prints before the first one is left out. */
function sectionsIn(output: string, nonce: string): readonly ScriptSection[] {
  const sections: { name: string; words: readonly string[]; body: string[] }[] = [];
  for (const line of output.split('\n')) {
    if (line.startsWith(`${nonce} `)) {
      const [name = '', ...words] = line.slice(nonce.length + 1).split(' ');
      sections.push({ name, words: words.map((word) => decoded(word).toString('utf8')), body: [] });
    } else sections.at(-1)?.body.push(line);
  }
  return sections.map(({ body, ...rest }) => ({ ...rest, body: decoded(body.join('')) }));
}

/** A word ends with a dot, so that an empty one is seen. */
const decoded = (text: string): Buffer => Buffer.from(text.replace(/\.$/, ''), 'base64');
