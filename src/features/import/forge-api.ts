import { DnxError, isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { inQuotes, oneLine } from '../../base/text.ts';
import { hostName, hostOf } from '../../machine/settings/host.ts';
import { NetworkFault } from '../../machine/world.ts';
import type { Api, Reply } from '../../platform/api/api.ts';
import { waitHint } from '../../platform/api/limit/limiter.ts';
import { faultHint } from '../../platform/api/network/unreachable.ts';

/** Where Forge is. */
const FORGE = 'https://forge.laravel.com';

/** A resource of JSON:API. What makes no sense as one has no attributes. */
export interface Resource {
  /** Safe in a path; empty if it has no such id. */
  readonly id: string;
  readonly attributes: JsonObject | undefined;
  /** The names of its tags, which a list includes. */
  readonly tags: readonly string[];
}

/** How Forge is read. Failures are DnxErrors, with the status of the response. */
export interface ForgeApi {
  /** Every page of a list. */
  list(path: string): Promise<readonly Resource[]>;
  one(path: string): Promise<Resource>;
}

const MOST_BYTES = 8_000_000;
const MOST_PAGES = 200;

/**
 * Reads Forge with a token, which goes to no other host: redirects and links are not followed. Waits, retries and shares the rate limit as for
 * Deploynix: Forge allows 60 requests a minute, too, and says so in the same headers
 * (https://forge.laravel.com/docs/api-reference/rate-limiting).
 */
export function openForge(
  deploynix: Api,
  { token, host = FORGE }: { readonly token: string; readonly host?: string | undefined },
): ForgeApi {
  const origin = hostOf(host);
  const api = deploynix.as(token, origin, '/api');

  async function get(path: string, cursor?: string): Promise<Record<string, unknown>> {
    const query = { 'page[cursor]': cursor };
    const reply = await api.ask('GET', path, { query, mostBytes: MOST_BYTES }).catch((error: unknown) => {
      throw isError(error, 'network', 'failed') && error.cause instanceof NetworkFault ? unreadable(error, error.cause, path) : error;
    });
    if (reply.status < 200 || reply.status >= 300) throw refusal(reply, path, hostName(origin));
    if (!isObject(reply.body))
      throw senseless(path, reply.text === undefined ? 'something that is not an object' : 'text that is not JSON');
    return reply.body;
  }

  return {
    async one(path) {
      const body = await get(path);
      return resourceIn(body.data, body.included);
    },
    // https://forge.laravel.com/docs/api-reference/pagination
    async list(path) {
      const found: Resource[] = [];
      const cursors = new Set<string>();
      for (let cursor: string | undefined; ; ) {
        const body = await get(path, cursor);
        if (!Array.isArray(body.data)) throw senseless(path, 'no list');
        for (const item of body.data) found.push(resourceIn(item, body.included));
        cursor = nextIn(body, path);
        if (cursor === undefined) return found;
        if (cursors.has(cursor)) throw senseless(path, 'a page that it had returned before');
        if (cursors.add(cursor).size >= MOST_PAGES) throw senseless(path, `more than ${MOST_PAGES} pages, which is the limit`);
      }
    },
  };
}

function nextIn({ meta, links }: Record<string, unknown>, path: string): string | undefined {
  const cursor = isObject(meta) ? meta.next_cursor : undefined;
  if (typeof cursor === 'string' && cursor !== '') return cursor;
  // Lists of credentials have page numbers, but the documents name no parameter for them.
  if (isObject(links) && links.next)
    throw new DnxError('failed', `${path} has more pages, and Forge does not document how to read them.`, { status: 416 });
  return undefined;
}

/** A resource, with the tags that are included in the response. */
function resourceIn(item: unknown, included: unknown): Resource {
  const { id, attributes, relationships } = isObject(item) ? item : {};
  const tags = isObject(relationships) && isObject(relationships.tags) ? [relationships.tags.data].flat() : [];
  return {
    id: /^[\w.-]{1,64}$/.test(String(id)) && !/^\.+$/.test(String(id)) ? String(id) : '',
    attributes: isObject(attributes) ? attributes : undefined,
    tags: tags.flatMap((tag) => tagNames(tag, included)),
  };
}

const tagNames = (tag: unknown, included: unknown): string[] =>
  [included].flat().flatMap((each) => {
    const isTag = isObject(each) && isObject(tag) && each.type === 'tags' && each.id === tag.id;
    return isTag && isObject(each.attributes) ? [oneLine(each.attributes.name)] : [];
  });

const unreadable = (error: DnxError, fault: NetworkFault, path: string): DnxError =>
  isError(error, 'network')
    ? error.withHint(faultHint(fault) ?? 'Check your network and your proxy.')
    : new DnxError('failed', `Could not read the response of Forge to GET ${path}: ${fault.message}.`, { cause: fault });

const senseless = (path: string, what: string): DnxError =>
  new DnxError('failed', `Forge answered GET ${path} with ${what}.`, { hint: 'Check your proxy, and try again.' });

/** Why there is no answer. Forge documents the statuses, and `{message}`: https://forge.laravel.com/docs/api-reference/introduction */
function refusal({ status, message, headers, limited }: Reply, path: string, host: string): DnxError {
  const said = message ? ` It says: ${inQuotes(oneLine(message).slice(0, 200))}.` : '';
  if (status < 400 && status >= 300)
    return new DnxError('failed', `Forge redirected GET ${path} to ${inQuotes((headers.location ?? '').slice(0, 200))}.`, {
      hint: 'The token was not sent there. Check your proxy.',
    });
  switch (status) {
    case 401:
      return new DnxError('unauthenticated', `${host} rejected the token.${said}`, {
        hint: `Create one at ${FORGE}/profile/api, and set FORGE_TOKEN.`,
        reason: 'token_rejected',
      });
    case 403:
      return new DnxError('forbidden', `The token may not read ${path}.${said}`, { status });
    case 404:
      return new DnxError('not_found', `Forge does not find ${path}.${said}`, { status });
    case 429:
      return new DnxError('rate_limited', `Forge allows no more requests now.${said}`, {
        hint: waitHint(headers['retry-after'], limited?.bound),
      });
  }
  return new DnxError('failed', `Forge returned ${status} for GET ${path}.${said}`, { status });
}
