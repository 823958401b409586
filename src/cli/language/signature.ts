import { capitalized, title } from '../../base/text.ts';
import { waysToName } from '../../platform/names/unresolved.ts';
import { parametersOf, pathsIn } from './calls.ts';
import { type AnyCommand, type Group, nounOf } from './command.ts';
import { bodyOptions, consents } from './globals.ts';
import type { Option, Options } from './options.ts';
import { consentLevel } from './tree.ts';

/** Something that is given by its position. */
export interface Positional {
  readonly key: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly option: Option<unknown>;
}

/** The options and fields of a command, by the word for each: a field that a parent fills goes by the parent's name. */
export const takenBy = ({ options = {}, fields = {} }: AnyCommand): Options => ({
  ...Object.fromEntries(Object.entries(fields).map(([key, field]) => [field.as ?? key, field])),
  ...options,
});

/** The group's own thing first, then what is given by its position. */
export function positionalsOf(group: Group, command: AnyCommand): readonly Positional[] {
  const noun = nounOf(group);
  const { first } = pathsOf(command);
  const several = command.targets === 'each' || command.targets === 'all';
  const own: Positional[] = parametersOf(first).includes(noun)
    ? [{ key: noun, required: !isPlace(noun), variadic: several, option: ownOf(noun) }]
    : [];
  const placed = Object.entries(takenBy(command)).filter(([, option]) => option.place);
  return [
    ...own,
    ...placed.map(([key, option]) => ({
      key,
      required: option.place === 'argument' && option.required === true,
      variadic: option.kind === 'list',
      option,
    })),
  ];
}

/** Everything that a command takes as `--name`: its parents, its own options and fields, consent and body. */
export function optionsOf(group: Group, command: AnyCommand): Options {
  const noun = nounOf(group);
  const taken = takenBy(command);
  const level = consentLevel(command);
  const { first, others } = pathsOf(command);
  const fillers = Object.values(taken).flatMap(({ as }) => (as === 'site' ? ['server'] : []));
  // A path that is typed may hold either.
  const typed = typeof command.calls === 'function' ? ['server', 'site'] : [];
  const parents = [...new Set([...typed, ...parametersOf(first, ...others), ...fillers])];
  const named = parents.filter((name) => (name !== noun || isPlace(noun)) && !(name in taken));
  return {
    ...Object.fromEntries(named.map((name) => [name, name === noun ? ownOf(name) : thing(name)])),
    ...Object.fromEntries(Object.entries(taken).filter(([, option]) => option.place !== 'argument')),
    ...(level && consents[level]),
    ...(command.fields && bodyOptions),
  } as Options;
}

const pathsOf = ({ calls }: AnyCommand): ReturnType<typeof pathsIn> =>
  typeof calls === 'function' ? { first: undefined, others: [] } : pathsIn(calls);

/** A server or a site may come from the settings, and be given as an option even where it is positional. */
export const isPlace = (noun: string): noun is 'server' | 'site' => noun === 'server' || noun === 'site';

const ownOf = (noun: string): Option<unknown> => ({ ...thing(noun), place: isPlace(noun) ? 'either' : 'argument' });

const thing = (noun: string): Option<unknown> => ({
  kind: 'text',
  help: `${capitalized(title(noun))}: ${waysToName(noun)}`,
  placeholder: noun.replaceAll('_', '-'),
});
