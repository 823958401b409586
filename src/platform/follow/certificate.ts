import type { Api } from '../api/api.ts';
import type { Endpoint } from '../api/endpoint.ts';
import type { SiteIds } from '../names/names.ts';
import type { Reader, Thing } from './work.ts';

/** The endpoints for following a certificate. */
export const certificateEndpoint = 'GET /servers/{server}/sites/{site}/certificates/{certificate}' satisfies Endpoint;
export const certificatesEndpoint = 'GET /servers/{server}/sites/{site}/certificates' satisfies Endpoint;

/** Reads the certificates of a site. */
export const certificateReader = ({ api }: { readonly api: Api }, place: SiteIds): Reader<Thing> => ({
  one: async (certificate, options) => (await api.send<Thing>(certificateEndpoint, { ...place, certificate }, options)).data,
});
