import { usage } from '../../../base/errors.ts';
import type { Env } from '../../../machine/world.ts';
import { isKey } from '../dotenv/entries.ts';
import { UNKNOWN } from '../sync/merge.ts';
import { remoteSide } from '../sync/remote-side.ts';
import { changesPrograms, isSetting } from './loaders.ts';

/** The variables for a child process, and the names of those that it does not get. */
export interface Passed {
  readonly env: Env;
  /** Not a name in a dotenv file. With `=` in it, it would set another variable. */
  readonly invalid: readonly string[];
  /** The API does not show their values. */
  readonly masked: readonly string[];
  /** They could make the program run other code. */
  readonly unsafe: readonly string[];
  /** dnx or Node.js reads them. */
  readonly settings: readonly string[];
}

/** Decides which variables of a site a child process gets. Throws for a value that no process can have. */
export function passed(variables: readonly unknown[], { all }: { readonly all: boolean }): Passed {
  const env: [name: string, value: string][] = [];
  const left = { invalid: [] as string[], masked: [] as string[], unsafe: [] as string[], settings: [] as string[] };
  for (const [key, value] of remoteSide(variables)) {
    if (!isKey(key)) left.invalid.push(key);
    else if (isSetting(key)) left.settings.push(key);
    else if (!all && changesPrograms(key)) left.unsafe.push(key);
    else if (value === UNKNOWN) left.masked.push(key);
    else if (value.includes('\0')) throw usage(`The value of ${key} contains a NUL character, which no command can receive.`);
    else env.push([key, value]);
  }
  return { env: Object.fromEntries(env), ...left };
}
