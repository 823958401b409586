import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Item } from '../../cli/output/view.ts';
import { idIn } from '../../platform/names/names.ts';
import { ifAny, inShort, type Reading } from './reading.ts';

/** The names of the databases of these backups, by id: a request for each of their servers. */
export async function databaseNames(ctx: Reading, backups: readonly Item[]): Promise<(id: unknown) => string | undefined> {
  const api = inShort(ctx);
  const servers = new Set(backups.flatMap(({ server_id, database_id }) => (idIn(database_id) && idIn(server_id)) ?? []));
  const lists = await Promise.all(
    [...servers].map((server) => ifAny(api.list<JsonObject>('GET /servers/{server}/databases', { server }, { retry: false }))),
  );
  const names = new Map(lists.flatMap((databases) => databases ?? []).map(({ id, name }) => [idIn(id), wordOf(name)]));
  return (id) => (idIn(id) && names.get(idIn(id))) || undefined;
}
