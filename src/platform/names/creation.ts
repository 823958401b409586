import { DnxError, isError, isStop, type Next } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { plural, title } from '../../base/text.ts';
import { type Clock, NetworkFault } from '../../machine/world.ts';
import type { Api, Query, Reply } from '../api/api.ts';
import type { Endpoint } from '../api/endpoint.ts';
import { isLost } from '../api/network/fault.ts';
import { readPage } from '../api/pages.ts';
import { isPossible, showsAll } from './match.ts';
import { called, idIn, resourceName } from './names.ts';

/** How a new resource is found if the response to its creation is lost. */
export interface Creation {
  readonly noun: string;
  readonly list: ListRequest;
  /** The fields that the request sends, which it must show. */
  readonly sent: JsonObject;
  readonly see: readonly string[];
  /** Why to run it after a lost response. */
  readonly why?: string;
  readonly known?: readonly unknown[];
  /** True if a secret is sent or returned. No list shows it, so nothing is ever adopted. */
  readonly secret?: boolean;
}

/** What creating needs. */
export interface CreateContext {
  readonly api: Api;
  readonly clock: Clock;
  /** In ms of the monotonic clock. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly progress: { warn(sentence: string): void; step(sentence: string): void; done(): void };
}

interface Before {
  readonly seen?: Ids | undefined;
  /** Why the list is not searched afterwards. */
  readonly unsearched?: string;
}

/** The longest time to read the list before the request, in ms. */
const ALLOWANCE_MS = 10_000;
/** Time for the request to take effect, in ms. */
const SETTLE_MS = 2_000;
/** The longest time to read the list afterwards, in ms. */
const LOOK_MS = 30_000;
const MOST_IDS = 3;

/**
 * Sends the request of a create once. If the response is lost, looks once, and returns what was made if the list before had no such
 * thing and exactly one now shows everything that was sent. Reading the list before costs one request.
 */
export function creatingOnce(ctx: CreateContext, creation: Creation, send: () => Promise<Reply>) {
  let before: Before | undefined = creation.known && { seen: idsIn(creation.known) };
  return {
    /** Reads the list before the request. Fails if it cannot, for a caller that follows what it creates. */
    async read(): Promise<void> {
      before = unreadable(creation);
      before = await listBefore(ctx.api, creation);
    },
    async create(): Promise<Reply> {
      before ??= creation.secret ? {} : await readBefore(ctx, creation);
      try {
        return await send();
      } catch (error) {
        if (isLost(error)) return await found(ctx, creation, before, error);
        if (!isError(error) || !isSent(error)) throw error;
        throw isStop(error) ? stoppedAt(error, creation) : error.withHint(undefined, nextOf(creation));
      }
    },
  };
}

/** Optional: without it, nothing can be adopted. Fails if the host cannot be reached, as the request would. */
async function readBefore({ api, clock, deadline }: CreateContext, creation: Creation): Promise<Before> {
  try {
    return await listBefore(api.until(Math.min(deadline, clock.elapsed() + ALLOWANCE_MS)), creation, { casual: true });
  } catch (error) {
    if (!isError(error) || isStop(error) || isUnreached(error)) throw error;
    return isError(error, 'forbidden') ? unreadable(creation) : {};
  }
}

const stoppedAt = (error: DnxError, creation: Creation): DnxError =>
  error.withHint(`The ${title(creation.noun)} may have been created.`, nextOf(creation));

const isSent = ({ cause }: DnxError): boolean => cause instanceof NetworkFault && cause.sent;

const isUnreached = (error: DnxError): boolean => isError(error, 'network') && error.cause instanceof NetworkFault && !isSent(error);

const unreadable = ({ noun }: Creation): Before => ({ unsearched: `This token cannot list ${plural(title(noun))}.` });

/** Reads the first page, for one request. With further pages, it is not enough to tell what is new. */
async function listBefore({ send }: Api, { noun, list }: Creation, options: { readonly casual?: boolean } = {}): Promise<Before> {
  const { endpoint, params, query = {} } = list;
  const { rows, last = 1 } = await readPage<unknown>(send, endpoint, params, { ...options, query });
  return last > 1 ? { unsearched: `The list of ${plural(title(noun))} is too long to search.` } : { seen: idsIn(rows) };
}

/** Looks for the resource after a lost response. Throws what is known unless it is certainly ours. */
async function found(ctx: CreateContext, creation: Creation, before: Before, lost: DnxError): Promise<Reply> {
  const { noun, sent } = creation;
  const { message, status, cause } = lost;
  const unknown = (what: string) =>
    new DnxError('network', `${message} ${what}`, { status, reason: 'answer_lost', cause, next: [nextOf(creation)] });
  if (before.unsearched !== undefined) throw unknown(before.unsearched);
  const fresh = await newSince(ctx, creation, before.seen);
  if (isError(fresh)) throw unknown(`Could not check whether the ${title(noun)} was created: ${fresh.message}`);
  const matching = before.seen && !creation.secret ? fresh.filter((each) => showsAll(each, sent)) : [];
  const [only] = matching;
  if (!only || matching.length > 1 || idIn(only.id) === undefined) throw unknown(summary(creation, before, matching, fresh));
  await ctx.api.found(sent, only);
  const name = resourceName(only, noun);
  ctx.progress.warn(`The response was lost, but ${name === undefined ? `the ${title(noun)}` : called(noun, { label: name })} was created.`);
  return { status: 201, headers: {}, body: { data: only }, data: only, message: undefined, text: undefined };
}

/** What is new in the list since before the request, or why it cannot be read. */
async function newSince(ctx: CreateContext, creation: Creation, before: Ids | undefined): Promise<readonly JsonObject[] | DnxError> {
  const { clock, deadline, signal, progress, api } = ctx;
  const name = title(creation.noun);
  progress.step(`The response was lost; checking whether the ${name} was created`);
  try {
    await clock.sleep(Math.max(0, Math.min(SETTLE_MS, deadline - clock.elapsed())), signal);
    const { endpoint, params, query = {} } = creation.list;
    const items = await api.until(Math.min(deadline, clock.elapsed() + LOOK_MS)).list<unknown>(endpoint, params, { query });
    return items.filter(isObject).filter(({ id }) => !before?.has(idIn(id) ?? ''));
  } catch (error) {
    if (!isError(error)) throw error;
    if (isStop(error)) throw stoppedAt(error, creation);
    return error;
  } finally {
    progress.done();
  }
}

function summary({ noun, sent }: Creation, { seen }: Before, matching: readonly JsonObject[], fresh: readonly JsonObject[]): string {
  const name = resourceName(sent, noun)?.toLowerCase();
  const isLike = (item: JsonObject) => isPossible(item, sent) || (name !== undefined && resourceName(item, noun)?.toLowerCase() === name);
  const alike = matching.length > 0 ? matching : fresh.filter(isLike);
  const [one, many] = [title(noun), plural(title(noun))];
  const which = listOf(alike);
  if (!seen) {
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

const nextOf = ({ see, why = 'Check before you retry' }: Creation): Next => ({ command: see, why });

interface ListRequest {
  readonly endpoint: Endpoint;
  readonly params?: object;
  readonly query?: Query;
}

type Ids = ReadonlySet<string>;

const idsIn = (items: readonly unknown[]): Ids => new Set(items.flatMap((each) => (isObject(each) ? (idIn(each.id) ?? []) : [])));
