import { type DnxError, isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { wordOf } from '../../base/text.ts';
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

/** True if the site has this domain or id. */
export const isNamed = ({ site }: Listed, name: string): boolean =>
  wordOf(isId(name) ? site.id : site.domain).toLowerCase() === name.toLowerCase();

/** The sites whose domain is unique. */
export function uniqueIn(everywhere: readonly Listed[]): readonly Located[] {
  const sites = everywhere.filter(({ site }) => idIn(site.id) !== undefined).map(located);
  const times = new Map<string, number>();
  for (const { site } of sites) times.set(site.label.toLowerCase(), (times.get(site.label.toLowerCase()) ?? 0) + 1);
  return sites.filter(({ site }) => times.get(site.label.toLowerCase()) === 1);
}
