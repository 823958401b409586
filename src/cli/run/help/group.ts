import { plural } from '../../../base/text.ts';
import type { Entry, Group, Line } from '../../language/command.ts';
import { examples, joined, listed, type Page, usage, wrapped } from './page.ts';

/** Aliases that work everywhere and are not shown. */
const HIDDEN = ['ls', 'get', 'rm'];
const MOST_EXAMPLES = 3;

/** The help of a group: its commands, and the first things to try. One screen. */
export function groupHelp(
  { name, aliases = [], also, summary }: Pick<Entry, 'name' | 'aliases' | 'also' | 'summary'>,
  { commands }: Group,
  page: Page,
): string {
  const shown = (words: readonly string[] = []) => words.filter((word) => !HIDDEN.includes(word));
  const lines = commands.map((each): Line => [[each.name, ...shown(each.aliases)].join(', '), each.summary]);
  const tried = commands.flatMap((each) => each.examples.slice(0, 1)).slice(0, MOST_EXAMPLES);
  return joined([
    wrapped(summary, page.width),
    usage(`dnx ${name} <command> [target] [options]`, page),
    ...listed([['Commands', lines]], page),
    [
      page.bold('Examples:'),
      examples(
        tried.map((each) => `dnx ${name} ${each}`),
        page,
      ),
    ].join('\n'),
    also && wrapped(`The commands of 'dnx ${also}' also work here: dnx ${also} --help`, page.width),
    [
      wrapped(`Help for a command: dnx ${name} <command> --help`, page.width),
      wrapped(`Aliases: ${[plural(name), ...aliases].join(', ')}`, page.width),
    ].join('\n'),
  ]);
}
