import { DnxError, isError, type Next, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { flagName, plural, title, wordOf } from '../../base/text.ts';
import type { Api } from '../api/api.ts';
import type { Endpoint } from '../api/endpoint.ts';
import { type Lookup, lookupsFor, type Settled, type Words } from './lookups.ts';
import { idsOf, isId, namings, type Target, type Targets, targetOf } from './names.ts';
import { type Located, matching, type SiteIndex } from './site-index.ts';

/** What names are looked up with. */
export interface Scope {
  readonly api: Pick<Api, 'list' | 'send'>;
  readonly settings: Settled;
  readonly sites: SiteIndex;
}

/** The same scope, in which each list is asked for once, however many things are looked up in it. */
export function rememberingLists(scope: Scope): Scope {
  const lists = new Map<string, Promise<unknown[]>>();
  const list = <T>(endpoint: Endpoint, params: object = {}): Promise<T[]> => {
    const key = JSON.stringify([endpoint, params]);
    const found = lists.get(key) ?? scope.api.list(endpoint, params);
    lists.set(key, found);
    return found as Promise<T[]>;
  };
  return { ...scope, api: { list, send: scope.api.send } };
}

/** Turns what was given for each path parameter, by id or by name, into ids: it executes the look-ups. */
export async function resolve(names: readonly string[], given: Words, scope: Scope): Promise<Targets> {
  const empty = names.find((name) => given[name]?.trim() === '');
  if (empty) throw usage(`The ${title(empty)} that was given is empty.`);
  const lookups = lookupsFor(names, given, scope.settings);
  // A site would tell its server too, so it is the site that is missing.
  const missing = lookups.filter(({ how }) => how === 'missing');
  const first = missing.find(({ name }) => name === 'site') ?? missing[0];
  if (first) throw nothingSays(first.name, scope.settings);
  let targets: Targets = {};
  for (const each of lookups) targets = { ...targets, ...(await execute(each, targets, scope)) };
  return targets;
}

async function execute(lookup: Lookup, parents: Targets, scope: Scope): Promise<Targets> {
  const { name, how, word = '' } = lookup;
  if (how === 'anywhere') return anywhere(word, scope);
  if (how !== 'list, then anywhere') return { [name]: await one(name, word, parents, scope) };
  return one(name, word, parents, scope).then(
    (target) => ({ [name]: target }),
    (error: unknown) => {
      if (isError(error, 'not_found')) return anywhere(word, scope);
      throw error;
    },
  );
}

/** A site over all servers, and its server. */
async function anywhere(word: string, { api, sites }: Scope): Promise<Targets> {
  const { server, site }: Located = only(
    'site',
    word,
    await sites.find(word, api),
    ['--server', 'SERVER'],
    (each) => `${each.server.label}/${each.site.label}`,
  );
  return { server, site };
}

/** The thing of this name under its parents. An id stands for itself. */
export async function one(name: string, word: string, parents: Targets, { api }: Pick<Scope, 'api'>): Promise<Target> {
  const naming = namings[name];
  if (isId(word) || !naming) return { id: word, label: word };
  const things = matching(await api.list<JsonObject>(naming.list, idsOf(parents)), word, naming.keys);
  const described = (thing: JsonObject) => {
    const names = naming.keys.map((key) => wordOf(thing[key])).filter(Boolean);
    return `${wordOf(thing.id)} (${names.join(', ')})`;
  };
  const flags = Object.entries(parents).flatMap(([parent, { label }]) => [flagName(parent), label]);
  return targetOf(only(name, word, things, flags, described), name);
}

/** `flags`: what the command that lists them needs to know. */
function only<T>(name: string, word: string, found: readonly T[], flags: readonly string[], described: (each: T) => string): T {
  const [first, ...others] = found;
  if (first === undefined) {
    const group = namings[name]?.group ?? name.replaceAll('_', '-');
    const next: Next = { command: [group, 'list', ...flags], why: 'See which there are with' };
    throw new DnxError('not_found', `There is no ${title(name)} “${word}”, or this token does not see it.`, { next: [next] });
  }
  if (others.length === 0) return first;
  const list = found.map((each) => `  ${described(each)}`).join('\n');
  throw new DnxError('ambiguous', `“${word}” is the name of ${found.length} ${plural(title(name))}:\n${list}`, {
    hint: name === 'site' ? `Give the server too: --server, or ${described(first)}.` : 'Give the id.',
  });
}

/** A server or site that a file may have named, were it whole. */
export function lostIn(name: string, { lost }: Settled): DnxError | undefined {
  const file = name === 'server' || name === 'site' ? lost?.[name] : undefined;
  return file === undefined
    ? undefined
    : usage(`The ${name} is not known, because ${file} cannot be used.`, `Fix or remove it, or pass --${name}.`);
}

function nothingSays(name: string, settled: Settled): DnxError {
  const lost = lostIn(name, settled);
  if (lost) return lost;
  if (name === 'site') return usage('Which site? Nothing says.', 'Name it by its domain or id, or set DNX_SITE.');
  const variable = name === 'server' ? ' or set DNX_SERVER' : '';
  return usage(`Which ${title(name)}? Nothing says.`, `Pass ${flagName(name)}${variable}.`);
}
