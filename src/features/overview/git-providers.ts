import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Item } from '../../cli/output/view.ts';
import { idIn } from '../../platform/names/names.ts';
import { ifAny, inShort, type Reading } from './reading.ts';

/** The name of each repository's Git provider; empty where the token may not list them. */
export async function providerNames(ctx: Reading): Promise<(repository: Item) => string> {
  const providers = await ifAny(inShort(ctx).list<JsonObject>('GET /git-providers', {}, { retry: false }));
  const names = new Map(providers?.map(({ id, name }) => [idIn(id), wordOf(name)]));
  return ({ git_provider_id }) => names.get(idIn(git_provider_id)) ?? '';
}
