import { DnxError, isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { inQuotes, oneLine } from '../../base/text.ts';
import { hostName, hostOf } from '../../machine/settings/host.ts';
import { NetworkFault } from '../../machine/world.ts';
import type { Api, Reply } from '../../platform/api/api.ts';
import { waitHint } from '../../platform/api/limit/limiter.ts';
import { faultHint } from '../../platform/api/network/unreachable.ts';
import type { List, Platform, Resource } from './lists.ts';

/** How another platform is read. Failures are DnxErrors, with the status of the response. */
export interface PlatformApi {
  /** Every page of a list. */
  list(path: string, within?: List['within']): Promise<readonly Resource[]>;
  one(path: string): Promise<Resource>;
}

const MOST_BYTES = 8_000_000;
const MOST_PAGES = 200;

/**
 * Reads a platform with a token, which goes to no other host: redirects and links are not followed. Waits, retries and shares the rate limit as
 * for Deploynix: both allow at least 60 requests a minute, and say so in the same headers
 * (https://forge.laravel.com/docs/api-reference/rate-limiting, https://developers.ploi.io/27-getting-started/84-rate-limiting).
 */
export function openPlatform(
  deploynix: Api,
  platform: Platform,
  { token, host = platform.host }: { readonly token: string; readonly host?: string | undefined },
): PlatformApi {
  const { name } = platform;
  const origin = hostOf(host);
  const api = deploynix.as(token, origin, '/api');
  const senseless = (path: string, what: string): DnxError =>
    new DnxError('failed', `${name} answered GET ${path} with ${what}.`, { hint: 'Check your proxy, and try again.' });

  async function get(path: string, query: ReturnType<Platform['query']> = {}): Promise<JsonObject> {
    const reply = await api.ask('GET', path, { query, mostBytes: MOST_BYTES }).catch((error: unknown) => {
      throw isError(error, 'network', 'failed') && error.cause instanceof NetworkFault ? unreadable(error, error.cause) : error;
    });
    if (reply.status < 200 || reply.status >= 300) throw refusal(platform, reply, path, hostName(origin));
    if (!isObject(reply.body))
      throw senseless(path, reply.text === undefined ? 'something that is not an object' : 'text that is not JSON');
    return reply.body;

    function unreadable(error: DnxError, fault: NetworkFault): DnxError {
      return isError(error, 'network')
        ? error.withHint(faultHint(fault) ?? 'Check your network and your proxy.')
        : new DnxError('failed', `Could not read the response of ${name} to GET ${path}: ${fault.message}.`, { cause: fault });
    }
  }

  return {
    async one(path) {
      const body = await get(path);
      return platform.resource(body.data ?? body, body);
    },
    async list(path, within) {
      const found: Resource[] = [];
      const keys = new Set<string | undefined>([undefined]);
      for (let key: string | undefined; ; ) {
        const body = await get(path, platform.query(key));
        const items = within !== undefined && isObject(body.data) ? body.data[within] : body.data;
        if (!Array.isArray(items)) throw senseless(path, 'no list');
        for (const item of items) found.push(within === undefined ? platform.resource(item, body) : { id: '', attributes: { name: item } });
        const { meta, links } = body;
        key = isObject(meta) ? platform.next(meta, key) : undefined;
        if (key === undefined) {
          // Some lists have links alone, and the documents name no parameter for those.
          if (isObject(links) && links.next)
            throw new DnxError('failed', `${path} has more pages, and ${name} does not document how to read them.`, { status: 416 });
          return found;
        }
        if (keys.has(key)) throw senseless(path, 'a page that it had returned before');
        if (keys.add(key).size > MOST_PAGES) throw senseless(path, `more than ${MOST_PAGES} pages, which is the limit`);
      }
    },
  };
}

/** Why there is no answer. Both document the statuses, and `{message}`: https://forge.laravel.com/docs/api-reference/introduction */
function refusal(platform: Platform, { status, message, headers, limited }: Reply, path: string, host: string): DnxError {
  const { name } = platform;
  const said = message ? ` It says: ${inQuotes(oneLine(message).slice(0, 200))}.` : '';
  if (status < 400 && status >= 300)
    return new DnxError('failed', `${name} redirected GET ${path} to ${inQuotes((headers.location ?? '').slice(0, 200))}.`, {
      hint: 'The token was not sent there. Check your proxy.',
    });
  switch (status) {
    case 401:
      return new DnxError('unauthenticated', `${host} rejected the token.${said}`, {
        hint: `Create one at ${platform.host}${platform.tokens}, and set ${platform.variable}.`,
        reason: 'token_rejected',
      });
    case 403:
      return new DnxError('forbidden', `The token may not read ${path}.${said}`, { status });
    case 404:
      return new DnxError('not_found', `${name} does not find ${path}.${said}`, { status });
    case 429:
      return new DnxError('rate_limited', `${name} allows no more requests now.${said}`, {
        hint: waitHint(headers['retry-after'], limited?.bound),
      });
  }
  return new DnxError('failed', `${name} returned ${status} for GET ${path}.${said}`, { status });
}
