import { readFileSync, writeFileSync } from 'node:fs';
import type { RunOptions } from './dnx.ts';

/** What a user does to the file in the editor. */
export type Change = (text: string) => string;

/** An editor that makes one change each time it is opened. On a terminal if there are keys. */
export function editor(changes: readonly Change[], keys?: string): RunOptions {
  const left = [...changes];
  return {
    env: { EDITOR: 'edit', NO_COLOR: '1' },
    ...(keys !== undefined && { keys, columns: 200 }),
    child({ args }) {
      const file = args.at(-1) ?? '';
      const change = left.shift();
      if (!change) throw new Error('The editor was opened too often.');
      writeFileSync(file, change(readFileSync(file, 'utf8')));
      return 0;
    },
  };
}

/** Sets a variable that is in the file. */
export const set =
  (key: string, value: string): Change =>
  (text) =>
    text.replace(new RegExp(`^${key}=.*$`, 'm'), `${key}=${value}`);
/** Removes a variable. */
export const drop =
  (key: string): Change =>
  (text) =>
    text.replace(new RegExp(`^${key}=.*\n`, 'm'), '');

/** Notes the text before another change. */
export const noted =
  (seen: string[], change: Change): Change =>
  (text) => {
    seen.push(text);
    return change(text);
  };
