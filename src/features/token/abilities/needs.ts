import { basename } from 'node:path';
import { isError, usage } from '../../../base/errors.ts';
import { andList } from '../../../base/text.ts';
import type { Tree } from '../../../cli/language/command.ts';
import { parse } from '../../../cli/run/parse.ts';
import { readUserFile } from '../../../machine/files/user-file.ts';
import type { World } from '../../../machine/world.ts';
import { type AbilityNeed, type AskedAbilities, type AskedEndpoint, abilitiesFor, askedBy } from './arithmetic.ts';
import type { Script, ScriptCommand, UnclearLine } from './script.ts';

/** The abilities that command lines and scripts need, and what is unclear. */
export interface AbilityNeeds {
  readonly abilities: readonly AbilityNeed[];
  /** Assumptions, a sentence each. */
  readonly notes: readonly string[];
  /** Skipped lines that may be dnx commands, and scripts without any, a sentence each. */
  readonly unclear: readonly string[];
}

/**
 * Computes the abilities that command lines, with or without `dnx`, and scripts need: files of a shell, GitHub workflows and GitLab pipelines.
 */
export async function needsOfLines(
  { lines, scripts }: { readonly lines: readonly string[]; readonly scripts: readonly string[] },
  tree: Tree,
  world: Pick<World, 'cwd' | 'env' | 'home' | 'platform' | 'signal'>,
): Promise<AbilityNeeds> {
  const asked: AskedEndpoint[] = [];
  const notes = new Set<string>();
  const deletes = new Set<string>();
  const unclear: string[] = [];
  const add = async (found: ScriptCommand, shown: string) => {
    const asking = await understand(found, tree, world);
    asked.push(...asking.asked.map((operation) => ({ ...operation, because: `${shown}: ${operation.because}` })));
    for (const note of asking.notes) notes.add(note);
    for (const noun of asking.deletes ?? []) deletes.add(noun);
  };
  for (const line of lines) {
    const { readShell } = await import('./script.ts');
    const { found, unclear: doubts } = readShell(/^\s*(dnx|deploynix)\s/.test(line) ? line : `dnx ${line}`);
    const [first] = doubts;
    if (first || found.length === 0) throw usage(`'${line}' is not a dnx command${first ? `: ${first.why}` : ''}.`);
    for (const command of found) await add(command, command.words.join(' '));
  }
  for (const file of scripts) {
    const script = await readScript(await readUserFile(file, world), file);
    unclear.push(...script.unclear.map((doubt) => sentence(file, doubt)));
    if (script.found.length + script.unclear.length === 0)
      unclear.push(`${file} has no dnx command. If it runs another script, pass that, too.`);
    for (const command of script.found) {
      const text = command.words.join(' ');
      try {
        await add(command, `${basename(file)}:${command.line} ${text}`);
      } catch (error) {
        if (!isError(error, 'usage')) throw error;
        unclear.push(sentence(file, { text: `dnx ${text}`, line: command.line, why: error.message.replace(/\.$/, '') }));
      }
    }
  }
  if (deletes.size > 0) notes.add(`The token can delete every ${andList([...deletes].sort())}: abilities are not limited to some.`);
  return { abilities: abilitiesFor(asked), notes: [...notes], unclear };
}

const sentence = (file: string, { line, text, why }: UnclearLine): string => `${file}:${line} was skipped (${why}): ${text}`;

async function readScript(text: string, file: string): Promise<Script> {
  if (/\.ya?ml$/.test(file)) return (await import('./workflow.ts')).readWorkflow(text, file);
  return (await import('./script.ts')).readShell(text);
}

async function understand(
  { words, env }: ScriptCommand,
  tree: Tree,
  world: Pick<World, 'cwd' | 'env' | 'home' | 'platform'>,
): Promise<AskedAbilities> {
  const { line, error } = await parse(words, tree);
  if (error !== undefined) throw error;
  // Help needs no ability.
  if (!line) return { asked: [], notes: [] };
  if (line.path === 'apply') return (await import('../../state/choose.ts')).askedByFiles(line.options, world);
  return askedBy({ ...line, defaults: { server: env.DNX_SERVER || undefined, site: env.DNX_SITE || undefined } });
}
