import { unlessError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { type Endpoint, fill } from '../../platform/api/endpoint.ts';
import { callOf, type KindName, kindOf } from '../../platform/kinds.ts';
import { idIn, namings, resourceName, type Target } from '../../platform/names/names.ts';
import { onlyOne } from '../../platform/names/resolve.ts';
import { operations } from '../../platform/operations.ts';
import { type ListReading, openLists, withLabels } from '../overview/lists.ts';

/** What an account has. Each list is read once. */
export type Fleet = ReturnType<typeof openFleet>;

type Ids = Readonly<Record<string, string>>;

/** Reads the list at a path, perhaps more than once. */
type ReadingOf = (path: string, read: () => Promise<ListReading>) => Promise<ListReading>;

/** Opens the lists of an account for a command. */
export function openFleet(ctx: Pick<Context, 'api' | 'tokens' | 'progress'>, command: string, readingOf: ReadingOf = (_, read) => read()) {
  const read = openLists(ctx, command);
  const readings = new Map<string, Promise<ListReading>>();
  const listAt = (endpoint: Endpoint, ids: Ids): Promise<ListReading> => {
    const { path } = fill(endpoint, ids);
    const reading = readings.get(path) ?? readingOf(path, () => read(endpoint, ids));
    readings.set(path, reading);
    return reading;
  };
  /** The list of a noun, under what these ids name. */
  const list = (noun: string, ids: Ids = {}) => listAt((namings[noun]?.list ?? '') as Endpoint, ids);
  /** The items of a list; throws if it cannot be read. */
  const itemsOf = async (noun: string): Promise<readonly JsonObject[]> => {
    const { items, error } = await list(noun);
    if (error) throw error;
    return items;
  };
  /** The name of what has this id, or the id if nothing has; undefined if the list cannot be read. */
  const nameOf = async (noun: string, id: unknown): Promise<string | undefined> => {
    const { items } = await list(noun);
    const found = items?.find((item) => idIn(item.id) === idIn(id));
    return items && (resourceName(found ?? {}, noun) ?? wordOf(id));
  };
  return {
    list,
    listAt,
    nameOf,
    /** Every server with a label that no other has. Throws if the list cannot be read. */
    servers: async () => withLabels(await itemsOf('server'), 'server', ctx.progress.warn),
    /** The list of a server's sites. */
    sites: ({ id }: Target) => list('site', { server: id }),
    /** The id of the only thing with this name. Throws if there is none, or more than one. */
    idOf: async (noun: string, name: string) => onlyOne(noun, await itemsOf(noun), name).id,
    /** The resource itself, for fields that its list leaves out; undefined if the token cannot read it. */
    async one(kind: KindName, ids: Ids): Promise<JsonObject | undefined> {
      const endpoint = callOf('GET', kind);
      return (await unlessError(ctx.api.send<JsonObject>(endpoint, ids), 'forbidden', 'not_found'))?.data;
    },
    /** A resource as a state file has it: names for ids, and its switches as true or false. What the API does not show is left out. */
    async shown(kind: KindName, item: JsonObject, fields: readonly string[] = Object.keys(kindOf(kind).by ?? {})): Promise<JsonObject> {
      const { by = {} } = kindOf(kind);
      const shown: Record<string, unknown> = { ...item, ...switchesOf(kind, item) };
      for (const [field, noun] of Object.entries(by)) {
        if (!fields.includes(field) || wordOf(item[field]) === '') continue;
        const name = await nameOf(noun, item[field]);
        if (name === undefined) delete shown[field];
        else shown[field] = name;
      }
      return shown;
    },
    /** The items at a path that were read before; undefined if they were not. */
    known: (path: string): Promise<readonly JsonObject[] | undefined> | undefined => readings.get(path)?.then(({ items }) => items),
  };
}

/** What the switches of a kind are set to, as far as a resource shows it. */
export function switchesOf(kind: KindName, item: JsonObject): JsonObject {
  const states = Object.entries(kindOf(kind).switches ?? {}).flatMap(([name, { on }]) => {
    const { touches = [], isDone } = operations[callOf('POST', kind, `/${on}`)] ?? {};
    return isDone && touches.every((field) => field in item) ? [[name, isDone(item, {})] as const] : [];
  });
  return Object.fromEntries(states);
}
