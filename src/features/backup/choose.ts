import { DnxError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { bytes, wordOf } from '../../base/text.ts';
import { ago, timeOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { safeLine } from '../../cli/output/text.ts';
import { backupsEndpoint } from '../../platform/follow/readers.ts';
import { called, idIn, type Target, type Targets } from '../../platform/names/names.ts';
import { describeBackup, subjectKey, subjectLabels, subjectOf } from './subject.ts';

/** How a command line chooses a backup. */
export interface BackupChoice {
  /** An id. */
  readonly backup: string | undefined;
  readonly latest: boolean | undefined;
  /** A database or a site with its server, or nothing. */
  readonly of: Partial<Targets>;
}

const seeBackups = { command: ['backup', 'list'], why: 'See' };

/** Fails if the command line does not choose exactly one backup. */
export function requireChoice({ backup, latest, of }: BackupChoice, { allowed }: Pick<Context['ask'], 'allowed'>): void {
  if (backup !== undefined && latest) throw usage('--latest cannot be combined with a backup.', 'Use only one of them.');
  if (latest && !of.database && !of.site) throw usage('--latest needs a database or site.', 'Use --database with --server, or --site.');
  if (backup === undefined && !latest && !allowed)
    throw usage('No backup given. Use --latest with --database or --site, or run in a terminal to pick one.', undefined, seeBackups);
}

/** Finds the backup by id, as the newest completed one, or with a prompt. Throws if it is not a backup of the database or site that is named. */
export async function findBackup(ctx: Context, { backup, latest, of }: BackupChoice): Promise<JsonObject> {
  const all = await ctx.api.list<JsonObject>(backupsEndpoint);
  const named = namedIn(of);
  const own = named ? all.filter((each) => isOf(each, named)) : all;
  if (backup !== undefined) {
    const found = all.find(({ id }) => idIn(id) === backup);
    if (!found) throw new DnxError('not_found', `Backup '${backup}' not found.`, { next: [seeBackups] });
    if (named && !own.includes(found))
      throw usage(`Backup ${backup} is not a backup of ${whereIs(named)}. Nothing was changed.`, undefined, seeBackups);
    return found;
  }
  if (latest && named) return newestOf(own, wordsFor(named), ctx.clock.now());
  return pickBackup(ctx, own, named ? ` of ${wordsFor(named)}` : '');
}

/** The database or site that a command line names, and its server. */
interface Named {
  readonly noun: 'database' | 'site';
  readonly target: Target;
  readonly server: Target | undefined;
}

function namedIn({ database, site, server }: Partial<Targets>): Named | undefined {
  if (database) return { noun: 'database', target: database, server };
  return site && { noun: 'site', target: site, server };
}

const wordsFor = ({ noun, target }: Named): string => (noun === 'database' ? called(noun, target) : target.label);

const whereIs = (named: Named): string => `${wordsFor(named)}${named.server ? ` on ${named.server.label}` : ''}`;

function isOf(backup: JsonObject, { noun, target, server }: Named): boolean {
  const subject = subjectOf(backup);
  return subject?.noun === noun && subject.id === target.id && (server === undefined || subject.server === server.id);
}

/** The longest list of candidates in an error. */
const MOST = 10;

/** When a backup was made, in ms. */
const backupTime = ({ created_at, completed_at }: JsonObject): number | undefined => timeOf(created_at) ?? timeOf(completed_at);

/** True for a backup that can be restored. */
export const isComplete = ({ status }: JsonObject): boolean => phaseOf(status) === 'good';

/** The newest complete one of all backups of one database or site. `what`: `database shop`. Throws if that is uncertain. */
function newestOf(all: readonly JsonObject[], what: string, now: number): JsonObject {
  const complete = all.filter(isComplete);
  const [other] = inTheWay(all);
  if (other) throw refused(other, what);
  const latest = latestIn(complete);
  const [newest, ...rivals] = complete.filter((each) => !isBefore(each, latest));
  if (!newest) throw new DnxError('not_found', `No completed backup of ${what} found.`, { next: [seeBackups] });
  if (rivals.length > 0) throw unclear([newest, ...rivals], now);
  return newest;
}

/**
 * The backups that may be newer than the newest complete one, though their status is another now: the API has one status for making and for
 * restoring a backup.
 */
function inTheWay(all: readonly JsonObject[]): readonly JsonObject[] {
  const complete = all.filter(isComplete);
  const latest = latestIn(complete);
  return all.filter((each) => {
    const phase = phaseOf(each.status);
    if (phase === 'good') return false;
    if (wasComplete(each)) return phase === 'going' || !isBefore(each, latest);
    // A backup that failed has never been one, and one that is stuck is older than the next.
    return phase !== 'bad' && complete.length > 0 && !isBefore(each, latest);
  });
}

/** True for a backup that was complete before whatever its status says now. */
export const wasComplete = ({ completed_at }: JsonObject): boolean => wordOf(completed_at) !== '';

const latestIn = (backups: readonly JsonObject[]): number =>
  backups.reduce((latest, each) => Math.max(latest, backupTime(each) ?? latest), Number.NEGATIVE_INFINITY);

/** True if a backup is certainly older than this. */
const isBefore = (backup: JsonObject, ms: number): boolean => (backupTime(backup) ?? Number.POSITIVE_INFINITY) < ms;

function refused({ id, status }: JsonObject, what: string): DnxError {
  if (phaseOf(status) === 'going')
    return new DnxError('differences', `Backup ${wordOf(id)} of ${what} is in progress. Nothing was changed.`, {
      hint: 'Wait until it has ended, or pass the id of the backup to restore.',
      next: [seeBackups],
    });
  return new DnxError('differences', `Backup ${wordOf(id)} of ${what} may be newer, but is “${wordOf(status)}”. Nothing was changed.`, {
    hint: 'Pass the id of the backup to restore.',
    next: [seeBackups],
  });
}

function unclear(candidates: readonly JsonObject[], now: number): DnxError {
  const rows = candidates.slice(0, MOST).map((each) => `\n  ${wordOf(each.id)}  ${describeBackup(each, now)}`);
  const more = candidates.length > MOST ? `\n  and ${candidates.length - MOST} more` : '';
  return new DnxError('ambiguous', `It is unclear which backup is newest:${rows.join('')}${more}`, {
    hint: 'Pass its id.',
    next: candidates.length > MOST ? [seeBackups] : [],
  });
}

/** Asks for a complete backup by what it is of, its age and its size. `of`: ` of database shop`. */
async function pickBackup(ctx: Context, all: readonly JsonObject[], of: string): Promise<JsonObject> {
  const backups = all.filter(isComplete).sort((one, other) => (backupTime(other) ?? 0) - (backupTime(one) ?? 0));
  if (backups.length === 0) throw new DnxError('not_found', `No completed backup${of} found.`, { next: [seeBackups] });
  const sourceOf = await subjectLabels(ctx, all);
  for (const each of unlisted(all))
    ctx.progress.warn(`Not listed: backup ${wordOf(each.id)} of ${sourceOf(each)}, which is “${wordOf(each.status)}”.`);
  const now = ctx.clock.now();
  const rows = backups.map((each) => ({
    source: safeLine(sourceOf(each)),
    others: [wordOf(each.type), ago(wordOf(each.created_at ?? each.completed_at), now), wordOf(bytes(each.size))].map(safeLine),
  }));
  const { env, stderr } = ctx.world;
  // Line by line, each has a number before it.
  const before = env.TERM === 'dumb' ? String(rows.length).length + '  ) '.length : '❯ '.length;
  const { shown, isCut } = fitted(rows, (stderr.columns || 80) - 1 - before, await import('../../cli/output/wrap.ts'));
  return ctx.ask.select(
    'Restore which backup?',
    rows.map(({ source, others }, index) => ({
      name: shown[index] ?? source,
      short: `${source}, ${others[1]}`,
      value: backups[index] ?? {},
      ...(isCut(source) && { description: source }),
    })),
  );
}

/** Backups that were complete and may be newer than those in the list. */
function unlisted(all: readonly JsonObject[]): readonly JsonObject[] {
  const others = all.filter((each) => wasComplete(each) && !isComplete(each));
  return others.filter((each) => inTheWay(all.filter((other) => subjectKey(other) === subjectKey(each))).includes(each));
}

interface Row {
  readonly source: string;
  /** Type, age and size. */
  readonly others: readonly string[];
}

/** The least room for a name, in columns. */
const NARROWEST = 16;

/** Aligned rows of at most so many columns. A narrow terminal leaves out the type, then cuts the name. */
function fitted(rows: readonly Row[], columns: number, { cutText, widthOf }: typeof import('../../cli/output/wrap.ts')) {
  const widest = (cells: readonly string[]) => Math.max(0, ...cells.map(widthOf));
  const widths = [0, 1, 2].map((column) => widest(rows.map(({ others }) => others[column] ?? '')));
  const roomBeside = (kept: readonly number[]) => columns - kept.reduce((sum, width) => sum + width + 2, 0);
  const all = widest(rows.map(({ source }) => source));
  const first = roomBeside(widths) < Math.min(all, NARROWEST) ? 1 : 0;
  const room = Math.max(1, Math.min(all, roomBeside(widths.slice(first))));
  const padded = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)));
  return {
    shown: rows.map(({ source, others }) =>
      [padded(cutText(source, room), room), ...others.slice(first).map((cell, column) => padded(cell, widths[column + first] ?? 0))]
        .join('  ')
        .trimEnd(),
    ),
    isCut: (source: string) => widthOf(source) > room,
  };
}
