import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { attempt, DnxError, isError } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import type { Context, PlannedDeployment } from '../../cli/language/command.ts';
import { nullable, number, objectOf, type Printed, word, yes } from '../../cli/language/shape.ts';
import { readText } from '../../machine/files/text-file.ts';
import type { Remote } from '../../machine/git.ts';
import { atRemote } from '../../machine/git.ts';
import { type Clone, commitIn, mustRead, openClone, Unknowable } from './clone.ts';

/** The commit that a deployment would bring. */
export const deployableShape = objectOf({
  branch: word,
  /** `origin/main`, or `main` in a clone without remotes. */
  ref: word,
  commit: word,
  remote: nullable(word),
  /** The repository of the site, if the remote is known to be it. */
  repository: nullable(word),
  /** True if the API does not say which branch the site deploys, so that it is the one checked out here. */
  checked_out: yes,
  /** When the remote was last known to be at this commit, in ISO 8601; null if Git does not say. */
  as_of: nullable(word),
  unpushed: number,
});
type Deployable = Printed<typeof deployableShape>;

interface WantedBranch {
  /** The branch that the site deploys; undefined if the API does not say. */
  readonly branch: string | undefined;
  /** The repository that the site deploys, such as `example/shop`; undefined if it is unknown. Asked only if the clone has a remote. */
  readonly repository: () => Promise<string | undefined>;
  readonly fetch: boolean;
  /** True if an unknown branch may not be replaced by the one checked out here. */
  readonly strict: boolean;
}

/** Where the branch of a site is in a clone. Fetches it first if wanted. */
export async function deployable(ctx: Context, clone: Clone, wanted: WantedBranch): Promise<Deployable> {
  const branch = wanted.branch ?? (await currentBranch(clone, wanted.strict));
  const checked_out = wanted.branch === undefined;
  const local = `refs/heads/${branch}`;
  let references = await referencesOf(clone, branch);
  if (clone.remotes.length === 0 || clone.isBare) {
    if (wanted.fetch && clone.remotes.length === 0) throw new Unknowable('this clone has no remote to fetch from');
    const commit = references.get(local)?.commit;
    if (commit === undefined) throw new Unknowable(`this repository has no branch ${branch}`);
    return { branch, ref: branch, commit, remote: null, repository: null, checked_out, as_of: null, unpushed: 0 };
  }
  const repository = (await wanted.repository()) ?? null;
  const remote = remoteOf(clone, branch, references.get(local)?.upstream, repository);
  if (wanted.fetch) {
    ctx.progress.note(`Fetching ${branch} from ${remote.name}`);
    await fetchBranch(ctx, clone, remote.name, branch);
    references = await referencesOf(clone, branch);
  }
  const tracking = trackingOf(remote, branch);
  const commit = references.get(tracking)?.commit;
  if (commit === undefined) {
    // A plain `git fetch` does not bring it to a clone of a single branch, or of a pull request.
    const fix = wanted.strict ? `Run: git fetch ${remote.name} ${quoted(`+refs/heads/${branch}:${tracking}`)}` : 'Use --fetch';
    throw new Unknowable(`this clone has no branch ${remote.name}/${branch}`, fix);
  }
  const localCommit = references.get(local)?.commit ?? commit;
  const unpushed = localCommit === commit ? 0 : Number((await clone.read('rev-list', '--count', `${commit}..${localCommit}`, '--')) ?? 0);
  const as_of = await lastSeen(ctx.world.cwd, clone, remote, branch, commit);
  return { branch, ref: `${remote.name}/${branch}`, commit, remote: remote.name, repository, checked_out, as_of, unpushed };
}

async function currentBranch(clone: Clone, strict: boolean): Promise<string> {
  if (strict) throw new Unknowable('the API does not say which branch the site deploys');
  const name = (await clone.read('symbolic-ref', '--quiet', 'HEAD'))?.replace(/\n$/, '');
  if (name?.startsWith('refs/heads/')) return name.slice('refs/heads/'.length);
  throw new Unknowable('the API does not say which branch the site deploys, and no branch is checked out here');
}

