import { resolve } from 'node:path';

/** Speeds up time: `now` for a sandbox in this process, `env` for child processes. */
export function hasten(factor: number): { readonly now: () => number; readonly env: Readonly<Record<string, string>> } {
  const since = Date.now();
  return {
    now: () => since + (Date.now() - since) * factor,
    env: { NODE_OPTIONS: `--require ${resolve('test/support/hastened.cjs')}`, DNX_TEST_TIME: `${factor} ${since}` },
  };
}
