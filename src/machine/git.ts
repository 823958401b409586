import { devNull } from 'node:os';
import { isError } from '../base/errors.ts';
import { childEnv, envWithoutSecrets } from './env.ts';
import type { Capture, Env, World } from './world.ts';

/** Settings that keep a repository from running programs, and Git from asking for passwords. */
const SAFE = ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false', '-c', 'log.showSignature=false', '--no-pager'];

/** No locks, no requests for what a partial clone lacks, no replaced objects or parents, and messages that dnx can read. */
const QUIET = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: devNull,
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
};

/** Variables that Git sets for hooks, and that would make it read another repository or other paths than those that dnx names. */
const FOREIGN = [
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_IMPLICIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_PREFIX', 'GIT_INDEX_FILE', 'GIT_SHALLOW_FILE'],
  ...['GIT_LITERAL_PATHSPECS', 'GIT_GLOB_PATHSPECS', 'GIT_NOGLOB_PATHSPECS', 'GIT_ICASE_PATHSPECS'],
];

/** The environment in which Git finds the repository of the working directory, also in a hook of another one. */
export const gitEnv = (env: Env): Env => childEnv(envWithoutSecrets(env), Object.fromEntries(FOREIGN.map((name) => [name, undefined])));

/** Runs a git command that only reads, in the working directory or another one. Undefined if Git is not installed. */
export function git(
  { env, cwd, capture }: Pick<World, 'env' | 'cwd' | 'capture'>,
  args: readonly string[],
  where = cwd,
): Promise<Capture | undefined> {
  return capture(programOf(env, args, where));
}

const programOf = (env: Env, args: readonly string[], cwd: string) => ({
  file: 'git',
  args: [...SAFE, ...args],
  cwd,
  env: childEnv(gitEnv(env), QUIET),
});

/** More than this of all blobs together is not read. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The texts of blobs by their ids, all in one process. What a partial or damaged clone lacks is left out. */
export async function gitBlobs(
  { env, start }: Pick<World, 'env' | 'start'>,
  ids: readonly string[],
  where: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const blobs = new Map<string, string>();
  const child = await start({ ...programOf(env, ['cat-file', '--batch'], where), stdin: 'pipe' });
  child?.stdin?.end(ids.map((id) => `${id}\n`).join(''));
  child?.stderr.resume();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of child?.stdout ?? []) {
    size += chunks[chunks.push(chunk) - 1]?.length ?? 0;
    if (size > MOST_BYTES) child?.stop();
  }
  await child?.ended;
  signal.throwIfAborted();
  const output = Buffer.concat(chunks);
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf('\n', at);
    // `ID blob SIZE`, or `ID missing`
    const [id = '', , bytes] = output.toString('utf8', at, end).split(' ');
    at = end + 1 + (bytes === undefined ? 0 : Number(bytes) + 1);
    if (bytes !== undefined && at <= output.length) blobs.set(id, output.toString('utf8', end + 1, at - 1));
  }
  return blobs;
}

/** A remote of a Git repository. Its URL may have a password. */
export interface Remote {
  readonly name: string;
  readonly url: string;
}

/** The remotes in the output of `git remote -v`, by the URL that Git fetches from. */
export const remotesIn = (output: string): readonly Remote[] =>
  output.split('\n').flatMap((line) => {
    // A name that looks like an option is not one that Git would create.
    const [, name, url] = /^(\w[\w./+-]*)\t(.+) \(fetch\)( \[.*\])?$/.exec(line) ?? [];
    return name === undefined || url === undefined ? [] : [{ name, url }];
  });

/** How long Git may take to list branches, in ms. */
const LIMIT_MS = 500;
const MOST_BRANCHES = 1_000;

/** The branches of the clone of the working directory and of its remotes; none if there is no clone, or Git is slow. */
export async function branchesOf(world: Pick<World, 'env' | 'cwd' | 'capture'>): Promise<readonly string[]> {
  const capture: World['capture'] = (program) => world.capture({ ...program, limitMs: LIMIT_MS });
  const args = ['for-each-ref', `--count=${MOST_BRANCHES}`, '--format=%(refname)', 'refs/heads', 'refs/remotes'];
  // Without branches, nothing is offered.
  const done = await git({ ...world, capture }, args).catch(() => undefined);
  const refs = done?.code === 0 ? done.stdout.split('\n') : [];
  const branches = refs.flatMap((ref) => /^refs\/(?:heads|remotes\/[^/]+)\/(?!HEAD$)([^-\p{C}][^\p{C}]*)$/u.exec(ref)?.[1] ?? []);
  return [...new Set(branches)];
}

/** Keeps Git and SSH from asking for a password or passphrase. */
const UNATTENDED = { GIT_TERMINAL_PROMPT: '0', SSH_ASKPASS: 'false', SSH_ASKPASS_REQUIRE: 'force' };

/** Other transports run a program that the URL names. */
const TRANSPORTS = { GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh' };

/** Settings that name what Git runs when it fetches, or allow a transport that does. */
const PROGRAMS = /^(credential|hook|protocol)\.|^(core|remote)\..*(askpass|command|helper|pack|proxy|vcs)$/is;

/** How long a remote may take if nobody can be asked for a passphrase, in ms. */
const REMOTE_LIMIT_MS = 30_000;

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
    ...(attended ? { attended } : args[0] === 'ls-remote' && { limitMs: REMOTE_LIMIT_MS }),
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
