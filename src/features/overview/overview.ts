import { DnxError, orError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { DAY, duration, shownTimeIn, timeOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Item, LateCells } from '../../cli/output/view.ts';
import { within } from '../../platform/api/deadline.ts';
import { certificatesEndpoint, releasesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, siteUrl, type Targets, TRUST_MS } from '../../platform/names/names.ts';
import { liveRelease, type Release, releasesOf } from '../deploy/release.ts';

/** What an overview needs. */
export type OverviewContext = Pick<Context, 'api' | 'clock' | 'world'>;

const ALLOWANCE_MS = 10_000;

/** The API with that time limit. */
export const briefApi = (ctx: OverviewContext): OverviewContext['api'] => within(ctx, ALLOWANCE_MS).api;

/** The result of a request, or undefined if it fails. */
export async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  const result = await orError(answer);
  return result instanceof DnxError ? undefined : result;
}

/** `not read: Rate limited`; undefined if the token cannot read it. */
export const unreadWords = ({ code, message }: { readonly code: string; readonly message: string }): string | undefined =>
  code === 'forbidden' ? undefined : `not read: ${message.replace(/\.$/, '')}`;

/** The names of a server's sites, or their number if the token cannot read them. */
export async function serverOverview(ctx: OverviewContext, item: Item, { server }: Targets): Promise<Item> {
  const sites = await orError(briefApi(ctx).list<JsonObject>('GET /servers/{server}/sites', { server: server?.id }, { casual: true }));
  if (sites instanceof DnxError) return { sites: item.sites_count ?? unreadWords(sites) ?? null };
  return { sites: sites.map(({ domain, id }) => wordOf(domain) || wordOf(id)).join(', ') || 'none' };
}

/** Reads the names of the Git providers of repositories, unless all were listed within the hour. Empty if the token cannot list them. */
export function providerNames(ctx: OverviewContext & Pick<Context, 'nameOf'>): LateCells['read'] {
  let requested: Promise<readonly JsonObject[] | undefined> | undefined;
  const known = ({ git_provider_id: id }: Item) => ctx.nameOf('git_provider', id, TRUST_MS);
  return async (repositories) => {
    if (!requested && repositories.every((repository) => known(repository) !== undefined)) return (repository) => known(repository) ?? '';
    requested ??= orUndefined(briefApi(ctx).list<JsonObject>('GET /git-providers', {}, { casual: true }));
    const names = new Map((await requested)?.map(({ id, name }) => [idIn(id), wordOf(name)]));
    return ({ git_provider_id }) => names.get(idIn(git_provider_id)) ?? '';
  };
}

/** The time, and whether to print it relatively. */
export type TimeReader = Parameters<typeof shownTimeIn>[1];

/** A certificate with less time left should have been renewed. */
const SOON_MS = 14 * DAY;

interface CertificateWords {
  readonly certificate: JsonObject | undefined;
  /** `valid for 31d`, `expires in 3d`, `expired 2d ago`, `none`, or its status. */
  readonly words: string;
  readonly valid: boolean;
  /** Yellow if it expires soon, red if it has expired or failed. */
  readonly tone: 'yellow' | 'red' | undefined;
}

/** The certificate with the latest expiry. */
export function certificateIn(certificates: readonly JsonObject[], reader: TimeReader): CertificateWords {
  const { now, terminal } = reader;
  const [best] = certificates
    .filter(({ status }) => phaseOf(status) === 'good' || statusKey(status) === 'expired')
    .map((certificate) => ({ certificate, ends: timeOf(certificate.expires_at), word: wordOf(certificate.status) }))
    .sort((one, other) => (other.ends ?? now) - (one.ends ?? now));
  if (!best) {
    const certificate = certificates.at(-1);
    const tone = phaseOf(certificate?.status) === 'bad' ? 'red' : undefined;
    return { certificate, words: wordOf(certificate?.status) || 'none', valid: false, tone };
  }
  const { certificate, ends, word } = best;
  if (ends === undefined) {
    const valid = statusKey(word) !== 'expired';
    return { certificate, words: word, valid, tone: valid ? undefined : 'red' };
  }
  const end = shownTimeIn(new Date(ends).toISOString(), reader);
  if (ends <= now) return { certificate, words: `expired ${end}`, valid: false, tone: 'red' };
  const soon = ends - now < SOON_MS;
  const left = terminal ? `${soon ? 'expires in' : 'valid for'} ${duration(ends - now)}` : `${soon ? 'expires' : 'valid until'} ${end}`;
  return { certificate, words: left, valid: true, tone: soon ? 'yellow' : undefined };
}

const once = { casual: true };

/** Reads server, URL, repository, release and certificate of a site. Null if the token cannot read them; otherwise, why one could not be read. */
export async function siteOverview(ctx: OverviewContext, site: Item, targets: Targets): Promise<Item> {
  const api = briefApi(ctx);
  const ids = { server: idIn(site.server_id) ?? targets.server?.id, site: targets.site?.id };
  const repository = idIn(site.git_repository_id);
  const [server, releases, certificates, source] = await Promise.all([
    orError(api.send<JsonObject>('GET /servers/{server}', { server: ids.server }, once)),
    orError(api.list<JsonObject>(releasesEndpoint, ids, once)),
    orError(api.list<JsonObject>(certificatesEndpoint, ids, once)),
    repository === undefined
      ? undefined
      : orError(api.send<JsonObject>('GET /git-repositories/{git_repository}', { git_repository: repository }, once)),
  ]);
  const reader = { now: ctx.clock.now(), terminal: ctx.world.stdout.isTTY === true };
  const certificate = certificates instanceof DnxError ? undefined : certificateIn(certificates, reader);
  const words = <T>(part: T | DnxError, shown: (value: T) => unknown) =>
    part instanceof DnxError ? (unreadWords(part) ?? null) : shown(part);
  return {
    server: (server instanceof DnxError ? undefined : serverWords(server.data)) ?? targets.server?.label ?? null,
    url: siteUrl(wordOf(site.domain), certificate?.valid === false ? 'http' : 'https') ?? null,
    repository: words(source, (reply) => (isObject(reply?.data) ? reply.data.name : null)),
    release: words(releases, (all) => {
      const known = releasesOf(all);
      const release = liveRelease(known) ?? known[0];
      return release ? releaseWords(release, reader) : 'none';
    }),
    certificate: words(certificates, () => certificate?.words),
  };
}

const serverWords = (server: unknown): string | undefined =>
  isObject(server) ? [server.name, server.ip_address].map(wordOf).filter(Boolean).join('  ') || undefined : undefined;

/** `a2483e1 Upgrade to Laravel 12, 2m ago`. */
export function releaseWords({ commit, message, name, created }: Release, reader: TimeReader): string {
  const what = [commit.slice(0, 7), message].filter(Boolean).join(' ') || name;
  return created === '' ? what : `${what}, ${shownTimeIn(created, reader)}`;
}
