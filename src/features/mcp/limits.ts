import { dirname } from 'node:path';
import { type DnxError, usage } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { flagName } from '../../base/text.ts';
import type { AnyCommand, Tree, TypedLine } from '../../cli/language/command.ts';
import { effectOf } from '../../cli/language/effect.ts';
import type { Effect } from '../../cli/language/options.ts';
import { takenBy } from '../../cli/language/signature.ts';
import { everyCommand, mayChange } from '../../cli/language/tree.ts';
import { wordsIn } from '../../cli/run/invocation.ts';
import { realPath, realPathOf } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { isInside, projectDirectory } from '../env/local-file.ts';

/** What a person lets a client do: the options of `dnx mcp`. */
export interface Limits {
  readonly readOnly: boolean;
  /** The kinds of changes that are offered: groups or commands. All if there are none. */
  readonly allow: readonly string[];
  readonly showValues: boolean;
  /** Nothing else is touched. */
  readonly server: string | undefined;
  readonly site: string | undefined;
}

/** The tools that run a command line. */
export type LineTool = 'read' | 'change' | 'wait';

/** Options that an agent may not give, whatever the command, and why. What has an effect of its own needs no entry. */
const refused: Readonly<Record<string, string>> = {
  follow: 'it never ends; read again instead',
  watch: 'it never ends; use the tool wait, or read again',
  url: 'it makes this computer request any address',
  path: 'it can read any file of the server',
  allow_file: 'only a person may let a file outside of the project be read',
  contract: 'it reads a file or any address',
  confirm: 'only a person confirms',
};

/** Options that show values of variables or rows of databases. */
const revealing: readonly string[] = ['reveal', 'sql'];

/** Refuses a command line that a tool may not run. What it does not refuse is bounded once more, where requests leave. */
export function refuseLine(
  line: TypedLine,
  words: readonly string[],
  tool: LineTool,
  limits: Limits,
  world: Pick<World, 'cwd' | 'home'>,
): void {
  refuseEffect(line, words, tool, limits);
  if (tool === 'change') refuseKind(line, limits);
  refuseOptions(line, limits);
  refuseFiles(line, world);
}

/** `read` only reads, `change` only makes plans, and neither changes this computer or runs a program. */
function refuseEffect(line: TypedLine, words: readonly string[], tool: LineTool, { readOnly }: Limits): void {
  const { command, path } = line;
  const { dry_run: _, out: __, ...others } = wordsIn(line);
  const effect = effectOf(command, tool === 'change' ? others : wordsIn(line));
  const why = personal[effect] ?? (command.signs ? 'it signs in or out' : undefined);
  if (why !== undefined) throw forPerson(path, words, why);
  if (tool !== 'change') {
    if (effect !== 'read') throw usage(`'${path}' changes something.`, readOnly ? 'This server only reads.' : 'Use the tool change.');
    return;
  }
  if (effect === 'read') throw usage(`'${path}' only reads.`, 'Use the tool read.');
  if (!hasPlan(command)) throw forPerson(path, words, 'it has no plan');
}

/** Why an effect is left to people. */
const personal: Readonly<Partial<Record<Effect, string>>> = {
  program: 'it runs a program or needs a terminal',
  local: 'it changes this computer',
};

/** The error for what only a person does, with what to type. */
const forPerson = (path: string, words: readonly string[], why: string): DnxError =>
  usage(
    `'${path}' is for a person, because ${why}.`,
    `Ask the user to run, in a terminal: ${['dnx', ...words].map(quoted).join(' ')}`,
  ).with({
    reason: 'person_required',
  });

/** Who runs a command without options: a tool, or a person in a terminal. */
export function toolFor(command: AnyCommand, path: string, limits: Limits): 'read' | 'change' | 'person' {
  const effect = effectOf(command);
  if (effect === 'read' && !command.signs) return 'read';
  const planned = effect !== 'local' && effect !== 'program' && !command.signs && hasPlan(command);
  return planned && !limits.readOnly && isAllowed(path, limits) ? 'change' : 'person';
}

