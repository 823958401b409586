import { DnxError, isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { fill } from '../api/endpoint.ts';
import type { Scope } from './lookups.ts';
import { type Target, targetOf } from './names.ts';

/** A site as the API sent it, or its remembered names, and its server. */
export interface Listed {
  readonly server: Target;
  readonly site: JsonObject;
  /** Ms since its list was read; undefined if this command read it. */
  readonly age?: number | undefined;
}

/** The sites of every server, and the servers whose sites this token cannot read. */
export interface Everywhere {
  readonly listed: readonly Listed[];
  readonly unread: readonly { readonly server: Target; readonly error: DnxError }[];
}

/** The sites of every server, some of them perhaps remembered. */
export interface Survey extends Everywhere {
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
export const survey = (scope: Scope, maxAge: number, word: string): Promise<Survey> =>
  surveyWith(scope, (list, parents) => scope.names.recall(list, parents, maxAge), word);

type Recall = (list: typeof SERVERS | typeof SITES, parents: object) => ReturnType<Scope['names']['recall']>;

async function surveyWith({ api, names, searching }: Scope, recall: Recall, word: string | undefined): Promise<Survey> {
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
  if (!remembered && unread.length === 0) names.searched();
  return { listed: lists.flatMap(({ listed }) => listed), unread, remembered };
}

/** Why a site of this name may exist that was not found: the sites of a server could not be read. A server that is gone has none. */
export async function hiddenFrom({ unread }: Everywhere, word: string, { api, names }: Scope): Promise<DnxError | undefined> {
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
