import { type DnxError, isError, unlessError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { title, wordOf } from '../../base/text.ts';
import type { Endpoint } from '../api/endpoint.ts';
import { type Lookup, type LookupWords, lookupsFor, type Scope } from './lookups.ts';
import { matching } from './match.ts';
import { isIdOf, listUnder, namings, readEndpoints, resourceName, type Target, type Targets, targetIds, targetOf } from './names.ts';
import { findSite, isNamedSite } from './site-search.ts';
import { ambiguous, type KnownName, notFound, notGiven } from './unresolved.ts';

/** Turns the ids or names given for path parameters into targets. */
export async function resolveTargets(names: readonly string[], words: LookupWords, scope: Scope): Promise<Targets> {
  const empty = names.find((name) => words[name]?.trim() === '');
  if (empty) throw usage(`The ${title(empty)} name is empty.`);
  const { picked = {} } = scope;
  const open = names.filter((name) => !own(picked, name));
  const lookups = lookupsFor(open, words, scope.settings);
  // A site implies its server, so the site is reported as missing.
  const missing = lookups.filter(({ how }) => how === 'missing');
  const first = missing.find(({ name }) => name === 'site') ?? missing[0];
  if (first) throw notGiven(first.name, scope.settings);
  let targets = picked;
  for (const lookup of lookups) {
    const parents = only(names.slice(0, names.indexOf(lookup.name)), targets);
    const found = execute(lookup, parents, scope);
    targets = { ...targets, ...(await (lookup.name === scope.optional ? orMissing(found, lookup) : found)) };
  }
  return only(names, targets);
}

const only = (names: readonly string[], targets: Targets): Targets =>
  Object.fromEntries(names.flatMap((name) => (targets[name] ? [[name, targets[name]]] : [])));

/** What was found, or a target that is missing. Another error stays, and so does one with a hint at what was meant. */
const orMissing = (found: Promise<Targets>, { name, word = '' }: Lookup): Promise<Targets> =>
  found.catch((error: unknown) => {
    if (!isError(error, 'not_found') || error.reason !== 'name_unknown' || error.hint !== undefined) throw error;
    return { [name]: { id: '', label: word, missing: true } };
  });

async function execute(lookup: Lookup, parents: Targets, scope: Scope): Promise<Targets> {
  const { name, how, word = '', label } = lookup;
  if (label !== undefined) return { [name]: { id: word, label } };
  if (how === 'anywhere') return findSite(word, scope);
  if (how !== 'list, then anywhere') return { [name]: await resolveOne(name, word, parents, scope) };
  return resolveOne(name, word, parents, scope).then(
    (target) => ({ [name]: target }),
    (error: unknown) => {
      if (isError(error, 'not_found')) return findSite(word, scope);
      throw error;
    },
  );
}

/** Finds a resource by name under its parents. An id needs no request, and neither does a name in a list that is trusted. */
export async function resolveOne(
  name: string,
  word: string,
  parents: Targets,
  { api, names, trust = 0 }: Pick<Scope, 'api' | 'names' | 'trust'>,
): Promise<Target> {
  const naming = namings[name];
  if (!naming || isIdOf(name, word)) return { id: word, label: word };
  const list = listUnder(naming, Object.keys(parents));
  const recalled = await names.recall(list, targetIds(parents), trust);
  const [known, ...namesakes] = matching(recalled?.items ?? [], word, naming);
  if (recalled && known && namesakes.length === 0) {
    const target = targetOf(known, name);
    if (recalled.age !== undefined) names.trusted.set(`${name} ${target.id}`, { word, age: recalled.age, list: recalled.path });
    return target;
  }
  return onlyOne(name, await api.list<JsonObject>(list, targetIds(parents)), word, parents);
}

/** The only one of these with this name or id. Throws if there is none, or more than one. */
export function onlyOne(noun: string, things: readonly JsonObject[], word: string, parents: Targets = {}): Target {
  const naming = namings[noun];
  const [first, ...others] = naming ? matching(things, word, naming) : [];
  if (first === undefined) {
    const other = naming?.ports && things.find(({ port }) => wordOf(port) === word);
    if (!other) throw notFound(noun, word, knownIn(things, noun), parents);
    throw notFound(noun, word, [], parents).withHint(`Numbers are ids here. The one with port ${word} has the id ${wordOf(other.id)}.`);
  }
  if (others.length > 0) throw ambiguous(noun, word, [first, ...others]);
  return targetOf(first, noun);
}

const knownIn = (things: readonly JsonObject[], noun: string): readonly KnownName[] =>
  things.flatMap((each) => resourceName(each, noun) ?? []).map((name) => ({ name }));

/** Checks a site that was found in memory with a request, and looks it up again if it is gone or was renamed. Skips one that `scope` trusts. */
export async function verified(targets: Targets, lookUp: () => Promise<Targets>, scope: Scope): Promise<Targets> {
  const trusted = scope.names.trusted.get(`site ${targets.site?.id}`);
  if (!trusted || trusted.age <= (scope.trust ?? -1)) return targets;
  const site = await current(targets, trusted.word, scope);
  if (site) return { ...targets, site };
  scope.names.forget();
  return lookUp();
}

/** The site as it is now; undefined if it is gone or has another name. */
async function current({ server, site }: Targets, word: string, { api }: Scope): Promise<Target | undefined> {
  if (!server || !site) return undefined;
  const found = await unlessError(api.send<JsonObject>(readEndpoints.site, { server: server.id, site: site.id }), 'not_found');
  const now = found && targetOf({ id: site.id, domain: site.label, ...found.data }, 'site');
  return now?.id === site.id && isNamedSite(word, now.id, now.label) ? now : undefined;
}

interface ReadRequest<T> {
  readonly endpoint: Endpoint;
  readonly ask: (targets: Targets) => Promise<T>;
  /** What the response shows, if it is one resource. */
  readonly shown?: (answer: T) => unknown;
}

/**
 * Sends a GET. If something from memory may be what is not found, or has another name by now, looks it up again and resends. Never used
 * for requests that change something.
 */
export async function askedAgain<T>(
  targets: Targets,
  lookUp: () => Promise<Targets>,
  scope: Scope,
  { endpoint, ask, shown = () => undefined }: ReadRequest<T>,
): Promise<T> {
  const { names } = scope;
  const trusted = Object.entries(targets).flatMap(([noun, { id }]) => names.trusted.get(`${noun} ${id}`) ?? []);
  let missing: DnxError | undefined;
  try {
    const answer = await ask(targets);
    if (!isRenamed(shown(answer), endpoint, targets, scope)) return answer;
  } catch (error) {
    if (!isError(error, 'not_found') || trusted.length === 0) throw error;
    missing = error;
  }
  for (const { list } of trusted) if (list !== undefined) names.forget(list);
  const searched = trusted.find(({ list }) => list === undefined);
  // Checking a site costs one request, searching for it one per server.
  const stays = searched && endpoint !== readEndpoints.site && (await current(targets, searched.word, scope)) !== undefined;
  if (missing && stays && trusted.length === 1) throw missing;
  if (searched && !stays) names.forget();
  return ask(await lookUp());
}

/** True if the resource at an endpoint was trusted by a name that it no longer has. */
export function isRenamed(thing: unknown, endpoint: Endpoint, targets: Targets, { names }: Pick<Scope, 'names'>): boolean {
  const noun = /\{(\w+)\}$/.exec(endpoint)?.[1] ?? '';
  const naming = namings[noun];
  const word = names.trusted.get(`${noun} ${targets[noun]?.id}`)?.word;
  if (!isObject(thing) || !naming || word === undefined || isIdOf(noun, word)) return false;
  const isNamedInFull = resourceName(thing, noun) !== undefined && naming.keys.every((key) => Object.hasOwn(thing, key));
  return isNamedInFull && matching([thing], word, naming).length === 0;
}
