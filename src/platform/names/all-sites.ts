import { DnxError, isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import type { Api } from '../api/api.ts';
import { idIn, isId, type Target, targetOf } from './names.ts';

/** A site and its server. */
export type Located = Readonly<Record<'server' | 'site', Target>>;

/** A site as the API sent it, and its server. */
export interface Listed {
  readonly server: Target;
  readonly site: JsonObject;
}

/** The sites of every server, and the servers whose sites this token cannot read. */
export interface Everywhere {
  readonly listed: readonly Listed[];
  readonly unread: readonly { readonly server: Target; readonly error: DnxError }[];
}

/** Reads the sites of every server, in the order of the servers. Fails if none can be read. */
export async function everySite(api: Pick<Api, 'list'>): Promise<Everywhere> {
  const servers = (await api.list<JsonObject>('GET /servers')).map((each) => targetOf(each, 'server'));
  const lists = await inParallel(servers, async (server) => {
    try {
      const sites = await api.list<JsonObject>('GET /servers/{server}/sites', { server: server.id });
      return { listed: sites.map((site) => ({ server, site })), unread: [] };
    } catch (error) {
      // The server was deleted, or this token cannot read it.
      if (isError(error, 'forbidden', 'not_found')) return { listed: [], unread: [{ server, error }] };
      throw error;
    }
  });
  const unread = lists.flatMap((each) => each.unread);
  const [first] = unread;
  if (first && unread.length === servers.length) throw first.error;
  return { listed: lists.flatMap(({ listed }) => listed), unread };
}

export const located = ({ server, site }: Listed): Located => ({ server, site: targetOf(site, 'site') });

/** True if a word means the site with this id and domain. A word that looks like an id is never a domain. */
export function isNamed(word: string, id: string, domain: string): boolean {
  const same = (other: string) => other.toLowerCase() === word.toLowerCase();
  return isId(word) ? same(id) : same(domain) || id === word;
}

/** The sites whose domain names no other site. */
export function uniqueIn(everywhere: readonly Listed[]): readonly Located[] {
  const sites = everywhere.filter(({ site }) => idIn(site.id) !== undefined).map(located);
  const times = new Map<string, number>();
  for (const { site } of sites)
    for (const word of new Set([site.label.toLowerCase(), site.id.toLowerCase()])) times.set(word, (times.get(word) ?? 0) + 1);
  return sites.filter(({ site }) => !isId(site.label) && times.get(site.label.toLowerCase()) === 1);
}

/** Why a site of this name may exist that was not found: the sites of a server could not be read. A server that is gone has none. */
export async function hiddenFrom({ unread }: Everywhere, word: string, api: Pick<Api, 'send'>): Promise<DnxError | undefined> {
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
  }
  return undefined;
}
