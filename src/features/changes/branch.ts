import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DnxError } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import { readText } from '../../machine/files/text-file.ts';
import type { Remote } from '../../machine/git.ts';
import type { World } from '../../machine/world.ts';
import { type Clone, Unknowable } from './clone.ts';
import { fetchBranch } from './fetch.ts';

/** The commit that a deployment would bring. */
export interface Deployable {
  readonly branch: string;
  /** `origin/main`, or `main` in a clone without remotes. */
  readonly ref: string;
  readonly commit: string;
  /** Null for a local branch. */
  readonly remote: string | null;
  /** The repository of the site, if the remote is known to be it. */
  readonly repository: string | null;
  /** True if the API does not say which branch the site deploys, so that it is the one checked out here. */
  readonly checked_out: boolean;
  /** When the remote was last known to be at this commit, in ISO 8601; null if Git does not say. */
  readonly as_of: string | null;
  /** Commits of the local branch that the remote lacks. */
  readonly unpushed: number;
}

/** What is known of the branch before the clone is read. */
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
export async function deployable(
  ctx: Pick<Context, 'ask' | 'progress' | 'world'>,
  clone: Clone,
  wanted: WantedBranch,
): Promise<Deployable> {
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
  const remote = remoteOf(clone, { branch, upstream: references.get(local)?.upstream, repository });
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
  const own = references.get(local)?.commit ?? commit;
  const unpushed = own === commit ? 0 : Number((await clone.read('rev-list', '--count', `${commit}..${own}`, '--')) ?? 0);
  const as_of = await lastSeen(ctx.world, clone, { remote, branch, commit });
  return { branch, ref: `${remote.name}/${branch}`, commit, remote: remote.name, repository, checked_out, as_of, unpushed };
}

async function currentBranch(clone: Clone, strict: boolean): Promise<string> {
  if (strict) throw new Unknowable('the API does not say which branch the site deploys');
  const name = (await clone.read('symbolic-ref', '--quiet', 'HEAD'))?.replace(/\n$/, '');
  if (name?.startsWith('refs/heads/')) return name.slice('refs/heads/'.length);
  throw new Unknowable('the API does not say which branch the site deploys, and no branch is checked out here');
}

/** A branch of a clone or of one of its remotes. */
interface Reference {
  readonly commit: string;
  /** The name of the remote that it is pulled from; empty if there is none. */
  readonly upstream: string;
}

const trackingOf = ({ name }: Remote, branch: string): string => `refs/remotes/${name}/${branch}`;

/** Where a branch is in a clone and at its remotes, by the full names. Refuses a name from the API that Git would read as anything else. */
async function referencesOf({ read, remotes }: Clone, branch: string): Promise<ReadonlyMap<string, Reference>> {
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
    .map(([name = '', commit = '', upstream = '']) => [name, { commit, upstream }] as const);
  // Git lists none with another name.
  const isValid = found.length > 0 || (listed !== undefined && (await read('check-ref-format', local)) !== undefined);
  if (!isValid) throw new Unknowable('the name of the branch in the API is not valid in Git');
  return new Map(found);
}

/** The remote with the repository of the site. If that is unknown, the one that the branch is pulled from. */
function remoteOf(
  { remotes }: Clone,
  { branch, upstream, repository }: { readonly branch: string; readonly upstream: string | undefined; readonly repository: string | null },
): Remote {
  const among = repository === null ? remotes : remotes.filter((each) => isRepository(each, repository));
  const found = [upstream, 'origin'].map((name) => among.find((each) => each.name === name)).find(Boolean);
  const [first, second] = among;
  if (found) return found;
  if (first && (!second || repository !== null)) return first;
  if (repository === null) throw new Unknowable(`this clone has several remotes, and none is set for the branch ${branch}`);
  const others = remotes.map((each) => `${each.name} is ${shownRepository(each)}`).join(', ');
  throw new Unknowable(
    `the site deploys ${repository}, and this is a clone of another repository (${others})`,
    `Run it in a clone of ${repository}`,
  );
}

/** When the clone last saw the branch of the remote at its commit: fetched, pushed or cloned. */
async function lastSeen(
  { cwd }: Pick<World, 'cwd'>,
  { fetchHead, read }: Clone,
  { remote, branch, commit }: { readonly remote: Remote; readonly branch: string; readonly commit: string },
): Promise<string | null> {
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
function fetchedAt(file: string, start: string, words: string): number {
  try {
    const text = readText(file, 1) ?? '';
    return text.split('\n').some((line) => line.startsWith(start) && line.endsWith(words)) ? Math.floor(statSync(file).mtimeMs) : 0;
  } catch (error) {
    if (error instanceof DnxError) return 0;
    throw error;
  }
}

/** True if a URL is that of a repository such as `example/shop`, at any host: SSH configurations rename hosts. */
function isRepository({ url }: Remote, repository: string): boolean {
  const path = bare(url);
  const name = bare(repository);
  return path === name || path.endsWith(`/${name}`) || path.endsWith(`:${name}`);
}

const bare = (url: string): string =>
  url
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
    .toLowerCase();

/** A URL as FETCH_HEAD shows it: without credentials and `.git`. */
const shownUrl = ({ url }: Remote): string =>
  url
    .replace(/^([a-z][a-z\d+.-]*:\/\/|(?=[^/]*:))[^/@]*@/i, '$1')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');

/** The end of a URL, without credentials: `example/shop`. */
const shownRepository = ({ url }: Remote): string =>
  url
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
    .split(/[/:]/)
    .filter((part) => part !== '' && !part.includes('@'))
    .slice(-2)
    .join('/');
