import { DnxError, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { childEnv } from '../../machine/env.ts';
import { gitEnv } from '../../machine/git.ts';

/** Keeps Git and SSH from asking for a password or passphrase. */
const UNATTENDED = { GIT_TERMINAL_PROMPT: '0', SSH_ASKPASS: 'false', SSH_ASKPASS_REQUIRE: 'force' };

/** Updates one branch of a remote. Without the hooks of the repository, and without tags and submodules. */
export async function fetchBranch({ ask, world }: Pick<Context, 'ask' | 'world'>, remote: string, branch: string): Promise<void> {
  const { capture, cwd, env } = world;
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
    env: childEnv(gitEnv(env), { ...(!attended && UNATTENDED), LC_ALL: 'C' }),
    ...(attended && { attended }),
  });
  if (!done) throw usage('--fetch needs Git, which is not installed.');
  if (done.code === 0) return;
  const [line = ''] = done.stderr.trim().split('\n');
  const why = line.replace(/^fatal: /, '') || `exit code ${done.code}`;
  throw new DnxError('failed', `Could not fetch ${branch} from ${remote}: ${withoutPasswords(why)}`);
}

const withoutPasswords = (text: string): string => text.replace(/\/\/[^/@\s]+@/g, '//…@');
