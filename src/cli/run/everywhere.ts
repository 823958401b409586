import { DnxError, isError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { capitalized, counted } from '../../base/text.ts';
import { type Target, targetOf } from '../../platform/names/names.ts';
import type { Context } from '../language/command.ts';
import { type Column, type Item, rows } from '../output/view.ts';

/** A list that every server or every site has. */
interface Everywhere {
  /** What it lists: `cron jobs`. */
  readonly what: string;
  readonly columns: readonly Column[];
  readonly of: 'server' | 'site';
  readonly read: (place: Place) => Promise<readonly Item[]>;
}

type Place = { readonly server: Target; readonly site?: Target };

/** Lists what all servers or sites have, with their names. One whose list cannot be read is a warning, and dnx exits with 12. */
export async function listEverywhere(ctx: Context, { what, columns, of: noun, read }: Everywhere) {
  if (ctx.isGiven('site') || (noun === 'server' && ctx.isGiven('server')))
    throw usage('--all cannot be combined with another name.', 'Use only one of them.');
  const { places, unread } = noun === 'site' ? await everySite(ctx) : { places: await everyServer(ctx), unread: [] };
  const counter = { read: 0 };
  ctx.progress.spin(`Reading the ${what} of ${counted(places.length, noun)}`, () => ` ${counter.read}/${places.length}`);
  const lists = await inParallel(places, async (place) => {
    const { server, site } = place;
    try {
      const items = await read(place);
      counter.read += 1;
      return { server, items: items.map((item): Item => ({ ...item, server: server.label, ...(site && { site: site.label }) })) };
    } catch (error) {
      // Anything else stops every request.
      if (!isError(error, 'forbidden', 'not_found', 'invalid', 'differences', 'failed')) throw error;
      return { ...place, error };
    }
  });
  const items = lists.flatMap((list) => ('items' in list ? list.items : []));
  const failed: readonly (Place & { readonly error: DnxError })[] = [...unread, ...lists.filter((list) => 'error' in list)];
  const [first] = failed;
  if (first && failed.length === unread.length + lists.length) throw first.error;
  for (const { site, server, error } of failed)
    ctx.progress.warn(`${capitalized(what)} of ${(site ?? server).label} are not listed. ${error.message}`);
  const sentence = `${failed.length} of ${counted(places.length + unread.length, noun)} could not be read.`;
  return { view: rows(items, placed(columns, places), `No ${what}.`), exit: first && new DnxError('partial', sentence) };
}

async function everyServer({ api }: Context): Promise<readonly Place[]> {
  const servers = await api.list<JsonObject>('GET /servers');
  return servers.map((server) => ({ server: targetOf(server, 'server') }));
}

async function everySite(ctx: Context) {
  const { listed, unread } = await ctx.everySite();
  return { places: listed.map(({ server, site }): Place => ({ server, site: targetOf(site, 'site') })), unread };
}

/** With the columns of the place in front. The server of a site is only needed there if two sites have the same domain. */
function placed(columns: readonly Column[], places: readonly Place[]): readonly Column[] {
  const domains = places.flatMap(({ site }) => site?.label ?? []);
  if (domains.length === 0) return [{ key: 'server' }, ...columns];
  const isUnique = new Set(domains).size === domains.length;
  return isUnique ? [{ key: 'site' }, ...columns, { key: 'server', wide: true }] : [{ key: 'site' }, { key: 'server' }, ...columns];
}