const hasPlan = (command: AnyCommand): boolean => mayChange(command) || command.options?.dry_run !== undefined;

const isAllowed = (path: string, { allow }: Limits): boolean => allow.length === 0 || kindsOf(path).some((name) => allow.includes(name));

/** What --allow may call a command: `site deploy`, `site` or `deploy`. */
const kindsOf = (path: string): readonly string[] => [path, ...path.split(' ')];

/** Refuses --allow with a word that is no kind of change, which would offer nothing. */
export async function checkKinds(tree: Tree, { allow }: Limits): Promise<void> {
  if (allow.length === 0) return;
  const known = (await everyCommand(tree)).flatMap(({ path }) => kindsOf(path));
  const wrong = allow.find((each) => !known.includes(each));
  if (wrong !== undefined)
    throw usage(`--allow: '${wrong}' is not a group or command.${didYouMean(wrong, known)}`, 'List them with: dnx schema');
}

/** `--allow env` allows the group, and `--allow deploy` or `--allow 'site deploy'` a command. A deployment afterwards is one. */
function refuseKind({ group, command, options }: TypedLine, limits: Limits): void {
  const own = `${group.name} ${command.name}`.trim();
  const other = [own, ...(options.deploy === true ? ['site deploy'] : [])].find((each) => !isAllowed(each, limits));
  if (other !== undefined)
    throw usage(`This server does not offer '${other}'.`, `It was started with --allow ${limits.allow.join(' --allow ')}.`);
}

/** What --server or --site limit a client to, in words; undefined without them. */
export const limitWords = ({ server, site }: Pick<Limits, 'server' | 'site'>): string | undefined =>
  site !== undefined
    ? `This server is limited to site ${site}.`
    : server !== undefined
      ? `This server is limited to server ${server}.`
      : undefined;

function refuseOptions({ command, path, options, globals, plan }: TypedLine, { showValues }: Limits): void {
  for (const name of Object.keys(options)) {
    const why = own(refused, name);
    if (why !== undefined) throw usage(`${flagName(name)} is not for an agent: ${why}.`);
    if (revealing.includes(name) && !showValues)
      throw usage(`'${path}' shows values of variables or databases, which are hidden.`, 'A person can start dnx mcp with --show-values.');
  }
  if (command.name === 'api' && options.include) throw usage('--include is not for an agent.');
  if (plan.exitCode) throw usage('--exit-code is not needed: the answer is the plan.');
  if (globals.output !== undefined && globals.output !== 'json') throw usage('Answers are JSON: leave out --output.');
}

/** The files of this computer that a command line names; `-` is its standard input. */
function filesIn({ command, options, fields, body }: TypedLine): readonly string[] {
  const taken = takenBy(command);
  const named = Object.entries({ ...fields, ...options }).flatMap(([key, words]) => {
    const { kind, placeholder = '' } = taken[key] ?? {};
    const all = [words].flat().map(String);
    if (kind === 'content' || kind === 'secret') return all.flatMap(fileIn);
    return key !== 'out' && (/\bfile\b/.test(placeholder) || key.includes('file')) ? all : [];
  });
  return [...named, ...(body.data === undefined ? [] : fileIn(body.data))];
}

/** The file of `@file` or `-`. */
const fileIn = (word: string): readonly string[] => (word === '-' ? [word] : word.startsWith('@') ? [word.slice(1)] : []);

/** Only files of the project, which the agent can read anyway. */
function refuseFiles(line: TypedLine, world: Pick<World, 'cwd' | 'home'>): void {
  const project = projectDirectory(world);
  for (const name of filesIn(line)) {
    if (name === '-') throw usage('There is no standard input here.', 'Give the text itself, or a file of the project.');
    const path = pathOf(name, world);
    if (!isInside(realPath(path), project) || !isInside(realPathOf(dirname(path)) ?? path, project))
      throw usage(`${name} is outside of this project (${project}).`, 'Give the text itself, or a file of the project.');
  }
}
