import type { Entry, Line, Topic, Tree } from '../../language/command.ts';
import { examples, joined, labeled, listed, type Page, type Section, usage, wrapped } from './page.ts';

/** Narrower pages list the shortcuts in one column. */
const TWO_COLUMNS = 80;

/** The help of dnx itself: the commands that are used most, and the names of all groups and topics. One screen. */
export function rootHelp({ contents, standalone, shortcuts, topics }: Tree, page: Page): string {
  const used = [
    ...Object.entries(shortcuts).map(([name, [, , summary]]): Line => [name, summary]),
    ...standalone.flatMap(({ name, top }): Line[] => (top === undefined ? [] : [[name, top]])),
  ];
  const { bold, width } = page;
  return joined([
    [
      wrapped('Manage Deploynix from the terminal, scripts and CI', width),
      usage('dnx <group> <command> [target] [options]', page),
      labeled('Example', 'dnx deploy shop.example.com', page),
    ].join('\n'),
    width >= TWO_COLUMNS ? [bold('Most used:'), ...inTwoColumns(used)].join('\n') : listed([['Most used', used]], page)[0],
    ...listed([['Commands', bySection([...contents, ...standalone])]], page),
    [
      labeled('Help', 'dnx help <group>, dnx help options. No account? Try: dnx sandbox start', page),
      labeled('Topics', topics.map(({ name }) => name).join(', '), page),
    ].join('\n'),
  ]);
}

/** The names of each section, in one line. What a project begins with comes first. */
function bySection(entries: readonly Pick<Entry, 'name' | 'section'>[]): Section[1] {
  const sections = new Map<string, string[]>([
    ['Account', []],
    ['Project', []],
  ]);
  for (const { name, section } of entries) sections.set(section, [...(sections.get(section) ?? []), name]);
  return [...sections].map(([section, names]) => [section, names.join(', ')]);
}

/** Fills the left column first. */
function inTwoColumns(lines: readonly Line[]): string[] {
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
export const topicHelp = ({ title, body }: Topic, page: Page): string =>
  joined([
    page.bold(wrapped(title, page.width)),
    ...body.map((block) => {
      if (typeof block === 'string') return wrapped(block, page.width);
      return 'run' in block ? examples(block.run, page) : listed([['', block]], page)[0];
    }),
  ]);
