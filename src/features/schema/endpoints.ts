import { abilities } from '../../base/abilities.ts';
import { own } from '../../base/json.ts';
import { pathsIn } from '../../cli/language/calls.ts';
import type { Tree } from '../../cli/language/command.ts';
import { assumed, integer, list, type Option, type Options, required, secret, suggest, text, toggle } from '../../cli/language/options.ts';
import { fieldsOf, isRecord, statedOfServer, typeOfField } from '../../cli/language/shape.ts';
import { everyCommand, type Leaf, operationsOf } from '../../cli/language/tree.ts';
import { type Endpoint, isRead, parameters } from '../../platform/api/endpoint.ts';
import { namings } from '../../platform/names/names.ts';
import { needOf } from '../../platform/operations.ts';

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

// What commands send and read without declaring it.

/** An option whose value is sent. */
type SentOption = Option<unknown> & { readonly format?: 'date-time' };

/** Fields that a command puts into a body or query itself, instead of sending its declared `fields` to its first endpoint. */
interface BuiltRequest {
  readonly endpoint: string;
  readonly by: readonly string[];
  readonly fields: Readonly<Record<string, SentOption>>;
}

const id = (help: string): SentOption => ({ ...assumed(required(text(help))), as: 'id' });
const wanted = suggest(list('Abilities of the token; every ability if left out'), ...abilities);
const value = required(assumed(text('Value of the variable')));

/** Every body that a command builds in `run`. `test/tree/examples.test.ts` compares them with the requests of the commands. */
export const bodies: readonly BuiltRequest[] = [
  {
    endpoint: 'POST /login',
    by: ['auth login'],
    fields: { email: required(text('Email address')), password: required(secret('Password')), abilities: wanted },
  },
  {
    endpoint: 'POST /tokens',
    by: ['token create', 'token rotate', 'auth refresh', 'auth login'],
    fields: { name: required(text('Token name')), abilities: wanted },
  },
  {
    endpoint: 'POST /servers/{server}/sites/{site}/rollback',
    by: ['site rollback', 'site deploy'],
    fields: { release_id: id('Release to roll back to') },
  },
  {
    endpoint: 'POST /servers/{server}/sites/{site}/schedule-deploy',
    by: ['site schedule'],
    fields: { scheduled_at: { ...required(assumed(text('Time of the deployment'))), format: 'date-time' } },
  },
  {
    endpoint: 'POST /servers/{server}/sites/{site}/environment-variables',
    by: ['env set', 'env ensure', 'env push', 'env copy', 'env edit'],
    fields: { key: required(assumed(text('Name of the variable'))), value },
  },
  {
    endpoint: 'PUT /servers/{server}/sites/{site}/environment-variables/{variable}',
    by: ['env set', 'env ensure', 'env push', 'env copy', 'env edit'],
    fields: { value },
  },
  { endpoint: 'POST /backups/application', by: ['backup create'], fields: { site_id: id('Site to back up') } },
];

/** The query parameters of every list. */
const pagingParameters: Readonly<Record<string, SentOption>> = {
  page: required(integer('Page number')),
  per_page: required(integer('Items per page')),
};

/** Options that a command sends as query parameters. */
export const filters: readonly { readonly endpoint: string; readonly by: string; readonly options: readonly string[] }[] = [
  { endpoint: 'GET /backups', by: 'backup list', options: ['status', 'type'] },
];

/** Fields that dnx knows and has no option for, because its commands do not need them: `-F` sends them. */
export const withoutOption: Readonly<Record<string, Options>> = {
  // Monitoring is turned on once the server is there.
  'POST /servers': { monitoring_enabled: assumed(toggle('Monitor the server')) },
  // In an update, --queue would look like the worker itself.
  'PUT /servers/{server}/sites/{site}/queues/{queue}': { queue: assumed(text('Queue to process')) },
};

/** Fields that commands read from a response, and print in an object of their own. */
const unprinted: Readonly<Record<string, readonly string[]>> = {
  'POST /login': ['token'],
  'POST /tokens': ['token'],
  'POST /servers/{server}/sites/{site}/environment-variables': ['key', 'value', 'updated_at'],
  'PUT /servers/{server}/sites/{site}/environment-variables/{variable}': ['id', 'key', 'value', 'updated_at'],
  'GET /servers/{server}/sites': ['git_repository_id'],
  'GET /servers/{server}/sites/{site}': ['git_repository_id', 'updated_at'],
  'GET /servers/{server}/sites/{site}/releases': ['branch'],
  'GET /servers/{server}/ssh-keys': ['public_key'],
  'GET /servers/{server}/daemons': ['directory'],
  'GET /backups': ['site_id', 'database_id', 'completed_at'],
  'GET /servers/{server}/databases/{database}/backups': ['site_id', 'database_id', 'completed_at'],
  'GET /providers/{provider}/sizes': ['vcpus', 'memory', 'price_monthly', 'currency'],
};

/** Fields that a command adds to the objects of a response. */
const added: Readonly<Record<string, readonly string[]>> = { 'site list': ['server'] };

/** Commands that print the response of another endpoint than the first. */
export const elsewhere: Readonly<Record<string, readonly string[]>> = {
  'site list': ['GET /servers/{server}/sites'],
  'backup restore': ['POST /backups/{backup}/restore'],
};

/** Responses that dnx polls until their status is final. */
const followed: readonly string[] = [
  'GET /servers',
  'GET /servers/{server}',
  'GET /servers/{server}/sites/{site}',
  'GET /servers/{server}/sites/{site}/releases',
  'GET /backups',
  'GET /servers/{server}/sites/{site}/certificates',
  'GET /servers/{server}/sites/{site}/certificates/{certificate}',
];

/** Where the API reference shows a server. */
const serverEndpoints: readonly string[] = ['GET /servers', 'POST /servers', 'GET /servers/{server}', 'PUT /servers/{server}'];
