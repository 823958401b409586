import { own } from '../../base/json.ts';
import { pathsIn } from '../../cli/language/calls.ts';
import type { Tree } from '../../cli/language/command.ts';
import { fieldsOf, isRecord, statedOfServer, typeOfField } from '../../cli/language/shape.ts';
import { everyCommand, type Leaf, operationsOf } from '../../cli/language/tree.ts';
import { type Endpoint, isRead, parameters } from '../../platform/api/endpoint.ts';
import { namings } from '../../platform/names/names.ts';
import { needOf } from '../../platform/operations.ts';
import {
  added,
  bodies,
  elsewhere,
  filters,
  followed,
  pagingParameters,
  type SentOption,
  serverEndpoints,
  unprinted,
  withoutOption,
} from './undeclared.ts';

/** What dnx knows about an endpoint, as `dnx api --schema` prints it. */
export type KnownEndpoint = Awaited<ReturnType<typeof known>>;

/** What dnx knows about a field of a body, or a query parameter. */
export type KnownField = ReturnType<typeof sentFields>[number];

/** Every endpoint that a command calls, in the order of the commands. Loads all commands. */
export async function endpointsOf(tree: Tree): Promise<readonly KnownEndpoint[]> {
  const callers = new Map<Endpoint, Leaf[]>();
  for (const leaf of await everyCommand(tree))
    for (const endpoint of new Set(operationsOf(leaf.command))) callers.set(endpoint, [...(callers.get(endpoint) ?? []), leaf]);
  return Promise.all([...callers].map(([endpoint, leaves]) => known(endpoint, leaves)));
}

async function known(operation: Endpoint, callers: readonly Leaf[]) {
  const need = needOf(operation);
  const type = answerType(operation);
  const built = bodies.filter((body) => body.endpoint === operation).flatMap(({ fields }) => sentFields(fields));
  const query = merged([
    ...(type === 'array' ? sentFields(pagingParameters) : []),
    ...callers.flatMap((leaf) => filtersOf(leaf, operation)),
  ]);
  const body = isRead(operation) ? [] : merged([...callers.flatMap((leaf) => declared(leaf, operation)), ...built]);
  return {
    /** As the API reference writes it: `PUT /servers/{server}`. */
    operation,
    /** Null if any token will do. */
    ability: need ? { name: need.ability, assumed: need.assumed } : null,
    /** First those that are about nothing else. */
    commands: callers.toSorted((one, other) => Number(isFirst(other, operation)) - Number(isFirst(one, operation))).map(({ path }) => path),
    path: parameters(operation),
    // dnx sends a page with every list, but the API does not require it.
    query: query.map((field) => ({ ...field, required: false })),
    body: [...body, ...sentFields(withoutOption[operation] ?? {}, false)],
    response: { type, fields: await answerOf(operation, callers) },
  };
}

/** The endpoints that end like a collection, but respond with one thing. */
const single: readonly string[] = ['GET /user', 'GET /servers/{server}/logs'];

function answerType(endpoint: Endpoint): 'array' | 'file' | 'object' {
  if (endpoint === 'GET /backups/{backup}/download') return 'file';
  return isRead(endpoint) && !endpoint.endsWith('}') && !single.includes(endpoint) ? 'array' : 'object';
}

/** True if an endpoint is the first one that a command calls. */
const isFirst = ({ command: { calls } }: Leaf, endpoint: Endpoint): boolean =>
  typeof calls !== 'function' && pathsIn(calls).first === endpoint;

/** The declared fields of a command, which go to its first endpoint or to what replaces it. */
function declared({ path, command }: Leaf, endpoint: Endpoint): readonly KnownField[] {
  const { calls, fields = {} } = command;
  if (typeof calls === 'function' || bodies.some(({ by }) => by.includes(path))) return [];
  const { first, others } = pathsIn(calls);
  return first === endpoint || others.includes(endpoint) ? sentFields(fields) : [];
}

const filtersOf = ({ path, command: { options = {} } }: Leaf, endpoint: Endpoint): readonly KnownField[] =>
  filters
    .filter((filter) => filter.endpoint === endpoint && filter.by === path)
    .flatMap((filter) => sentFields(Object.fromEntries(Object.entries(options).filter(([name]) => filter.options.includes(name)))));

/** Options as fields that are sent. `option`: false if only `-F` sends them. */
export const sentFields = (options: Readonly<Record<string, SentOption>>, option = true) =>
  Object.entries(options).map(([name, sent]) => {
    const { choices = [], required = false, assumed = false, help } = sent;
    // `choices`: known values, which dnx does not enforce.
    return { name, type: sent.format ?? typeOf(sent), required, assumed, choices, option, help };
  });

/** The type in JSON. An `id` is a string or an integer, as the API sent it. */
function typeOf({ kind, as, from }: SentOption) {
  if (as !== undefined || from?.resolve) return 'id';
  if (kind === 'integer' || kind === 'duration') return 'integer';
  if (kind === 'flag') return 'boolean';
  return kind === 'list' ? 'array' : 'string';
}

/** One field per name, of all commands that send it. */
function merged(fields: readonly KnownField[]): readonly KnownField[] {
  const found = new Map<string, KnownField>();
  for (const field of fields) {
    const { required = true, assumed = true, ...before } = found.get(field.name) ?? {};
    found.set(field.name, { ...field, ...before, required: required && field.required, assumed: assumed && field.assumed });
  }
  return [...found.values()];
}

/** The fields that dnx needs to find resources by name, or reads without printing it, and those of the records that commands print. */
async function answerOf(endpoint: Endpoint, callers: readonly Leaf[]) {
  const naming = Object.values(namings).find(({ list, broader }) => list === endpoint || broader === endpoint);
  const printed = callers.filter((leaf) => printedFrom(leaf).includes(endpoint));
  const shown = await Promise.all(printed.map(recordFields));
  const names = [
    ...(naming ? ['id', ...naming.keys.slice(0, 1)] : []),
    ...(followed.includes(endpoint) ? ['id', 'status'] : []),
    ...(unprinted[endpoint] ?? []),
    ...shown.flat(),
  ];
  // A generated password is shown once.
  return [...new Set(names)].filter((name) => name !== 'password').map((name) => columnOf(endpoint, name));
}

/** The fields of the records that a command prints as the API sent them. */
async function recordFields({ path, command }: Leaf): Promise<readonly string[]> {
  const shape = (await command.prints?.()) ?? {};
  const others = command.options?.all ? places : (own(added, path) ?? []);
  return isRecord(shape) ? fieldsOf(shape).filter((name) => !others.includes(name)) : [];
}

/** What `list --all` adds to each object: where it is. */
const places = ['server', 'site'];

function printedFrom({ path, command: { calls, options } }: Leaf): readonly string[] {
  const { first, others } = typeof calls === 'function' ? { first: undefined, others: [] } : pathsIn(calls);
  // With --all, servers are read for the lists that they have.
  const lists = options?.all ? others.filter((operation) => operation !== 'GET /servers') : others;
  return own(elsewhere, path) ?? [...(first ? [first] : []), ...lists];
}

function columnOf(endpoint: string, name: string) {
  const stated = serverEndpoints.includes(endpoint) && statedOfServer.includes(name);
  return { name, type: typeOfField(name) ?? (stated ? 'string' : null), assumed: !stated };
}
