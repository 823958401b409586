import { preloading } from './program.ts';

/**
 * Speeds up time: `now` for a sandbox in this process, `env` for child processes. `patient`: the time limits of requests and children stay real,
 * because a busy machine does not get faster.
 */
export function hasten(
  factor: number,
  { patient = false } = {},
): { readonly now: () => number; readonly env: Readonly<Record<string, string>> } {
  const since = Date.now();
  return {
    now: () => since + (Date.now() - since) * factor,
    env: {
      ...preloading('test/support/hastened.cjs'),
      DNX_TEST_TIME: `${factor} ${since}${patient ? ' patient' : ''}`,
    },
  };
}
