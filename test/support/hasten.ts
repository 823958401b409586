import { resolve } from 'node:path';

/** Faster time, for a sandbox in this process (`now`) and for processes with this environment. */
export function hasten(factor: number): { readonly now: () => number; readonly env: Readonly<Record<string, string>> } {
  const since = Date.now();
  return {
    now: () => since + (Date.now() - since) * factor,
    env: { NODE_OPTIONS: `--require ${resolve('test/support/hastened.cjs')}`, DNX_TEST_TIME: `${factor} ${since}` },
  };
}
