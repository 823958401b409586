import { isError, usage } from '../../base/errors.ts';
import { type JsonObject, own } from '../../base/json.ts';
import { title, wordOf } from '../../base/text.ts';
import { sameDomain } from './domains.ts';
import { findSite } from './find-site.ts';
import { type Lookup, lookupsFor, type Scope, type Words } from './lookups.ts';
import { idIn, idsOf, isIdOf, nameOf, type Target, type Targets, targetOf } from './names.ts';
import { listUnder, type Naming, namings } from './namings.ts';
import { ambiguous, type Known, notFound, notGiven, oneLine } from './unresolved.ts';

/** Turns the ids or names given for path parameters into targets. */
export async function resolve(names: readonly string[], given: Words, scope: Scope): Promise<Targets> {
  const empty = names.find((name) => given[name]?.trim() === '');
  if (empty) throw usage(`The ${title(empty)} name is empty.`);
  const { picked = {} } = scope;
  const open = names.filter((name) => !own(picked, name));
  const lookups = lookupsFor(open, given, scope.settings);
  // A site implies its server, so the site is reported as missing.
  const missing = lookups.filter(({ how }) => how === 'missing');
  const first = missing.find(({ name }) => name === 'site') ?? missing[0];
  if (first) throw notGiven(first.name, scope.settings);
  let targets = picked;
  for (const each of lookups) {
    const parents = only(names.slice(0, names.indexOf(each.name)), targets);
    targets = { ...targets, ...(await execute(each, parents, scope)) };
  }
  return only(names, targets);
}

/** The targets of these names, in their order. */
const only = (names: readonly string[], targets: Targets): Targets =>
  Object.fromEntries(names.flatMap((name) => (targets[name] ? [[name, targets[name]]] : [])));

async function execute(lookup: Lookup, parents: Targets, scope: Scope): Promise<Targets> {
  const { name, how, word = '', label } = lookup;
  if (label !== undefined) return { [name]: { id: word, label } };
  if (how === 'anywhere') return findSite(word, scope);
  if (how !== 'list, then anywhere') return { [name]: await one(name, word, parents, scope) };
  return one(name, word, parents, scope).then(
    (target) => ({ [name]: target }),
    (error: unknown) => {
      if (isError(error, 'not_found')) return findSite(word, scope);
      throw error;
    },
  );
}

/** Finds a resource by name under its parents. An id needs no request, and neither does a name in a list that is trusted. */
export async function one(
  name: string,
  word: string,
  parents: Targets,
  { api, names, trust = 0 }: Pick<Scope, 'api' | 'names' | 'trust'>,
): Promise<Target> {
  const naming = namings[name];
  if (!naming || isIdOf(name, word)) return { id: word, label: word };
  const list = listUnder(naming, Object.keys(parents));
  const recalled = await names.recall(list, idsOf(parents), trust);
  const [known, ...namesakes] = matching(recalled?.items ?? [], word, naming);
  if (recalled && known && namesakes.length === 0) {
    const target = targetOf(known, name);
    if (recalled.age !== undefined) names.trusted.set(`${name} ${target.id}`, { word, age: recalled.age, list: recalled.path });
    return target;
  }
  const things = await api.list<JsonObject>(list, idsOf(parents));
  const [first, ...others] = matching(things, word, naming);
  if (first === undefined) {
    const other = naming.ports && things.find(({ port }) => wordOf(port) === word);
    if (!other) throw notFound(name, word, knownIn(things, name), parents);
    throw notFound(name, word, [], parents).withHint(`Numbers are ids here. The one with port ${word} has the id ${wordOf(other.id)}.`);
  }
  if (others.length > 0) throw ambiguous(name, word, [first, ...others]);
  return targetOf(first, name);
}

const knownIn = (things: readonly JsonObject[], noun: string): readonly Known[] =>
  things.flatMap((each) => nameOf(each, noun) ?? []).map((name) => ({ name }));

/** The resources with this id or name; else with a name that differs in blanks, or as its kind of name allows; else with this prefix. */
export function matching(
  things: readonly JsonObject[],
  word: string,
  { keys, caseless, domains, prefix, ports }: Naming,
): readonly JsonObject[] {
  const isWord = ({ id }: JsonObject) => idIn(id) === word;
  // If ids are numbers, the id of a deleted rule must not match the port of another.
  const numbered = ports && NUMBER.test(word) && things.some(({ id }) => NUMBER.test(idIn(id) ?? ''));
  if (numbered && !things.some(isWord)) return [];
  const named = (is: (name: string) => boolean) => (thing: JsonObject) => keys.some((key) => is(wordOf(thing[key])));
  const wanted = oneLine(word);
  const ways: readonly ((thing: JsonObject) => boolean)[] = [
    (thing) => isWord(thing) || named((name) => name === word)(thing),
    named((name) => oneLine(name) === wanted),
    ...(caseless ? [named((name) => oneLine(name).toLowerCase() === wanted.toLowerCase())] : []),
    ...(domains ? [named((name) => sameDomain(oneLine(name), wanted))] : []),
    ...(prefix ? [named((name) => oneLine(name).startsWith(wanted))] : []),
  ];
  for (const way of ways) {
    const found = things.filter(way);
    if (found.length > 0) return found;
  }
  return [];
}

const NUMBER = /^\d+$/;
