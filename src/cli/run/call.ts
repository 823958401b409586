import { type Endpoint, isRead } from '../../platform/api/endpoint.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { type Targets, targetIds } from '../../platform/names/names.ts';
import { askedAgain } from '../../platform/names/resolve.ts';
import type { Context } from '../language/command.ts';

interface Declared {
  readonly endpoint: Endpoint | undefined;
  readonly targets: Targets;
  /** Looks the targets up again. */
  readonly lookUp: () => Promise<Targets>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** `ctx.call`, `ctx.list` and `ctx.pages`: requests to the declared endpoints, with the ids of the targets. */
export function callsWith(
  { endpoint: own, targets, lookUp, body }: Declared,
  api: Context['api'],
  scope: Scope,
): Pick<Context, 'call' | 'list' | 'pages'> {
  const fresh = <T>(
    endpoint: Endpoint,
    request: (ids: Readonly<Record<string, string>>) => Promise<T>,
    shown?: (answer: T) => unknown,
  ): Promise<T> =>
    isRead(endpoint)
      ? askedAgain(targets, lookUp, scope, { endpoint, ask: (found) => request(targetIds(found)), ...(shown && { shown }) })
      : request(targetIds(targets));
  return {
    call(endpoint = declared(own), options = {}) {
      const sent = 'body' in options ? options.body : endpoint === own && Object.keys(body).length > 0 ? body : undefined;
      const send = <T>(ids: Readonly<Record<string, string>>) => api.send<T>(endpoint, { ...ids, ...options.params }, { body: sent });
      return fresh(endpoint, send<never>, ({ data }) => data);
    },
    list(endpoint = declared(own), options = {}) {
      return fresh(endpoint, (ids) => api.list(endpoint, ids, options));
    },
    pages(endpoint = declared(own), options = {}) {
      return fresh(endpoint, (ids) => begun(api.pages(endpoint, ids, options)));
    },
  };
}

/** Pages of which the first was read, so that a list that fails at once fails before anything is printed. */
async function begun<T>(pages: AsyncGenerator<readonly T[], void>): Promise<AsyncIterable<readonly T[]>> {
  const first = await pages.next();
  return (async function* () {
    if (first.done) return;
    try {
      yield first.value;
      yield* pages;
    } finally {
      await pages.return();
    }
  })();
}

function declared(endpoint: Endpoint | undefined): Endpoint {
  if (!endpoint) throw new Error('The command declares no endpoint for these options.');
  return endpoint;
}
