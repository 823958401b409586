import { flagName } from '../../../base/text.ts';
import { needOf } from '../../../platform/operations.ts';
import { conditionsIn } from '../../language/calls.ts';
import type { AnyCommand, Group, Term } from '../../language/command.ts';
import { optionsOf, type Positional, positionalsOf } from '../../language/signature.ts';
import { described, exampleLines, type HelpPage, joinedParts, optionSections, sectionLines, usageLine, wrappedText } from './page.ts';

const MOST_NAMED = 4;

/** The help of one command, examples first. `path` is the name it was called by: `site deploy`, or `deploy`. */
export function commandHelp(path: string, group: Group, command: AnyCommand, page: HelpPage): string {
  const positionals = positionalsOf(group, command);
  const options = Object.fromEntries(Object.entries(optionsOf(group, command)).filter(([, { place }]) => place !== 'either'));
  const start = path.includes(' ') ? `dnx ${group.name} ` : 'dnx ';
  const shown = command.examples.map((each) => `${start}${path.includes(' ') ? each : `${path}${each.slice(command.name.length)}`}`);
  return joinedParts([
    wrappedText(command.summary, page.width),
    usageLine(usageOf(path, positionals), page),
    [page.bold('Examples:'), exampleLines(shown, page)].join('\n'),
    command.description && wrappedText(command.description, page.width),
    ...sectionLines([['Arguments', positionals.map(argumentLine)], ...optionSections(options)], page),
    command.exits && wrappedText(`Exit codes: ${command.exits}`, page.width),
    footer(path, command)
      .map((line) => wrappedText(line, page.width))
      .join('\n'),
  ]);
}

function footer(path: string, command: AnyCommand): readonly string[] {
  const { always, more } = needsIn(command);
  const named = always.length > MOST_NAMED ? `${always.length}; see: dnx token abilities --for ${path}` : always.join(', ');
  const needs = always.length > 0 ? `${named}${more ? ' (more with some options)' : ''}` : more && 'depend on the options';
  return [
    ...(needs ? [`Token abilities: ${needs}`] : []),
    ...(command.calls && typeof command.calls !== 'function' ? [`API calls: dnx ${path} --help --api`] : []),
    'Global options: dnx help options. Exit codes: dnx help exit-codes',
  ];
}

/** The usage of a command: `dnx deploy [site...] [options]`. Options of dnx come before another command line, and a site that leads it. */
export function usageOf(path: string, positionals: readonly Positional[]): string {
  const [first] = positionals;
  const from = positionals.findIndex(({ option }) => option.rest);
  const start = from === 1 && first?.option.leads ? 0 : from < 0 ? positionals.length : from;
  const terms = positionals.map(termOf);
  return ['dnx', path, ...terms.slice(0, start), '[options]', ...terms.slice(start)].join(' ');
}

/** `<site>`, `[site...]`, `[server|site]`; `[-- command]` for another command line after the first argument. */
function termOf(positional: Positional, index: number): string {
  const { required, variadic, option } = positional;
  const name = nameOf(positional);
  if (option.rest && index > 0 && option.required) return `-- <${name}>`;
  const term = option.rest && index > 0 && !option.bare ? `-- ${name}` : `${name}${variadic ? '...' : ''}`;
  return required || option.required ? `<${term}>` : `[${term}]`;
}

const nameOf = ({ key, option }: Positional): string => (option.destination && option.placeholder) || key.replaceAll('_', '-');

/** An argument, and the option that can replace it. */
export const argumentLine = (positional: Positional): Term => [
  nameOf(positional),
  `${described({ ...positional.option, required: false, kind: 'text', placeholder: '' })}${waysOf(positional)}`,
];

const waysOf = ({ key, option }: Positional): string =>
  option.place === 'either' ? ` (or ${option.short ? `-${option.short}, ` : ''}${flagName(key)})` : '';

const WIDEST_ENDPOINT = 72;
const ASSUMED = 'assumed: not documented in the API reference. To send another field, use -F.';

/** What a command calls, the abilities it needs, and the fields of its request body: `--help --api`. */
export function apiHelp(path: string, command: AnyCommand, page: HelpPage): string {
  const calls = callLines(command);
  const fields = Object.entries(command.fields ?? {}).map(
    ([key, { kind, required, assumed }]): Term => [
      key,
      [kind === 'list' ? 'list' : kind, required && 'required', assumed && 'assumed'].filter(Boolean).join(', '),
    ],
  );
  const assumed = [...calls, ...fields].some(([, text]) => text.includes('assumed'));
  return joinedParts([
    wrappedText(`API calls and fields of dnx ${path}`, page.width),
    calls.length === 0 &&
      (typeof command.calls === 'function'
        ? wrappedText('The API request depends on the arguments.', page.width)
        : 'Declares no API calls.'),
    ...sectionLines([['Calls', calls]], page, WIDEST_ENDPOINT),
    ...sectionLines([['Fields of the request body', fields]], page),
    assumed && wrappedText(ASSUMED, page.width),
  ]);
}

/** Each endpoint, the ability it needs, and the option that makes the call. */
export function callLines({ calls }: AnyCommand): Term[] {
  const lines = new Map<string, string>();
  for (const [endpoint, when] of typeof calls === 'function' ? [] : conditionsIn(calls)) {
    const need = needOf(endpoint);
    const texts = [need && `needs ${need.ability}${need.assumed ? ' (assumed)' : ''}`, when && `with ${flagName(when)}`];
    if (when === undefined || !lines.has(endpoint)) lines.set(endpoint, texts.filter(Boolean).join(', '));
  }
  return [...lines];
}

/** The abilities that a command always needs, and whether its options may need more. */
export function needsIn({ calls }: AnyCommand): { readonly always: readonly string[]; readonly more: boolean } {
  const all = typeof calls === 'function' ? [] : conditionsIn(calls);
  const abilities = (conditional: boolean) =>
    all.filter(([, when]) => (when !== undefined) === conditional).flatMap(([endpoint]) => needOf(endpoint)?.ability ?? []);
  const always = [...new Set(abilities(false))];
  return { always, more: abilities(true).some((ability) => !always.includes(ability)) };
}
