import { exits } from '../../src/base/errors.ts';
import type { Run } from '../support/dnx.ts';

/** The exit codes in the README. */
const documented: ReadonlySet<number> = new Set([0, ...Object.values(exits)]);

/** Exit codes that exclude a result. */
const resultless: ReadonlySet<number> = new Set([2, 4, 5, 6, 7, 9, 13]);

/** The control sequences of spinners and prompts. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it matches escape sequences
const drawing = /\u001b\[(\?(25|2026)[lh]|\d*[A-GJK])/g;

/** Characters that can move the cursor, or hide or reverse text, except tabs and newlines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it matches control characters
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** The conditions of a run that promises depend on. */
export interface Setting {
  /** stdout and stderr are terminals. */
  readonly terminal: boolean;
  /** The terminal cannot move its cursor. */
  readonly dumb: boolean;
  /** stdout receives events or a token before the outcome is known. */
  readonly early: boolean;
  /** It runs until Ctrl-C, which then needs no message. */
  readonly endless?: boolean;
}

/** The first promise that this run broke, or undefined. */
export function brokenBy(run: Run, { terminal, dumb, early, endless }: Setting): string | undefined {
  const { code, stdout, stderr } = run;
  if (!documented.has(code)) return `undocumented exit code ${code}`;
  if (/looks like a bug|"code":"bug"/.test(stderr)) return 'a bug in dnx';
  if (code !== 0 && stderr.trim() === '' && !(endless && code === exits.interrupted)) return `exit ${code} without a message`;
  if (!early && resultless.has(code) && stdout !== '' && !isIncomplete(run)) return `exit ${code} with a result`;
  if (!terminal) return undefined;
  for (const [name, text] of Object.entries({ stdout, stderr })) {
    const [found] = controls.exec(dumb ? text : text.replaceAll(drawing, '')) ?? [];
    if (found !== undefined) return `U+${found.charCodeAt(0).toString(16).padStart(4, '0')} on ${name}, a terminal`;
  }
  return undefined;
}

/** True if a list failed after its first page was printed, says so, and cannot be taken for a whole JSON array. */
function isIncomplete({ stdout, stderr }: Run): boolean {
  return stderr.includes('The output is incomplete') && !(stdout.startsWith('[') && stdout.trimEnd().endsWith('\n]'));
}

/** A run in the report of a broken promise. */
export const shown = ({ code, stdout, stderr, calls }: Run): string =>
  [
    `exit ${code}`,
    `stdout ${JSON.stringify(stdout.slice(0, 1_500))}`,
    `stderr ${JSON.stringify(stderr.slice(0, 2_500))}`,
    ...calls.slice(-10),
  ].join('\n');
