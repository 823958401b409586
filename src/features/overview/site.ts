import { isObject, type JsonObject } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { duration, timeIn, timeOf } from '../../base/time.ts';
import type { Item } from '../../cli/output/view.ts';
import { certificatesEndpoint } from '../../platform/follow/certificate.ts';
import { idIn, type Targets } from '../../platform/names/names.ts';
import { liveOf, releasesOf } from '../deploy/release.ts';
import { releasesEndpoint } from '../deploy/snapshot.ts';
import { briefApi, orUndefined, type Reading } from './reading.ts';

const once = { casual: true };

/** The time, and whether to print it relatively. */
type Reader = Parameters<typeof timeIn>[1];

/** Reads server, URL, repository, release and certificate of a site. Null if the token cannot read them. */
export async function siteOverview(ctx: Reading, site: Item, targets: Targets): Promise<Item> {
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
    url: urlOf(wordOf(site.domain), certificate?.valid ?? true),
    repository: isObject(source?.data) ? source.data.name : null,
    release: releases ? releaseWords(releases, reader) : null,
    certificate: certificate?.words ?? null,
  };
}

const serverWords = (server: unknown): string | undefined =>
  isObject(server) ? [server.name, server.ip_address].map(wordOf).filter(Boolean).join('  ') || undefined : undefined;

const urlOf = (domain: string, secure: boolean): string | null =>
  domain === '' || domain.includes('*') ? null : `${secure ? 'https' : 'http'}://${domain}`;

function releaseWords(answer: readonly JsonObject[], reader: Reader): string {
  const releases = releasesOf(answer);
  const release = liveOf(releases) ?? releases[0];
  if (!release) return 'none';
  const { commit, message, name, created } = release;
  const what = [commit.slice(0, 7), message].filter(Boolean).join(' ') || name;
  return created === '' ? what : `${what}, ${timeIn(created, reader)}`;
}

/** The certificate with the latest expiry. */
function certificateIn(certificates: readonly JsonObject[], reader: Reader): { readonly words: string; readonly valid: boolean } {
  const { now, terminal } = reader;
  const issued = certificates
    .filter(({ status }) => phaseOf(status) === 'good' || statusKey(status) === 'expired')
    .map((each) => ({ ends: timeOf(each.expires_at), word: wordOf(each.status) }))
    .sort((one, other) => (other.ends ?? now) - (one.ends ?? now));
  const [best] = issued;
  if (!best) return { words: wordOf(certificates.at(-1)?.status) || 'none', valid: false };
  if (best.ends === undefined) return { words: best.word, valid: statusKey(best.word) !== 'expired' };
  const end = timeIn(new Date(best.ends).toISOString(), reader);
  return best.ends > now
    ? { words: terminal ? `valid for ${duration(best.ends - now)}` : `valid until ${end}`, valid: true }
    : { words: `expired ${end}`, valid: false };
}
