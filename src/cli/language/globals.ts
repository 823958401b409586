import { formats } from '../../machine/settings/format.ts';
import { flag, integer, type Options, text } from './options.ts';

/** Options that every command takes and that mean the same everywhere. `no_x` keys are spelled `--no-x` and read as `x: false`. */
export const globals = {
  json: flag('Print JSON, as the API sent it (same as -o json)'),
  output: { ...text('How to print the result'), choices: formats, placeholder: 'format', short: 'o' },
  fields: text('Only these fields', 'a,b'),
  query: text('Narrow the result with a JMESPath expression', 'expression'),
  sort: text('Sort a list by a field; -field for descending', 'field'),
  limit: integer('At most n things of a list'),
  wide: flag('Show all columns of a table'),
  no_header: flag('No heading over a table'),
  profile: text('The profile whose host, defaults and token to use', 'name'),
  host: text('The address of Deploynix', 'url'),
  no_input: flag('Never ask; exit 2 instead'),
  quiet: { ...flag('No progress and no notices'), short: 'q' },
  debug: flag('Show the HTTP requests on stderr, without secrets'),
  no_color: flag('No colours'),
} satisfies Options;

/** The options of every command, as they were given. */
export interface Globals {
  readonly json: boolean;
  readonly output: string | undefined;
  readonly fields: readonly string[] | undefined;
  readonly query: string | undefined;
  readonly sort: string | undefined;
  readonly limit: string | undefined;
  readonly wide: boolean;
  readonly header: boolean;
  readonly profile: string | undefined;
  readonly host: string | undefined;
  readonly input: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  readonly color: boolean;
}

/** The options of a consent, by its level. */
export const consents = {
  moderate: { yes: { ...flag('Do not ask'), short: 'y' } },
  severe: { confirm: text('Agree by giving the name', 'name'), yes: { ...flag('Not enough here: use --confirm'), short: 'y' } },
} satisfies Record<string, Options>;

/** The options of every create and update: the API may take more than dnx knows. */
export const bodyOptions = {
  field: { kind: 'list', help: 'Any field of the body: text, or typed with key:=json', placeholder: 'key=value', short: 'F' },
  data: text('The body as JSON; it wins over the flags, and -F over it', 'json|@file|-'),
} satisfies Options;
