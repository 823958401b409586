import { flagName, title } from '../../../base/text.ts';
import type { AnyCommand } from '../../../cli/language/command.ts';
import { endpointOf } from '../../../cli/run/perform.ts';
import type { Invocation } from '../../../cli/run/program.ts';
import { type Need, needOf } from '../../../platform/abilities.ts';
import { type Endpoint, parameters } from '../../../platform/api/endpoint.ts';
import { isId, namings } from '../../../platform/names/names.ts';

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

/** What a server or a site is when the command line does not say, such as DNX_SERVER in a script. Nothing: an id is assumed. */
export type Defaults = Readonly<Partial<Record<'server' | 'site', string>>>;

/** The operations of a command line, and what had to be assumed to name them. */
export interface Asking {
  readonly asked: readonly Asked[];
  /** What had to be assumed, as sentences. */
  readonly notes: readonly string[];
}

/** The operations that a command line asks for: what the command calls, what its options add, and a look-up for every name. */
export function askedBy(invocation: Invocation, defaults: Defaults = {}): Asking {
  const { command, words } = invocation;
  const options = Object.entries(command.options ?? {});
  const given = (key: string) => words[key] !== undefined && words[key] !== false;
  const endpoint = endpointOf(invocation, { server: defaults.server, site: defaults.site });
  // A dry run finds its targets, and stops there.
  if (words.dry_run) return namesIn(invocation, placesIn(invocation, endpoint, []), defaults);
  const always = [...(endpoint ? [endpoint as Endpoint] : []), ...(command.uses ?? []), ...(command.asks?.(words) ?? [])];
  const added = options.flatMap(([key, option]) =>
    given(key) && !option.within ? (option.uses ?? []).map((each) => ({ endpoint: each, because: flagName(key) })) : [],
  );
  const scope = namesIn(invocation, placesIn(invocation, endpoint, added), defaults);
  return {
    asked: [
      ...always.map((each) => ({ endpoint: each, because: 'the command itself' })),
      ...added,
      ...scope.asked,
      ...references(invocation),
      ...confirmation(invocation),
    ],
    notes: scope.notes,
  };
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
export function needsOf({ endpoint, options = {} }: AnyCommand): Need[] {
  const chosen = Object.values(options).flatMap(({ within, uses = [] }) =>
    within ? [within] : endpoint ? [] : uses.filter((each) => !each.startsWith('GET ')),
  );
  return [...(endpoint ? [endpoint] : []), ...chosen].map(needOf).filter((need) => need !== undefined);
}

/** What must be found before the command can act: the places in its path, and a server or site that an option names. */
function placesIn({ command, words }: Invocation, endpoint: string, added: readonly Asked[]): string[] {
  const own = endpoint ? [endpoint] : [...(command.asks?.(words) ?? []), ...added.map((each) => each.endpoint)];
  const named = words.site === undefined ? (words.server === undefined ? [] : ['server']) : ['server', 'site'];
  return [...new Set([...own.flatMap(parameters).filter((name) => name !== 'id'), ...named])];
}

/** The look-ups that names cost, as `scope/resolve` makes them. */
function namesIn({ group, command, words }: Invocation, needed: readonly string[], defaults: Defaults): Asking {
  const everyOne = command.many === 'together' && words.all ? namings[group.noun] : undefined;
  const names = everyOne ? parameters(everyOne.list) : needed;
  const asked: Asked[] = everyOne ? [{ endpoint: everyOne.list, because: '--all' }] : [];
  const notes: string[] = [];
  const lookUp = (name: string, value: string) => {
    const naming = namings[name];
    if (!naming || isId(value)) return;
    asked.push({ endpoint: naming.list, because: `the ${title(name)} is given by name (${value})` });
  };
  const own = words[group.noun];
  for (const word of Array.isArray(own) ? own : [own]) {
    const given: Readonly<Record<string, unknown>> = { ...defaults, ...words, [group.noun]: word ?? defaults[group.noun as 'site'] };
    for (const each of names.map((name) => given[name]))
      if (typeof each === 'string' && each.includes('$')) notes.push(`What ${each} stands for is not known here: it is taken for a name.`);
    const value = (name: string) => (typeof given[name] === 'string' ? given[name] : undefined);
    const site = value('site');
    const anywhere = names.includes('site') && names.includes('server') && words.server === undefined && site !== undefined;
    for (const name of names) {
      const word = value(name);
      if (anywhere && (name === 'server' || name === 'site')) continue;
      if (word !== undefined) lookUp(name, word);
      else notes.push(`No ${title(name)} is given: it is assumed to be set elsewhere, by its id.`);
    }
    if (!anywhere) continue;
    const [server, domain] = site.includes('/') ? site.split('/', 2) : [defaults.server, site];
    if (server !== undefined) {
      lookUp('server', server);
      lookUp('site', domain ?? '');
    } else {
      const because = `the server of ${site} is not given, so it is searched for`;
      asked.push({ endpoint: 'GET /servers', because }, { endpoint: 'GET /servers/{server}/sites', because });
    }
  }
  return { asked, notes: [...new Set(notes)] };
}

/** Fields that hold the id of another thing, and were given its name. */
const references = ({ command, words }: Invocation): Asked[] =>
  Object.entries(command.options ?? {}).flatMap(([key, { names }]) => {
    const word = words[key];
    const naming = names === undefined ? undefined : namings[names];
    return naming && typeof word === 'string' && !isId(word)
      ? [{ endpoint: naming.list, because: `${flagName(key)} is given by name (${word})` }]
      : [];
  });

/** A severe command that is given an id, and something else than that id as the confirmation, reads the thing's name first. */
function confirmation({ group, command, words }: Invocation): Asked[] {
  const { noun } = group;
  const naming = namings[noun];
  if (command.consent?.level !== 'severe' || !naming) return [];
  const own = words[noun];
  const ids = (Array.isArray(own) ? own : [own]).filter((word) => typeof word === 'string' && isId(word) && words.confirm !== word);
  return ids.length === 0
    ? []
    : [{ endpoint: `${naming.list}/{${noun}}` as Endpoint, because: 'its name is compared with the confirmation' }];
}
