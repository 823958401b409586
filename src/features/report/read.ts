import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { failure, fieldsOf, mapOf, nullable, number, objectOf, type Printed, word } from '../../cli/language/shape.ts';
import { errorOf } from '../../cli/run/several.ts';
import { backupsEndpoint, certificatesEndpoint, releasesEndpoint, serversEndpoint, sitesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, type Target } from '../../platform/names/names.ts';
import { notFound } from '../../platform/names/unresolved.ts';
import { covers, isWithoutPhp } from '../audit/checks/site.ts';
import { backupTime } from '../backup/choose.ts';
import { releasesOf } from '../deploy/release.ts';
import { countProgress, distinct, type ListReading, openLists, withLabels } from '../overview/lists.ts';
import { certificateIn } from '../overview/overview.ts';
import { shownRelease } from '../status/status.ts';

/** A site in a report. Null: there is none, or it is in `errors`. A server whose sites cannot be read has one entry, without a site. */
export const siteReport = objectOf({
  id: nullable(word),
  domain: nullable(word),
  status: nullable(word),
  server: word,
  server_id: word,
  php_version: nullable(word),
  branch: nullable(word),
  /** The live release; null, too, if it is on another page than the newest ones. */
  release: nullable(word),
  commit_hash: nullable(word),
  deployed_at: nullable(word),
  certificate: nullable(word),
  certificate_expires_at: nullable(word),
  workers: nullable(number),
  workers_stopped: nullable(number),
  /** The status of the newest backup of the site, or else of its server. */
  backup: nullable(word),
  backup_at: nullable(word),
  errors: mapOf(failure),
});
export type SiteReport = Printed<typeof siteReport>;

interface Place {
  readonly server: Target;
  readonly record: JsonObject;
  readonly certificates: ListReading;
}

/** Each takes three requests at a time. */
const SITES_AT_A_TIME = 3;

/** Reads all sites, or those of a server: two lists, two of each server, and three of each site at most. Fails if the servers cannot be read. */
export async function readReport(ctx: Context, only: Target | undefined): Promise<readonly SiteReport[]> {
  const { api, clock, progress, settings } = ctx;
  const list = openLists(ctx, 'report');
  const servers = withLabels(distinct(await api.list<JsonObject>(serversEndpoint)), 'server', progress.warn);
  const wanted = servers.filter(([{ id }]) => only === undefined || id === only.id);
  if (only && wanted.length === 0) throw notFound('server', only.label, []);
  const backups = await list(backupsEndpoint, {});
  const places = await inParallel(wanted, async ([server, record]) => {
    const ids = { server: server.id };
    const [sites, certificates] = await Promise.all([list(sitesEndpoint, ids), list('GET /servers/{server}/certificates', ids)]);
    return { server, record, sites, certificates };
  });
  const reader = { list, backups, now: clock.now(), settings };
  const reports = places.flatMap(({ sites, ...place }): readonly (() => SiteReport | Promise<SiteReport>)[] =>
    sites.error
      ? [() => nothingOf(place.server, { sites }, settings)]
      : withLabels(sites.items, 'site', progress.warn).map((listed) => () => readSite(listed, place, reader)),
  );
  const next = countProgress(ctx, 'Reading', reports.length, 'site');
  const read = async (readOne: (typeof reports)[number]) => {
    const report = await readOne();
    next();
    return report;
  };
  return inParallel(reports, read, SITES_AT_A_TIME);
}

interface Reader {
  readonly list: ReturnType<typeof openLists>;
  readonly backups: ListReading;
  readonly now: number;
  readonly settings: Context['settings'];
}

async function readSite([{ id }, site]: readonly [Target, JsonObject], place: Place, { list, backups, now, settings }: Reader) {
  const { server, record, certificates: shared } = place;
  const ids = { server: server.id, site: id };
  // An API that lists them for the server saves a request for each site.
  const listed = shared.items?.filter(({ site_id }) => wordOf(site_id) === id) ?? [];
  const [releases, certificates, queues] = await Promise.all([
    list(releasesEndpoint, ids, { first: true }),
    listed.length > 0 ? listOf(listed) : list(certificatesEndpoint, ids),
    isWithoutPhp(site) ? listOf([]) : list('GET /servers/{server}/sites/{site}/queues', ids),
  ]);
  const covering = shared.items?.filter((certificate) => covers(certificate, wordOf(site.domain))) ?? [];
  const { certificate } = certificateIn([...covering, ...(certificates.items ?? [])], { now, terminal: false });
  const live = releases.items && shownRelease(releasesOf(releases.items), releases.complete);
  const backup = newestBackup(backups.items ?? [], id, server.id);
  return {
    // Without those of the server, it is unclear whether one of them covers the site.
    ...nothingOf(server, { releases, certificates: certificate || certificates.error ? certificates : shared, queues, backups }, settings),
    id,
    domain: known(site.domain),
    status: known(site.status),
    php_version: known(site.php_version) ?? (isWithoutPhp(site) ? null : known(record.php_version)),
    branch: known(site.branch),
    release: known(live?.name),
    commit_hash: known(live?.commit),
    deployed_at: known(live?.created) ?? known(site.last_deployed_at),
    certificate: known(certificate?.status),
    certificate_expires_at: known(certificate?.expires_at),
    workers: queues.items?.length ?? null,
    workers_stopped: queues.items?.filter(({ status }) => phaseOf(status) === 'bad').length ?? null,
    backup: known(backup?.status),
    backup_at: known(backup?.completed_at) ?? known(backup?.created_at),
  };
}

const listOf = (items: readonly JsonObject[]): ListReading => ({ items, complete: true });

const known = (value: unknown): string | null => wordOf(value) || null;

const EMPTY = Object.fromEntries(fieldsOf(siteReport).map((field) => [field, null])) as unknown as SiteReport;

function nothingOf({ id, label }: Target, readings: Readonly<Record<string, ListReading>>, settings: Context['settings']): SiteReport {
  const errors = Object.entries(readings).flatMap(([part, { error }]) => (error ? [[part, errorOf(error, settings)] as const] : []));
  return { ...EMPTY, server: label, server_id: id, errors: Object.fromEntries(errors) };
}

/** The newest backup of a site; if it has none, the newest of a database on its server. */
function newestBackup(backups: readonly JsonObject[], site: string, server: string): JsonObject | undefined {
  const own = backups.filter(({ site_id }) => idIn(site_id) === site);
  const others = backups.filter(({ site_id, server_id }) => wordOf(site_id) === '' && idIn(server_id) === server);
  return (own.length > 0 ? own : others).toSorted((one, other) => (backupTime(other) ?? 0) - (backupTime(one) ?? 0))[0];
}
