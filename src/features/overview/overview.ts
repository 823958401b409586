import { DnxError, isStop } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Item } from '../../cli/output/view.ts';
import { within } from '../../platform/api/deadline.ts';
import { idIn, type Targets } from '../../platform/names/names.ts';

/** What an overview needs. */
export type OverviewContext = Pick<Context, 'api' | 'clock' | 'world'>;

/** The time limit for the extra requests of an overview. */
const ALLOWANCE_MS = 10_000;

/** The API with that time limit. */
export const briefApi = (ctx: OverviewContext): OverviewContext['api'] => within(ctx, ALLOWANCE_MS).api;

/** The result of a request, or undefined if it fails. */
export async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  const result = await orError(answer);
  return result instanceof DnxError ? undefined : result;
}

/** The result of a request, or why it failed. */
export async function orError<T>(answer: Promise<T>): Promise<T | DnxError> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof DnxError) || isStop(error)) throw error;
    return error;
  }
}

/** `not read: Rate limited`; undefined if the token cannot read it. */
export const unreadWords = ({ code, message }: { readonly code: string; readonly message: string }): string | undefined =>
  code === 'forbidden' ? undefined : `not read: ${message.replace(/\.$/, '')}`;

/** The names of a server's sites, or their number if the token cannot read them. */
export async function serverOverview(ctx: OverviewContext, item: Item, { server }: Targets): Promise<Item> {
  const sites = await orError(briefApi(ctx).list<JsonObject>('GET /servers/{server}/sites', { server: server?.id }, { casual: true }));
  if (sites instanceof DnxError) return { sites: item.sites_count ?? unreadWords(sites) ?? null };
  return { sites: sites.map(({ domain, id }) => wordOf(domain) || wordOf(id)).join(', ') || 'none' };
}

/** Reads the name of each repository's Git provider; empty if the token cannot list them. */
export async function providerNames(ctx: OverviewContext): Promise<(repository: Item) => string> {
  const providers = await orUndefined(briefApi(ctx).list<JsonObject>('GET /git-providers', {}, { casual: true }));
  const names = new Map(providers?.map(({ id, name }) => [idIn(id), wordOf(name)]));
  return ({ git_provider_id }) => names.get(idIn(git_provider_id)) ?? '';
}
