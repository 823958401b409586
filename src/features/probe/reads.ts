import type { Endpoint } from '../../platform/api/endpoint.ts';
import { releasesEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';

/** A GET that the probe sends. */
export interface ProbeRead {
  /** The operation, `{none}` for an id that cannot exist. */
  readonly path: `/${string}`;
  readonly query?: Readonly<Record<string, string | number>>;
  /** False: without a token. */
  readonly authenticated?: false;
  /** Its rows may show secrets: one row, and less of the body, if the server ignores `per_page`. */
  readonly secret?: true;
}

/** The largest page of a list. */
export const PAGE = 100;

const one = { per_page: 1 };
const many = { per_page: PAGE };
const SERVER = '/servers/{server}';
const SITE = `${SERVER}/sites/{site}` as const;
const NONE = '/servers/{none}/sites/{none}';

/** The requests of the probe, the most telling first. */
export const probeReads: readonly ProbeRead[] = [
  { path: '/user', authenticated: false },
  { path: '/user' },
  { path: '/servers', query: { ...many, page: 1 } },
  { path: '/servers', query: { ...one, page: 1 } },
  { path: SERVER },
  { path: `${SERVER}/sites`, query: many },
  { path: SITE },
  { path: `${SITE}/releases`, query: many },
  { path: `${SITE}/environment-variables`, query: one, secret: true },
  { path: `${SITE}/queues`, query: one },
  { path: `${SITE}/redirects`, query: one },
  { path: `${SITE}/certificates`, query: one, secret: true },
  { path: `${SITE}/webhooks`, query: many },
  { path: `${SERVER}/databases`, query: many },
  { path: `${SERVER}/databases/{database}/users`, query: one, secret: true },
  { path: `${SERVER}/databases/{database}/backups`, query: many },
  { path: `${SERVER}/crontabs`, query: one },
  { path: `${SERVER}/daemons`, query: one },
  { path: `${SERVER}/network-rules`, query: one },
  { path: `${SERVER}/ssh-keys`, query: one, secret: true },
  { path: `${SERVER}/certificates`, query: one, secret: true },
  { path: '/git-repositories', query: many },
  { path: '/git-providers', query: one, secret: true },
  { path: '/backups', query: many },
  { path: '/backups', query: { status: 'completed', ...many } },
  { path: '/backups', query: { status: 'dnx-none' } },
  { path: '/servers', query: { per_page: 101 } },
  { path: '/tokens', query: one, secret: true },
  { path: '/servers/{none}' },
  { path: '/dnx-none' },
  { path: `${NONE}/deploy` },
  { path: `${NONE}/resume` },
  { path: `${NONE}/environment-variables/pull` },
  { path: '/git-repositories/{none}/setup-deploy-key' },
  { path: '/backups/{none}' },
  { path: '/providers' },
  { path: '/providers/{provider}/regions', query: one },
  { path: '/providers/{provider}/sizes', query: one },
  { path: '/providers/credentials', query: one, secret: true },
  { path: `${SERVER}/sites/{other_site}` },
];

/** The key of a read in `shapes.json`: `GET /servers?per_page=1&page=1`, `GET /user without a token`. */
export function readKey({ path, query = {}, authenticated }: ProbeRead): string {
  const words = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return `GET ${path}${words.length > 0 ? `?${words.join('&')}` : ''}${authenticated === false ? ' without a token' : ''}`;
}

/** The operation that a read is about, whether or not the API has it. */
export const operationOfRead = ({ path }: ProbeRead) => `GET ${path.replace('{other_site}', '{site}')}` as `GET /${string}`;

/** The reads of what is there. */
export const resourceReads: readonly ProbeRead[] = probeReads.filter(
  ({ path, query, authenticated }) => authenticated !== false && !/\{none\}|dnx-none/.test(path) && query?.status !== 'dnx-none',
);

/** Their operations. */
export const readOperations = [...new Set(resourceReads.map(operationOfRead))];

/** The records of the webhooks of a site, which a deployment may add to. */
export const webhooksEndpoint = 'GET /servers/{server}/sites/{site}/webhooks' satisfies Endpoint;

/** The operations of a deployment that is watched. */
export const watchOperations = [
  'POST /servers/{server}/sites/{site}/deploy',
  siteEndpoint,
  releasesEndpoint,
  webhooksEndpoint,
] as const satisfies readonly Endpoint[];
