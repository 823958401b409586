import type { Bed, Run, RunOptions } from './dnx.ts';

/** Options of a run without DNX_TOKEN. */
export const signedOut = { env: { DNX_TOKEN: undefined } };

/** Runs `dnx login`, by default with the owner's token on stdin. */
export const signIn = (bed: Bed, line = 'login --with-token', options: RunOptions = {}): Promise<Run> =>
  bed.dnx(line, { stdin: `${bed.sandbox.token}\n`, ...options, env: { ...signedOut.env, ...options.env } });
