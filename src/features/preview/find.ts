import { isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { databasesEndpoint, siteEndpoint, sitesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, type Located, type Target, targetIds } from '../../platform/names/names.ts';
import { variablesEndpoint } from '../env/variables.ts';
import { distinct } from '../overview/lists.ts';
import type { FoundPreviews, Lookalike, Preview, PreviewDatabase, PreviewProject } from './model.ts';
import { markInDomain } from './names.ts';
import { isLikeOwned, judgeDatabase, judgeSite } from './ownership.ts';

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