const trackingOf = ({ name }: Remote, branch: string): string => `refs/remotes/${name}/${branch}`;

/** Where a branch is in a clone and at its remotes, by the full names. Refuses a name from the API that Git would read as anything else. */
async function referencesOf({ read, remotes }: Clone, branch: string) {
  const local = `refs/heads/${branch}`;
  const names = [local, ...remotes.map((remote) => trackingOf(remote, branch))];
  const format = '--format=%(refname)%00%(objectname)%00%(upstream:remotename)';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an argument of a program cannot have a NUL character
  const listed = /^[^\u0000-\u001f]{1,1000}$/.test(branch) ? await read('for-each-ref', format, ...names) : undefined;
  const found = (listed ?? '')
    .split('\n')
    .map((line) => line.split('\0'))
    // Names are patterns for Git.
    .filter(([name = '']) => names.includes(name))
    // `upstream`: the name of the remote that it is pulled from; empty if there is none.
    .map(([name = '', commit = '', upstream = '']) => [name, { commit, upstream }] as const);
  // Git lists none with another name.
  const isValid = found.length > 0 || (listed !== undefined && (await read('check-ref-format', local)) !== undefined);
  if (!isValid) throw new Unknowable('the name of the branch in the API is not valid in Git');
  return new Map(found);
}

/** The remote with the repository of the site. If that is unknown, the one that the branch is pulled from. */
function remoteOf({ remotes }: Clone, branch: string, upstream: string | undefined, repository: string | null): Remote {
  const among = repository === null ? remotes : remotes.filter((remote) => isRepository(remote, repository));
  const found = [upstream, 'origin'].map((name) => among.find((item) => item.name === name)).find(Boolean);
  const [first, second] = among;
  if (found) return found;
  if (first && (!second || repository !== null)) return first;
  if (repository === null) throw new Unknowable(`this clone has several remotes, and none is set for the branch ${branch}`);
  const others = remotes.map((remote) => `${remote.name} is ${shownRepository(remote)}`).join(', ');
  throw new Unknowable(
    `the site deploys ${repository}, and this is a clone of another repository (${others})`,
    `Run it in a clone of ${repository}`,
  );
}

async function lastSeen(cwd: string, { fetchHead, read }: Clone, remote: Remote, branch: string, commit: string): Promise<string | null> {
  const reflog = async (ref: string, message: RegExp) => {
    const [time = '', subject = ''] = ((await read('log', '-g', '-1', '--date=unix', '--format=%gd%x00%gs', ref, '--')) ?? '').split('\0');
    return message.test(subject) ? Number(/@\{(\d+)\}$/.exec(time)?.[1] ?? 0) * 1000 : 0;
  };
  const fetched = fetchedAt(resolve(cwd, fetchHead), `${commit}\t`, `branch '${branch}' of ${shownUrl(remote)}`);
  const changed = await reflog(trackingOf(remote, branch), /^/);
  const last = Math.max(fetched, changed) || (await reflog(`refs/remotes/${remote.name}/HEAD`, /^clone: /));
  return last > 0 ? new Date(last).toISOString().replace(/\.\d+Z$/, 'Z') : null;
}

/** When FETCH_HEAD was written, if it has this commit of the branch; else 0. */
const fetchedAt = (file: string, start: string, words: string): number =>
  attempt(() => {
    const lines = (readText(file, 1) ?? '').split('\n');
    return lines.some((line) => line.startsWith(start) && line.endsWith(words)) ? Math.floor(statSync(file).mtimeMs) : 0;
  }) ?? 0;

/** True if a URL is that of a repository such as `example/shop`, at any host: SSH configurations rename hosts. */
function isRepository({ url }: Remote, repository: string): boolean {
  const path = bare(url);
  const name = bare(repository);
  return path === name || path.endsWith(`/${name}`) || path.endsWith(`:${name}`);
}

