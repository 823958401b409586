import { DnxError, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { childEnv } from '../../machine/env.ts';
import { gitEnv } from '../../machine/git.ts';
import { type Clone, mustRead } from './clone.ts';

/** Keeps Git and SSH from asking for a password or passphrase. */
const UNATTENDED = { GIT_TERMINAL_PROMPT: '0', SSH_ASKPASS: 'false', SSH_ASKPASS_REQUIRE: 'force' };

/** Other transports run a program that the URL names. */
const TRANSPORTS = { GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh' };

/** Settings that name what Git runs when it fetches, or allow a transport that does. */
const PROGRAMS = /^(credential|hook|protocol)\.|^(core|remote)\..*(askpass|command|helper|pack|proxy|vcs)$/is;

/**
 * Updates one branch of a remote. Without hooks, tags and submodules, and without any program that the configuration of the repository
 * names: it may come from an archive that somebody else packed.
 */
export async function fetchBranch(
  { ask, world }: Pick<Context, 'ask' | 'world'>,
  clone: Pick<Clone, 'read'>,
  remote: string,
  branch: string,
): Promise<void> {
  const { capture, cwd, env } = world;
  const failed = (why: string, hint?: string) => new DnxError('failed', `Could not fetch ${branch} from ${remote}: ${why}`, { hint });
  const program = (await ownSettings(clone)).find((key) => PROGRAMS.test(key));
  if (program !== undefined)
    throw failed(`the configuration of this repository sets ${program}, which dnx does not follow.`, `Run: git fetch ${remote}`);
  // The user may have to type the passphrase of an SSH key.
  const attended = ask.allowed;
  const done = await capture({
    file: 'git',
    args: [
      ...['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'gc.auto=0', '-c', 'maintenance.auto=false'],
      ...['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--', remote],
      `+refs/heads/${branch}:refs/remotes/${remote}/${branch}`,
    ],
    cwd,
    env: childEnv(gitEnv(env), { ...TRANSPORTS, ...(!attended && UNATTENDED), LC_ALL: 'C' }),
    ...(attended && { attended }),
  });
  if (!done) throw usage('--fetch needs Git, which is not installed.');
  if (done.code === 0) return;
  const [line = ''] = done.stderr.trim().split('\n');
  const why = line.replace(/^fatal: /, '') || `exit code ${done.code}`;
  throw failed(withoutPasswords(why));
}

/** The keys in the configuration of the repository, and in the files that it includes. */
async function ownSettings({ read }: Pick<Clone, 'read'>): Promise<readonly string[]> {
  const words = (await mustRead({ read }, 'config', '--list', '--includes', '--show-scope', '-z')).split('\0');
  const isOwn = (_: string, at: number) => at % 2 === 1 && ['local', 'worktree'].includes(words[at - 1] ?? '');
  return words.filter(isOwn).map((word) => word.split('\n', 1)[0] ?? '');
}

const withoutPasswords = (text: string): string => text.replace(/\/\/[^/@\s]+@/g, '//…@');
