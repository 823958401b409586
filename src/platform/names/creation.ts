import { DnxError, isError, isStop, type Next } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { plural, title } from '../../base/text.ts';
import { type Clock, NetworkFault } from '../../machine/world.ts';
import type { Api, Query } from '../api/api.ts';
import type { Endpoint } from '../api/endpoint.ts';
import { isLost } from '../api/lost.ts';
import type { Reply } from '../api/reply.ts';
import { isPossible, showsAll } from './match.ts';
import { called, idIn, nameOf } from './names.ts';

/** How a new resource is found if the response to its creation is lost. */
export interface Creation {
  readonly noun: string;
  /** The list in which it appears. */
  readonly list: { readonly endpoint: Endpoint; readonly params?: object; readonly query?: Query };
  /** The fields that the request sends, which it must show. */
  readonly sent: JsonObject;
  /** The command that prints the list. */
  readonly see: readonly string[];
  /** The list before the request, if it was already read. */
  readonly known?: readonly unknown[];
  /** True if a secret is sent or returned. No list shows it, so nothing is ever adopted. */
  readonly secret?: boolean;
}

/** What creating needs. */
export interface Creating {
  readonly api: Api;
  readonly clock: Clock;
  /** In ms of the monotonic clock. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly progress: { warn(sentence: string): void; step(sentence: string): void; done(): void };
}

/** What the list showed before the request. */
interface Before {
  /** Undefined if unknown. */
  readonly ids?: ReadonlySet<string>;
  /** Why the list is not searched afterwards. */
  readonly unsearched?: string;
}

/** The longest time to read the list before the request, in ms. */
const ALLOWANCE_MS = 10_000;
/** Time for the request to take effect, in ms. */
const SETTLE_MS = 2_000;
/** The longest time to read the list afterwards, in ms. */
const LOOK_MS = 30_000;
const PAGE_SIZE = 100;
const MOST_IDS = 3;

/**
 * Sends the request of a create once. If the response is lost, looks once, and returns what was made if the list before had no such
 * thing and exactly one now shows everything that was sent. Only a list of one page is read before, which costs one request.
 */
export function creating(ctx: Creating, creation: Creation, send: () => Promise<Reply>) {
  let before: Before | undefined = creation.known && { ids: idsIn(creation.known) };
  return {
    /** Reads the list before the request. Fails if it cannot, for a caller that follows what it creates. */
    async read(): Promise<void> {
      before = unreadable(creation);
      before = await firstPage(ctx.api, creation, {});
    },
    async create(): Promise<Reply> {
      before ??= creation.secret ? {} : await readBefore(ctx, creation);
      try {
        return await send();
      } catch (error) {
        if (isError(error, 'timed_out') && error.cause instanceof NetworkFault && error.cause.sent)
          throw error.withHint(undefined, nextOf(creation));
        if (!isLost(error)) throw error;
        return await found(ctx, creation, before, error);
      }
    },
  };
}

/** Optional: without it, nothing can be adopted. */
async function readBefore({ api, clock, deadline }: Creating, creation: Creation): Promise<Before> {
  try {
    return await firstPage(api.until(Math.min(deadline, clock.elapsed() + ALLOWANCE_MS)), creation, { casual: true });
  } catch (error) {
    if (!isError(error) || isStop(error)) throw error;
    return isError(error, 'forbidden') ? unreadable(creation) : {};
  }
}

const unreadable = ({ noun }: Creation): Before => ({ unsearched: `This token cannot list ${plural(title(noun))}.` });

async function firstPage(api: Api, { noun, list }: Creation, options: { readonly casual?: boolean }): Promise<Before> {
  const query = { ...list.query, page: 1, per_page: PAGE_SIZE };
  const { data, body } = await api.send(list.endpoint, list.params, { ...options, query });
  if (!Array.isArray(data)) return {};
  return hasMore(body) ? { unsearched: `The list of ${plural(title(noun))} is too long to search.` } : { ids: idsIn(data) };
}

function hasMore(body: unknown): boolean {
  const { meta, links } = isObject(body) ? body : {};
  return Number((isObject(meta) && meta.last_page) || 1) > 1 || Boolean(isObject(links) && links.next);
}

const idsIn = (items: readonly unknown[]): ReadonlySet<string> =>
  new Set(items.flatMap((each) => (isObject(each) ? (idIn(each.id) ?? []) : [])));

/** Looks for the resource after a lost response. Throws what is known unless it is certainly ours. */
async function found(ctx: Creating, creation: Creation, before: Before, lost: DnxError): Promise<Reply> {
  const { noun, sent } = creation;
  const { message, status, cause } = lost;
  const unknown = (what: string) => new DnxError('network', `${message} ${what}`, { status, cause, next: [nextOf(creation)] });
  if (before.unsearched !== undefined) throw unknown(before.unsearched);
  const listed = await look(ctx, creation);
  if (isError(listed)) throw unknown(`Could not check whether the ${title(noun)} was created: ${listed.message}`);
  const fresh = listed.filter(({ id }) => !before.ids?.has(idIn(id) ?? ''));
  const matching = before.ids ? fresh.filter((each) => showsAll(each, sent)) : [];
  const [only] = matching;
  if (!only || matching.length > 1 || idIn(only.id) === undefined) throw unknown(summary(creation, before, matching, fresh));
  const name = nameOf(only, noun);
  ctx.progress.warn(`The response was lost, but ${name === undefined ? `the ${title(noun)}` : called(noun, { label: name })} was created.`);
  return { status: 201, headers: {}, body: { data: only }, data: only, message: undefined, text: undefined };
}

/** The list after the request, or why it cannot be read. */
async function look(ctx: Creating, creation: Creation): Promise<readonly JsonObject[] | DnxError> {
  const { clock, deadline, signal, progress, api } = ctx;
  const { endpoint, params, query = {} } = creation.list;
  const name = title(creation.noun);
  progress.step(`The response was lost; checking whether the ${name} was created`);
  try {
    await clock.sleep(Math.max(0, Math.min(SETTLE_MS, deadline - clock.elapsed())), signal);
    const brief = api.until(Math.min(deadline, clock.elapsed() + LOOK_MS));
    return (await brief.list<unknown>(endpoint, params, { query })).filter(isObject);
  } catch (error) {
    if (!isError(error)) throw error;
    if (isStop(error)) throw error.withHint(`The ${name} may have been created.`, nextOf(creation));
    return error;
  } finally {
    progress.done();
  }
}

/** What the list shows, in a sentence or two. */
function summary({ noun, sent }: Creation, { ids }: Before, matching: readonly JsonObject[], fresh: readonly JsonObject[]): string {
  const name = nameOf(sent, noun)?.toLowerCase();
  const isLike = (item: JsonObject) => isPossible(item, sent) || (name !== undefined && nameOf(item, noun)?.toLowerCase() === name);
  const alike = matching.length > 0 ? matching : fresh.filter(isLike);
  const [one, many] = [title(noun), plural(title(noun))];
  const which = listOf(alike);
  if (!ids) {
    if (alike.length === 0) return `No ${one} like it was found, so it was probably not created.`;
    return `${alike.length === 1 ? `One ${one} like it exists` : `${alike.length} ${many} like it exist`}${which}, perhaps from before.`;
  }
  if (alike.length === 0) return `No new ${one} was found, so it was probably not created.`;
  if (alike.length === 1) return `A new ${one} may be from this command${which}.`;
  return `At most one of ${alike.length} new ${many} is from this command${which}.`;
}

/** The first ids: ` (01J…A, 01J…B and 2 more)`. */
function listOf(items: readonly JsonObject[]): string {
  const ids = items.flatMap(({ id }) => idIn(id) ?? []);
  const more = ids.length > MOST_IDS ? ` and ${ids.length - MOST_IDS} more` : '';
  return ids.length > 0 ? ` (${ids.slice(0, MOST_IDS).join(', ')}${more})` : '';
}

const nextOf = ({ see }: Creation): Next => ({ command: see, why: 'Check before you retry' });
