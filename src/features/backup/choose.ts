import { DnxError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { bytes, wordOf } from '../../base/text.ts';
import { ago, shownDay, shownTime, timeOf, utcOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import type { Item } from '../../cli/output/view.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { backupsEndpoint } from '../../platform/follow/readers.ts';
import { called, idIn, listOfKind, resourceName, type Target, type Targets, TRUST_MS } from '../../platform/names/names.ts';
import { briefApi, type OverviewContext, orUndefined } from '../overview/overview.ts';

/** What a backup is of, and what restoring it overwrites. */
export interface BackupSubject {
  readonly noun: 'database' | 'site';
  readonly id: string;
  readonly server: string;
}

/** The subject of a backup, by its type, because a backup may have both ids. Undefined if the API does not say enough. */
export function subjectOf({ type, database_id, site_id, server_id }: JsonObject): BackupSubject | undefined {
  const ids = { database: wordOf(database_id), site: wordOf(site_id) };
  const noun = nounOf(statusKey(type), ids);
  const server = wordOf(server_id);
  return noun === undefined || ids[noun] === '' || server === '' ? undefined : { noun, id: ids[noun], server };
}

function nounOf(type: string, ids: Readonly<Record<BackupSubject['noun'], string>>): BackupSubject['noun'] | undefined {
  if (type === 'database') return 'database';
  if (type === 'application') return 'site';
  if ((ids.database === '') === (ids.site === '')) return undefined;
  return ids.database === '' ? 'site' : 'database';
}

/** `24 Nov 03:07 UTC (416 kB)`; `2024-11-24 03:07 UTC (416 kB)` in another year. */
export function describeBackup({ id, created_at, completed_at, size }: JsonObject, now: number): string {
  const time = created_at ?? completed_at;
  const when = yearOf(time) === yearOf(now) ? shownDay(time) : shownTime(time);
  return [when || wordOf(id), typeof size === 'number' ? `(${bytes(size)})` : ''].filter(Boolean).join(' ');
}

const yearOf = (time: unknown): string | undefined => utcOf(time)?.slice(0, 4);

/** One key for all backups of one database or site; their ids may be the same number. */
export const subjectKey = (backup: JsonObject): string => keyFor(subjectOf(backup));

const keyFor = (subject: BackupSubject | undefined): string => (subject ? `${subject.noun} ${subject.id}` : '');

type Lists = Map<string, Promise<readonly JsonObject[] | undefined>>;

async function namesOf(api: OverviewContext['api'], subjects: readonly BackupSubject[], requested: Lists = new Map()) {
  const lists = [...new Map(subjects.map(({ noun, server }) => [`${noun} ${server}`, { noun, server }])).entries()];
  const names = new Map<string, string>();
  await inParallel(lists, async ([key, { noun, server }]) => {
    const known = requested.get(key);
    const list = known ?? orUndefined(api.list<JsonObject>(listOfKind(noun) as Endpoint, { server }, { casual: true }));
    requested.set(key, list);
    for (const resource of (await list) ?? [])
      names.set(keyFor({ noun, id: wordOf(resource.id), server }), resourceName(resource, noun) ?? '');
  });
  return names;
}

/** `ctx.nameOf`, with the names of the databases and sites of these backups that take further requests. Each list is `requested` once. */
export async function subjectNames(ctx: Context, backups: readonly Item[], requested: Lists): Promise<Context['nameOf']> {
  const unknown: BackupSubject[] = [];
  for (const noun of ['database', 'site'] as const) {
    const seen = new Set<unknown>();
    for (const backup of backups) {
      const subjectId = backup[`${noun}_id`];
      if (subjectId === null || seen.has(subjectId)) continue;
      const [id, server] = [idIn(subjectId), idIn(backup.server_id)];
      if (id === undefined || server === undefined) continue;
      seen.add(subjectId);
      if (ctx.nameOf(noun, id, TRUST_MS) === undefined) unknown.push({ noun, id, server });
    }
  }
  const names = await namesOf(briefApi(ctx), unknown, requested);
  return (noun, id) => (names.get(`${noun} ${idIn(id)}`) || undefined) ?? ctx.nameOf(noun, id);
}

/** What a backup is of, and its server. They go by their ids where the token cannot read the names. */
async function subjectLabels(ctx: OverviewContext, backups: readonly JsonObject[]) {
  const api = briefApi(ctx);
  const subjects = backups.flatMap((backup) => subjectOf(backup) ?? []);
  const names = await namesOf(api, subjects);
  const servers = (await orUndefined(api.list<JsonObject>('GET /servers', {}, { casual: true }))) ?? [];
  const serverNames = new Map(servers.map((server) => [wordOf(server.id), resourceName(server, 'server')]));
  return (backup: JsonObject) => {
    const subject = subjectOf(backup);
    const label = subject ? names.get(keyFor(subject)) || subject.id : wordOf(backup.type);
    const server = wordOf(backup.server_id);
    return { label, place: servers.length > 0 ? [serverNames.get(server) ?? server] : [] };
  };
}

/** How a command line chooses a backup. `owner`: a database or a site with its server, or nothing. */
export type BackupChoice = Given<{ backup: string; latest: boolean }> & { readonly owner: Partial<Targets> };

const seeBackups = { command: ['backup', 'list'], why: 'See' };

/** Fails if the command line does not choose exactly one backup. */
export function requireChoice({ backup, latest, owner }: BackupChoice, { allowed }: Pick<Context['ask'], 'allowed'>): void {
  if (backup !== undefined && latest) throw usage('--latest cannot be combined with a backup.', 'Use only one of them.');
  if (latest && !owner.database && !owner.site)
    throw usage('--latest needs a database or site.', 'Use --database with --server, or --site.');
  if (backup === undefined && !latest && !allowed)
    throw usage('No backup given. Use --latest with --database or --site, or run in a terminal to pick one.', undefined, seeBackups);
}

/** Finds the backup by id, as the newest completed one, or with a prompt. Throws if it is not a backup of the database or site that is named. */
export async function findBackup(ctx: Context, { backup, latest, owner }: BackupChoice): Promise<JsonObject> {
  const all = await ctx.api.list<JsonObject>(backupsEndpoint);
  const named = namedIn(owner);
  const candidates = named ? all.filter((item) => isOf(item, named)) : all;
  if (backup !== undefined) {
    const found = all.find(({ id }) => idIn(id) === backup);
    if (!found) throw new DnxError('not_found', `Backup '${backup}' not found.`, { next: [seeBackups] });
    if (named && !candidates.includes(found))
      throw usage(`Backup ${backup} is not a backup of ${whereIs(named)}. Nothing was changed.`, undefined, seeBackups);
    return found;
  }
  if (latest && named) return newestOf(candidates, wordsFor(named), ctx.clock.now());
  return pickBackup(ctx, candidates, named ? ` of ${wordsFor(named)}` : '');
}

interface BackupPlace {
  readonly noun: 'database' | 'site';
  readonly target: Target;
  readonly server: Target | undefined;
}

/** The database or site that a command line names, if any. */
export function namedIn({ database, site, server }: Partial<Targets>): BackupPlace | undefined {
  if (database) return { noun: 'database', target: database, server };
  return site && { noun: 'site', target: site, server };
}

/** `database shop`, or the domain of a site. */
export const wordsFor = ({ noun, target }: BackupPlace): string => (noun === 'database' ? called(noun, target) : target.label);

const whereIs = (place: BackupPlace): string => `${wordsFor(place)}${place.server ? ` on ${place.server.label}` : ''}`;

/** True for a backup of this database or site. */
export function isOf(backup: JsonObject, { noun, target, server }: BackupPlace): boolean {
  const subject = subjectOf(backup);
  return subject?.noun === noun && subject.id === target.id && (server === undefined || subject.server === server.id);
}

const MOST = 10;

/** When a backup was made, in epoch ms. */
export const backupTime = ({ created_at, completed_at }: JsonObject): number | undefined => timeOf(created_at) ?? timeOf(completed_at);

/** True for a backup that can be restored. */
export const isComplete = ({ status }: JsonObject): boolean => phaseOf(status) === 'good';

/** The newest complete one of all backups of one database or site. `what`: `database shop`. Throws if that is uncertain. */
function newestOf(all: readonly JsonObject[], what: string, now: number): JsonObject {
  const complete = all.filter(isComplete);
  const [other] = inTheWay(all);
  if (other) throw refused(other, what);
  const latest = latestIn(complete);
  const [newest, ...rivals] = complete.filter((item) => !isBefore(item, latest));
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
  return all.filter((item) => {
    const phase = phaseOf(item.status);
    if (phase === 'good') return false;
    if (wasComplete(item)) return phase === 'going' || !isBefore(item, latest);
    // A backup that failed has never been one, and one that is stuck is older than the next.
    return phase !== 'bad' && complete.length > 0 && !isBefore(item, latest);
  });
}

/** True for a backup that was complete before whatever its status says now. */
export const wasComplete = ({ completed_at }: JsonObject): boolean => wordOf(completed_at) !== '';

const latestIn = (backups: readonly JsonObject[]): number =>
  backups.reduce((latest, backup) => Math.max(latest, backupTime(backup) ?? latest), Number.NEGATIVE_INFINITY);

const isBefore = (backup: JsonObject, ms: number): boolean => (backupTime(backup) ?? Number.POSITIVE_INFINITY) < ms;

function refused({ id, status }: JsonObject, what: string): DnxError {
  const isGoing = phaseOf(status) === 'going';
  const state = isGoing ? 'is in progress' : `may be newer, but is “${wordOf(status)}”`;
  const hint = isGoing ? 'Wait until it has ended, or pass the id of the backup to restore.' : 'Pass the id of the backup to restore.';
  return new DnxError('differences', `Backup ${wordOf(id)} of ${what} ${state}. Nothing was changed.`, { hint, next: [seeBackups] });
}

function unclear(candidates: readonly JsonObject[], now: number): DnxError {
  const rows = candidates.slice(0, MOST).map((item) => `\n  ${wordOf(item.id)}  ${describeBackup(item, now)}`);
  const more = candidates.length > MOST ? `\n  and ${candidates.length - MOST} more` : '';
  return new DnxError('ambiguous', `It is unclear which backup is newest:${rows.join('')}${more}`, {
    hint: 'Pass its id.',
    next: candidates.length > MOST ? [seeBackups] : [],
  });
}

async function pickBackup(ctx: Context, all: readonly JsonObject[], owner: string): Promise<JsonObject> {
  const backups = all.filter(isComplete).sort((one, other) => (backupTime(other) ?? 0) - (backupTime(one) ?? 0));
  if (backups.length === 0) throw new DnxError('not_found', `No completed backup${owner} found.`, { next: [seeBackups] });
  const labelsOf = await subjectLabels(ctx, all);
  for (const backup of unlisted(all))
    ctx.progress.warn(`Not listed: backup ${wordOf(backup.id)} of ${labelsOf(backup).label}, which is “${wordOf(backup.status)}”.`);
  const now = ctx.clock.now();
  const rows = backups.map((backup) => ({
    ...labelsOf(backup),
    details: [ago(wordOf(backup.created_at ?? backup.completed_at), now), wordOf(backup.type), wordOf(bytes(backup.size))],
    id: '',
    value: backup,
  }));
  const { alignedChoices } = await import('../../cli/run/pick.ts');
  // Line by line, each has a number before it.
  return ctx.ask.select('Restore which backup?', alignedChoices(rows, (ctx.world.stderr.columns || 80) - '100'.length));
}

/** Backups that were complete and may be newer than those in the list. */
function unlisted(all: readonly JsonObject[]): readonly JsonObject[] {
  const others = all.filter((item) => wasComplete(item) && !isComplete(item));
  return others.filter((item) => inTheWay(all.filter((other) => subjectKey(other) === subjectKey(item))).includes(item));
}
