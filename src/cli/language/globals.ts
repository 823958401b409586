import { formats } from '../../machine/settings/settings.ts';
import { duration, flag, integer, type Options, text, under } from './options.ts';

/** The global options. `no_x` keys are spelled `--no-x` and read as `x: false`. */
export const globals = {
  json: flag('Print JSON as the API sends it (same as -o json)'),
  output: { ...text('Format'), choices: formats, placeholder: 'format', short: 'o' },
  fields: text('Print only these fields', 'a,b'),
  query: text('Filter the result with a JMESPath expression', 'expression'),
  sort: text('Sort a list by this field; -field for descending', 'field'),
  limit: integer('Print at most n items of a list'),
  wide: flag('Show all columns of a table'),
  no_header: flag('Omit the table header'),
  env: { ...text('Environment of .deploynix.json', 'name'), short: 'e' },
  profile: text('Profile whose host, token and defaults to use', 'name'),
  host: text('Deploynix host (default https://deploynix.io)', 'url'),
  ca_file: text('Also trust the CA certificates in this PEM file', 'file'),
  no_cache: flag('Look up names again instead of using remembered ones'),
  max_wait: duration('Wait for the rate limit (default 2m; --timeout in CI)'),
  no_input: flag('Never prompt; exit 2 instead'),
  quiet: { ...flag('Hide progress and notes'), short: 'q' },
  debug: flag('Log HTTP requests to stderr, without secrets'),
  no_color: flag('Disable color'),
} satisfies Options;

/** The global options as given. */
export type Globals = ReturnType<typeof globalsOf>;

/** The global options. `--no-x` sets `noX` to false; the default is true. */
export const globalsOf = (values: Readonly<Record<string, unknown>>) => ({
  json: values.json === true,
  // Accepts `-o=json`, as in other programs.
  output: textOf(values.output)?.replace(/^=/, ''),
  fields: textOf(values.fields)
    ?.split(',')
    .map((field) => field.trim()),
  query: textOf(values.query),
  sort: textOf(values.sort),
  limit: textOf(values.limit),
  wide: values.wide === true,
  header: values.noHeader !== false,
  env: textOf(values.env),
  profile: textOf(values.profile),
  host: textOf(values.host),
  caFile: textOf(values.caFile),
  cache: values.noCache !== false,
  maxWait: textOf(values.maxWait),
  input: values.noInput !== false,
  quiet: values.quiet === true,
  debug: values.debug === true,
  color: values.noColor !== false,
});

/** Commander's attribute name: `php_version` -> `phpVersion`. */
export const attributeOf = (key: string): string => key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** A value that is text. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Options that confirm, by level of consent. */
export const consents = {
  moderate: { yes: { ...flag('Skip the confirmation'), short: 'y' } },
  severe: {
    confirm: text('Confirm with the name, without a prompt', 'name'),
    yes: { ...flag('Not enough for this command; use --confirm'), short: 'y' },
  },
} satisfies Record<string, Options>;

/** Options of every command that may change something at Deploynix. */
export const dryRunOptions = under('Plan', {
  dry_run: { ...flag('Show what would change, and change nothing'), effect: 'read' },
  exit_code: flag('Exit with 10 if something would change'),
  out: { ...text('Save the plan, for dnx apply', 'file'), effect: 'local' },
} satisfies Options);

/** Options of every create and update, for fields that dnx does not know. */
export const bodyOptions = under('Request body', {
  field: { kind: 'list', help: 'Set any field; key:=value for JSON', placeholder: 'key=value', short: 'F' },
  data: text('JSON body; overrides options, and -F overrides it', 'json|@file|-'),
} satisfies Options);
