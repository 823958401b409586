import type { Capture, World } from './world.ts';

/** Settings that keep a repository from running programs, and Git from asking for passwords. */
const SAFE = ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false', '-c', 'log.showSignature=false', '--no-pager'];

/** No locks, no requests for what a partial clone lacks, no replaced objects, and messages that dnx can read. */
const QUIET = { GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', GIT_NO_REPLACE_OBJECTS: '1', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };

/** Runs a git command that only reads, in the working directory or another one. Undefined if Git is not installed. */
export function git(
  { env, cwd, capture }: Pick<World, 'env' | 'cwd' | 'capture'>,
  args: readonly string[],
  where = cwd,
): Promise<Capture | undefined> {
  return capture({
    file: 'git',
    args: [...SAFE, ...args],
    cwd: where,
    env: { ...env, ...QUIET },
  });
}
