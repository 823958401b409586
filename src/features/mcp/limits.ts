import { dirname } from 'node:path';
import { usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { Tree, TypedLine } from '../../cli/language/command.ts';
import { takenBy } from '../../cli/language/signature.ts';
import { everyCommand, type Leaf } from '../../cli/language/tree.ts';
import { bareLine, type Holder, kindsOf, may, refusedToClient } from '../../cli/run/may.ts';
import { realPath, realPathOf } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { isInside, projectDirectory } from '../env/local-file.ts';

/** What a person lets a client do: the options of `dnx mcp`. */
export interface Limits extends Required<Pick<Holder, 'readOnly' | 'showValues' | 'allow'>> {
  /** Nothing else is touched. */
  readonly server: string | undefined;
  readonly site: string | undefined;
}

/** The tools that run a command line. */
export type LineTool = NonNullable<Holder['tool']>;

/** Refuses a command line that a tool may not run. What it does not refuse is bounded once more, where requests leave. */
export function allowedLine(line: TypedLine, words: readonly string[], tool: LineTool, limits: Limits, world: Pick<World, 'cwd' | 'home'>) {
  const verdict = may(line, { ...limits, tool });
  if (verdict.may === 'no') throw refusedToClient(verdict, words);
  requireJson(line);
  refuseFiles(line, world);
  return verdict;
}

/** Who runs a command without options: a tool, or a person in a terminal. */
export function toolFor(leaf: Leaf, limits: Limits): 'read' | 'change' | 'person' {
  const line = bareLine(leaf);
  const tools = ['read', ...(limits.readOnly ? [] : (['change'] as const))] as const;
  return tools.find((tool) => may(line, { ...limits, tool }).may === 'yes') ?? 'person';
}

/** Refuses --allow with a word that is no kind of change, which would offer nothing. */
export async function checkKinds(tree: Tree, { allow }: Limits): Promise<void> {
  if (allow.length === 0) return;
  const known = (await everyCommand(tree)).flatMap(({ path }) => kindsOf(path));
  const wrong = allow.find((command) => !known.includes(command));
  if (wrong !== undefined)
    throw usage(`--allow: '${wrong}' is not a group or command.${didYouMean(wrong, known)}`, 'List them with: dnx schema');
}

/** What --server or --site limit a client to, in words; undefined without them. */
export const limitWords = ({ server, site }: Pick<Limits, 'server' | 'site'>): string | undefined =>
  site !== undefined
    ? `This server is limited to site ${site}.`
    : server !== undefined
      ? `This server is limited to server ${server}.`
      : undefined;

function requireJson({ command, options, globals, dryRun }: TypedLine): void {
  if (command.name === 'api' && options.include) throw usage('--include is not for an agent.');
  if (dryRun.exitCode) throw usage('--exit-code is not needed: the answer is the plan.');
  if (globals.output !== undefined && globals.output !== 'json') throw usage('Answers are JSON: leave out --output.');
}

/** A file of this computer that a command line names; `-` is its standard input. */
interface FileArgument {
  readonly file: string;
  /** The text may stand on the command line instead. */
  readonly isText: boolean;
}

function filesIn({ command, options, fields, body }: TypedLine): readonly FileArgument[] {
  const taken = takenBy(command);
  const named = Object.entries({ ...fields, ...options }).flatMap(([key, words]): readonly FileArgument[] => {
    const { kind, placeholder = '' } = taken[key] ?? {};
    const all = [words].flat().map(String);
    if (kind === 'content' || kind === 'secret') return all.flatMap(fileIn).map((file) => ({ file, isText: kind === 'content' }));
    return key !== 'out' && (/\bfile\b/.test(placeholder) || key.includes('file')) ? all.map((file) => ({ file, isText: false })) : [];
  });
  return [...named, ...(body.data === undefined ? [] : fileIn(body.data).map((file) => ({ file, isText: true })))];
}

const fileIn = (word: string): readonly string[] => (word === '-' ? [word] : word.startsWith('@') ? [word.slice(1)] : []);

/** Only files of the project, which the agent can read anyway. */
function refuseFiles(line: TypedLine, world: Pick<World, 'cwd' | 'home'>): void {
  const project = projectDirectory(world);
  for (const { file, isText } of filesIn(line)) {
    const instead = isText ? 'Give the text itself, or a file of the project.' : 'Give a file of the project.';
    if (file === '-') throw usage('There is no standard input here.', instead);
    const path = pathOf(file, world);
    if (!isInside(realPath(path), project) || !isInside(realPathOf(dirname(path)) ?? path, project))
      throw usage(`${file} is outside of this project (${project}).`, instead);
  }
}
