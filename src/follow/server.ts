import type { Endpoint } from '../api/endpoint.ts';
import type { Context } from '../context.ts';
import { phaseOf } from '../status.ts';
import type { Reader, Thing } from './work.ts';

/** What following a server reads: itself, and before the request whether this token may. */
export const serverEndpoint = 'GET /servers/{server}' satisfies Endpoint;
export const serversEndpoint = 'GET /servers' satisfies Endpoint;

interface Server extends Thing {
  readonly provisioned_at?: string | null;
}

/** Looks at servers. A `provisioned_at` that was not there before is a second sign of success. */
export const serverReader = ({ api }: Pick<Context, 'api'>): Reader<Server> => ({
  one: async (server, options) => (await api.send<Server>(serverEndpoint, { server }, options)).data,
  any: () => api.send(serversEndpoint, {}, { query: { per_page: 1 } }),
  phase: ({ status, provisioned_at = null }, before) =>
    phaseOf(status) ?? (provisioned_at !== null && provisioned_at !== before?.provisioned_at ? 'good' : undefined),
});
