import { DnxError, isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { quoted } from '../../base/shell.ts';
import { oneLine, wordOf } from '../../base/text.ts';
import { DAY } from '../../base/time.ts';
import { fill } from '../api/endpoint.ts';
import type { Scope } from './lookups.ts';
import { matching } from './match.ts';
import { idIn, isId, type Located, namings, resourceName, sameDomain, type Target, targetOf } from './names.ts';
import { ambiguousSite, type KnownName, notFound, notFoundAtAll } from './unresolved.ts';

/** How old a list may be in which a site is found, in ms. The site is checked before it is changed, but may have a new namesake. */
const KEPT_MS = DAY;

/** Finds a site on all servers by domain or id. Reads only the lists that are not remembered, or all if those do not have it exactly once. */
export async function findSite(word: string, scope: Scope): Promise<Located> {
  const known = await survey(scope, KEPT_MS, word);
  const all = known.remembered && found(word, known).length !== 1 ? await survey(scope, 0, word) : known;
  const [first, ...others] = found(word, all);
  const hidden = isId(word) && first ? undefined : await hiddenFrom(all, word, scope);
  if (hidden) throw hidden;
  if (!first) throw (await otherwise(word, scope)) ?? missing(word, all);
  const target = located(first);
  if (others.length > 0) throw ambiguousSite(word, [target, ...others.map(located)]);
  if (first.age !== undefined) scope.names.trusted.set(`site ${target.site.id}`, { word, age: first.age });
  return target;
}

/** True if a word means the site with this id and domain. A word that looks like an id is never a domain. */
export const isNamedSite = (word: string, id: string, domain: string): boolean =>
  isId(word) ? id.toLowerCase() === word.toLowerCase() : sameDomain(domain, word) || id === word;

const found = (word: string, { listed }: Survey): readonly ListedSite[] =>
  listed.filter(({ site }) => isNamedSite(word, wordOf(site.id), wordOf(site.domain)));

const located = ({ server, site }: ListedSite): Located => ({ server, site: targetOf(site, 'site') });

function missing(word: string, { listed }: Survey): DnxError {
  const known = listed.flatMap(({ site, server }) => {
    const name = resourceName(site, 'site');
    return name === undefined ? [] : [{ name, place: server.label }];
  });
  return notFound('site', word, known);
}

/** The error for what is no site, but an environment of the link file, or a server that is known without another request. */
async function otherwise(word: string, scope: Scope): Promise<DnxError | undefined> {
  if (isEnvironment(word, scope)) return environmentMeant('Site', word);
  const server = await knownServer(word, scope);
  if (!server) return undefined;
  const { label } = targetOf(server, 'server');
  const next = { command: ['site', 'list', '--server', label], why: 'Run' };
  return new DnxError('not_found', `Site '${word}' not found. ${oneLine(label)} is a server.`, { next: [next] });
}

const isEnvironment = (word: string, { settings }: Scope): boolean =>
  settings.link?.environments.some(({ name }) => name === word) === true;

const environmentMeant = (what: string, word: string): DnxError =>
  new DnxError('not_found', `${what} '${word}' not found. Did you mean -e ${quoted(word)}?`);

/** A site as the API sent it, or its remembered names, and its server. */
export interface ListedSite {
  readonly server: Target;
  readonly site: JsonObject;
  /** Ms since its list was read; undefined if this command read it. */
  readonly age?: number | undefined;
}

/** The sites of every server, and the servers whose sites this token cannot read. */
export interface Everywhere {
  readonly listed: readonly ListedSite[];
  readonly unread: readonly { readonly server: Target; readonly error: DnxError }[];
}

interface Survey extends Everywhere {
  /** True if a list was remembered. */
  readonly remembered: boolean;
}

const SERVERS = 'GET /servers';
const SITES = 'GET /servers/{server}/sites';

/** Reads the sites of every server, in the order of the servers. Fails if none can be read. */
export const everySite = (scope: Scope): Promise<Everywhere> => surveyWith(scope, async () => undefined, undefined);

/** Reads the sites of one server. */
export async function sitesOn(server: Target, { api }: Pick<Scope, 'api'>): Promise<Everywhere> {
  const sites = await api.list<JsonObject>(SITES, { server: server.id });
  return { listed: sites.map((site) => ({ server, site })), unread: [] };
}

/** The sites of every server by name, for a site to find: reads only the lists that are not remembered or older than `maxAge`, in ms. */
const survey = (scope: Scope, maxAge: number, word: string): Promise<Survey> =>
  surveyWith(scope, (list, parents) => scope.names.recall(list, parents, maxAge), word);

type Recall = (list: typeof SERVERS | typeof SITES, parents: object) => ReturnType<Scope['names']['recall']>;

async function surveyWith({ api, searching }: Scope, recall: Recall, word: string | undefined): Promise<Survey> {
  const known = await recall(SERVERS, {});
  const servers = (known?.items ?? (await api.list<JsonObject>(SERVERS))).map((each) => targetOf(each, 'server'));
  const recalled = await Promise.all(servers.map(async ({ id }) => recall(SITES, { server: id })));
  const progress = searching(recalled.filter((each) => each === undefined).length, word);
  const lists = await inParallel([...servers.entries()], async ([index, server]): Promise<Everywhere> => {
    const found = recalled[index];
    if (found) return { listed: found.items.map((site) => ({ server, site, age: found.age })), unread: [] };
    try {
      const sites = await api.list<JsonObject>(SITES, { server: server.id });
      progress.next();
      return { listed: sites.map((site) => ({ server, site })), unread: [] };
    } catch (error) {
      // The server was deleted, or this token cannot read it.
      if (isError(error, 'forbidden', 'not_found')) return { listed: [], unread: [{ server, error }] };
      throw error;
    }
  }).finally(progress.end);
  const unread = lists.flatMap((each) => each.unread);
  const [first] = unread;
  if (first && unread.length === servers.length) throw first.error;
  const remembered = [known, ...recalled].some((each) => each?.age !== undefined);
  return { listed: lists.flatMap(({ listed }) => listed), unread, remembered };
}

/** Why a site of this name may exist that was not found: the sites of a server could not be read. A server that is gone has none. */
async function hiddenFrom({ unread }: Everywhere, word: string, { api, names }: Scope): Promise<DnxError | undefined> {
  const refused = unread.find(({ error }) => isError(error, 'forbidden'));
  if (refused) return refused.error;
  for (const { server } of unread) {
    const found = await api.send('GET /servers/{server}', { server: server.id }).catch((error: unknown) => {
      if (!isError(error, 'not_found')) throw error;
    });
    if (found)
      return new DnxError('not_found', `Deploynix does not list the sites of server ${server.label}, so '${word}' may be on it.`, {
        hint: 'Use --server.',
      });
    names.changed('DELETE', fill('DELETE /servers/{server}', { server: server.id }).path);
  }
  return undefined;
}

async function knownServer(word: string, { names }: Scope): Promise<JsonObject | undefined> {
  const servers = await names.recall(SERVERS, {}, KEPT_MS);
  return namings.server && matching(servers?.items ?? [], word, namings.server)[0];
}

/** True if a server has this name, and no site that is remembered. Without a remembered server of the name, it sends no request. */
export async function isServerName(word: string, scope: Scope): Promise<boolean> {
  if (!(await knownServer(word, scope))) return false;
  try {
    const { listed } = await survey(scope, KEPT_MS, word);
    return !listed.some(({ site }) => isNamedSite(word, wordOf(site.id), wordOf(site.domain)));
  } catch (error) {
    if (isError(error, 'forbidden')) return true;
    throw error;
  }
}

/** The error for a word that names neither a server nor a site, with the nearest name that is known without a request. */
export async function noServerOrSite(word: string, scope: Scope): Promise<DnxError> {
  if (isEnvironment(word, scope)) return environmentMeant('Server or site', word);
  const { names } = scope;
  const servers = (await names.recall(SERVERS, {}, KEPT_MS))?.items ?? [];
  const lists = servers.map(async (server): Promise<readonly KnownName[]> => {
    const place = resourceName(server, 'server') ?? '';
    const sites = await names.recall('GET /servers/{server}/sites', { server: idIn(server.id) ?? '' }, KEPT_MS);
    const domains = (sites?.items ?? []).flatMap((site) => resourceName(site, 'site') ?? []);
    return [{ name: place }, ...domains.map((name) => ({ name, place }))];
  });
  return notFoundAtAll(word, (await Promise.all(lists)).flat());
}
