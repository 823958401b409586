import { DnxError } from '../../base/errors.ts';
import { phaseOf } from '../../base/status.ts';
import { andList, wordOf } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import type { Target } from '../../platform/names/names.ts';
import { moreAbilities } from '../overview/lists.ts';
import { markdownTable } from '../overview/markdown.ts';
import { certificateIn, type TimeReader } from '../overview/overview.ts';
import { readReport, type SiteReport } from './read.ts';

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
