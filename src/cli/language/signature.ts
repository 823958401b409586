import { title } from '../../base/text.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import { namings } from '../../platform/names/names.ts';
import type { AnyCommand, Group } from './command.ts';
import { bodyOptions, consents } from './globals.ts';
import type { Option, Options } from './options.ts';

/** Something that is given by its position. */
export interface Positional {
  readonly key: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly option: Option<unknown>;
}

/** The group's own thing first, then what is given by its position. */
export function positionalsOf({ noun }: Group, { endpoint, many, options = {} }: AnyCommand): readonly Positional[] {
  const target = endpoint && parameters(endpoint).includes(noun);
  const own: Positional[] = target ? [{ key: noun, required: !isPlace(noun), variadic: Boolean(many), option: ownOf(noun) }] : [];
  const placed = Object.entries(options).filter(([, option]) => option.place);
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

/** Everything that a command takes as `--name`: its parents, its own options, consent and body. */
export function optionsOf({ noun }: Group, { endpoint, options = {}, consent, body }: AnyCommand): Options {
  const places = [endpoint ?? '', ...Object.values(options).map((option) => option.within ?? '')];
  const named = parameters(places.join(' ')).filter((name) => (name !== noun || isPlace(noun)) && !(name in options));
  return {
    ...Object.fromEntries(named.map((name) => [name, name === noun ? ownOf(name) : thing(name)])),
    ...Object.fromEntries(Object.entries(options).filter(([, option]) => option.place !== 'argument')),
    ...(consent && consents[consent.level]),
    ...(body && bodyOptions),
  } as Options;
}

/** A server or a site means the same everywhere: it may come from the settings, and be named by its option where it is positional too. */
const isPlace = (noun: string): boolean => noun === 'server' || noun === 'site';

const ownOf = (noun: string): Option<unknown> => ({ ...thing(noun), place: isPlace(noun) ? 'either' : 'argument' });

const thing = (noun: string): Option<unknown> => ({
  kind: 'text',
  help: `The ${title(noun)}: ${namings[noun] ? 'name or id' : 'its id'}`,
  placeholder: noun.replaceAll('_', '-'),
});
