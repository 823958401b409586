import { phaseOf, statusKey } from '../../base/status.ts';
import { HOUR, timeOf } from '../../base/time.ts';
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

interface Site extends Thing {
  readonly created_at?: unknown;
  readonly updated_at?: unknown;
  readonly last_deployed_at?: unknown;
}

/** Reads a new site of a server. A word that dnx does not know means success if it is that of other sites at rest. */
export function siteReader({ api }: { readonly api: Api }, server: string): Reader<Site> {
  const words = new Map<string, boolean>();
  return {
    async one(site, options) {
      const { data } = await api.send<Site>(siteEndpoint, { server, site }, options);
      const word = statusKey(data?.status);
      if (data && word !== '' && phaseOf(word) === undefined && !words.has(word))
        words.set(word, isWordAtRest(word, data, await api.list<Site>(sitesEndpoint, { server }, options).catch(() => [])));
      return data;
    },
    phase: ({ status }) => phaseOf(status) ?? (words.get(statusKey(status)) ? 'good' : undefined),
  };
}

/** True if most of the sites that were deployed and have not changed for an hour have this word, and two at least. */
function isWordAtRest(word: string, site: Site, sites: readonly Site[]): boolean {
  const before = (timeOf(site.created_at) ?? 0) - HOUR;
  const isOld = (time: unknown) => (timeOf(time) ?? Number.POSITIVE_INFINITY) < before;
  const atRest = sites.filter(({ id, updated_at, last_deployed_at }) => id !== site.id && isOld(updated_at) && isOld(last_deployed_at));
  const alike = atRest.filter(({ status }) => statusKey(status) === word).length;
  return alike > 1 && alike * 2 > atRest.length;
}

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

export const databasesEndpoint = 'GET /servers/{server}/databases' satisfies Endpoint;

/** Reads databases from their list, which shows that they were created. */
export const databaseReader = ({ api }: { readonly api: Api }, server: string): Reader<Thing> => ({
  one: async (id, options) => (await api.list<Thing>(databasesEndpoint, { server }, options)).find((database) => idIn(database.id) === id),
});
