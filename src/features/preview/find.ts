import { isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { isMask, quotedName, wordOf } from '../../base/text.ts';
import { timeOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { databasesEndpoint, siteEndpoint, sitesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, isId, type Located, type Target, targetIds } from '../../platform/names/names.ts';
import { variablesEndpoint } from '../env/variables.ts';
import { distinct } from '../overview/lists.ts';
import type { FoundPreviews, Lookalike, Preview, PreviewDatabase, PreviewProject, PreviewRecord } from './model.ts';
import { RECORD, recordIn } from './model.ts';
import { isOwned, markInDatabase, markInDomain, markOf, ownerMark, type PreviewOwner } from './names.ts';

type FindContext = Pick<Context, 'api'>;

/**
 * Finds the previews of a project on their servers, and what is only like one; with a mark, those alone that have it. Fails if a list cannot
 * be read, so that nothing seems to be gone.
 */
export async function findPreviews(ctx: FindContext, project: PreviewProject, mark = ''): Promise<FoundPreviews> {
  const isWanted = (name: unknown) => isLikeOwned(name, project.owner) && name.toLowerCase().includes(mark);
  const found = await inParallel(project.servers, (server) => findOnServer(ctx, project, server, isWanted));
  const sites = found.flatMap((server) => server.sites);
  const databases = found.flatMap((server) => server.databases);
  return {
    previews: sites.filter((site) => 'mark' in site),
    databases: databases.filter((database) => 'mark' in database),
    lookalikes: [...sites, ...databases].filter(isLookalike),
  };
}

async function findOnServer(ctx: FindContext, project: PreviewProject, server: Target, isWanted: (name: unknown) => boolean) {
  const listed = async (endpoint: Endpoint) => distinct((await ctx.api.list<JsonObject>(endpoint, { server: server.id })).filter(isObject));
  // An `up` that runs now creates the database first: one that is listed here has its site in the later list.
  const [databases, sites] = [await listed(databasesEndpoint), await listed(sitesEndpoint)];
  const wanted = sites.filter(({ domain }) => isWanted(domain));
  const judged = await inParallel(wanted, (site) => {
    const place = { server, site: { id: idIn(site.id) ?? '', label: wordOf(site.domain) } };
    return provePreview(ctx, project, place, site);
  });
  return {
    sites: judged.filter((site) => site !== undefined),
    databases: databases.filter(({ name }) => isWanted(name)).map((database) => judgeDatabase(project, server, database, databases)),
  };
}

/** The database of a preview. */
export const databaseOf = ({ mark, place }: Preview, { databases }: Pick<FoundPreviews, 'databases'>): PreviewDatabase | undefined =>
  databases.find((database) => database.mark === mark && database.server.id === place.server.id);

/** True for what is only like a preview. */
export const isLookalike = (found: Preview | PreviewDatabase | Lookalike): found is Lookalike => 'why' in found;

/** The fields that a list may leave out. */
const JUDGED = ['branch', 'git_repository_id', 'created_at', 'last_deployed_at'];

/**
 * Judges a site, which is read again unless a list shows all of it. Undefined if it is gone; anything that is not the preview that it was is
 * only like one.
 */
export async function provePreview(
  { api }: FindContext,
  project: PreviewProject,
  place: Located,
  listed: JsonObject = {},
): Promise<Preview | Lookalike | undefined> {
  const lookalike = (why: string): Lookalike => ({ kind: 'site', server: place.server, target: place.site, why });
  if (place.site.id === '') return lookalike('Deploynix shows no id of it');
  try {
    const isWhole = JUDGED.every((field) => listed[field] !== undefined);
    const site = isWhole ? listed : (await api.send<JsonObject>(siteEndpoint, targetIds(place))).data;
    if (!isObject(site)) return lookalike('Deploynix does not show it');
    const variables = (await api.list<JsonObject>(variablesEndpoint, targetIds(place))).filter(isObject);
    const isRenamed = markInDomain(wordOf(site.domain)) !== markInDomain(place.site.label);
    return isRenamed ? lookalike('its domain changed') : judgeSite(project, place, site, variables);
  } catch (error) {
    if (isError(error, 'not_found')) return undefined;
    if (isError(error, 'failed', 'invalid')) return lookalike(`it cannot be read: ${error.message}`);
    throw error;
  }
}

/** True for the name of anything that may be of a preview of this owner, to be judged. */
const isLikeOwned = (name: unknown, owner: PreviewOwner): name is string =>
  typeof name === 'string' && name.toLowerCase().includes(ownerMark(owner));

/** Whether a site on a server of previews is one of the project: only if everything that tells is shown and agrees. */
export function judgeSite(
  project: PreviewProject,
  place: Located,
  site: JsonObject,
  variables: readonly JsonObject[],
): Preview | Lookalike {
  const lookalike = (why: string): Lookalike => ({ kind: 'site', server: place.server, target: place.site, why });
  const { owner, settings } = project;
  const { branch, domain } = site;
  const mark = markInDomain(wordOf(domain));
  if (!isOwned(mark, owner)) return lookalike('its domain is not one that dnx makes');
  if (!isShown(branch)) return lookalike('Deploynix does not show its branch');
  const record = recordIn(variables, owner);
  if (record === undefined) return lookalike(`its ${RECORD} is not one of ${owner.base}`);
  const why = placeDoubt(project, place, site) ?? branchDoubt(project, mark, branch) ?? repositoryDoubt(project, site);
  if (why !== undefined) return lookalike(why);
  if (hasAlias(site)) return lookalike('it has an alias');
  return { branch, mark, place, site, record, createdAt: timeOf(site.created_at), deadline: deadlineOf(record, site, settings.ttlMs) };
}

function placeDoubt({ base, isLinked }: PreviewProject, place: Located, { id, domain, server_id }: JsonObject): string | undefined {
  const { server, site } = place;
  if (idIn(id) !== site.id) return 'Deploynix shows no id of it, or another';
  if (!isUnset(server_id) && !isSameId(server_id, server.id)) return 'it is on another server';
  if (site.id === base.site.id) return 'it is the base site';
  return isLinked({ server, site: { ...site, label: wordOf(domain) } }) ? 'a link file names it' : undefined;
}

function branchDoubt({ owner, base, site }: PreviewProject, mark: string, branch: string): string | undefined {
  if (!isShown(site.branch)) return `Deploynix does not show the branch of ${base.site.label}`;
  if (branch === site.branch) return `its branch is ${quotedName(branch)}, that of ${base.site.label}`;
  return mark === markOf(owner, branch) ? undefined : `its domain is not that of its branch, ${quotedName(branch)}`;
}

function repositoryDoubt({ repository }: PreviewProject, { git_repository_id: id }: JsonObject): string | undefined {
  if (idIn(id) === undefined || isMask(id)) return 'Deploynix does not show its repository';
  return isSameId(id, repository.id) ? undefined : `its repository is not ${repository.label}`;
}

/** Whether a database is of a preview of the project. `all`: the names in its list. */
export function judgeDatabase(
  { owner }: PreviewProject,
  server: Target,
  database: JsonObject,
  all: readonly JsonObject[],
): PreviewDatabase | Lookalike {
  const { id, name, server_id, created_at } = database;
  const target = { id: idIn(id) ?? '', label: typeof name === 'string' ? name : '' };
  const mark = markInDatabase(target.label);
  const lookalike = (why: string): Lookalike => ({ kind: 'database', server, target, why });
  if (!isOwned(mark, owner)) return lookalike('its name is not one that dnx makes');
  if (target.id === '') return lookalike('Deploynix shows no id of it');
  if (!isUnset(server_id) && !isSameId(server_id, server.id)) return lookalike('it is on another server');
  if (all.filter((other) => other.name === name).length > 1) return lookalike('another one has the same name');
  return { mark, server, database: target, createdAt: timeOf(created_at) };
}

/** What the record says, else so long after the creation or the latest deployment. Undefined if the API does not show both. */
export function deadlineOf(record: PreviewRecord, { created_at, last_deployed_at }: JsonObject, ttlMs: number): number | undefined {
  if (typeof record === 'object') return record.deadline;
  const latest = timeOf(last_deployed_at) ?? (last_deployed_at === null ? timeOf(created_at) : undefined);
  return latest === undefined ? undefined : Math.max(latest, timeOf(created_at) ?? latest) + ttlMs;
}

const hasAlias = (site: JsonObject): boolean =>
  Object.entries(site).some(([field, value]) => /alias|domains/i.test(field) && wordsIn(value).some((word) => word !== site.domain));

/** What a field of the API says, whatever its type. */
export const wordsIn = (value: unknown): readonly string[] =>
  isObject(value) || Array.isArray(value) ? Object.values(value).flatMap(wordsIn) : [wordOf(value)].filter((word) => word !== '');

const isUnset = (value: unknown): value is null | undefined => value === undefined || value === null;

const isShown = (value: unknown): value is string => typeof value === 'string' && value !== '' && !isMask(value);

/** Only the ids that have no case are compared without it. */
function isSameId(id: unknown, other: string): boolean {
  const shown = idIn(id);
  return shown === other || (shown !== undefined && isId(shown) && shown.toLowerCase() === other.toLowerCase());
}
