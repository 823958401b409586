import { DnxError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { childEnv } from '../../machine/env.ts';
import { gitEnv } from '../../machine/git.ts';
import { type Clone, mustRead, Unknowable } from './clone.ts';

/** Keeps Git and SSH from asking for a password or passphrase. */
const UNATTENDED = { GIT_TERMINAL_PROMPT: '0', SSH_ASKPASS: 'false', SSH_ASKPASS_REQUIRE: 'force' };

/** Other transports run a program that the URL names. */
const TRANSPORTS = { GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh' };

/** Settings that name what Git runs when it fetches, or allow a transport that does. */
const PROGRAMS = /^(credential|hook|protocol)\.|^(core|remote)\..*(askpass|command|helper|pack|proxy|vcs)$/is;

type Needs = Pick<Context, 'ask' | 'world'>;

/** Updates one branch of a remote, without tags and submodules. */
export async function fetchBranch(ctx: Needs, clone: Pick<Clone, 'read'>, remote: string, branch: string): Promise<void> {
  const refs = `+refs/heads/${branch}:refs/remotes/${remote}/${branch}`;
  const done = await atRemote(ctx, clone, ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--', remote, refs]);
  if (typeof done === 'string') return;
  throw new DnxError('failed', `Could not fetch ${branch} from ${remote}: ${done.why}`, {
    hint: done.isProgram ? `Run: git fetch ${remote}` : undefined,
  });
}

/** The commit of a branch at its remote now; undefined if the branch is gone. */
export async function commitAtRemote(ctx: Needs, clone: Pick<Clone, 'read'>, remote: string, branch: string): Promise<string | undefined> {
  const ref = `refs/heads/${branch}`;
  const done = await atRemote(ctx, clone, ['ls-remote', '--', remote, ref]);
  if (typeof done !== 'string') throw new Unknowable(`Git cannot ask ${remote}: ${done.why.replace(/\.$/, '')}`);
  // A name is a pattern for Git.
  return done
    .split('\n')
    .map((line) => line.split('\t'))
    .find(([, name]) => name === ref)?.[0];
}

/** How long a remote may take if nobody can be asked for a passphrase, in ms. */
const LIMIT_MS = 30_000;

/**
 * Runs a git command that asks a remote. Without hooks, and without any program that the configuration of the repository names: it may come
 * from an archive that somebody else packed. Returns the output, or why there is none.
 */
async function atRemote(
  { ask, world }: Needs,
  clone: Pick<Clone, 'read'>,
  args: readonly string[],
): Promise<string | { readonly why: string; readonly isProgram: boolean }> {
  const { capture, cwd, env } = world;
  const program = (await ownSettings(clone)).find((key) => PROGRAMS.test(key));
  if (program !== undefined)
    return { why: `the configuration of this repository sets ${program}, which dnx does not follow.`, isProgram: true };
  // The user may have to type the passphrase of an SSH key.
  const attended = ask.allowed;
  const done = await capture({
    file: 'git',
    args: [...['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'gc.auto=0', '-c', 'maintenance.auto=false'], ...args],
    cwd,
    env: childEnv(gitEnv(env), { ...TRANSPORTS, ...(!attended && UNATTENDED), LC_ALL: 'C' }),
    ...(attended ? { attended } : args[0] === 'ls-remote' && { limitMs: LIMIT_MS }),
  });
  if (done?.code === 0) return done.stdout;
  const [line = ''] = (done?.stderr ?? 'Git is not installed').trim().split('\n');
  const why = line.replace(/^fatal: /, '') || `exit code ${done?.code}`;
  return { why: withoutPasswords(why), isProgram: false };
}

/** The keys in the configuration of the repository, and in the files that it includes. */
async function ownSettings({ read }: Pick<Clone, 'read'>): Promise<readonly string[]> {
  const words = (await mustRead({ read }, 'config', '--list', '--includes', '--show-scope', '-z')).split('\0');
  const isOwn = (_: string, at: number) => at % 2 === 1 && ['local', 'worktree'].includes(words[at - 1] ?? '');
  return words.filter(isOwn).map((word) => word.split('\n', 1)[0] ?? '');
}

const withoutPasswords = (text: string): string => text.replace(/\/\/[^/@\s]+@/g, '//…@');
