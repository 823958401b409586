import { flagName, title } from '../../../base/text.ts';
import { type Chosen, operationsIn, pathsIn } from '../../../cli/language/calls.ts';
import { type AnyCommand, nounOf } from '../../../cli/language/command.ts';
import { consentLevel } from '../../../cli/language/tree.ts';
import { callsOf, type Invocation, ownWords } from '../../../cli/run/invocation.ts';
import { nameRead } from '../../../cli/run/name-read.ts';
import { firstWords, meansAll, namesNeeded } from '../../../cli/run/targets.ts';
import { type Need, needOf } from '../../../platform/abilities.ts';
import { type Endpoint, parameters } from '../../../platform/api/endpoint.ts';
import { type Lookup, lookup, lookupsFor, type Settled } from '../../../platform/names/lookups.ts';
import { isId } from '../../../platform/names/names.ts';
import { namings, nounIn } from '../../../platform/names/namings.ts';

/** One operation that a command line will ask for, and what makes it do so. */
export interface Asked {
  readonly endpoint: Endpoint;
  readonly because: string;
}

/** An ability that is needed, and everything that needs it. `assumed`: the reference states it for none of them. */
export interface AbilityNeed {
  readonly ability: string;
  readonly assumed: boolean;
  readonly reasons: readonly Asked[];
}

/** The operations of a command line, and what had to be assumed to name them, as sentences. */
export interface Asking {
  readonly asked: readonly Asked[];
  readonly notes: readonly string[];
}

/** The operations that a command line asks for: what the command calls, what its options add, and a look-up for every name. */
export function askedBy(invocation: Invocation, settled: Settled = {}): Asking {
  const chosen = callsOf(invocation, settled);
  const { asked, notes } = namesIn(invocation, chosen, settled);
  // A dry run finds its targets, and stops there.
  if (invocation.options.dry_run) return { asked, notes };
  const own = chosen.endpoint ? [{ endpoint: chosen.endpoint, because: 'the command itself' }] : [];
  const also = chosen.also.map(({ endpoint, when }) => ({ endpoint, because: when === undefined ? 'the command itself' : flagName(when) }));
  return { asked: [...own, ...also, ...asked, ...references(invocation), ...confirmation(invocation)], notes };
}

/** The smallest set of abilities for these operations, in the order they are first needed. */
export function abilitiesFor(asked: readonly Asked[]): AbilityNeed[] {
  const needs = new Map<string, { assumed: boolean; reasons: Asked[] }>();
  for (const each of asked) {
    const need = needOf(each.endpoint);
    if (!need) continue;
    const entry = needs.get(need.ability) ?? { assumed: true, reasons: [] };
    entry.assumed &&= need.assumed;
    if (!entry.reasons.some(({ endpoint, because }) => endpoint === each.endpoint && because === each.because)) entry.reasons.push(each);
    needs.set(need.ability, entry);
  }
  return [...needs].map(([ability, need]) => ({ ability, ...need }));
}

/** What a command needs in itself, whatever it is given; with the endpoints that its options choose. */
export function needsOf({ calls }: AnyCommand): Need[] {
  if (calls === undefined || typeof calls === 'function') return [];
  const { first, others } = pathsIn(calls);
  return (first === undefined && others.length === 0 ? operationsIn(calls) : [...(first ? [first] : []), ...others])
    .map(needOf)
    .filter((need) => need !== undefined);
}

/** The look-ups that the names of a command line cost. */
function namesIn(invocation: Invocation, chosen: Chosen, settled: Settled): Asking {
  const noun = nounOf(invocation.group);
  const given = firstWords(invocation);
  const every = meansAll(invocation) ? namings[noun] : undefined;
  const names = every ? parameters(every.list) : needed(invocation, chosen);
  const asked: Asked[] = every ? [{ endpoint: every.list, because: '--all' }] : [];
  const notes = new Set<string>();
  const words = ownWords(invocation);
  for (const word of words.length > 0 ? words : [undefined]) {
    for (const each of lookupsFor(names, { ...given, ...(word !== undefined && { [noun]: word }) }, settled)) {
      asked.push(...each.requests.map((endpoint) => ({ endpoint, because: whyOf(each) })));
      if (each.how === 'missing') notes.add(`No ${title(each.name)} is given: it is assumed to be set elsewhere, by its id.`);
      else if (each.word?.includes('$')) notes.add(`What ${each.word} stands for is not known here: it is taken for a name.`);
    }
  }
  return { asked, notes: [...notes] };
}

/** The path parameters of what is called; of `dnx api` those of its path. A server or site that an option names is looked up in any case. */
function needed(invocation: Invocation, chosen: Chosen): readonly string[] {
  const { site, server } = firstWords(invocation);
  const named = site !== undefined ? ['server', 'site'] : server !== undefined ? ['server'] : [];
  const own = chosen.endpoint ? namesNeeded(invocation, chosen) : chosen.also.flatMap(({ endpoint }) => parameters(endpoint));
  return [...new Set([...own.filter((name) => name !== 'id'), ...named])];
}

const whyOf = ({ how, name, word }: Lookup): string =>
  how === 'anywhere' ? `the server of ${word} is not given, so it is searched for` : `the ${title(name)} is given by name (${word})`;

/** Fields that hold the id of another thing, and were given its name. */
const references = ({ command, fields }: Invocation): Asked[] =>
  Object.entries(command.fields ?? {}).flatMap(([key, { from }]) => {
    const word = fields[key];
    const noun = from?.resolve && nounIn(from.list);
    if (!noun || typeof word !== 'string') return [];
    return lookup(noun, word).requests.map((endpoint) => ({ endpoint, because: `${flagName(key)} is given by name (${word})` }));
  });

/** A severe command that is given an id, and something else than that id as the confirmation, reads the thing's name first. */
function confirmation(invocation: Invocation): Asked[] {
  const noun = nounOf(invocation.group);
  const naming = namings[noun];
  if (consentLevel(invocation.command) !== 'severe' || !naming || naming.keys.length === 0) return [];
  const compared = ownWords(invocation).some((word) => isId(word) && invocation.consent.confirm !== word);
  return compared ? [{ endpoint: nameRead(naming.list, noun), because: 'its name is compared with the confirmation' }] : [];
}
