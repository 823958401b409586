import type { JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Item } from '../../cli/output/view.ts';
import { idIn, nameOf } from '../../platform/names/names.ts';
import { ifAny, inShort, type Reading } from './reading.ts';

type Reader = Reading & Pick<Context, 'nameOf'>;

const lists = { database: 'GET /servers/{server}/databases', site: 'GET /servers/{server}/sites' } as const;

/** The names of the databases and sites of these backups, by id. Those that are not known take a request for each of their servers. */
export async function sourceNames(ctx: Reader, backups: readonly Item[]): Promise<Context['nameOf']> {
  const names = new Map<string, string>();
  const api = inShort(ctx);
  const read = async (noun: keyof typeof lists) => {
    const unknown = backups.filter((backup) => idIn(backup[`${noun}_id`]) && ctx.nameOf(backup[`${noun}_id`]) === undefined);
    const servers = [...new Set(unknown.flatMap(({ server_id }) => idIn(server_id) ?? []))];
    const found = await Promise.all(servers.map((server) => ifAny(api.list<JsonObject>(lists[noun], { server }, { retry: false }))));
    for (const thing of found.flatMap((each) => each ?? [])) names.set(idIn(thing.id) ?? '', nameOf(thing, noun) ?? '');
  };
  await Promise.all([read('database'), read('site')]);
  return (id) => {
    const known = idIn(id);
    return ctx.nameOf(id) ?? ((known && names.get(known)) || undefined);
  };
}
