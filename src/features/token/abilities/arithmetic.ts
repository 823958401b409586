import { andList, flagName, title } from '../../../base/text.ts';
import { type ChosenCalls, operationsIn, pathsIn } from '../../../cli/language/calls.ts';
import { type AnyCommand, nounOf } from '../../../cli/language/command.ts';
import { item, listOf, objectOf, type Printed, type Shape, word, yes } from '../../../cli/language/shape.ts';
import { consentLevel } from '../../../cli/language/tree.ts';
import { nameRead } from '../../../cli/run/consent.ts';
import { callsOf, firstWords, isForAll, isForEveryServer, namesNeeded, ownWords, type WordedLine } from '../../../cli/run/line.ts';
import { type Endpoint, isRead, parameters } from '../../../platform/api/endpoint.ts';
import { type Lookup, lookupFor, lookupsFor } from '../../../platform/names/lookups.ts';
import { isId, namings, nounIn } from '../../../platform/names/names.ts';
import { type Need, needOf } from '../../../platform/operations.ts';

/** An operation of a command line, and its reason. */
export interface AskedEndpoint {
  readonly endpoint: Endpoint;
  readonly because: string;
}

/** An ability and its reasons. `assumed`: the API reference states it for none of them. */
export const abilityNeed = objectOf({ ability: word, assumed: yes, reasons: listOf(item as Shape<AskedEndpoint>) });
export type AbilityNeed = Printed<typeof abilityNeed>;

/** The operations of a command line, and the assumptions behind them. */
export interface AskedAbilities {
  readonly asked: readonly AskedEndpoint[];
  readonly notes: readonly string[];
  /** What a line may delete that names no server and no site. */
  readonly deletes?: readonly string[];
}

/** The operations of a command line: its calls, additions of its options, and lookups of names. */
export function askedBy(line: WordedLine): AskedAbilities {
  const chosen = callsOf(line);
  const { asked, notes, missing } = namesIn(line, chosen);
  const called = chosen.endpoint ? [{ endpoint: chosen.endpoint, because: 'the command itself' }] : [];
  const also = chosen.also.map(({ endpoint, when }) => ({ endpoint, because: when === undefined ? 'the command itself' : flagName(when) }));
  const all = [...called, ...also, ...asked, ...references(line), ...sitesIn(line), ...confirmation(line)];
  const sent = line.dryRun.wanted ? all.filter(({ endpoint }) => isRead(endpoint)) : all;
  const place = (['site', 'server'] as const).find((noun) => line.targets[noun] !== undefined);
  const everywhere = place ? [`The token works for every ${place}: abilities are not limited to one.`] : [];
  return { asked: sent, notes: [...byName(missing, sent), ...notes, ...everywhere], deletes: place ? [] : deletedBy(sent) };
}

function deletedBy(asked: readonly AskedEndpoint[]): readonly string[] {
  const needed = abilitiesFor(asked).map(({ ability }) => ability);
  return ['server', 'site', 'database'].filter((noun) => needed.includes(`${noun}:delete`));
}

/** What a token also needs to find what the line does not name: without a name, it is an id. */
function byName(missing: readonly string[], asked: readonly AskedEndpoint[]): readonly string[] {
  const noun = missing.includes('site') ? 'site' : missing[0];
  if (noun === undefined) return [];
  const lookups = lookupsFor(missing, Object.fromEntries(missing.map((name) => [name, 'name'])), {}).flatMap(({ requests }) => requests);
  const needed = abilitiesFor(asked).map(({ ability }) => ability);
  const more = [...new Set(lookups.flatMap((endpoint) => needOf(endpoint)?.ability ?? []))].filter((ability) => !needed.includes(ability));
  return more.length === 0 ? [] : [`No ${title(noun)} given. To find one by name, the token also needs ${andList(more)}.`];
}

/** The abilities that these operations need, without duplicates. */
export function abilitiesFor(asked: readonly AskedEndpoint[]): AbilityNeed[] {
  const needs = new Map<string, { assumed: boolean; reasons: AskedEndpoint[] }>();
  for (const operation of asked) {
    const need = needOf(operation.endpoint);
    if (!need) continue;
    const entry = needs.get(need.ability) ?? { assumed: true, reasons: [] };
    entry.assumed &&= need.assumed;
    if (!entry.reasons.some(({ endpoint, because }) => endpoint === operation.endpoint && because === operation.because))
      entry.reasons.push(operation);
    needs.set(need.ability, entry);
  }
  return [...needs].map(([ability, need]) => ({ ability, ...need }));
}

