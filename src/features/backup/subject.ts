import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { statusKey } from '../../base/status.ts';
import { bytes, wordOf } from '../../base/text.ts';
import { shownDay, shownTime, utcOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Item } from '../../cli/output/view.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { idIn, resourceName } from '../../platform/names/names.ts';
import { listOfKind } from '../../platform/names/namings.ts';
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

/** Lists of databases and sites that were requested, by kind and server. */
type Lists = Map<string, Promise<readonly JsonObject[] | undefined>>;

/** Reads the names of databases and sites, by key: a list for each kind and server. Skips what the token cannot read. */
async function namesOf(
  api: OverviewContext['api'],
  subjects: readonly BackupSubject[],
  requested: Lists = new Map(),
): Promise<ReadonlyMap<string, string>> {
  const lists = [...new Map(subjects.map(({ noun, server }) => [`${noun} ${server}`, { noun, server }])).entries()];
  const names = new Map<string, string>();
  await inParallel(lists, async ([key, { noun, server }]) => {
    const known = requested.get(key);
    const list = known ?? orUndefined(api.list<JsonObject>(listOfKind(noun) as Endpoint, { server }, { casual: true }));
    requested.set(key, list);
    for (const each of (await list) ?? []) names.set(keyFor({ noun, id: wordOf(each.id), server }), resourceName(each, noun) ?? '');
  });
  return names;
}

/** `ctx.nameOf`, with the names of the databases and sites of these backups that take further requests. Each list is `requested` once. */
export async function subjectNames(ctx: Context, backups: readonly Item[], requested: Lists): Promise<Context['nameOf']> {
  const unknown: BackupSubject[] = [];
  for (const noun of ['database', 'site'] as const) {
    const seen = new Set<unknown>();
    for (const backup of backups) {
      const given = backup[`${noun}_id`];
      if (given === null || seen.has(given)) continue;
      const [id, server] = [idIn(given), idIn(backup.server_id)];
      if (id === undefined || server === undefined) continue;
      seen.add(given);
      if (ctx.nameOf(noun, id) === undefined) unknown.push({ noun, id, server });
    }
  }
  const names = await namesOf(briefApi(ctx), unknown, requested);
  return (noun, id) => ctx.nameOf(noun, id) ?? (names.get(`${noun} ${idIn(id)}`) || undefined);
}

/** What a backup is of goes by its id where the token cannot read the name, and by its server too where two have one name. */
export async function subjectLabels(ctx: OverviewContext, backups: readonly JsonObject[]): Promise<(backup: JsonObject) => string> {
  const api = briefApi(ctx);
  const subjects = [...new Map(backups.map((each) => [subjectKey(each), subjectOf(each)])).values()].filter((each) => each !== undefined);
  const names = await namesOf(api, subjects);
  const labels = subjects.map((subject) => ({ subject, label: names.get(keyFor(subject)) || subject.id }));
  const isTwice = (label: string) => labels.filter((each) => each.label === label).length > 1;
  const twice = labels.filter(({ label }) => isTwice(label));
  const servers = twice.length > 0 ? ((await orUndefined(api.list<JsonObject>('GET /servers', {}, { casual: true }))) ?? []) : [];
  const serverOf = (id: string) => resourceName(servers.find((each) => wordOf(each.id) === id) ?? {}, 'server') ?? id;
  const shown = new Map(
    labels.map(({ subject, label }) => [
      keyFor(subject),
      twice.some((each) => each.subject === subject) ? `${label} (${serverOf(subject.server)})` : label,
    ]),
  );
  return (backup) => shown.get(subjectKey(backup)) ?? wordOf(backup.type);
}
