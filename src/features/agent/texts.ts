import GUIDELINE from '../../../docs/agents/guideline.md';
import SKILL from '../../../docs/agents/skill.md';
import { errorReasons } from '../../base/errors.ts';
import { isUnedited, withChecksum } from '../../base/secrets.ts';
import { andList } from '../../base/text.ts';
import type { Term, Tree } from '../../cli/language/command.ts';
import { everyCommand } from '../../cli/language/tree.ts';
import { topics } from '../help/topics.ts';

/** Commands that only read, each as it is best run. Their summaries say what they do. */
const reads: readonly (readonly [path: string, line: string])[] = [
  ['status', 'dnx status --json'],
  ['why', 'dnx why --json'],
  ['logs', 'dnx logs --since 1h'],
  ['changes', 'dnx changes --json'],
  ['site releases', 'dnx releases --json'],
  ['env list', 'dnx env list --json --fields key'],
  ['server list', 'dnx server list --json'],
  ['audit', 'dnx audit --json'],
  ['doctor', 'dnx doctor --json'],
];

/** What agents read: the skill, the lines for a file like AGENTS.md, and the guideline of Laravel Boost. Loads every command. */
export async function agentTexts(tree: Tree) {
  const summaries = new Map((await everyCommand(tree)).map(({ path, command }) => [path, command.summary]));
  // Without the exit codes of signals and of other programs.
  const codes = (topics['exit-codes']().body[0] as readonly Term[]).filter(([code]) => /^\d+$/.test(code) && code !== '0');
  const words: Readonly<Record<string, string>> = {
    commands: reads.map(([path, line]) => `- \`${line}\`: ${summaries.get(path)}`).join('\n'),
    codes: codes.map(([code, text]) => `- ${code}: ${text}`).join('\n'),
    reasons: andList(Object.entries(errorReasons).flatMap(([reason, human]) => (human ? [`\`${reason}\``] : []))),
  };
  return {
    skill: withChecksum(
      SKILL.replaceAll(/\{(commands|codes|reasons)\}/g, (_, name: string) => words[name] ?? ''),
      comment,
    ),
    lines: GUIDELINE.trimEnd().split('\n'),
    guideline: withChecksum(GUIDELINE, comment),
  };
}

/** The last line of a file that is all ours. */
const comment = (sum: string): string => `<!-- dnx agent install ${sum} -->`;

/** True for a file as some version of dnx wrote it, whatever its line breaks. */
export const isAsWritten = (text: string): boolean => isUnedited(text.replaceAll('\r\n', '\n'), comment);
