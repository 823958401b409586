import { DnxError, isError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import { wordOf } from '../../base/text.ts';
import { MINUTE } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { isCi } from '../../machine/ci.ts';
import { jsonIn } from '../../machine/files/text-file.ts';
import { atRemote, git, type Remote } from '../../machine/git.ts';
import { type SettingsFile, settingsIn } from '../../machine/settings/config.ts';
import {
  LINK_FILE,
  LINK_LIMIT_MB,
  type Link,
  type LinkEnvironment,
  linkOf,
  linkProblem,
  unknownInPreview,
} from '../../machine/settings/link.ts';
import { type PreviewSettings, previewIn } from '../../machine/settings/preview.ts';
import type { Env, World } from '../../machine/world.ts';
import { serversEndpoint, siteEndpoint, sitesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, isId, type Located, sameDomain, type Target, targetOf } from '../../platform/names/names.ts';
import { onlyOne } from '../../platform/names/resolve.ts';
import { type Clone, commitIn, mustRead, openClone, Unknowable } from '../changes/clone.ts';
import { remotePath } from '../link/link.ts';
import type { PreviewProject } from './model.ts';

/** How long the branches of a remote count, in ms. */
const HEADS_MS = MINUTE;

/** Finds out whose previews a command is about, by the link file of the default branch and by what Deploynix has. `from`: another site than the file says. */
export async function openProject(ctx: Context, { from }: { readonly from?: string | undefined } = {}): Promise<PreviewProject> {
  const clone = await openProjectClone(ctx);
  const { remotes } = clone;
  const first = remotes.find(({ name }) => name === 'origin') ?? (remotes.length === 1 ? remotes[0] : undefined);
  if (!first)
    throw usage(remotes.length === 0 ? 'This clone has no Git remote.' : 'This clone has several Git remotes, and none is origin.');
  const read = await projectAt(ctx, clone, first, from);
  // In a clone of a fork, the link file that decides is that of the repository that is deployed.
  const remote = (await remoteOf(clone, [first, ...remotes], read.project.repository)) ?? first;
  const { project, file } = remote === first ? read : await projectAt(ctx, clone, remote, from);
  const { base, repository } = project;
  if (!(await remoteOf(clone, [remote], repository)))
    throw usage(
      `${base.site.label} deploys ${repository.label}, and this is a clone of another repository.`,
      `Run it in a clone of ${repository.label}.`,
    );
  ctx.progress.note(`Using ${file}.`);
  return project;
}

async function projectAt(ctx: Context, clone: Clone, remote: Remote, from: string | undefined) {
  const branches = await branchesAt(ctx, clone, remote);
  const { source, commit } = await decidingFile(clone, remote, branches);
  const { file } = source;
  const { settings, link } = settingsOf(source);
  const wanted = placeOf(file, link, from ?? settings.site);
  const isLinked = linkedIn([...link.environments, ...environmentsHere(ctx)]);
  const [servers, repositories] = await Promise.all([
    ctx.api.list<JsonObject>(serversEndpoint),
    ctx.api.list<JsonObject>('GET /git-repositories'),
  ]);
  const { allowed, base, site } = await namedBy(file, async () => ({
    allowed: serversNamed(settings.servers, servers),
    ...(await baseOf(ctx, wanted, servers)),
  }));
  const repository = repositoryOf(site, repositories);
  const project: PreviewProject = {
    owner: { host: ctx.settings.host, repository: repository.label, base: base.site.label },
    settings,
    base,
    site,
    repository,
    remote: remote.name,
    defaultBranch: branches.defaultBranch,
    commit,
    servers: allowed,
    isLinked,
    heads: headsOf(ctx, remote, wordOf(site.branch), branches, () => branchesAt(ctx, clone, remote)),
  };
  return { project, file };
}

/** What a file names, or the error for it, which says so: the file of this checkout may say something else. */
const namedBy = <T>(file: string, find: () => Promise<T>): Promise<T> =>
  find().catch((error: unknown) => {
    throw isError(error) ? error.with({ details: [...error.details, ['named by', file]] }) : error;
  });

/** What the link file of the default branch says. A key that dnx does not know may be a mistyped one. */
function settingsOf(source: SettingsFile): { readonly settings: PreviewSettings; readonly link: Link } {
  const problem = linkProblem(source);
  if (problem) throw problem;
  if (source.object().preview === undefined)
    throw usage(`${source.file} has no preview.`, 'Add it with the servers and the domain of previews, and commit it to that branch.');
  const [unknown] = unknownInPreview(source);
  if (unknown !== undefined) throw usage(unknown, `It is in ${source.file}.`);
  return { settings: previewIn(source), link: linkOf(source, undefined) };
}

/** Where the base site is, by names. */
interface NamedPlace {
  readonly server: string | undefined;
  readonly site: string;
}

/** The base site that a link file or `--from` names. Its id there is not used: it may be that of anything. */
export function placeOf(file: string, { environments, chosen, missing }: Link, word: string | undefined): NamedPlace {
  const environment = word === undefined ? chosen : environments.find(({ name }) => name !== '' && name === word);
  if (word === undefined && !environment) throw missing ?? usage(`${file} has no default environment.`, 'Use --from, or set preview.site.');
  const site = environment ? environment.site.name : word;
  if (site === undefined || isId(site)) throw usage(`${file} does not name the site of previews.`, 'Use its domain, not its id.');
  const naming = environment ? [environment] : environments.filter((one) => one.site.name !== undefined && sameDomain(one.site.name, site));
  const servers = naming.map((one) => one.server.name);
  if (new Set(servers).size > 1) throw usage(`${file} names ${site} on several servers.`, 'Use the name of an environment.');
  const [server] = servers;
  if (environment && (server === undefined || isId(server)))
    throw usage(`${file} does not name the server of ${site}.`, 'Use its name, not its id.');
  return { server, site };
}

/** The base site as Deploynix has it now. */
async function baseOf(ctx: Context, { server: word, site: domain }: NamedPlace, servers: readonly JsonObject[]) {
  const { server, site: found } =
    word === undefined ? await anywhere(ctx, domain) : await onServer(ctx, serverNamed(word, servers), domain);
  const { data: site } = await ctx.api.send<JsonObject>(siteEndpoint, { server: server.id, site: found.id });
  const label = wordOf(site?.domain);
  if (!site || label === '' || !sameDomain(label, found.label) || idIn(site.id) !== found.id)
    throw new DnxError('failed', `Deploynix does not show the site ${found.label}.`);
  return { base: { server, site: { id: found.id, label } }, site };
}

async function onServer(ctx: Context, server: Target, domain: string): Promise<Located> {
  const sites = await ctx.api.list<JsonObject>(sitesEndpoint, { server: server.id });
  return { server, site: onlyOne('site', sites, domain, { server }) };
}

async function anywhere(ctx: Context, domain: string): Promise<Located> {
  const { server, site } = await ctx.resolve(siteEndpoint.replace('GET ', ''), { site: domain });
  if (!server || !site) throw new Error('A site was not resolved.');
  return { server, site };
}

/** Servers by their names. One may have several: its IP address, or another case. */
export const serversNamed = (names: readonly string[], servers: readonly JsonObject[]): readonly Target[] => [
  ...new Map(names.map((name) => serverNamed(name, servers)).map((server) => [server.id, server])).values(),
];

function serverNamed(name: string, servers: readonly JsonObject[]): Target {
  if (isId(name)) throw usage(`'${name}' is the id of a server.`, 'Use its name in the link file.');
  return onlyOne('server', servers, name);
}

/** The repository that a site deploys. */
export function repositoryOf({ domain, git_repository_id }: JsonObject, repositories: readonly JsonObject[]): Target {
  const id = idIn(git_repository_id);
  const found = id === undefined ? undefined : repositories.find((repository) => idIn(repository.id) === id);
  const repository = found && targetOf(found, 'git_repository');
  if (!repository?.label.includes('/'))
    throw new DnxError('failed', `Deploynix does not show the owner and name of the Git repository of ${wordOf(domain)}.`);
  return repository;
}

/** The environments of the link file here. One that cannot be read may name anything. */
function environmentsHere({ settings: { link } }: Context): readonly LinkEnvironment[] {
  if (link?.broken) throw link.broken;
  return link?.environments ?? [];
}

const linkedIn =
  (environments: readonly LinkEnvironment[]) =>
  ({ site }: Located): boolean =>
    environments.some(({ site: { id, name } }) => {
      // `web-1/shop.example.com`, too.
      const domain = name?.slice(name.indexOf('/') + 1);
      const isId = [id, name].some((word) => word?.toLowerCase() === site.id.toLowerCase());
      return isId || (domain !== undefined && sameDomain(domain, site.label));
    });

function headsOf(
  { clock }: Context,
  { name }: Remote,
  baseBranch: string,
  first: RemoteBranches,
  readAgain: () => Promise<RemoteBranches>,
): PreviewProject['heads'] {
  let latest = first;
  return async () => {
    if (clock.elapsed() - latest.readAt > HEADS_MS) latest = await readAgain();
    if (baseBranch === '') throw new DnxError('failed', 'Deploynix does not show the branch of the base site.');
    if (latest.heads.has(baseBranch)) return latest.heads;
    throw new DnxError('failed', `${name} has no branch ${baseBranch}, which the base site deploys, so its branches do not count.`);
  };
}

/** What a remote has, by a single reading. */
interface RemoteBranches {
  readonly defaultBranch: string;
  /** The branches with their commits. */
  readonly heads: ReadonlyMap<string, string>;
  /** When it was read, in ms of the monotonic clock. */
  readonly readAt: number;
}

/** Opens the clone of the working directory. */
async function openProjectClone({ settings, world }: Context): Promise<Clone> {
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
async function branchesAt(ctx: Context, clone: Clone, { name }: Remote): Promise<RemoteBranches> {
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
async function decidingFile(clone: Clone, remote: Remote, { defaultBranch, heads }: RemoteBranches) {
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

/** Where GitHub, GitLab and Bitbucket name the branch of a job: of a pull request its own, although the checkout is a merge of it. */
const CI_BRANCHES = ['GITHUB_HEAD_REF', 'CI_COMMIT_REF_NAME', 'BITBUCKET_BRANCH'];

const branchOfJob = (env: Env): string | undefined => CI_BRANCHES.map((name) => env[name]).find(Boolean);

/** The branch of a command: the one that is given, else that of the CI job, else that of the checkout. */
export async function branchOf(world: Pick<World, 'env' | 'cwd' | 'capture'>, given: string | undefined): Promise<string> {
  if (given === '') throw usage('The branch is empty.');
  const branch = given ?? branchOfJob(world.env) ?? (await checkedOut(world));
  if (branch === undefined) throw usage('No branch given, and no branch is checked out here.', 'Name the branch.');
  return branch;
}

async function checkedOut(world: Pick<World, 'env' | 'cwd' | 'capture'>): Promise<string | undefined> {
  const head = await git(world, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  return head?.code === 0 ? head.stdout.trim() || undefined : undefined;
}
