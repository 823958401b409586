import { devNull } from 'node:os';
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
