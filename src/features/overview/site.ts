import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import type { Item } from '../../cli/output/view.ts';
import { certificatesEndpoint, releasesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, siteUrl, type Targets } from '../../platform/names/names.ts';
import { liveRelease, type Release, releasesOf } from '../deploy/release.ts';
import { certificateIn, type TimeReader } from './certificate.ts';
import { briefApi, type OverviewContext, orUndefined } from './overview.ts';

const once = { casual: true };

/** Reads server, URL, repository, release and certificate of a site. Null if the token cannot read them. */
export async function siteOverview(ctx: OverviewContext, site: Item, targets: Targets): Promise<Item> {
  const api = briefApi(ctx);
  const ids = { server: idIn(site.server_id) ?? targets.server?.id, site: targets.site?.id };
  const repository = idIn(site.git_repository_id);
  const [server, releases, certificates, source] = await Promise.all([
    orUndefined(api.send<JsonObject>('GET /servers/{server}', { server: ids.server }, once)),
    orUndefined(api.list<JsonObject>(releasesEndpoint, ids, once)),
    orUndefined(api.list<JsonObject>(certificatesEndpoint, ids, once)),
    repository === undefined
      ? undefined
      : orUndefined(api.send<JsonObject>('GET /git-repositories/{git_repository}', { git_repository: repository }, once)),
  ]);
  const reader = { now: ctx.clock.now(), terminal: ctx.world.stdout.isTTY === true };
  const certificate = certificates && certificateIn(certificates, reader);
  return {
    server: serverWords(server?.data) ?? targets.server?.label ?? null,
    url: siteUrl(wordOf(site.domain), certificate?.valid === false ? 'http' : 'https') ?? null,
    repository: isObject(source?.data) ? source.data.name : null,
    release: releases ? currentWords(releases, reader) : null,
    certificate: certificate?.words ?? null,
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
