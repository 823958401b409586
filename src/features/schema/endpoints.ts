import { own } from '../../base/json.ts';
import { pathsIn } from '../../cli/language/calls.ts';
import type { Tree } from '../../cli/language/command.ts';
import { fieldsOf, isRecord } from '../../cli/language/shape.ts';
import { everyCommand, type Leaf, operationsOf } from '../../cli/language/tree.ts';
import { type Endpoint, isRead, parameters } from '../../platform/api/endpoint.ts';
import { namings } from '../../platform/names/names.ts';
import { type Need, needOf } from '../../platform/operations.ts';
import {
  bodies,
  elsewhere,
  filters,
  followed,
  pagingParameters,
  type SentOption,
  serverEndpoints,
  statedOfServer,
  unprinted,
  withoutOption,
} from './undeclared.ts';

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
}

/** What dnx knows about a field of a body, or a query parameter. */
export interface KnownField extends Pick<SentOption, 'format'> {
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
}

/** A field of a response that dnx shows or reads. */
export interface KnownColumn {
  readonly name: string;
  /** The type that dnx formats, if it does. */
  readonly type?: 'date-time' | 'number' | 'boolean';
  readonly assumed: boolean;
}

/** Every endpoint that a command calls, in the order of the commands. Loads all commands. */
export async function endpointsOf(tree: Tree): Promise<readonly KnownEndpoint[]> {
  const callers = new Map<Endpoint, Leaf[]>();
  for (const leaf of await everyCommand(tree))
    for (const endpoint of new Set(operationsOf(leaf.command))) callers.set(endpoint, [...(callers.get(endpoint) ?? []), leaf]);
  return Promise.all([...callers].map(([endpoint, leaves]) => known(endpoint, leaves)));
}

async function known(endpoint: Endpoint, callers: readonly Leaf[]): Promise<KnownEndpoint> {
  const form = formOf(endpoint);
  const built = bodies.filter((each) => each.endpoint === endpoint).map(({ fields }) => sentFields(fields));
  return {
    endpoint,
    parameters: parameters(endpoint),
    commands: callers.map(({ path }) => path),
    ability: needOf(endpoint),
    query: merged([...(form === 'list' ? sentFields(pagingParameters) : []), ...callers.flatMap((leaf) => filtersOf(leaf, endpoint))]),
    body: isRead(endpoint) ? [] : merged([...callers.flatMap((leaf) => declared(leaf, endpoint)), ...built.flat()]),
    further: sentFields(withoutOption[endpoint] ?? {}),
    answer: await answerOf(endpoint, callers),
    form,
  };
}

/** The endpoints that end like a collection, but respond with one thing. */
const single: readonly string[] = ['GET /user', 'GET /servers/{server}/logs'];

/** What an endpoint responds with. A GET of a collection is a list. */
export function formOf(endpoint: Endpoint): KnownEndpoint['form'] {
  if (endpoint === 'GET /backups/{backup}/download') return 'file';
  return isRead(endpoint) && !endpoint.endsWith('}') && !single.includes(endpoint) ? 'list' : 'one';
}

/** The declared fields of a command, which go to its first endpoint or to what replaces it. */
function declared({ path, command }: Leaf, endpoint: Endpoint): readonly KnownField[] {
  const { calls, fields = {} } = command;
  if (typeof calls === 'function' || bodies.some(({ by }) => by.includes(path))) return [];
  const { first, others } = pathsIn(calls);
  return first === endpoint || others.includes(endpoint) ? sentFields(fields) : [];
}

const filtersOf = ({ path, command: { options = {} } }: Leaf, endpoint: Endpoint): readonly KnownField[] =>
  filters
    .filter((each) => each.endpoint === endpoint && each.by === path)
    .flatMap((each) => sentFields(Object.fromEntries(Object.entries(options).filter(([name]) => each.options.includes(name)))));

/** Options as fields that are sent. */
export const sentFields = (options: Readonly<Record<string, SentOption>>): readonly KnownField[] =>
  Object.entries(options).map(([name, option]) => {
    const { choices, format, required = false, assumed = false, help } = option;
    return { name, type: typeOf(option), ...(choices && { choices }), ...(format && { format }), required, assumed, help };
  });

function typeOf({ kind, as, from }: SentOption): KnownField['type'] {
  if (as !== undefined || from?.resolve) return 'id';
  if (kind === 'integer' || kind === 'duration') return 'integer';
  if (kind === 'flag') return 'boolean';
  return kind === 'list' ? 'array' : 'string';
}

/** One field per name, of all commands that send it. */
function merged(fields: readonly KnownField[]): readonly KnownField[] {
  const found = new Map<string, KnownField>();
  for (const one of fields) {
    const { required = true, assumed = true, ...before } = found.get(one.name) ?? {};
    found.set(one.name, { ...one, ...before, required: required && one.required, assumed: assumed && one.assumed });
  }
  return [...found.values()];
}

/** The fields that dnx needs to find resources by name, or reads without printing it, and those of the records that commands print. */
async function answerOf(endpoint: Endpoint, callers: readonly Leaf[]): Promise<readonly KnownColumn[]> {
  const naming = Object.values(namings).find(({ list, broader }) => list === endpoint || broader === endpoint);
  const printed = callers.filter((leaf) => printedFrom(leaf).includes(endpoint));
  const shapes = await Promise.all(printed.map(({ command }) => command.prints?.() ?? {}));
  const names = [
    ...(naming ? ['id', ...naming.keys.slice(0, 1)] : []),
    ...(followed.includes(endpoint) ? ['id', 'status'] : []),
    ...(unprinted[endpoint] ?? []),
    ...shapes.filter(isRecord).flatMap(fieldsOf),
  ];
  // A generated password is shown once.
  return [...new Set(names)].filter((name) => name !== 'password').map((name) => columnOf(endpoint, name));
}

function printedFrom({ path, command: { calls } }: Leaf): readonly string[] {
  const { first, others } = typeof calls === 'function' ? { first: undefined, others: [] } : pathsIn(calls);
  return own(elsewhere, path) ?? [...(first ? [first] : []), ...others];
}

function columnOf(endpoint: string, name: string): KnownColumn {
  const type = formattedType(name);
  const stated = serverEndpoints.includes(endpoint) && statedOfServer.includes(name);
  return { name, ...(type && { type }), assumed: !stated };
}

function formattedType(name: string): KnownColumn['type'] {
  if (/_at$/.test(name)) return 'date-time';
  if (/^(timeout|sleep|sites_count|processes)$/.test(name)) return 'number';
  return /_enabled$/.test(name) ? 'boolean' : undefined;
}
