import type { JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Item } from '../../cli/output/view.ts';
import { idIn, nameOf } from '../../platform/names/names.ts';
import { briefApi, orUndefined, type Reading } from './reading.ts';

type Reader = Reading & Pick<Context, 'nameOf'>;

const lists = { database: 'GET /servers/{server}/databases', site: 'GET /servers/{server}/sites' } as const;

/** Reads the names of the databases and sites of these backups. Unknown ones take a request per server. */
export async function sourceNames(ctx: Reader, backups: readonly Item[]): Promise<Context['nameOf']> {
  const names = new Map<string, string>();
  const api = briefApi(ctx);
  const read = async (noun: keyof typeof lists) => {
    const unknown = backups.filter((backup) => idIn(backup[`${noun}_id`]) && ctx.nameOf(noun, backup[`${noun}_id`]) === undefined);
    const servers = [...new Set(unknown.flatMap(({ server_id }) => idIn(server_id) ?? []))];
    const found = await Promise.all(servers.map((server) => orUndefined(api.list<JsonObject>(lists[noun], { server }, { casual: true }))));
    for (const thing of found.flatMap((each) => each ?? [])) names.set(`${noun} ${idIn(thing.id)}`, nameOf(thing, noun) ?? '');
  };
  await Promise.all([read('database'), read('site')]);
  return (noun, id) => ctx.nameOf(noun, id) ?? (names.get(`${noun} ${idIn(id)}`) || undefined);
}
