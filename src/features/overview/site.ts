import { DnxError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import type { Item } from '../../cli/output/view.ts';
import { certificatesEndpoint, releasesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, siteUrl, type Targets } from '../../platform/names/names.ts';
import { liveRelease, type Release, releasesOf } from '../deploy/release.ts';
import { certificateIn, type TimeReader } from './certificate.ts';
import { briefApi, type OverviewContext, orError, unreadWords } from './overview.ts';

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
    release: words(releases, (all) => currentWords(all, reader)),
    certificate: words(certificates, () => certificate?.words),
  };
}

const serverWords = (server: unknown): string | undefined =>
  isObject(server) ? [server.name, server.ip_address].map(wordOf).filter(Boolean).join('  ') || undefined : undefined;

function currentWords(answer: readonly JsonObject[], reader: TimeReader): string {
  const releases = releasesOf(answer);
  const release = liveRelease(releases) ?? releases[0];
  return release ? releaseWords(release, reader) : 'none';
}

/** `a2483e1 Upgrade to Laravel 12, 2m ago`. */
export function releaseWords({ commit, message, name, created }: Release, reader: TimeReader): string {
  const what = [commit.slice(0, 7), message].filter(Boolean).join(' ') || name;
  return created === '' ? what : `${what}, ${shownTimeIn(created, reader)}`;
}
