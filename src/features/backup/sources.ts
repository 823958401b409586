import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Item } from '../../cli/output/view.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { idIn, nameOf } from '../../platform/names/names.ts';
import { briefApi, orUndefined, type Reading } from '../overview/reading.ts';
import { type Subject, subjectOf } from './subject.ts';

/** One key for all backups of one database or site; their ids may be the same number. */
export const keyOf = (backup: JsonObject): string => keyFor(subjectOf(backup));

const keyFor = (subject: Subject | undefined): string => (subject ? `${subject.noun} ${subject.id}` : '');

/** Lists of databases and sites that were requested, by kind and server. */
type Lists = Map<string, Promise<readonly JsonObject[] | undefined>>;

/** Reads the names of databases and sites, by key: a list for each kind and server. Skips what the token cannot read. */
async function namesOf(
  api: Reading['api'],
  subjects: readonly Subject[],
  requested: Lists = new Map(),
): Promise<ReadonlyMap<string, string>> {
  const lists = [...new Map(subjects.map(({ noun, server }) => [`${noun} ${server}`, { noun, server }])).entries()];
  const names = new Map<string, string>();
  await inParallel(lists, async ([key, { noun, server }]) => {
    const known = requested.get(key);
    const list = known ?? orUndefined(api.list<JsonObject>(`GET /servers/{server}/${noun}s` as Endpoint, { server }, { casual: true }));
    requested.set(key, list);
    for (const each of (await list) ?? []) names.set(keyFor({ noun, id: wordOf(each.id), server }), nameOf(each, noun) ?? '');
  });
  return names;
}

/** `ctx.nameOf`, with the names of the databases and sites of these backups that take further requests. Each list is `requested` once. */
export async function sourceNames(
  ctx: Reading & Pick<Context, 'nameOf'>,
  backups: readonly Item[],
  requested: Lists,
): Promise<Context['nameOf']> {
  const unknown: Subject[] = [];
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
export async function sourcesOf(ctx: Reading, backups: readonly JsonObject[]): Promise<(backup: JsonObject) => string> {
  const api = briefApi(ctx);
  const subjects = [...new Map(backups.map((each) => [keyOf(each), subjectOf(each)])).values()].filter((each) => each !== undefined);
  const names = await namesOf(api, subjects);
  const labels = subjects.map((subject) => ({ subject, label: names.get(keyFor(subject)) || subject.id }));
  const isTwice = (label: string) => labels.filter((each) => each.label === label).length > 1;
  const twice = labels.filter(({ label }) => isTwice(label));
  const servers = twice.length > 0 ? ((await orUndefined(api.list<JsonObject>('GET /servers', {}, { casual: true }))) ?? []) : [];
  const serverOf = (id: string) => nameOf(servers.find((each) => wordOf(each.id) === id) ?? {}, 'server') ?? id;
  const shown = new Map(
    labels.map(({ subject, label }) => [
      keyFor(subject),
      twice.some((each) => each.subject === subject) ? `${label} (${serverOf(subject.server)})` : label,
    ]),
  );
  return (backup) => shown.get(keyOf(backup)) ?? wordOf(backup.type);
}
