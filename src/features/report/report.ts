import { DnxError, isError } from '../../base/errors.ts';
import { phaseOf } from '../../base/status.ts';
import { andList, plural, wordOf } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import type { Target } from '../../platform/names/names.ts';
import { markdownTable } from '../overview/markdown.ts';
import { certificateIn, type TimeReader } from '../overview/overview.ts';
import { type Reading, readReport, type SiteReport } from './read.ts';

/** What the parts of a report are called. */
const PARTS = { sites: 'sites', releases: 'releases', certificates: 'certificates', queues: 'workers', backups: 'backups' } as const;

type Part = keyof typeof PARTS;

/** `dnx report`: a line for each site. */
export async function showReport(ctx: Context, server: Target | undefined): Promise<Result<readonly SiteReport[]>> {
  const { clock, world, progress } = ctx;
  const reading = await readReport(ctx, server);
  const now = clock.now();
  const view = {
    ...rows(reading.sites, shown({ now, terminal: world.stdout.isTTY === true }), 'No sites.'),
    reports: { markdown: async () => inMarkdown(reading.sites, now) },
  };
  const exit = incomplete(reading);
  const refused = partsWith(reading, (code) => code === 'forbidden');
  if (refused.length > 0) progress.warn(`The token cannot read ${andList(refused)}, so they are unknown.`);
  const fix = reading.unread.find(({ error, fix }) => error.lacks !== undefined && fix)?.fix;
  return { view, exit, next: fix ? [{ command: fix, why: 'To read everything' }] : [] };
}

const partsWith = ({ sites }: Reading, matches: (code: string) => boolean): readonly string[] =>
  (Object.keys(PARTS) as Part[])
    .filter((part) => sites.some(({ errors }) => errors[part] && matches(errors[part].code)))
    .map((part) => PARTS[part]);

/** What a token cannot read is no failure. */
function incomplete({ sites, unread }: Reading): DnxError | undefined {
  const cause = unread.find(({ error }) => !isError(error, 'forbidden'))?.error;
  if (!cause) return undefined;
  const count = sites.filter(({ errors }) => Object.values(errors).some(({ code }) => code !== 'forbidden')).length;
  return new DnxError('partial', `${count} of ${sites.length} ${plural('site')} could not be read completely: ${cause.message}`, { cause });
}

const orUnknown = ({ errors }: SiteReport, ...parts: readonly Part[]): string | undefined =>
  ['sites' as const, ...parts].some((part) => errors[part]) ? 'unknown' : undefined;

function certificateCell(site: SiteReport, reader: TimeReader) {
  const unknown = orUnknown(site, 'certificates');
  if (unknown !== undefined) return { words: unknown, tone: undefined };
  const { certificate: status, certificate_expires_at: expires_at } = site;
  return certificateIn(status === null ? [] : [{ status, expires_at }], reader);
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
    'server',
    { key: 'commit_hash', title: 'Live', cell: liveCell },
    { key: 'deployed_at', title: 'Deployed', cell: (site) => orUnknown(site) ?? site.deployed_at },
    {
      key: 'certificate',
      cell: (site) => certificateCell(site, reader).words,
      tone: (site) => certificateCell(site, reader).tone,
    },
    { key: 'workers', cell: workersCell, tone: ({ workers_stopped: stopped }) => (stopped ? 'red' : undefined) },
    {
      key: 'backup',
      cell: (site) => backupCell(site, reader),
      tone: ({ backup }) => (phaseOf(backup) === 'bad' ? 'red' : undefined),
    },
    { key: 'php_version', cell: (site) => orUnknown(site) ?? site.php_version },
    { key: 'branch', cell: (site) => orUnknown(site) ?? site.branch },
    { key: 'status', wide: true },
    { key: 'release', wide: true },
    { key: 'certificate_expires_at', wide: true },
    { key: 'workers_stopped', wide: true },
    { key: 'backup_at', title: 'Backed up', wide: true },
    { key: 'server_id', wide: true },
    { key: 'id', wide: true },
  );

/** The columns of Markdown, and their headings. */
const MARKDOWN = {
  domain: 'Site',
  server: 'Server',
  php_version: 'PHP',
  branch: 'Branch',
  commit_hash: 'Live',
  deployed_at: 'Deployed',
  certificate: 'Certificate',
  workers: 'Workers',
  backup: 'Backup',
} as const satisfies Readonly<Partial<Record<keyof SiteReport, string>>>;

/** With days instead of times. */
function inMarkdown(sites: readonly SiteReport[], now: number): string {
  const known = shown({ now, terminal: false });
  const listed = Object.keys(MARKDOWN).flatMap((key) => known.find((column) => column.key === key) ?? []);
  const cells = (site: SiteReport) =>
    listed.map(({ key, cell }) =>
      wordOf(cell ? cell({ ...site }) : site[key as keyof SiteReport]).replace(/(\d{4}-\d\d-\d\d)T[\d:.]+Z/g, '$1'),
    );
  return markdownTable(Object.values(MARKDOWN), sites.map(cells));
}
