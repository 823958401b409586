import { DnxError, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import { isCi } from '../../machine/ci.ts';
import { jsonIn } from '../../machine/files/text-file.ts';
import type { Remote } from '../../machine/git.ts';
import { atRemote } from '../../machine/git.ts';
import { settingsIn } from '../../machine/settings/config.ts';
import { LINK_FILE, LINK_LIMIT_MB } from '../../machine/settings/link.ts';
import type { Target } from '../../platform/names/names.ts';
import { type Clone, commitIn, mustRead, openClone, Unknowable } from '../changes/clone.ts';
import { remotePath } from '../link/link.ts';

/** What a remote has, by a single reading. */
export interface RemoteBranches {
  readonly defaultBranch: string;
  /** The branches with their commits. */
  readonly heads: ReadonlyMap<string, string>;
  /** When it was read, in ms of the monotonic clock. */
  readonly readAt: number;
}

/** Opens the clone of the working directory. */
export async function openProjectClone({ settings, world }: Context): Promise<Clone> {
  const clone = await orUsage(openClone(world, settings.link?.file));
  if (clone.isBare) throw usage('Previews belong to a Git repository with a working tree, and this one has none.', 'Run it in a clone');
  return clone;
}

/**
 * The first of these remotes that is a repository of Deploynix, by the URL that Git reaches or the one that a setting of Git leads elsewhere.
 * The whole path counts, because `ada/example/shop` may be a fork; Bitbucket Data Center puts `scm` before it.
 */
export async function remoteOf({ read }: Clone, remotes: readonly Remote[], { label }: Target): Promise<Remote | undefined> {
  const isAt = (url = '') => remotePath(url)?.replace(/^scm\/(?=.*\/)/, '') === label.trim().toLowerCase();
  for (const remote of remotes) {
    const configured = isAt(remote.url) ? '' : await read('config', '-z', '--get-all', `remote.${remote.name}.url`);
    if (isAt(remote.url) || isAt(configured?.split('\0')[0])) return remote;
  }
  return undefined;
}

/** What cannot be known of a clone, as an error. */
const orUsage = <T>(reading: Promise<T>): Promise<T> =>
  reading.catch((error: unknown) => {
    if (!(error instanceof Unknowable)) throw error;
    throw usage(`Previews belong to a Git repository, and ${error.message}.`, error.fix ?? undefined);
  });

/** The default branch of a remote and its branches, read from it now. */
export async function branchesAt(ctx: Context, clone: Clone, { name }: Remote): Promise<RemoteBranches> {
  const args = ['ls-remote', '--symref', '--', name, 'HEAD', 'refs/heads/*'];
  const how = { attended: false, trusted: isCi(ctx.world.env) };
  const listed = await orUsage(atRemote(ctx.world, (...words) => mustRead(clone, ...words), args, how));
  if (typeof listed !== 'string')
    throw new DnxError('failed', `Git cannot ask ${name} for its branches: ${listed.why.replace(/\.$/, '')}.`);
  const lines = listed.split('\n');
  // One that begins like an option would be one for the user who is told to fetch it.
  const defaultBranch = lines.map((line) => /^ref: refs\/heads\/([^-].*)\tHEAD$/s.exec(line)?.[1]).find((branch) => branch !== undefined);
  const heads = lines.flatMap((line) => {
    // Git lists every ref that ends so. A name may have what JavaScript takes for the end of a line.
    const [, commit, branch] = /^([0-9a-f]{40,64})\trefs\/heads\/(.+)$/s.exec(line) ?? [];
    return commit === undefined || branch === undefined ? [] : [[branch, commit] as const];
  });
  if (defaultBranch === undefined || heads.every(([branch]) => branch !== defaultBranch))
    throw new DnxError('failed', `${name} does not say which branch is its default branch.`);
  return { defaultBranch, heads: new Map(heads), readAt: ctx.clock.elapsed() };
}

/** Reads the link file of the default branch: that of the checkout is whatever its author wrote. */
export async function decidingFile(clone: Clone, remote: Remote, { defaultBranch, heads }: RemoteBranches) {
  const tip = heads.get(defaultBranch) ?? '';
  const commit = (await commitIn(clone, tip)) ?? (await trackedCommit(clone, remote, defaultBranch));
  const fetch = `Run: git fetch ${clone.isShallow ? '--depth=1 ' : ''}${remote.name} ${quoted(defaultBranch)}`;
  if (commit === undefined)
    throw usage(`This clone lacks ${defaultBranch} of ${remote.name}, whose ${LINK_FILE} has the settings of previews.`, fetch);
  const path = clone.project === '' ? LINK_FILE : `${clone.project}/${LINK_FILE}`;
  const name = `${path} of ${defaultBranch} (${commit.slice(0, 7)})`;
  const listed = await clone.read('--literal-pathspecs', 'ls-tree', '-z', '-l', '--full-tree', commit, '--', path);
  const [, mode, blob = '', size] = /^(\d+) \w+ ([0-9a-f]+) +(\S+)\t/.exec(listed ?? '') ?? [];
  if (listed === '') throw usage(`${defaultBranch} has no ${path} at ${commit.slice(0, 7)}, which would decide about previews.`);
  if (mode !== undefined && !mode.startsWith('100')) throw usage(`${name} is not a regular file.`);
  if (Number(size) > LINK_LIMIT_MB * 1024 * 1024) throw usage(`${name} is larger than ${LINK_LIMIT_MB} MB.`);
  const text = await clone.read('cat-file', 'blob', blob);
  if (text === undefined) throw usage(`This clone lacks ${name}.`, `Run: git show ${quoted(`${commit}:${path}`)}`);
  return { source: settingsIn(name, () => jsonIn(name, text)), commit };
}

const trackedCommit = async (clone: Clone, { name }: Remote, branch: string): Promise<string | undefined> =>
  (await clone.read('rev-parse', '--verify', '--quiet', `refs/remotes/${name}/${branch}^{commit}`))?.trim();
