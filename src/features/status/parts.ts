import { DnxError, isStop } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { PAGE_SIZE } from '../../platform/api/pages.ts';
import { certificatesEndpoint, serverEndpoint } from '../../platform/follow/readers.ts';
import type { SiteIds } from '../../platform/names/names.ts';
import { releasesEndpoint } from '../deploy/snapshot.ts';
import { briefApi, type Reading } from '../overview/reading.ts';

/** What a status shows besides the site. Each costs one request. */
const endpoints = {
  server: serverEndpoint,
  releases: releasesEndpoint,
  webhooks: 'GET /servers/{server}/sites/{site}/webhooks',
  certificates: certificatesEndpoint,
  queues: 'GET /servers/{server}/sites/{site}/queues',
} as const satisfies Readonly<Record<string, Endpoint>>;

export type PartName = keyof typeof endpoints;
export const partNames = Object.keys(endpoints) as readonly PartName[];

/** What was read of a part, which may fail without the others. */
export interface Part {
  /** One object for the server; null if it could not be read. */
  readonly items: readonly JsonObject[] | null;
  /** False if a list has more pages, which are not read. */
  readonly complete: boolean;
  readonly error?: DnxError;
}

export type Parts = Readonly<Record<PartName, Part>>;

/** Reads these parts at the same time. Throws only if a signal ends it. */
export async function readParts<N extends PartName>(ctx: Reading, ids: SiteIds, names: readonly N[]): Promise<Readonly<Record<N, Part>>> {
  const api = briefApi(ctx);
  const read = async (name: N): Promise<Part> => {
    const query = name === 'server' ? undefined : { page: 1, per_page: PAGE_SIZE };
    const params = name === 'server' ? { server: ids.server } : ids;
    const { data, body } = await api.send<unknown>(endpoints[name], params, { query, casual: true });
    const items = name === 'server' ? [data] : (data ?? []);
    if (!Array.isArray(items)) throw new DnxError('failed', `The response to ${endpoints[name]} is not a list.`);
    return { items: items.filter(isObject), complete: !hasMore(body) };
  };
  const parts = names.map(async (name) => [name, await read(name).catch(unread)] as const);
  return Object.fromEntries(await Promise.all(parts)) as Readonly<Record<N, Part>>;
}

function unread(error: unknown): Part {
  if (!(error instanceof DnxError) || isStop(error)) throw error;
  return { items: null, complete: false, error };
}

const hasMore = (body: unknown): boolean => isObject(body) && isObject(body.meta) && Number(wordOf(body.meta.last_page)) > 1;
