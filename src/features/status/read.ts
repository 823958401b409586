import { DnxError, isError, orError } from '../../base/errors.ts';
import { isObject, type JsonObject, toJson } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { andList } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { readPage } from '../../platform/api/pages.ts';
import { certificatesEndpoint, releasesEndpoint, serverEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import type { SiteIds } from '../../platform/names/names.ts';
import type { Site } from '../deploy/baseline.ts';
import { inProgress, releasesOf } from '../deploy/release.ts';
import { briefApi } from '../overview/overview.ts';
import { isPreview } from '../preview/names.ts';
import { isPassing, POLL_MS, pollAgain, polled } from '../watch/watch.ts';
import type { SeenPreviews } from './previews.ts';

/** What a status shows besides the site. Each costs one request. */
const endpoints = {
  server: serverEndpoint,
  releases: releasesEndpoint,
  certificates: certificatesEndpoint,
  queues: 'GET /servers/{server}/sites/{site}/queues',
} as const satisfies Readonly<Record<string, Endpoint>>;

export type PartName = keyof typeof endpoints;

const WORDS: Readonly<Record<PartName, string>> = {
  server: 'the server',
  releases: 'releases',
  certificates: 'certificates',
  queues: 'workers',
};
export const partNames = Object.keys(endpoints) as readonly PartName[];

/** What was read of a part, which may fail without the others. */
export interface StatusPart {
  /** One object for the server; null if it could not be read. */
  readonly items: readonly JsonObject[] | null;
  /** False if a list has more pages, which are not read. */
  readonly complete: boolean;
  readonly error?: DnxError;
}

type Parts = Readonly<Record<PartName, StatusPart>>;

/** The parts that could not be read, in words: `workers and certificates`. */
export const partWords = (names: readonly PartName[]): string => andList(names.map((name) => WORDS[name]));

/** The error for parts of a site that could not be read, with the code of the first; undefined if all were. */
export function unreadParts(site: string, parts: Readonly<Partial<Parts>>): DnxError | undefined {
  const names = partNames.filter((name) => parts[name]?.error);
  const [cause] = names.map((name) => parts[name]?.error);
  if (!cause) return undefined;
  const code = isError(cause, 'forbidden', 'network', 'timed_out') ? cause.code : 'failed';
  return new DnxError(code, `Could not read ${partWords(names)} of ${site}: ${cause.message}`, cause);
}

/** What a status is made of. */
export interface SeenSite {
  readonly site: Site;
  readonly parts: Parts;
  readonly previews: SeenPreviews;
  readonly at: number;
  /** Why the latest reading of the site failed, while it is watched. */
  readonly error?: Parts[PartName]['error'];
}

/** Reads these parts at the same time. Throws if a signal or the rate limit ends it. `casual`: a rate limit is an error of the part alone. */
export async function readParts<N extends PartName>({ api }: Context, ids: SiteIds, names: readonly N[], { casual = false } = {}) {
  const read = async (name: N): Promise<StatusPart> => {
    if (name === 'server') {
      const { data } = await api.send<unknown>(endpoints.server, { server: ids.server }, { casual });
      return { items: [data].filter(isObject), complete: true };
    }
    const { rows, last = 1 } = await readPage<unknown>(api.send, endpoints[name], ids, { casual });
    return { items: rows.filter(isObject), complete: last <= 1 };
  };
  const part = async (name: N): Promise<StatusPart> => {
    const result = await orError(read(name));
    if (!(result instanceof DnxError)) return result;
    if (result.code === 'rate_limited' && !casual) throw result;
    return { items: null, complete: false, error: result };
  };
  const parts = names.map(async (name) => [name, await part(name)] as const);
  return Object.fromEntries(await Promise.all(parts)) as Readonly<Record<N, StatusPart>>;
}

/** Reads what a status shows of previews. Most sites have nothing to do with any. */
export async function readPreviews(ctx: Context, site: Site, ids: SiteIds): Promise<SeenPreviews> {
  if (!isPreview(site) && !ctx.settings.link?.hasPreviews) return { preview: null, previews: null };
  return (await import('./previews.ts')).seenPreviews(ctx, site, ids);
}

/** The time between two readings of what hardly changes, in ms. A watch sends 14 requests a minute, and 24 during a deployment. */
const REST_MS = 60_000;

/** Yields what is seen of a site, first `from`, until a signal or an error that lasts. Reads its releases with it during a deployment. */
export async function* watched(ctx: Context, ids: SiteIds, from: SeenSite): AsyncGenerator<SeenSite> {
  const { api, clock } = ctx;
  let restAt = clock.elapsed();
  const read = async (seen: SeenSite): Promise<SeenSite> => {
    const at = clock.now();
    const { data } = await pollAgain(ctx, () => api.send<Site>(siteEndpoint, ids, { retry: false }));
    const site: Site = isObject(data) ? data : seen.site;
    const all = toJson(site) !== toJson(seen.site) || clock.elapsed() - restAt >= REST_MS;
    if (all) restAt = clock.elapsed();
    const names = all ? partNames : isBusy(seen) ? (['releases'] as const) : [];
    const brief = { ...ctx, api: briefApi(ctx) };
    const [news, previews] = await Promise.all([
      readParts(brief, ids, names, { casual: true }),
      all ? readPreviews(brief, site, ids).then((read) => (read.error && isPassing(read.error) ? seen.previews : read)) : seen.previews,
    ]);
    return { site, at, parts: merged(seen.parts, news), previews };
  };
  for await (const { value, error } of polled(ctx, from, { pause: () => POLL_MS, read })) yield error ? { ...value, error } : value;
}

const isBusy = ({ site, parts }: SeenSite): boolean =>
  phaseOf(site.status) === 'going' || inProgress(releasesOf(parts.releases.items ?? [])).length > 0;

function merged(parts: Parts, news: Readonly<Partial<Record<PartName, StatusPart>>>): Parts {
  const read = Object.entries(news).filter(([, { error }]) => !error || !isPassing(error));
  return { ...parts, ...Object.fromEntries(read) };
}
