import { own } from '../../base/json.ts';
import { pathsIn } from '../../cli/language/calls.ts';
import type { Tree } from '../../cli/language/command.ts';
import { everyCommand, type Leaf, operationsOf } from '../../cli/language/tree.ts';
import { type Endpoint, isRead, parameters } from '../../platform/api/endpoint.ts';
import { namings } from '../../platform/names/namings.ts';
import { type Need, needOf } from '../../platform/operations.ts';
import {
  bodies,
  elsewhere,
  filters,
  followed,
  occasional,
  pagingParameters,
  type Read,
  type SentOption,
  statedOfServer,
  undeclared,
  withoutOption,
} from './built.ts';

/** What dnx knows about an endpoint. */
export interface KnownEndpoint {
  /** As the API reference writes it: `PUT /servers/{server}`. */
  readonly endpoint: Endpoint;
  /** The path parameters, outermost first. */
  readonly parameters: readonly string[];
  /** The commands that call it: `server update`. */
  readonly commands: readonly string[];
  /** The ability that it needs; undefined for none. */
  readonly ability: Need | undefined;
  readonly query: readonly KnownField[];
  readonly body: readonly KnownField[];
  /** Fields of the body without an option. `-F` sends them. */
  readonly further: readonly KnownField[];
  /** The fields of the resource in the response that dnx shows or reads. */
  readonly answer: readonly KnownColumn[];
  /** The form of the response. `list`: pages of resources; `file`: a download; `one`: a resource or a message. */
  readonly form: 'list' | 'one' | 'file';
  /** True if commands wait for the status in the response. */
  readonly followed: boolean;
}

/** What dnx knows about a field of a body, or a query parameter. */
export interface KnownField extends Pick<SentOption, 'format' | 'most'> {
  readonly name: string;
  /** The type in JSON. An `id` is a string or an integer, as the API sent it. */
  readonly type: 'string' | 'integer' | 'boolean' | 'array' | 'id';
  /** The values that dnx offers; of the items, if it is an array. */
  readonly choices?: readonly string[];
  /** True if every command that sends it always sends it. */
  readonly required: boolean;
  /** Not stated by the API reference. */
  readonly assumed: boolean;
  readonly help: string;
  /** The commands that send it: `daemon create`. */
  readonly commands: readonly string[];
  /** Those that may leave it out. */
  readonly optional: readonly string[];
}

/** A field of a response that dnx shows or reads. */
export interface KnownColumn extends Read {
  /** The type that dnx formats, if it does. */
  readonly type?: 'date-time' | 'number' | 'boolean';
  readonly assumed: boolean;
  /** The commands that show it; none if dnx only reads it. */
  readonly commands: readonly string[];
}

/** Every endpoint that a command calls, in the order of the commands. Loads all commands. */
export async function endpointsOf(tree: Tree): Promise<readonly KnownEndpoint[]> {
  const callers = new Map<Endpoint, Leaf[]>();
  for (const leaf of await everyCommand(tree))
    for (const endpoint of new Set(operationsOf(leaf.command))) callers.set(endpoint, [...(callers.get(endpoint) ?? []), leaf]);
  return [...callers].map(([endpoint, leaves]) => known(endpoint, leaves));
}

function known(endpoint: Endpoint, callers: readonly Leaf[]): KnownEndpoint {
  const form = formOf(endpoint);
  const built = bodies
    .filter((each) => each.endpoint === endpoint)
    .flatMap(({ fields, by }) => by.flatMap((command) => sentFields(fields, command)));
  return {
    endpoint,
    parameters: parameters(endpoint),
    commands: callers.map(({ path }) => path),
    ability: needOf(endpoint),
    query: merged([...(form === 'list' ? sentFields(pagingParameters) : []), ...callers.flatMap((leaf) => filtersOf(leaf, endpoint))]),
    body: isRead(endpoint) ? [] : merged([...callers.flatMap((leaf) => declared(leaf, endpoint)), ...built]),
    further: sentFields(withoutOption[endpoint] ?? {}),
    answer: answerOf(endpoint, callers),
    form,
    followed: followed.includes(endpoint),
  };
}

/** Every GET that ends with a collection is a list, but for these. */
export function formOf(endpoint: Endpoint): KnownEndpoint['form'] {
  if (endpoint.endsWith('/download')) return 'file';
  return isRead(endpoint) && !/(\}|\/user|\/logs)$/.test(endpoint) ? 'list' : 'one';
}

