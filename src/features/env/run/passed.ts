import { usage } from '../../../base/errors.ts';
import { wordOf } from '../../../base/text.ts';
import type { Env } from '../../../machine/world.ts';
import { isMasked } from '../masked.ts';
import type { Variable } from '../variables.ts';
import { changesPrograms } from './loaders.ts';

/** The variables for a child process, and the names of those that it does not get. */
export interface Passed {
  readonly env: Env;
  /** Not a name that a shell could use. */
  readonly invalid: readonly string[];
  /** The API does not show their values. */
  readonly masked: readonly string[];
  /** They could make the program run other code. */
  readonly unsafe: readonly string[];
  /** They belong to dnx, which would send the user's token to the host of another. */
  readonly own: readonly string[];
}

/** As phpdotenv reads names, which Laravel uses. No `=`, which would set another variable. */
const NAME = /^[A-Za-z_][\w.]*$/;

/** Decides which variables of a site a child process gets. Throws for a value that no process can have. */
export function passed(variables: readonly Variable[], { all }: { readonly all: boolean }): Passed {
  const env: [name: string, value: string][] = [];
  const left = { invalid: [] as string[], masked: [] as string[], unsafe: [] as string[], own: [] as string[] };
  for (const variable of variables) {
    const key = wordOf(variable.key);
    const value = variable.value === undefined ? undefined : wordOf(variable.value);
    if (!NAME.test(key)) left.invalid.push(key);
    else if (key.toUpperCase().startsWith('DNX_')) left.own.push(key);
    else if (value === undefined || isMasked(value)) left.masked.push(key);
    else if (!all && changesPrograms(key)) left.unsafe.push(key);
    else if (value.includes('\0')) throw usage(`The value of ${key} contains a NUL byte, which no command can receive.`);
    else env.push([key, value]);
  }
  return { env: Object.fromEntries(env), ...left };
}