const bare = (url: string): string => withoutGit(url).toLowerCase();
const withoutGit = (url: string): string => url.replace(/\/+$/, '').replace(/\.git$/i, '');

const shownUrl = ({ url }: Remote): string =>
  url
    .replace(/^([a-z][a-z\d+.-]*:\/\/|(?=[^/]*:))[^/@]*@/i, '$1')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');

/** The end of a URL, without credentials: `example/shop`. */
const shownRepository = ({ url }: Remote): string =>
  withoutGit(url)
    .split(/[/:]/)
    .filter((part) => part !== '' && !part.includes('@'))
    .slice(-2)
    .join('/');

async function fetchBranch(ctx: Context, clone: Pick<Clone, 'read'>, remote: string, branch: string): Promise<void> {
  const refs = `+refs/heads/${branch}:refs/remotes/${remote}/${branch}`;
  const done = await askRemote(ctx, clone, ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--', remote, refs]);
  if (typeof done === 'string') return;
  throw new DnxError('failed', `Could not fetch ${branch} from ${remote}: ${done.why}`, {
    hint: done.isProgram ? `Run: git fetch ${remote}` : undefined,
  });
}

async function commitAtRemote(ctx: Context, clone: Pick<Clone, 'read'>, remote: string, branch: string): Promise<string | undefined> {
  const ref = `refs/heads/${branch}`;
  const done = await askRemote(ctx, clone, ['ls-remote', '--', remote, ref]);
  if (typeof done !== 'string') throw new Unknowable(`Git cannot ask ${remote}: ${done.why.replace(/\.$/, '')}`);
  // A name is a pattern for Git.
  return done
    .split('\n')
    .map((line) => line.split('\t'))
    .find(([, name]) => name === ref)?.[0];
}

const askRemote = ({ ask, world }: Context, clone: Pick<Clone, 'read'>, args: readonly string[]) =>
  atRemote(world, (...words) => mustRead(clone, ...words), args, { attended: ask.allowed });

/** The commit that a plan holds a deployment to. Null if it is not of a remote, or of another one for all that is known, or the branch is a guess. */
export function pinned(target: Deployable | null, commits: readonly unknown[] | null) {
  const isKnown = target && target.remote !== null && !target.checked_out && (target.repository !== null || commits !== null);
  if (!isKnown) return { commit: null, branch: null, repository: null };
  return { commit: target.commit, branch: target.branch, repository: target.repository };
}

/** What is not as in the plan: the branch is at another commit now. If that cannot be known, warns. */
export async function movedBranch(ctx: Context, { commit, branch, repository }: PlannedDeployment): Promise<readonly string[]> {
  if (commit === null || branch === null) return [];
  try {
    const now = await tipOf(ctx, branch, commit, repository);
    if (now === commit) return [];
    return [now === undefined ? `${branch} is gone` : `${branch} is at ${now.slice(0, 7)} now, not ${commit.slice(0, 7)}`];
  } catch (error) {
    if (!(error instanceof Unknowable) && !isError(error, 'timed_out')) throw error;
    ctx.progress.warn(`The branch was not compared with the plan: ${error.message.replace(/\.$/, '')}.`);
    return [];
  }
}

async function tipOf(ctx: Context, branch: string, commit: string, repository: string | null) {
  const clone = await openClone(ctx.world, ctx.settings.link?.file);
  const wanted = { branch, fetch: false, strict: true, repository: async () => repository ?? undefined };
  const { remote } = await deployable(ctx, clone, wanted);
  if (repository === null && (await commitIn(clone, commit)) === undefined)
    throw new Unknowable('this may be a clone of another repository');
  if (remote === null) throw new Unknowable('this clone has no remote');
  return commitAtRemote(ctx, clone, remote, branch);
}
