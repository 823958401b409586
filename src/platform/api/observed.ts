import type { Api, ClientOptions } from './api.ts';
import type { Send } from './retry.ts';

type Observed = Pick<ClientOptions, 'clock' | 'observer'>;

/** Tells the observer about complete lists. */
export const listing =
  ({ clock, observer }: Observed, list: Api['list']): Api['list'] =>
  async <T>(...[endpoint, params = {}, options = {}]: Parameters<Api['list']>) => {
    const since = clock.now();
    const items = await list<T>(endpoint, params, options);
    const filtered = Object.values(options.query ?? {}).some((value) => value !== undefined);
    if (!filtered) observer?.listed(endpoint, params, items, since);
    return items;
  };

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
      if (method !== 'GET' && (status < 400 || status >= 500)) observer?.changed(method, path);
    }
  };
