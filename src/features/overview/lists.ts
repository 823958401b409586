import { type DnxError, isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { counted, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Query } from '../../platform/api/api.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { readPage } from '../../platform/api/pages.ts';
import { idIn, resourceName, sameName, type Target } from '../../platform/names/names.ts';

/** A list, and whether it has no further page; or why it could not be read and the command that makes it possible, without `dnx`. */
export type ListReading =
  | { readonly items: readonly JsonObject[]; readonly complete: boolean; readonly error?: undefined; readonly fix?: undefined }
  | { readonly items?: undefined; readonly complete?: undefined; readonly error: DnxError; readonly fix: readonly string[] | undefined };

interface ListOptions {
  readonly query?: Query;
  /** Reads only the first page. */
  readonly first?: boolean;
}

/** Opens a reader of an account's lists for a command. It requests a list that the token cannot read only once, not for every server. */
export function openLists({ api, tokens }: Pick<Context, 'api' | 'tokens'>, command: string) {
  const refused = new Map<Endpoint, ListReading>();
  const answered = new Set<Endpoint>();
  return async (endpoint: Endpoint, ids: Readonly<Record<string, string | undefined>>, options: ListOptions = {}): Promise<ListReading> => {
    const known = refused.get(endpoint);
    if (known) return known;
    const { first, ...listed } = options;
    try {
      const { rows, last = 1 } = first
        ? await readPage<JsonObject>(api.send, endpoint, ids)
        : { rows: await api.list<JsonObject>(endpoint, ids, listed), last: 1 };
      answered.add(endpoint);
      return { items: distinct(rows.filter(isObject)), complete: last <= 1 };
    } catch (error) {
      if (!isAboutList(error)) throw error;
      const fix = error.lacks === undefined ? error.next[0]?.command : await moreAbilities(tokens, command);
      // Abilities belong to the token, and a role may be another on each server.
      if (error.lacks !== undefined && !answered.has(endpoint)) refused.set(endpoint, { error, fix });
      return { error, fix };
    }
  };
}

/** False for what stops every request: no network, no valid token, Ctrl-C, or a bug. */
const isAboutList = (error: unknown): error is DnxError => isError(error, 'forbidden', 'not_found', 'invalid', 'differences', 'failed');

/** The command that gives a token the abilities of a command, without `dnx`. */
export const moreAbilities = async (tokens: Context['tokens'], command: string): Promise<readonly string[]> =>
  (await tokens.find())?.source === 'variable' ? ['token', 'create', command, '--for', command] : ['auth', 'refresh', '--for', command];

/** Records without those that a list repeats, as one does that changed while its pages were read. */
export const distinct = (records: readonly JsonObject[]): readonly JsonObject[] => [
  ...new Map(records.map((record) => [idIn(record.id) ?? record, record])).values(),
];

/** Servers or sites, each with a label that no other has. `unusable` is called with the name of one that has no id. */
export function withLabels(records: readonly JsonObject[], noun: 'server' | 'site', unusable: (what: string, name: string) => void) {
  const names = records.map((record) => resourceName(record, noun) ?? wordOf(record.id));
  return records.flatMap((record, index): (readonly [Target, JsonObject])[] => {
    const id = idIn(record.id);
    const name = names[index] ?? '';
    if (id === undefined) {
      unusable(`Deploynix lists a ${[noun, name].filter(Boolean).join(' ')} without a usable id.`, name);
      return [];
    }
    const isShared = names.filter((other) => sameName(noun, other, name)).length > 1;
    return [[{ id, label: isShared ? `${name} (${id})` : name }, record]];
  });
}

const EVERY_MS = 30_000;

/** Says how many are done: `Auditing 3 of 8 servers`. Call the returned function after each. Without a spinner, it says so every 30 seconds. */
export function countProgress({ progress, clock }: Pick<Context, 'progress' | 'clock'>, doing: string, total: number, noun: string) {
  let done = 0;
  let shownAt = clock.elapsed();
  const words = () => `${doing} ${done} of ${counted(total, noun)}`;
  progress.spin(words());
  return (): void => {
    done += 1;
    progress.spin(words());
    if (progress.spins || clock.elapsed() - shownAt < EVERY_MS) return;
    shownAt = clock.elapsed();
    progress.step(words());
  };
}
