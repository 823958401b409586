import { phaseOf } from '../../base/status.ts';
import type { Api } from '../api/api.ts';
import type { Endpoint } from '../api/endpoint.ts';
import { idIn, type SiteIds } from '../names/names.ts';
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

/** Where a site that was created appears. */
export const sitesEndpoint = 'GET /servers/{server}/sites' satisfies Endpoint;

/** The endpoints for following a site and its deployments. */
export const siteEndpoint = 'GET /servers/{server}/sites/{site}' satisfies Endpoint;
export const releasesEndpoint = 'GET /servers/{server}/sites/{site}/releases' satisfies Endpoint;

/** Reads the sites of a server. */
export const siteReader = ({ api }: { readonly api: Api }, server: string): Reader<Thing> => ({
  one: async (site, options) => (await api.send<Thing>(siteEndpoint, { server, site }, options)).data,
});

/** The endpoints for following a certificate. */
export const certificateEndpoint = 'GET /servers/{server}/sites/{site}/certificates/{certificate}' satisfies Endpoint;
export const certificatesEndpoint = 'GET /servers/{server}/sites/{site}/certificates' satisfies Endpoint;

/** Reads the certificates of a site. */
export const certificateReader = ({ api }: { readonly api: Api }, place: SiteIds): Reader<Thing> => ({
  one: async (certificate, options) => (await api.send<Thing>(certificateEndpoint, { ...place, certificate }, options)).data,
});

/** The endpoint for following a backup. */
export const backupsEndpoint = 'GET /backups' satisfies Endpoint;

/** Reads backups from their list, because the API has no `GET /backups/{backup}`. */
export const backupReader = ({ api }: { readonly api: Api }): Reader<Thing> => ({
  one: async (id, options) => (await api.list<Thing>(backupsEndpoint, {}, options)).find((backup) => idIn(backup.id) === id),
});
