import { capitalized, title } from '../../base/text.ts';
import { namings, waysToName, withoutUrl } from '../../platform/names/names.ts';
import { alternativesIn, parametersOf, pathsIn } from './calls.ts';
import { type AnyCommand, type Group, nounOf } from './command.ts';
import { bodyOptions, consents, dryRunOptions } from './globals.ts';
import type { Option, Options } from './options.ts';
import { consentLevel, isPlannable } from './tree.ts';

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

/** The site if it leads, then the target, then the other positional arguments, then the site if they precede it. */
export function positionalsOf(group: Group, command: AnyCommand): readonly Positional[] {
  const noun = nounOf(group);
  const { first } = pathsOf(command);
  const several = command.targets === 'each' || command.targets === 'all';
  const taken = takenBy(command);
  const placed = Object.entries(taken).filter(([, option]) => option.place);
  const follows = placed.some(([, option]) => option.follows);
  const target: Positional[] =
    parametersOf(first).includes(noun) && !follows
      ? [{ key: noun, required: !isPlace(noun) && replacingOptions(command).length === 0, variadic: several, option: ownOf(noun) }]
      : [];
  const others: readonly Positional[] = [
    ...target,
    ...placed.map(([key, option]) => ({
      key,
      required: option.place === 'argument' && option.required === true,
      variadic: option.kind === 'list',
      option,
    })),
  ];
  if (placed.some(([, option]) => option.precedes))
    return [...others, { key: 'site', required: true, variadic: false, option: ownOf('site') }];
  // Two domains in a row would be a site and its certificate, or two certificates.
  const named = others.some(({ option }) => option.destination || option.names) || (namings[noun]?.domains && others.length > 0);
  const leads = follows || (noun !== 'site' && !('site' in taken) && !named && parentsOf(command).includes('site'));
  return leads ? [{ key: 'site', required: false, variadic: false, option: { ...ownOf('site'), leads: true } }, ...others] : others;
}

/** True for a domain, or `server/domain`. */
const isSite = (word: string): boolean => /^([\w.-]+\/)?[\p{L}\p{N}_*-]+(\.[\p{L}\p{N}_-]+)+\.?$/u.test(word);

/** `prod.env`, `shop.env.staging`, `vars.txt`, `scripts/cleanup.php`: no domain ends like these. */
const FILE = /\/|\.(env|php|txt|json|ya?ml|ini|conf|bak|dist)$|\.env\./;

/**
 * True if the first of these words is the site, before what the command works on: `env get shop.example.com APP_URL`. It looks like a domain,
 * and the words after it suffice for the other arguments. An id needs `--site`.
 */
export function leadsWithSite(
  [typed = '', ...others]: readonly string[],
  [leading, ...positionals]: readonly Positional[],
  values: GivenOptions,
): boolean {
  const word = withoutUrl(typed);
  if (!leading?.option.leads || values.site !== undefined || !isSite(word)) return false;
  const rest = positionals.find(({ option }) => option.rest);
  if (rest) return rest.option.bare === true || others[0] === '--';

  const isOneTooMany = others.length >= positionals.length && !positionals.some(({ variadic }) => variadic);
  if (isOneTooMany) return true;
  if (positionals.some(takesFiles) && FILE.test(word)) return false;

  const open = positionals.filter((each) => (each.required || each.option.place !== 'argument') && values[each.key] === undefined);
  const required = open.filter((each) => each.required || each.option.required);
  const isComplete = others.length >= open.length;
  // Even with this word, something is missing: dnx will ask for it.
  const isIncompleteEitherWay = others.length + 1 < required.length;
  return isComplete || isIncompleteEitherWay;
}

const takesFiles = ({ key, option }: Positional): boolean => key === 'file' || option.placeholder === 'file';

/** Option values by commander's attribute names. */
export type GivenOptions = Readonly<Record<string, unknown>>;

/** Everything a command takes as `--name`: parents, options, fields, consent and body. */
export function optionsOf(group: Group, command: AnyCommand): Options {
  const noun = nounOf(group);
  const taken = takenBy(command);
  const level = consentLevel(command);
  const fillers = Object.values(taken).flatMap(({ as }) => (as === 'site' ? ['server'] : []));
  // `dnx api` takes both: the typed path may use either.
  const typed = typeof command.calls === 'function' ? ['server', 'site'] : [];
  const parents = [...new Set([...typed, ...parentsOf(command), ...fillers])];
  const named = parents.filter((name) => (name !== noun || isPlace(noun)) && !(name in taken));
  const leads = (name: string) => positionalsOf(group, command).some(({ key, option }) => key === name && option.leads);
  const several = (name: string) => name === 'server' && command.targets === 'all' && command.options?.all !== undefined;
  const optionOf = (name: string) => ({ ...thing(name), ...(several(name) && { kind: 'list' as const }) });
  return {
    ...Object.fromEntries(named.map((name) => [name, name === noun || leads(name) ? ownOf(name) : optionOf(name)])),
    ...Object.fromEntries(Object.entries(taken).filter(([, option]) => option.place !== 'argument')),
    ...(level && consents[level]),
    ...(command.review !== undefined && consents.moderate),
    ...(command.fields && bodyOptions),
    ...(isPlannable(command) && dryRunOptions),
  } as Options;
}

const pathsOf = ({ calls }: AnyCommand): ReturnType<typeof pathsIn> =>
  typeof calls === 'function' ? { first: undefined, others: [] } : pathsIn(calls);

/** The options that stand for the target, such as `--all`. */
export const replacingOptions = ({ calls, options = {} }: AnyCommand): readonly string[] =>
  typeof calls === 'function' ? [] : alternativesIn(calls).filter((name) => name in options);

function parentsOf(command: AnyCommand): readonly string[] {
  const { first, others } = pathsOf(command);
  return parametersOf(first, ...others);
}

/** Servers and sites may come from the settings, and always have an option, even as a target. */
export const isPlace = (noun: string): noun is 'server' | 'site' => noun === 'server' || noun === 'site';

const ownOf = (noun: string): Option<unknown> => ({ ...thing(noun), place: isPlace(noun) ? 'either' : 'argument' });

const thing = (noun: string): Option<unknown> => ({
  kind: 'text',
  help: `${capitalized(title(noun))}: ${waysToName(noun)}`,
  placeholder: noun.replaceAll('_', '-'),
  ...(noun === 'site' && { short: 's' }),
});
