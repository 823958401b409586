import { phaseOf } from '../../base/status.ts';
import type { Api } from '../api/api.ts';
import type { Endpoint } from '../api/endpoint.ts';
import type { Reader, Thing } from './work.ts';

/** The endpoints for following a server. */
export const serverEndpoint = 'GET /servers/{server}' satisfies Endpoint;
export const serversEndpoint = 'GET /servers' satisfies Endpoint;

interface Server extends Thing {
  readonly provisioned_at?: string | null;
}

/** Reads servers. A new `provisioned_at` also means success. */
export const serverReader = ({ api }: { readonly api: Api }): Reader<Server> => ({
  one: async (server, options) => (await api.send<Server>(serverEndpoint, { server }, options)).data,
  phase: ({ status, provisioned_at = null }, before) =>
    phaseOf(status) ?? (provisioned_at !== null && provisioned_at !== before?.provisioned_at ? 'good' : undefined),
});