/** The abilities of a command without its targets, including the endpoints of its options. */
export function commandAbilities({ calls }: AnyCommand): Need[] {
  if (calls === undefined || typeof calls === 'function') return [];
  const { first, others } = pathsIn(calls);
  return (first === undefined && others.length === 0 ? operationsIn(calls) : [...(first ? [first] : []), ...others])
    .map(needOf)
    .filter((need) => need !== undefined);
}

function namesIn(line: WordedLine, chosen: ChosenCalls): AskedAbilities & { readonly missing: readonly string[] } {
  const noun = nounOf(line.group);
  const named = firstWords(line);
  const every = isForAll(line) ? namings[noun] : undefined;
  const everywhere = isForEveryServer(line);
  const names = everywhere ? [] : every ? parameters(every.list) : needed(line, chosen);
  const lists = [...(everywhere ? ['GET /servers' as const] : []), ...(every ? [every.list] : [])];
  const asked: AskedEndpoint[] = lists.map((endpoint) => ({ endpoint, because: '--all' }));
  const notes = new Set<string>();
  const missing = new Set<string>();
  const words = ownWords(line);
  for (const word of words.length > 0 ? words : [undefined]) {
    for (const lookup of lookupsFor(names, { ...named, ...(word !== undefined && { [noun]: word }) }, line.defaults)) {
      asked.push(...lookup.requests.map((endpoint) => ({ endpoint, because: whyOf(lookup) })));
      if (lookup.how === 'missing') missing.add(lookup.name);
      else if (lookup.word?.includes('$')) notes.add(`The value of ${lookup.word} is unknown; assuming it is a name.`);
    }
  }
  return { asked, notes: [...notes], missing: [...missing] };
}

/** The path parameters of the call, and a server or site given as an option, which is always looked up. */
function needed(line: WordedLine, chosen: ChosenCalls): readonly string[] {
  const { site, server } = firstWords(line);
  const named = site !== undefined ? ['server', 'site'] : server !== undefined ? ['server'] : [];
  const called = chosen.endpoint ? namesNeeded(line) : chosen.also.flatMap(({ endpoint }) => parameters(endpoint));
  return [...new Set([...called.filter((name) => name !== 'id'), ...named])];
}

const whyOf = ({ how, name, word }: Lookup): string =>
  how === 'anywhere' ? `searches for the server of ${word}` : `looks up ${title(name)} ${word} by name`;

/** Lookups for fields that take an id and were given a name. */
const references = ({ command, fields }: WordedLine): AskedEndpoint[] =>
  Object.entries(command.fields ?? {}).flatMap(([key, { from }]) => {
    const word = fields[key];
    const noun = from?.resolve && nounIn(from.list);
    if (!noun || typeof word !== 'string') return [];
    return lookupFor(noun, word).requests.map((endpoint) => ({ endpoint, because: `looks up ${flagName(key)} ${word} by name` }));
  });

const sitesIn = ({ command, options }: WordedLine): AskedEndpoint[] =>
  Object.entries(command.options ?? {}).flatMap(([key, { names }]) => {
    const word = options[key];
    if (names !== 'site' || typeof word !== 'string' || /^[.~]|\//.test(word)) return [];
    return lookupsFor(['server', 'site'], { site: word }, {}).flatMap((lookup) =>
      lookup.requests.map((endpoint) => ({ endpoint, because: whyOf(lookup) })),
    );
  });

/** The read of a severe command that was given an id: it compares the name, unless `--confirm` is that id. */
function confirmation(line: WordedLine): AskedEndpoint[] {
  const noun = nounOf(line.group);
  const naming = namings[noun];
  if (consentLevel(line.command) !== 'severe' || !naming || naming.keys.length === 0) return [];
  const compared = ownWords(line).some((word) => isId(word) && line.consent.confirm !== word);
  return compared ? [{ endpoint: nameRead(naming.list, noun), because: 'compares its name with --confirm' }] : [];
}
