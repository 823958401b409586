import type { Entry, Group, Term, Topic, Tree } from '../../language/command.ts';
import { exampleLines, type HelpPage, type HelpSection, joinedParts, labeledLine, sectionLines, usageLine, wrappedText } from './page.ts';

const TWO_COLUMNS = 80;

/** The help of dnx itself: the commands that are used most, and the names of all groups and topics. One screen. */
export function rootHelp({ contents, standalone, shortcuts, topics }: Tree, page: HelpPage): string {
  const entries = [...contents, ...standalone];
  const used = MOST_USED.map((name): Term => {
    const { summary = '', top = summary } = entries.find((each) => each.name === name) ?? {};
    return [name, shortcuts[name]?.[2] ?? top];
  });
  const { bold, width } = page;
  return joinedParts([
    [
      wrappedText('Manage Deploynix from the terminal, scripts and CI', width),
      usageLine('dnx <group> <command> [target] [options]', page),
      labeledLine('Example', 'dnx deploy shop.example.com', page),
    ].join('\n'),
    width >= TWO_COLUMNS ? [bold('Most used:'), ...inTwoColumns(used)].join('\n') : sectionLines([['Most used', used]], page)[0],
    ...sectionLines([['Commands', bySection([...entries, ...others(entries, shortcuts)])]], page),
    [
      labeledLine('Help', 'dnx help <group>, dnx help options. No account? Try: dnx sandbox shell', page),
      // The first one, options, is named above.
      labeledLine('Topics', topics.flatMap(({ name }) => (name === 'options' ? [] : [name])).join(', '), page),
    ].join('\n'),
  ]);
}

/** What stands in the left column, then in the right one. */
const MOST_USED = ['login', 'status', 'env', 'logs', 'deploy', 'watch', 'rollback', 'why'];

const others = (entries: readonly Pick<Entry, 'name' | 'section'>[], shortcuts: Tree['shortcuts']) =>
  Object.entries(shortcuts).flatMap(([name, [group]]) =>
    MOST_USED.includes(name) ? [] : entries.filter((each) => each.name === group).map(({ section }) => ({ name, section })),
  );

/** The names of each section, in one line. What a project begins with comes first. */
function bySection(entries: readonly Pick<Entry, 'name' | 'section'>[]): HelpSection[1] {
  const sections = new Map<string, string[]>([
    ['Account', []],
    ['Project', []],
  ]);
  for (const { name, section } of entries) sections.set(section, [...(sections.get(section) ?? []), name]);
  return [...sections].map(([section, names]) => [section, names.join(', ')]);
}

function inTwoColumns(lines: readonly Term[]): string[] {
  const half = Math.ceil(lines.length / 2);
  const columns = [lines.slice(0, half), lines.slice(half)].map((column) => {
    const widest = Math.max(...column.map(([term]) => term.length));
    return column.map(([term, text]) => `${term.padEnd(widest)}  ${text}`);
  });
  const [left = [], right = []] = columns;
  const widest = Math.max(...left.map((each) => each.length));
  return left.map((each, index) => `  ${each.padEnd(widest)}    ${right[index] ?? ''}`.trimEnd());
}

/** A help topic, as wide as the page. */
export const topicHelp = ({ title, body }: Topic, page: HelpPage): string =>
  joinedParts([
    page.bold(wrappedText(title, page.width)),
    ...body.map((block) => {
      if (typeof block === 'string') return wrappedText(block, page.width);
      return 'run' in block ? exampleLines(block.run, page) : sectionLines([['', block]], page)[0];
    }),
  ]);

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
  const lines = commands.map((each): Term => [[each.name, ...shown(each.aliases)].join(', '), each.summary]);
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
