import { plural } from '../../../src/base/text.ts';
import { type AnyCommand, type Block, type Entry, type Group, rootGroup, type TopicEntry } from '../../../src/cli/language/command.ts';
import { tree } from '../../../src/commands/index.ts';
import { environmentIntro, topics, variableLine } from '../../../src/features/help/topics.ts';
import { variableGroups } from '../../../src/machine/settings/variables.ts';
import { describe, globalRows } from './command-parts.ts';
import { markdownFile, type Page, type Part, type Ref, type Row, titleOf } from './page.ts';
import { seeAlso } from './see-also.ts';

const EVERYWHERE = 'Every command also takes the global options: dnx help options. Exit codes: dnx help exit-codes';

const command = (name: string): Ref => ({ name, section: 1 });
const topic = (name: string): Ref => ({ name, section: 7 });
const heading = (words: string, level: 2 | 3 = 2): Part => ({ heading: words, level });

async function groupPage(entry: Entry): Promise<Page> {
  const { name, summary, aliases = [], also } = entry;
  const group = (await entry.load()).default;
  const shortcuts = Object.entries(tree.shortcuts).flatMap(([short, [of, verb]]) => (of === name ? [[short, verb] as const] : []));
  return {
    ...command(name),
    title: `dnx ${name}`,
    summary,
    parts: [
      heading('Synopsis'),
      { usage: `dnx ${name} <command> [target] [options]` },
      ...(also ? [`The commands of 'dnx ${also}' also work here.`] : []),
      EVERYWHERE,
      heading('Commands'),
      list(group.commands.map((each): Row => [each.name, each.summary, `#dnx-${name}-${each.name}`])),
      `Aliases of dnx ${name}: ${[plural(name), ...aliases].join(', ')}`,
      ...shortcuts.map(([short, verb]) => `dnx ${short} is short for dnx ${name} ${verb}.`),
      ...group.commands.flatMap((each): Part[] => {
        const { usage, description, examples, lists, exits, notes } = describe(`${name} ${each.name}`, group, each);
        const codes = exits === undefined ? [] : [`Exit codes: ${exits}`];
        return [heading(`dnx ${name} ${each.name}`, 3), each.summary, usage, ...description, examples, ...lists, ...codes, ...notes];
      }),
      seeAlso(name, [...shortcuts.map(([short]) => command(short)), ...(also ? [command(also)] : [])]),
    ],
  };
}

/** The headers of tables that are not about options. */
const headers: Readonly<Record<string, string>> = { Arguments: 'Argument', 'API requests': 'Request' };

/** The page of a command at the root. `of` is its group, if it is a shortcut. */
function commandPage(name: string, group: Group, own: AnyCommand, of?: string): Page {
  const { usage, description, examples, lists, exits, notes } = describe(name, group, own);
  const more = [...description, ...notes, ...(of === undefined ? [] : [`Short for: dnx ${of} ${own.name}`])];
  return {
    ...command(name),
    title: `dnx ${name}`,
    summary: own.summary,
    parts: [
      heading('Synopsis'),
      usage,
      EVERYWHERE,
      ...(more.length > 0 ? [heading('Description'), ...more] : []),
      heading('Examples'),
      examples,
      ...lists.flatMap(({ title, rows }) => [heading(title), list(rows, headers[title] ?? 'Option')]),
      ...(exits === undefined ? [] : [heading('Exit codes'), exits]),
      seeAlso(name, of === undefined ? [] : [command(of)]),
    ],
  };
}

async function topicPage({ name, summary, load }: TopicEntry): Promise<Page> {
  const { title, body } = await load();
  return { ...topic(name), title, summary, parts: [...(topicParts[name] ?? body.map(blockOf)), seeAlso(name, [])] };
}

const list = (rows: readonly Row[], title = 'Command'): Part => ({ title, rows });
const blockOf = (block: Block): Part => (typeof block === 'string' || 'run' in block ? block : list(whole(block), ''));

/** Terms that are indented continue the last one that is not: a file in a directory, or an option of a command. */
function whole(rows: readonly Row[]): readonly Row[] {
  let outer = '';
  return rows.map(([term, text]) => {
    if (!term.startsWith(' ')) outer = term;
    return [term.startsWith(' ') ? `${outer}${outer.startsWith('~') ? '/' : ' '}${term.trim()}` : term, text];
  });
}

/** Topics that say more in the reference than in a terminal. */
const topicParts: Readonly<Record<string, readonly Part[]>> = {
  options: [
    'Every command takes these options, anywhere on the command line.',
    list(globalRows, 'Option'),
    ...topics.options().body.slice(1).map(blockOf),
  ],
  environment: [
    environmentIntro,
    ...variableGroups.flatMap((group) => [heading(group.title), list(group.variables.map(variableLine), 'Variable')]),
  ],
};

/** The index, and the page of dnx itself. */
function rootPage(): Page {
  const entries = [...tree.contents, ...tree.standalone];
  const sections = [...new Set(['Account', 'Project', ...entries.map(({ section }) => section)])];
  return {
    ...command(''),
    title: 'Command reference',
    summary: 'Manage Deploynix from the terminal, scripts and CI',
    parts: [
      heading('Synopsis'),
      { usage: 'dnx <group> <command> [target] [options]' },
      EVERYWHERE,
      heading('Commands'),
      heading('Most used', 3),
      list(Object.entries(tree.shortcuts).map(([name, [, , summary]]): Row => [`dnx ${name}`, summary, markdownFile(command(name))])),
      ...sections.flatMap((section): Part[] => [
        heading(section, 3),
        list(
          entries.flatMap((each): Row[] =>
            each.section === section ? [[`dnx ${each.name}`, each.summary, markdownFile(command(each.name))]] : [],
          ),
        ),
      ]),
      heading('Topics'),
      list(tree.topics.map(({ name, summary }): Row => [titleOf(topic(name)), summary, markdownFile(topic(name))])),
      seeAlso('', []),
    ],
    manual: [
      heading('Global options'),
      list(globalRows),
      heading('Exit codes'),
      ...topics['exit-codes']().body.map(blockOf),
      heading('Environment'),
      environmentIntro,
      'Every variable: dnx help environment',
      heading('Files'),
      ...topics.files().body.map(blockOf),
    ],
  };
}

/** Every page: dnx itself, its groups, the commands at the root, and the help topics. */
export async function everyPage(): Promise<readonly Page[]> {
  const shortcuts = Object.entries(tree.shortcuts).map(async ([name, [of, verb]]) => {
    const group = await tree.contents.find((each) => each.name === of)?.load();
    const own = group?.default.commands.find((each) => each.name === verb);
    if (!group || !own) throw new Error(`dnx ${name} is no command.`);
    return commandPage(name, group.default, own, of);
  });
  return [
    rootPage(),
    ...(await Promise.all(tree.contents.map(groupPage))),
    ...(await Promise.all(tree.standalone.map(async (entry) => commandPage(entry.name, rootGroup(entry), (await entry.load()).default)))),
    ...(await Promise.all(shortcuts)),
    ...(await Promise.all(tree.topics.map(topicPage))),
  ];
}
