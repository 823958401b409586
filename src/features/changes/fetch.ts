import { DnxError, usage } from '../../base/errors.ts';
import type { World } from '../../machine/world.ts';

/** Updates one branch of a remote. Without the hooks of the repository, and without tags and submodules. */
export async function fetchBranch({ capture, cwd, env, stderr }: World, remote: string, branch: string): Promise<void> {
  // The user may have to type the passphrase of an SSH key.
  const attended = stderr.isTTY === true;
  const done = await capture({
    file: 'git',
    args: [
      ...['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'gc.auto=0', '-c', 'maintenance.auto=false'],
      ...['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--', remote],
      `+refs/heads/${branch}:refs/remotes/${remote}/${branch}`,
    ],
    cwd,
    env: { ...env, GIT_TERMINAL_PROMPT: attended ? env.GIT_TERMINAL_PROMPT : '0', LC_ALL: 'C' },
    ...(attended && { attended }),
  });
  if (!done) throw usage('--fetch needs Git, which is not installed.');
  if (done.code === 0) return;
  const [line = ''] = done.stderr.trim().split('\n');
  const why = line.replace(/^fatal: /, '') || `exit code ${done.code}`;
  throw new DnxError('failed', `Could not fetch ${branch} from ${remote}: ${withoutPasswords(why)}`);
}

const withoutPasswords = (text: string): string => text.replace(/\/\/[^/@\s]+@/g, '//…@');
