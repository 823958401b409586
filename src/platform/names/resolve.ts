import { isError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { title, wordOf } from '../../base/text.ts';
import type { Api } from '../api/api.ts';
import type { Endpoint } from '../api/endpoint.ts';
import { type Lookup, lookupsFor, type Settled, type Words } from './lookups.ts';
import { idsOf, isIdOf, nameOf, type Target, type Targets, targetOf } from './names.ts';
import { listUnder, type Naming, namings } from './namings.ts';
import type { SiteIndex } from './site-index.ts';
import { ambiguous, ambiguousSite, type Known, notFound, notGiven } from './unresolved.ts';

/** What names are looked up with. */
export interface Scope {
  readonly api: Pick<Api, 'list' | 'send'>;
  readonly settings: Settled;
  readonly sites: SiteIndex;
  /** Names of resources picked from a list, by id. */
  readonly labels?: ReadonlyMap<string, string>;
}

/** A scope that requests each list only once. */
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

/** Turns the ids or names given for path parameters into targets. */
export async function resolve(names: readonly string[], given: Words, scope: Scope): Promise<Targets> {
  const empty = names.find((name) => given[name]?.trim() === '');
  if (empty) throw usage(`The ${title(empty)} name is empty.`);
  const lookups = lookupsFor(names, given, scope.settings);
  // A site implies its server, so the site is reported as missing.
  const missing = lookups.filter(({ how }) => how === 'missing');
  const first = missing.find(({ name }) => name === 'site') ?? missing[0];
  if (first) throw notGiven(first.name, scope.settings);
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

/** Finds a site on any server. */
async function anywhere(word: string, { api, sites }: Scope): Promise<Targets> {
  const found = await sites.find(word, api);
  const [first] = found;
  if (first === undefined) {
    const { listed } = await sites.everywhere(api);
    const known = listed.flatMap(({ site, server }) => knownIn([site], 'site').map((each) => ({ ...each, place: server.label })));
    throw notFound('site', word, known);
  }
  if (found.length > 1) throw ambiguousSite(word, found);
  return first;
}

/** Finds a resource by name under its parents. An id needs no request. */
export async function one(name: string, word: string, parents: Targets, { api, labels }: Pick<Scope, 'api' | 'labels'>): Promise<Target> {
  const naming = namings[name];
  if (!naming || isIdOf(name, word)) return { id: word, label: labels?.get(word) ?? word };
  const things = await api.list<JsonObject>(listUnder(naming, Object.keys(parents)), idsOf(parents));
  const [first, ...others] = matching(things, word, naming);
  if (first === undefined) throw notFound(name, word, knownIn(things, name), parents);
  if (others.length > 0) throw ambiguous(name, word, [first, ...others]);
  return targetOf(first, name);
}

const knownIn = (things: readonly JsonObject[], noun: string): readonly Known[] =>
  things.flatMap((each) => nameOf(each, noun) ?? []).map((name) => ({ name }));

/** The resources with this name, ignoring case, or with this prefix where that is enough. */
function matching(things: readonly JsonObject[], word: string, { keys, prefix, ports }: Naming): readonly JsonObject[] {
  const wanted = word.toLowerCase();
  const names = (thing: JsonObject) => [...keys, ...(ports ? ['id'] : [])].map((key) => wordOf(thing[key]).toLowerCase());
  const exact = things.filter((each) => names(each).includes(wanted));
  return exact.length > 0 || !prefix ? exact : things.filter((each) => names(each).some((name) => name.startsWith(wanted)));
}
