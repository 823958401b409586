import type { Api, ClientOptions, Observer } from './api.ts';
import type { Send } from './retry.ts';

type Observed = Pick<ClientOptions, 'clock' | 'observer'>;

/** Tells the observer about lists that are read to their end. */
export const observing = ({ clock, observer }: Observed, pages: Api['pages']): Api['pages'] =>
  async function* <T>(...[endpoint, params = {}, options = {}]: Parameters<Api['pages']>) {
    const since = clock.now();
    const filtered = Object.values(options.query ?? {}).some((value) => value !== undefined);
    let listing: ReturnType<Observer['listing']>;
    let started = false;
    for await (const page of pages<T>(endpoint, params, options)) {
      // Only now is it certain that the token was read.
      if (!started && !filtered) listing = observer?.listing(endpoint, params, since);
      started = true;
      listing?.add(page);
      yield page;
    }
    listing?.done();
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
