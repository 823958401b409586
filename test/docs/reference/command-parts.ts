import type { AnyCommand, Group } from '../../../src/cli/language/command.ts';
import { globals } from '../../../src/cli/language/globals.ts';
import type { Options } from '../../../src/cli/language/options.ts';
import { optionsOf, positionalsOf } from '../../../src/cli/language/signature.ts';
import { argumentLine, callLines, usageOf } from '../../../src/cli/run/help/command.ts';
import { optionSections } from '../../../src/cli/run/help/page.ts';
import { variableGroups } from '../../../src/machine/settings/variables.ts';
import type { Part, Row } from './page.ts';

/** The variables that stand in for options: `--host` -> `DNX_HOST`. */
const fallbacks = new Map(
  variableGroups.flatMap((group) => group.variables.flatMap(({ name, option }) => (option ? [[option, name]] : []))),
);

/** The global options, with their variables. */
export const globalRows: readonly Row[] = rowsOf(globals, () => true).flatMap(({ rows }) => rows);

/** Options under their headings. Those that a variable stands in for name it. */
function rowsOf(options: Options, hasVariable: (key: string) => boolean): Described['lists'] {
  return optionSections(options).map(([title, lines]) => ({
    title,
    rows: lines.map(([term, text]): Row => {
      const [, flag = ''] = /(--\S+)/.exec(term.replace('[no-]', '')) ?? [];
      const variable = hasVariable(flag.slice(2).replaceAll('-', '_')) ? fallbacks.get(flag) : undefined;
      return [term, variable === undefined ? text : `${text} [env: ${variable}]`];
    }),
  }));
}

/** What is documented about a command. */
export interface Described {
  readonly usage: Part;
  readonly description: readonly string[];
  readonly examples: Part;
  /** Arguments, options and requests. */
  readonly lists: readonly { readonly title: string; readonly rows: readonly Row[] }[];
  readonly exits: string | undefined;
  readonly notes: readonly string[];
}

/** Describes a command. `path` is how it is called: `site deploy`, or `deploy`. */
export function describe(path: string, group: Group, command: AnyCommand): Described {
  const positionals = positionalsOf(group, command);
  const options: Options = Object.fromEntries(Object.entries(optionsOf(group, command)).filter(([, { place }]) => place !== 'either'));
  const start = path.includes(' ') ? `dnx ${group.name} ${command.name}` : `dnx ${path}`;
  const { description, exits, aliases = [], formats = [] } = command;
  const lists: Described['lists'] = [
    { title: 'Arguments', rows: positionals.map(argumentLine) },
    ...rowsOf(options, (key) => key === 'server' || key === 'site' || options[key]?.env !== undefined),
    { title: 'API requests', rows: callLines(command) },
  ];
  return {
    usage: { usage: usageOf(path, positionals) },
    description: description?.split('\n\n') ?? [],
    examples: { run: command.examples.map((each) => `${start}${each.slice(command.name.length)}`) },
    lists: lists.filter(({ rows }) => rows.length > 0),
    exits,
    notes: [
      ...(typeof command.calls === 'function' ? ['The API request depends on the arguments.'] : []),
      ...(formats.length > 0 ? [`More formats of --output: ${formats.join(', ')}`] : []),
      ...(aliases.length > 0 ? [`Aliases: ${aliases.join(', ')}`] : []),
    ],
  };
}
