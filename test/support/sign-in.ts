import type { Bed, Run, RunOptions } from './dnx.ts';

/** Options of a run that no DNX_TOKEN signs in. */
export const signedOut = { env: { DNX_TOKEN: undefined } };

/** `dnx login`, with the token of the sandbox's owner on stdin unless something else is given. */
export const signIn = (bed: Bed, line = 'login --with-token', options: RunOptions = {}): Promise<Run> =>
  bed.dnx(line, { stdin: `${bed.sandbox.token}\n`, ...options, env: { ...signedOut.env, ...options.env } });
