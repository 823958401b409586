import { capitalized, title } from '../../base/text.ts';
import { waysToName } from '../../platform/names/unresolved.ts';
import { parametersOf, pathsIn } from './calls.ts';
import { type AnyCommand, type Group, nounOf } from './command.ts';
import { bodyOptions, consents } from './globals.ts';
import type { Option, Options } from './options.ts';
import { consentLevel } from './tree.ts';

/** A positional argument. */
export interface Positional {
  readonly key: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly option: Option<unknown>;
}

/** The options and fields of a command by name. A field that a parent fills has the parent's name. */
export const takenBy = ({ options = {}, fields = {} }: AnyCommand): Options => ({
  ...Object.fromEntries(Object.entries(fields).map(([key, field]) => [field.as ?? key, field])),
  ...options,
});

/** The target first, then the other positional arguments. */
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

/** Everything a command takes as `--name`: parents, options, fields, consent and body. */
export function optionsOf(group: Group, command: AnyCommand): Options {
  const noun = nounOf(group);
  const taken = takenBy(command);
  const level = consentLevel(command);
  const { first, others } = pathsOf(command);
  const fillers = Object.values(taken).flatMap(({ as }) => (as === 'site' ? ['server'] : []));
  // `dnx api` takes both: the typed path may use either.
  const typed = typeof command.calls === 'function' ? ['server', 'site'] : [];
  const parents = [...new Set([...typed, ...parametersOf(first, ...others), ...fillers])];
  const named = parents.filter((name) => (name !== noun || isPlace(noun)) && !(name in taken));
  return {
    ...Object.fromEntries(named.map((name) => [name, name === noun ? ownOf(name) : thing(name)])),
    ...Object.fromEntries(Object.entries(taken).filter(([, option]) => option.place !== 'argument')),
    ...(level && consents[level]),
    ...(command.review !== undefined && consents.moderate),
    ...(command.fields && bodyOptions),
  } as Options;
}

const pathsOf = ({ calls }: AnyCommand): ReturnType<typeof pathsIn> =>
  typeof calls === 'function' ? { first: undefined, others: [] } : pathsIn(calls);

/** Servers and sites may come from the settings, and always have an option, even as a target. */
export const isPlace = (noun: string): noun is 'server' | 'site' => noun === 'server' || noun === 'site';

const ownOf = (noun: string): Option<unknown> => ({ ...thing(noun), place: isPlace(noun) ? 'either' : 'argument' });

const thing = (noun: string): Option<unknown> => ({
  kind: 'text',
  help: `${capitalized(title(noun))}: ${waysToName(noun)}`,
  placeholder: noun.replaceAll('_', '-'),
});
