import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Item } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { briefApi, orUndefined, type Reading } from './reading.ts';

/** The names of a server's sites, or their number if the token cannot read them. */
export async function serverOverview(ctx: Reading, item: Item, { server }: Targets): Promise<Item> {
  const sites = await orUndefined(briefApi(ctx).list<JsonObject>('GET /servers/{server}/sites', { server: server?.id }, { casual: true }));
  return { sites: sites ? sites.map(({ domain, id }) => wordOf(domain) || wordOf(id)).join(', ') || 'none' : (item.sites_count ?? null) };
}
