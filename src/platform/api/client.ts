import { DnxError } from '../../base/errors.ts';
import { NetworkFault } from '../../machine/world.ts';
import type { Api, ClientOptions, Listing, Reply, SendOptions } from './api.ts';
import { clockUntil, transportUntil } from './deadline.ts';
import { type Endpoint, fill } from './endpoint.ts';
import { readList } from './pages.ts';
import { openSending } from './send.ts';

/** Creates an API client with authentication, retries, paging and rate limiting. */
export const createApi = (options: ClientOptions): Api => apiOver(options, options);

/** Work that may take longer than so many windows of the rate limit can wait for one to be polled. */
const FEW_WINDOWS = 5;

/** `unbounded`: the original options; `options` may have a deadline. */
function apiOver(unbounded: ClientOptions, options: ClientOptions): Api {
  const { send: sendAny, exchange } = openSending(options);

  const send = async <T>(endpoint: Endpoint, params: object = {}, sendOptions: SendOptions = {}): Promise<Reply<T>> => {
    const { method, path } = fill(endpoint, { ...params });
    const reply = await sendAny<T>(method, path, sendOptions);
    if (reply.status >= 300) throw (await import('./failure.ts')).failureOf(reply, endpoint, sendOptions.body);
    if (reply.text !== undefined) throw notJson(endpoint);
    return reply;
  };

  return {
    send,
    list: (endpoint, params, listOptions) =>
      readList({ send, listing: listingOf(options, endpoint, params, listOptions) }, endpoint, params, listOptions),
    ask: (method, path, askOptions = {}) => sendAny(method, path, { ...askOptions, typed: true }),
    as: (token, host = options.host, base) => {
      const other = { host, token: async () => token, observer: undefined, ...(base !== undefined && { base }) };
      return apiOver({ ...unbounded, ...other }, { ...options, ...other });
    },
    until: (deadline) => apiOver(unbounded, optionsUntil(unbounded, deadline)),
    unstopped: () => createApi({ ...unbounded, signal: new AbortController().signal }),
    async room(requests, others, timeoutMs) {
      const { budgets, clock, host, requests: progress, signal, token } = unbounded;
      const budget = budgets(await token(), host);
      const began = clock.elapsed();
      const fairly = () => clock.elapsed() - began < budget.windowMs;
      const wait = () => budget.untilRoom(requests, others(), fairly(), timeoutMs < FEW_WINDOWS * budget.windowMs);
      for (let ms = wait(); ms > 0; ms = wait()) {
        const resume = progress.pause(ms, false);
        await clock.sleep(ms, signal).finally(resume);
      }
    },
    backoff: async (requests) => options.budgets(await options.token(), options.host).backoff(requests),
    found: async (body, item) => options.gate?.found?.(body, item),
    rate: async () => options.budgets(await options.token(), options.host).status(),
    async raw(method, path, rawOptions) {
      const end = options.requests.begin(options.host);
      try {
        return await exchange(method, path, { ...rawOptions, file: true });
      } catch (error) {
        throw error instanceof NetworkFault ? (await import('./network/unreachable.ts')).unreachable(error, method, options.host) : error;
      } finally {
        end();
      }
    },
  };
}

const optionsUntil = (options: ClientOptions, deadline: number): ClientOptions => ({
  ...options,
  clock: clockUntil(options.clock, deadline),
  connect: async () => transportUntil(await options.connect(), options.clock, deadline),
  deadline,
});

const notJson = (endpoint: string): DnxError =>
  new DnxError('failed', `The response to ${endpoint} is not JSON.`, {
    hint: 'Check the host (--host or DNX_HOST), and whether a proxy or login page is in between.',
    cause: new NetworkFault('not JSON', { sent: true }),
  });

/** Who remembers a list without filters that is read from now on. */
function listingOf(
  { clock, observer }: ClientOptions,
  ...[endpoint, params = {}, { query = {} } = {}]: Parameters<Api['list']>
): () => Listing | undefined {
  const since = clock.now();
  const filtered = Object.values(query).some((value) => value !== undefined);
  return () => (filtered ? undefined : observer?.listing(endpoint, params, since));
}
