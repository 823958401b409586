import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree } from '../../src/cli/language/command.ts';
import { withChecksum } from '../../src/features/completion/checksum.ts';
import { type Shell, scriptFiles, shells } from '../../src/features/completion/shells.ts';
import { formats } from '../../src/machine/settings/format.ts';
import { type Grammar, grammarOf } from './grammar.ts';
import { type Entry, type Tables, tablesOf } from './tables.ts';

/** The scripts without their tables, which are lines or words such as `@flags@`. */
const engines = 'scripts/completion/engines';

/** How a shell writes an entry of a table, given what it sets. */
type Writer = (entry: Entry, set: string) => string;

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const bare = (text: string): string => (/^[\w./:@=+-]+$/.test(text) ? text : single(text));

const writers: Readonly<Record<Shell, Writer>> = {
  bash: ({ keys, value }, set) => `${keys.map(bare).join('|')}) ${set}=${bare(value)} ;;`,
  zsh: ({ keys, value }, set) => `${keys.map(bare).join('|')}) ${set}=${bare(value)} ;;`,
  fish: ({ keys, value }, set) => `case ${keys.map(fishQuoted).join(' ')}\n    set ${set} ${fishQuoted(value)}`,
  powershell: ({ keys, value }) => keys.map((key) => `${powershellQuoted(key)}, ${powershellQuoted(value)}`).join('\n'),
};

const fishQuoted = (text: string): string =>
  /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const powershellQuoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The completion script for each shell. */
export async function completionScripts(tree: Tree): Promise<Readonly<Record<Shell, string>>> {
  const grammar = await grammarOf(tree);
  return Object.fromEntries(shells.map((shell) => [shell, scriptFor(shell, grammar)])) as Record<Shell, string>;
}

/** The completion script for a shell and these commands. */
export function scriptFor(shell: Shell, grammar: Grammar): string {
  const tables = tablesOf(grammar);
  const engine = readFileSync(join(engines, scriptFiles[shell]), 'utf8');
  const filled = engine.split('\n').map((line) => {
    const [, indent = '', name = ''] = /^( *)@(\w+)@$/.exec(line) ?? [];
    const lines = name === '' ? undefined : linesOf(shell, name, tables);
    if (lines === undefined) return inLine(line, shell, grammar, tables);
    // A list in fish goes on after a backslash.
    const end = name.startsWith('help') && shell === 'fish' ? ' \\\n' : '\n';
    return lines.map((each) => indent + each.replaceAll('\n', `\n${indent}`)).join(end);
  });
  return withChecksum(filled.join('\n').trimEnd());
}

/** The lines of a table. */
function linesOf(shell: Shell, name: string, tables: Tables): readonly string[] | undefined {
  // One by one, because these are read by their keys.
  const helps = tables.helps.flatMap(({ keys, value }) => keys.map((key) => [key, value] as const));
  const path = shell === 'zsh' ? 'place' : 'path';
  const write = (entries: readonly Entry[], set: string) => entries.map((entry) => writers[shell](entry, set));
  switch (name) {
    case 'firsts':
    case 'seconds':
      return write(tables[name], path);
    case 'commands':
      return write(
        tables.groups.filter(({ keys }) => !keys.includes('help')),
        'words',
      );
    case 'flags':
    case 'words':
    case 'fields':
      return write(tables[name], 'words');
    case 'special':
    case 'values':
      return write(tables[name], 'spec');
    case 'helps':
      return helps.map(([key, help]) =>
        shell === 'zsh' ? `${single(key)} ${single(help)}` : writers[shell]({ keys: [key], value: help }, ''),
      );
    case 'helpkeys':
      return helps.map(([key]) => fishQuoted(key));
    case 'helptexts':
      return helps.map(([, help]) => fishQuoted(help));
    default:
      return undefined;
  }
}

/** A line with the words that stand inside it. */
const inLine = (line: string, shell: Shell, { groups }: Grammar, tables: Tables): string =>
  line.replaceAll(/@(groups|topics|globals|abilities|formats)(,?)@/g, (_, name: string, comma: string) => {
    const list = {
      groups: [...groups.keys()].join(shell === 'bash' || shell === 'zsh' ? '|' : ' '),
      topics: tables.groups.find(({ keys }) => keys.includes('help'))?.value ?? '',
      globals: tables.globals,
      abilities: tables.abilities,
      formats: formats.join(','),
    };
    const words = list[name as keyof typeof list];
    return comma === '' ? words : words.replaceAll(' ', comma);
  });
