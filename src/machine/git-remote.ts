import { isError } from '../base/errors.ts';
import { childEnv } from './env.ts';
import { gitEnv } from './git.ts';
import type { World } from './world.ts';

/** Keeps Git and SSH from asking for a password or passphrase. */
const UNATTENDED = { GIT_TERMINAL_PROMPT: '0', SSH_ASKPASS: 'false', SSH_ASKPASS_REQUIRE: 'force' };

/** Other transports run a program that the URL names. */
const TRANSPORTS = { GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh' };

/** Settings that name what Git runs when it fetches, or allow a transport that does. */
const PROGRAMS = /^(credential|hook|protocol)\.|^(core|remote)\..*(askpass|command|helper|pack|proxy|vcs)$/is;

/** How long a remote may take if nobody can be asked for a passphrase, in ms. */
const LIMIT_MS = 30_000;

/** The output of a git command that reads the clone. Throws if it fails. */
type Read = (...args: readonly string[]) => Promise<string>;

/** How a remote is asked. */
interface Asking {
  /** The user may have to type a passphrase. */
  readonly attended: boolean;
  /** The configuration of the repository may name programs: a CI job has just written it. */
  readonly trusted?: boolean;
}

/**
 * Runs a git command that asks a remote. Without hooks, and without any program that the configuration of the repository names, unless that is
 * trusted: it may come from an archive that somebody else packed. Returns the output, or why there is none.
 */
export async function atRemote(
  { capture, cwd, env }: Pick<World, 'capture' | 'cwd' | 'env'>,
  read: Read,
  args: readonly string[],
  { attended, trusted = false }: Asking,
) {
  const program = trusted ? undefined : (await ownSettings(read)).find((key) => PROGRAMS.test(key));
  if (program !== undefined)
    return { why: `the configuration of this repository sets ${program}, which dnx does not follow.`, isProgram: true };
  const running = capture({
    file: 'git',
    args: [...['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'gc.auto=0', '-c', 'maintenance.auto=false'], ...args],
    cwd,
    env: childEnv(gitEnv(env), { ...TRANSPORTS, ...(!attended && UNATTENDED), LC_ALL: 'C' }),
    ...(attended ? { attended } : args[0] === 'ls-remote' && { limitMs: LIMIT_MS }),
  });
  const done = await running.catch((error: unknown) => {
    if (!isError(error, 'timed_out')) throw error;
    return { code: 1, stdout: '', stderr: 'it does not answer in time' };
  });
  if (done?.code === 0) return done.stdout;
  const [line = ''] = (done?.stderr ?? 'Git is not installed').trim().split(/\r?\n/);
  const why = line.replace(/^fatal: /, '') || `exit code ${done?.code}`;
  return { why: withoutPasswords(why), isProgram: false };
}

async function ownSettings(read: Read): Promise<readonly string[]> {
  const words = (await read('config', '--list', '--includes', '--show-scope', '-z')).split('\0');
  const isOwn = (_: string, at: number) => at % 2 === 1 && ['local', 'worktree'].includes(words[at - 1] ?? '');
  return words.filter(isOwn).map((word) => word.split('\n', 1)[0] ?? '');
}

/** A password that was not encoded may have a slash, and a query may have a token. */
const withoutPasswords = (text: string): string => text.replace(/\/\/[^@\s]+@/g, '//…@').replace(/\?[^\s'"]+/g, '?…');
