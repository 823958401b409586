import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Item } from '../../cli/output/view.ts';
import { idIn } from '../../platform/names/names.ts';
import { briefApi, orUndefined, type Reading } from './reading.ts';

/** Reads the name of each repository's Git provider; empty if the token cannot list them. */
export async function providerNames(ctx: Reading): Promise<(repository: Item) => string> {
  const providers = await orUndefined(briefApi(ctx).list<JsonObject>('GET /git-providers', {}, { casual: true }));
  const names = new Map(providers?.map(({ id, name }) => [idIn(id), wordOf(name)]));
  return ({ git_provider_id }) => names.get(idIn(git_provider_id)) ?? '';
}
