import { DnxError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { phaseOf } from '../../base/status.ts';
import { andList, wordOf } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { failure, fieldsOf, mapOf, nullable, number, objectOf, type Printed, word } from '../../cli/language/shape.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import { errorOf } from '../../cli/run/several.ts';
import { backupsEndpoint, certificatesEndpoint, releasesEndpoint, serversEndpoint, sitesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, type Target } from '../../platform/names/names.ts';
import { notFound } from '../../platform/names/unresolved.ts';
import { covers, isWithoutPhp } from '../audit/checks/site.ts';
import { backupTime } from '../backup/choose.ts';
import { releasesOf } from '../deploy/release.ts';
import { countProgress, distinct, type ListReading, moreAbilities, openLists, withLabels } from '../overview/lists.ts';
import { markdownTable } from '../overview/markdown.ts';
import { certificateIn, type TimeReader } from '../overview/overview.ts';
import { shownRelease } from '../status/status.ts';

/** What the parts of a report are called. */
const PARTS = { sites: 'sites', releases: 'releases', certificates: 'certificates', queues: 'workers', backups: 'backups' } as const;

type Part = keyof typeof PARTS;

/** `dnx report`: a line for each site. */
export async function showReport(ctx: Context, server: Target | undefined): Promise<Result<readonly SiteReport[]>> {
  const { clock, world, progress, tokens } = ctx;
  const sites = await readReport(ctx, server);
  const now = clock.now();
  const view = {
    ...rows(sites, shown({ now, terminal: world.stdout.isTTY === true }), 'No sites.'),
    reports: { markdown: async () => inMarkdown(sites, now) },
  };
  const refused = (Object.keys(PARTS) as Part[]).filter((part) => sites.some(({ errors }) => errors[part]?.code === 'forbidden'));
  if (refused.length === 0) return { view, exit: incomplete(sites) };
  progress.warn(`The token cannot read ${andList(refused.map((part) => PARTS[part]))}, so they are unknown.`);
  // More abilities do not help against a role.
  const canHelp = sites.some(({ errors }) => Object.values(errors).some(({ reason }) => reason === 'ability_missing'));
  const next = canHelp ? [{ command: await moreAbilities(tokens, 'report'), why: 'To read everything' }] : [];
  return { view, exit: incomplete(sites), next };
}

/** What a token cannot read is no failure. */
function incomplete(sites: readonly SiteReport[]): DnxError | undefined {
  const failures = sites.flatMap(({ errors }) => Object.values(errors).find(({ code }) => code !== 'forbidden') ?? []);
  const [cause] = failures;
  return cause && new DnxError('partial', `${failures.length} of ${sites.length} lines could not be read completely: ${cause.message}`);
}

const orUnknown = ({ errors }: SiteReport, ...parts: readonly Part[]): string | undefined =>
  ['sites' as const, ...parts].some((part) => errors[part]) ? 'unknown' : undefined;

function certificateCell(site: SiteReport, reader: TimeReader) {
  const { certificate: status, certificate_expires_at: expires_at } = site;
  const { words, tone } = certificateIn(status === null ? [] : [{ status, expires_at }], reader);
  return { words: orUnknown(site, 'certificates') ?? words, tone };
}

const liveCell = (site: SiteReport): string =>
  orUnknown(site, 'releases') ?? (site.commit_hash?.slice(0, 7) || site.release || (site.deployed_at === null ? 'none' : ''));

function workersCell(site: SiteReport): string {
  const { workers, workers_stopped: stopped } = site;
  return orUnknown(site, 'queues') ?? (workers ? (stopped ? `${stopped} of ${workers} stopped` : String(workers)) : 'none');
}

/** `2h ago`, or `failed 2h ago`. */
function backupCell(site: SiteReport, reader: TimeReader): string {
  const { backup, backup_at: at } = site;
  const made = phaseOf(backup) === 'good' ? '' : backup;
  return orUnknown(site, 'backups') ?? ([made, at === null ? '' : shownTimeIn(at, reader)].filter(Boolean).join(' ') || 'none');
}

const shown = (reader: TimeReader) =>
  columns<SiteReport>(
    { key: 'domain', title: 'Site', cell: (site) => orUnknown(site) ?? site.domain },
    { key: 'server', title: 'Server' },
    { key: 'commit_hash', title: 'Live', cell: liveCell },
    { key: 'deployed_at', title: 'Deployed', cell: (site) => orUnknown(site) ?? site.deployed_at },
    {
      key: 'certificate',
      title: 'Certificate',
      cell: (site) => certificateCell(site, reader).words,
      tone: (site) => certificateCell(site, reader).tone,
    },
    { key: 'workers', title: 'Workers', cell: workersCell, tone: ({ workers_stopped: stopped }) => (stopped ? 'red' : undefined) },
    {
      key: 'backup',
      title: 'Backup',
      cell: (site) => backupCell(site, reader),
      tone: ({ backup }) => (phaseOf(backup) === 'bad' ? 'red' : undefined),
    },
    { key: 'php_version', title: 'PHP', cell: (site) => orUnknown(site) ?? site.php_version },
    { key: 'branch', title: 'Branch', cell: (site) => orUnknown(site) ?? site.branch },
    ...(['status', 'release', 'certificate_expires_at', 'workers_stopped'] as const).map((key) => ({ key, wide: true as const })),
    { key: 'backup_at', title: 'Backed up', wide: true },
    { key: 'server_id', wide: true },
    { key: 'id', wide: true },
  );

/** The columns that are not wide, with days instead of times. */
function inMarkdown(sites: readonly SiteReport[], now: number): string {
  const listed = shown({ now, terminal: false }).filter(({ wide }) => !wide);
  const days = (text: string) => text.replace(/(\d{4}-\d\d-\d\d)T[\d:.]+Z/g, '$1');
  const cells = (site: SiteReport) => listed.map(({ key, cell }) => days(wordOf(cell ? cell({ ...site }) : site[key as keyof SiteReport])));
  return markdownTable(
    listed.map(({ title = '' }) => title),
    sites.map(cells),
  );
}

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
async function readReport(ctx: Context, only: Target | undefined): Promise<readonly SiteReport[]> {
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