/** The declared fields of a command, which go to its first endpoint or to what replaces it. */
function declared({ path, command }: Leaf, endpoint: Endpoint): readonly KnownField[] {
  const { calls, fields = {} } = command;
  if (typeof calls === 'function' || bodies.some(({ by }) => by.includes(path))) return [];
  const { first, others } = pathsIn(calls);
  return first === endpoint || others.includes(endpoint) ? sentFields(fields, path) : [];
}

const filtersOf = ({ path, command: { options = {} } }: Leaf, endpoint: Endpoint): readonly KnownField[] =>
  filters
    .filter((each) => each.endpoint === endpoint && each.by === path)
    .flatMap((each) => sentFields(Object.fromEntries(Object.entries(options).filter(([name]) => each.options.includes(name))), path));

/** Options as the fields that a command sends, or all. */
export const sentFields = (options: Readonly<Record<string, SentOption>>, command?: string): readonly KnownField[] =>
  Object.entries(options).map(([name, option]) => {
    const { choices, format, most, required = false, assumed = false, help } = option;
    const commands = command === undefined ? [] : [command];
    return {
      name,
      type: typeOf(option),
      ...(choices && { choices }),
      ...(format && { format }),
      ...(most !== undefined && { most }),
      required,
      assumed,
      help,
      commands,
      optional: required ? [] : commands,
    };
  });

function typeOf({ kind, as, from }: SentOption): KnownField['type'] {
  if (as !== undefined || from?.resolve) return 'id';
  if (kind === 'integer' || kind === 'duration') return 'integer';
  if (kind === 'flag') return 'boolean';
  return kind === 'list' ? 'array' : 'string';
}

/** One field per name, with the commands of all. */
const merged = (fields: readonly KnownField[]): readonly KnownField[] =>
  byName(fields, (one, other) => ({
    ...other,
    ...one,
    required: one.required && other.required,
    assumed: one.assumed && other.assumed,
    commands: [...new Set([...one.commands, ...other.commands])],
    optional: [...new Set([...one.optional, ...other.optional])],
  }));

function byName<T extends { readonly name: string }>(all: readonly T[], both: (one: T, other: T) => T): readonly T[] {
  const found = new Map<string, T>();
  for (const each of all) {
    const before = found.get(each.name);
    found.set(each.name, before ? both(before, each) : each);
  }
  return [...found.values()];
}

/** The fields that dnx needs to find resources by name, or reads without declaring it, and the columns that commands show. */
export function answerOf(endpoint: Endpoint, callers: readonly Leaf[]): readonly KnownColumn[] {
  const naming = Object.values(namings).find(({ list, broader }) => list === endpoint || broader === endpoint);
  const read: readonly Read[] = [
    ...(naming ? ['id', ...naming.keys.slice(0, 1)] : []).map((name) => ({ name })),
    ...(followed.includes(endpoint) ? [{ name: 'id' }, { name: 'status' }] : []),
    ...(undeclared[endpoint] ?? []),
  ];
  const shown = callers
    .filter((leaf) => shownFrom(leaf).includes(endpoint))
    .flatMap(({ path, command: { shows = [] } }) =>
      shows.filter(({ computed }) => !computed).map(({ key }) => columnOf(endpoint, { name: key }, [path])),
    );
  const columns = [...read.map((each) => columnOf(endpoint, each, [])), ...shown].filter(({ name }) => !occasional.includes(name));
  return byName(columns, (one, other) => ({ ...one, commands: [...new Set([...one.commands, ...other.commands])] }));
}

/** The endpoints whose responses a command shows. */
function shownFrom({ path, command: { calls } }: Leaf): readonly string[] {
  const { first, others } = typeof calls === 'function' ? { first: undefined, others: [] } : pathsIn(calls);
  return own(elsewhere, path) ?? [...(first ? [first] : []), ...others];
}

function columnOf(endpoint: string, read: Read, commands: readonly string[]): KnownColumn {
  const { name } = read;
  const type = formattedType(name);
  const stated = /^\w+ \/servers(\/\{server\})?$/.test(endpoint) && statedOfServer.includes(name);
  return { ...read, ...(type && { type }), assumed: !stated, commands };
}

function formattedType(name: string): KnownColumn['type'] {
  if (/_at$/.test(name)) return 'date-time';
  if (/^(timeout|sleep|sites_count|processes)$/.test(name)) return 'number';
  return /_enabled$/.test(name) ? 'boolean' : undefined;
}
