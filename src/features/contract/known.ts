import { pathsIn } from '../../cli/language/calls.ts';
import type { Tree } from '../../cli/language/command.ts';
import { everyCommand, type Leaf, operationsOf } from '../../cli/language/tree.ts';
import { type Need, needOf } from '../../platform/abilities.ts';
import { type Endpoint, isRead, parameters } from '../../platform/api/endpoint.ts';
import { columnOf, isFollowed, type KnownColumn, readFrom, shownFrom } from './answers.ts';
import { bodies, filters, paging, withoutOption } from './built.ts';
import { fieldOf, type KnownField, merged, type Sent } from './field.ts';

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

/** Every endpoint that a command calls, in the order of the commands. Loads all commands. */
export async function endpointsOf(tree: Tree): Promise<readonly KnownEndpoint[]> {
  const commands = await everyCommand(tree);
  const endpoints = new Set(commands.flatMap(({ command }) => operationsOf(command)));
  return [...endpoints].map((endpoint) => known(endpoint, commands));
}

function known(endpoint: Endpoint, commands: readonly Leaf[]): KnownEndpoint {
  const callers = commands.filter(({ command }) => operationsOf(command).includes(endpoint));
  const form = formOf(endpoint);
  return {
    endpoint,
    parameters: parameters(endpoint),
    commands: callers.map(({ path }) => path),
    ability: needOf(endpoint),
    query: merged([...(form === 'list' ? sentBy(paging, []) : []), ...callers.flatMap((leaf) => filtersOf(leaf, endpoint))]),
    body: isRead(endpoint) ? [] : merged([...commands.flatMap((leaf) => declared(leaf, endpoint)), ...built(endpoint)]),
    further: sentBy(withoutOption[endpoint] ?? {}, []),
    answer: answerOf(endpoint, callers),
    form,
    followed: isFollowed(endpoint),
  };
}

/** Every GET that ends with a collection is a list, but for these. */
function formOf(endpoint: Endpoint): KnownEndpoint['form'] {
  if (endpoint.endsWith('/download')) return 'file';
  return isRead(endpoint) && !/(\}|\/user|\/logs)$/.test(endpoint) ? 'list' : 'one';
}

const sentBy = (fields: Readonly<Record<string, Sent>>, by: readonly string[]): readonly KnownField[] =>
  Object.entries(fields).flatMap(([name, option]) =>
    by.length > 0 ? by.map((command) => fieldOf(name, option, command)) : [{ ...fieldOf(name, option, ''), commands: [], optional: [] }],
  );

const built = (endpoint: Endpoint): readonly KnownField[] =>
  bodies.filter((each) => each.endpoint === endpoint).flatMap(({ fields, by }) => sentBy(fields, by));

/** The declared fields of a command, which go to its first endpoint or to what replaces it. */
function declared({ path, command }: Leaf, endpoint: Endpoint): readonly KnownField[] {
  const { calls, fields = {} } = command;
  if (typeof calls === 'function' || bodies.some(({ by }) => by.includes(path))) return [];
  const { first, others } = pathsIn(calls);
  return first === endpoint || others.includes(endpoint) ? sentBy(fields, [path]) : [];
}

const filtersOf = ({ path, command }: Leaf, endpoint: Endpoint): readonly KnownField[] =>
  filters
    .filter((each) => each.endpoint === endpoint && each.by === path)
    .flatMap(({ options }) =>
      sentBy(Object.fromEntries(Object.entries(command.options ?? {}).filter(([name]) => options.includes(name))), [path]),
    );

/** The columns that commands show, and what dnx reads. */
function answerOf(endpoint: Endpoint, callers: readonly Leaf[]): readonly KnownColumn[] {
  const found = new Map<string, KnownColumn>();
  const add = (column: KnownColumn | undefined): void => {
    if (!column) return;
    const before = found.get(column.name);
    found.set(column.name, before ? { ...before, commands: [...new Set([...before.commands, ...column.commands])] } : column);
  };
  for (const each of readFrom(endpoint)) add(columnOf(endpoint, each, []));
  for (const leaf of callers) {
    if (!shownFrom(leaf).includes(endpoint)) continue;
    for (const { key, computed } of leaf.command.shows ?? []) if (!computed) add(columnOf(endpoint, { name: key }, [leaf.path]));
  }
  return [...found.values()];
}
