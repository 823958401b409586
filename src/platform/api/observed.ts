import type { Api, ClientOptions, Listing } from './api.ts';
import { isReadMethod } from './endpoint.ts';
import type { Send } from './retry.ts';

type Observed = Pick<ClientOptions, 'clock' | 'observer'>;

/** Who remembers a list without filters that is read from now on. */
export function listingOf(
  { clock, observer }: Observed,
  ...[endpoint, params = {}, { query = {} } = {}]: Parameters<Api['pages']>
): () => Listing | undefined {
  const since = clock.now();
  const filtered = Object.values(query).some((value) => value !== undefined);
  return () => (filtered ? undefined : observer?.listing(endpoint, params, since));
}

/** Tells the observer about requests that changed something, or may have: a lost response and a 5xx do not say. */
export const sending =
  ({ observer }: Observed, send: Send): Send =>
  async <T>(...[method, path, options]: Parameters<Send>) => {
    let status = 0;
    try {
      const reply = await send<T>(method, path, options);
      status = reply.status;
      return reply;
    } finally {
      if (!isReadMethod(method) && (status < 400 || status >= 500)) observer?.changed(method, path);
    }
  };
