import { parameters } from '../api/endpoint.ts';
import { namings } from '../scope/names.ts';
import { title } from '../words.ts';
import type { AnyCommand, Group } from './command.ts';
import { bodyOptions, consents } from './globals.ts';
import type { Option, Options } from './options.ts';

interface Positional {
  readonly key: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly help: string;
}

/** The group's own thing first, then what is given by its position. */
export function positionalsOf({ noun }: Group, { endpoint, many, options = {} }: AnyCommand): readonly Positional[] {
  // A server or a site may come from the settings instead.
  const settled = noun === 'server' || noun === 'site';
  const target = endpoint && parameters(endpoint).includes(noun);
  const own: Positional[] = target ? [{ key: noun, required: !settled, variadic: Boolean(many), help: named(noun) }] : [];
  const placed = Object.entries(options).filter(([, option]) => option.place);
  return [
    ...own,
    ...placed.map(([key, option]) => ({
      key,
      required: option.place === 'argument' && option.required === true,
      variadic: option.kind === 'list',
      help: describe(option),
    })),
  ];
}

/** Everything that a command takes as `--name`: its parents, its own options, consent and body. */
export function optionsOf({ noun }: Group, { endpoint, options = {}, consent, body }: AnyCommand): Options {
  const places = [endpoint ?? '', ...Object.values(options).map((option) => option.within ?? '')];
  const parents = parameters(places.join(' ')).filter((name) => name !== noun && !(name in options));
  return {
    ...Object.fromEntries(parents.map((name) => [name, { kind: 'text', help: named(name), placeholder: name }])),
    ...Object.fromEntries(Object.entries(options).filter(([, option]) => option.place !== 'argument')),
    ...(consent && consents[consent.level]),
    ...(body && bodyOptions),
  } as Options;
}

const named = (noun: string): string => `The ${title(noun)}: ${namings[noun] ? 'name or id' : 'its id'}`;

/** An option's help, with what else there is to know of it. */
export function describe({ help, required, assumed, choices, strict, negatable, kind, placeholder }: Option<unknown>): string {
  const notes = [required && 'required', assumed && 'assumed', kind === 'list' && 'repeatable', negatable && '--no-… to turn off'].filter(
    Boolean,
  );
  const shown = strict && placeholder === choices?.join('|');
  const values = choices && !shown ? ` (${choices.join(', ')})` : '';
  return `${help}${values}${notes.length > 0 ? ` [${notes.join(', ')}]` : ''}`;
}
