import type { AnyCommand, Group } from '../../language/command.ts';
import { optionsOf, positionalsOf } from '../../language/signature.ts';
import { needsIn } from './api.ts';
import { examples, joined, listed, type Page, usage, wrapped } from './page.ts';
import { argumentLine, optionSections, usageOf } from './terms.ts';

/** The most abilities that fit on a line. */
const MOST_NAMED = 5;

/** The help of one command, examples first. `path` is the name it was called by: `site deploy`, or `deploy`. */
export function commandHelp(path: string, group: Group, command: AnyCommand, page: Page): string {
  const positionals = positionalsOf(group, command);
  const options = Object.fromEntries(Object.entries(optionsOf(group, command)).filter(([, { place }]) => place !== 'either'));
  const start = path.includes(' ') ? `dnx ${group.name} ` : 'dnx ';
  const shown = command.examples.map((each) => `${start}${path.includes(' ') ? each : `${path}${each.slice(command.name.length)}`}`);
  return joined([
    wrapped(command.summary, page.width),
    usage(usageOf(path, positionals), page),
    [page.bold('Examples:'), examples(shown, page)].join('\n'),
    command.description && wrapped(command.description, page.width),
    ...listed([['Arguments', positionals.map(argumentLine)], ...optionSections(options)], page),
    command.exits && wrapped(`Exit codes: ${command.exits}`, page.width),
    footer(path, command)
      .map((line) => wrapped(line, page.width))
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
