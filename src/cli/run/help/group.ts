import type { Entry, Group, Line } from '../../language/command.ts';
import { exampleLines, type HelpPage, joinedParts, sectionLines, usageLine, wrappedText } from './page.ts';

/** Aliases that work everywhere and are not shown. */
const HIDDEN = ['ls', 'get', 'rm'];
const MOST_EXAMPLES = 3;

/** The help of a group: its commands, and the first things to try. One screen. */
export function groupHelp(
  { name, aliases = [], also, summary }: Pick<Entry, 'name' | 'aliases' | 'also' | 'summary'>,
  { commands }: Group,
  page: HelpPage,
): string {
  const shown = (words: readonly string[] = []) => words.filter((word) => !HIDDEN.includes(word));
  const lines = commands.map((each): Line => [[each.name, ...shown(each.aliases)].join(', '), each.summary]);
  const tried = commands.flatMap((each) => each.examples.slice(0, 1)).slice(0, MOST_EXAMPLES);
  return joinedParts([
    wrappedText(summary, page.width),
    usageLine(`dnx ${name} <command> [target] [options]`, page),
    ...sectionLines([['Commands', lines]], page),
    [
      page.bold('Examples:'),
      exampleLines(
        tried.map((each) => `dnx ${name} ${each}`),
        page,
      ),
    ].join('\n'),
    also && wrappedText(`The commands of 'dnx ${also}' also work here: dnx ${also} --help`, page.width),
    [
      wrappedText(`Help for a command: dnx ${name} <command> --help`, page.width),
      // The plural works too, and needs no mention.
      ...(aliases.length > 0 ? [wrappedText(`Aliases: ${aliases.join(', ')}`, page.width)] : []),
    ].join('\n'),
  ]);
}
