import { isObject, type JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { idsOf } from '../../platform/names/names.ts';
import { offeredName } from '../../platform/names/offered.ts';
import { listOf } from './kinds.ts';

type Needs = Pick<Context, 'api' | 'everySite' | 'resolve' | 'settings'>;

/** Reads the names of a kind from the API, as a shell offers them, under the parents that are given. */
export async function readNames(
  ctx: Needs,
  kind: string,
  parents: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const items = await itemsOf(ctx, kind, parents);
  return [...new Set(items.flatMap((item) => offeredName(kind, item) ?? []))];
}

async function itemsOf(ctx: Needs, kind: string, parents: Readonly<Record<string, string | undefined>>): Promise<readonly JsonObject[]> {
  const words = Object.fromEntries(Object.entries(parents).filter(([, word]) => word !== undefined));
  if (kind === 'site' && words.server === undefined && ctx.settings.server === undefined)
    return (await ctx.everySite()).listed.map(({ site }) => site);
  const list = listOf(kind);
  if (!list) return [];
  const targets = await ctx.resolve(list.replace('GET ', ''), words);
  return (await ctx.api.list<unknown>(list, idsOf(targets))).filter(isObject);
}
