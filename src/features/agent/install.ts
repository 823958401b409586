import { dirname, join } from 'node:path';
import guideline from '../../../docs/agents/guideline.md';
import skill from '../../../docs/agents/skill.md';
import { cancelled, errorReasons, usage } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { unknownWord } from '../../base/nearest.ts';
import { isUnedited, withChecksum } from '../../base/secrets.ts';
import { andList } from '../../base/text.ts';
import type { Context, GivenConsent, Term, Tree } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { listOf, objectOf, oneOf, type Printed, word, words } from '../../cli/language/shape.ts';
import { everyCommand } from '../../cli/language/tree.ts';
import { columns, done, message, sections } from '../../cli/output/view.ts';
import { readJson, readText, realPathOf } from '../../machine/files/text-file.ts';
import { projectDirectory } from '../env/local-file.ts';
import { topics } from '../help/topics.ts';
import { type AgentClient, agentClients, clientsIn, MCP_NAME, MCP_SERVER, SKILL, skillPlaces } from './clients.ts';
import { changedLines, type Edit, makeEdit, planEdit, withLines, withoutLines } from './edits.ts';

type InstallOptions = Given<{ client?: readonly string[]; dry_run: boolean }>;

const AGENTS = 'AGENTS.md';
const SERVERS = '.mcp.json';
const GUIDELINE = '.ai/guidelines/deploynix.md';
const SERVERS_TEXT = `{
  "mcpServers": {
    "${MCP_NAME}": { "command": "${MCP_SERVER.command}", "args": ["${MCP_SERVER.args[0]}"] }
  }
}
`;

/** `dnx agent install`: writes what agents read in a project, and says how their clients get the MCP server. */
export async function installAgent(ctx: Context, { client, dry_run }: InstallOptions, { yes }: GivenConsent) {
  const project = projectOf(ctx);
  const clients = await chosenClients(ctx, project, client);
  const texts = await agentTexts(ctx.tree);
  const isClaude = clients.some(({ servers }) => servers.includes(SERVERS));
  const edits = [
    ...skillPlaces(clients).map((place) => planOwn(project, join(place, SKILL), texts.skill)),
    // Boost copies its guidelines into AGENTS.md, and the other files that clients read first.
    usesBoost(project)
      ? planOwn(project, GUIDELINE, texts.guideline)
      : planEdit(project, AGENTS, (before = '') => ({ text: withLines(before, texts.lines, AGENTS) })),
    ...(isClaude ? [planEdit(project, SERVERS, (before) => ({ text: before ?? SERVERS_TEXT }))] : []),
  ];
  const titles = andList(clients.map(({ title }) => title));
  const steps = stepsFor(project, clients, edits);
  const made = `Set up dnx for ${titles}`;
  const nothing = steps.length === 0 ? `Nothing to change: dnx is set up for ${titles}.` : 'No file to change.';
  const names = clients.map(({ name }) => name);
  const result = await performed(ctx, project, edits, { yes, dry_run }, { clients: names, steps, made, nothing });
  if (dry_run) return result;
  return {
    ...result,
    ...(steps.length > 0 && { note: steps.join('\n') }),
    ...(!ctx.settings.link && { next: [{ command: ['link'], why: 'Link this project with' }] }),
  };
}

/** `dnx agent uninstall`: takes back what an install wrote, for every client. */
export async function uninstallAgent(ctx: Context, { dry_run }: InstallOptions, { yes }: GivenConsent) {
  const project = projectOf(ctx);
  // A file without its name is none of ours, whatever else is wrong with it.
  const found = (...files: readonly string[]) => files.filter((file) => namesServer(project, file));
  const edits = [
    ...found(...skillPlaces(agentClients).map((place) => join(place, SKILL)), GUIDELINE).map((file) => planOwn(project, file)),
    ...found(AGENTS).map((file) => planEdit(project, file, (text = '') => ({ text: withoutLines(text, file) }))),
    ...found(SERVERS).map((file) =>
      planEdit(project, file, (text = '') => (unix(text) === SERVERS_TEXT ? { text: undefined } : { kept: THEIRS })),
    ),
  ];
  for (const file of agentClients.flatMap(({ servers }) => servers))
    if (file !== SERVERS && namesServer(project, file)) ctx.progress.warn(`Kept ${file}: ${THEIRS}.`);
  const said = { made: 'Removed what dnx agent install wrote', nothing: 'Nothing of dnx agent install is in this project.' };
  return performed(ctx, project, edits, { yes, dry_run }, { clients: [], steps: [], ...said });
}

/** Writes or removes a file that is all ours. Line breaks of Windows are no difference. */
const planOwn = (project: string, file: string, text?: string): Edit =>
  planEdit(project, file, (before) => {
    if (before !== undefined && !isAsWritten(before)) return { kept: 'it was edited, or not written by dnx' };
    return { text: before !== undefined && unix(before) === text ? before : text };
  });

const unix = (text: string): string => text.replaceAll('\r\n', '\n');
/** Why a file with the server stays. */
const THEIRS = `dnx did not write it. Remove the server ${MCP_NAME} from it yourself`;
const namesServer = (project: string, file: string): boolean => readText(join(project, file))?.includes(MCP_NAME) === true;

/** What dnx leaves to the clients, which know best how to change their own files. */
function stepsFor(project: string, clients: readonly AgentClient[], edits: readonly Edit[]): readonly string[] {
  const written = (file: string) => edits.some((edit) => edit.file === file && edit.before === undefined);
  const servers = clients
    .filter((client) => !client.servers.some((file) => written(file) || namesServer(project, file)))
    .map(({ title, add }) => `Add the MCP server to ${title}: ${add}`);
  if (usesBoost(project)) {
    const news = edits.some((edit) => edit.file === GUIDELINE && edit.before !== edit.after);
    return [...servers, ...(news ? ['Give the guideline to your agents: php artisan boost:update'] : [])];
  }
  const unaware = clients.flatMap(({ context }) =>
    context !== undefined && !/AGENTS\.md/.test(readText(join(project, context)) ?? AGENTS) ? [context] : [],
  );
  // A link to AGENTS.md needs none.
  const apart = unaware.filter((file) => realPathOf(join(project, file)) !== realPathOf(join(project, AGENTS)));
  return [...servers, ...apart.map((file) => `Add a line to ${file}: @${AGENTS}`)];
}

function usesBoost(project: string): boolean {
  try {
    const composer = readJson<Record<string, unknown>>(join(project, 'composer.json'));
    return ['require', 'require-dev'].some((key) => isObject(composer[key]) && own(composer[key], 'laravel/boost') !== undefined);
  } catch {
    return false;
  }
}

/** The project of the link file, or else the Git repository. Never the home directory, whose files are those of every project. */
function projectOf({ settings, world }: Context): string {
  const project = settings.link ? dirname(settings.link.file) : projectDirectory(world);
  if (realPathOf(project) === realPathOf(world.home))
    throw usage('This is your home directory, whose files agents read in every project.', 'Run this in a project.');
  return project;
}

async function chosenClients({ ask }: Context, project: string, words: readonly string[] = []): Promise<readonly AgentClient[]> {
  const names = agentClients.map(({ name }) => name);
  for (const word of words) if (!names.includes(word)) throw unknownWord(word, 'a known client', names);
  const chosen = words.length > 0 ? agentClients.filter(({ name }) => words.includes(name)) : clientsIn(project);
  if (chosen.length > 0) return chosen;
  if (!ask.allowed)
    throw usage('No client was named, and no file in this project shows which ones are used.', `Name them: ${names.join(', ')}.`).with({
      reason: 'target_missing',
    });
  return ask.checkbox(
    'Which agents work in this project?',
    agentClients.map((value) => ({ name: value.title, value })),
  );
}

/** What became of the files, and the steps that are left. */
export const installed = objectOf({
  clients: words,
  files: listOf(objectOf({ file: word, result: oneOf('added', 'changed', 'removed', 'kept') })),
  steps: words,
});
type InstalledFiles = Printed<typeof installed>;

/** Shows each change and asks, unless `yes`; then makes all. Two paths may lead to one file, which gets the first edit. */
async function performed(
  ctx: Context,
  project: string,
  all: readonly Edit[],
  { yes, dry_run }: { readonly yes: boolean; readonly dry_run: boolean | undefined },
  { made, nothing, ...rest }: Pick<InstalledFiles, 'clients' | 'steps'> & { readonly made: string; readonly nothing: string },
) {
  const edits = all.filter(({ path }, at) => all.findIndex((edit) => edit.path === path) === at);
  const changes = edits.filter(({ before, after }) => before !== after);
  for (const { file, kept } of edits) if (kept !== undefined) ctx.progress.warn(`Kept ${file}: ${kept}.`);
  const data: InstalledFiles = { ...rest, files: edits.map((edit) => ({ file: edit.file, result: resultOf(edit) })) };
  if (changes.length === 0) return { view: message(nothing, data) };
  const shown = changes.map((edit) => ({ title: `${verbs[resultOf(edit)]} ${edit.file}`, details: changedLines(edit) }));
  if (dry_run) return { view: sections(data, columns('clients', 'files', 'steps'), shown), note: 'Nothing was changed.' };
  if (!yes) {
    if (!ctx.ask.allowed)
      throw usage('This requires confirmation. Nothing was changed.', 'Use --yes, or --dry-run to see what would be written.').with({
        reason: 'confirmation_missing',
      });
    for (const { title, details } of shown) {
      ctx.progress.note(title);
      for (const [mark, text] of details) ctx.progress.note(`  ${mark} ${text}`);
    }
    if (!(await ctx.ask.confirm(changes.length === 1 ? 'Make this change?' : `Make these ${changes.length} changes?`))) throw cancelled();
  }
  for (const edit of changes) makeEdit(project, edit, ctx.clock.now());
  return {
    view: done(
      made,
      data,
      changes.map((edit) => [resultOf(edit), edit.file] as const),
    ),
  };
}

const verbs = { added: 'Create', changed: 'Change', removed: 'Remove', kept: 'Keep' } as const;

function resultOf({ before, after }: Edit): keyof typeof verbs {
  if (before === after) return 'kept';
  if (before === undefined) return 'added';
  return after === undefined ? 'removed' : 'changed';
}

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
async function agentTexts(tree: Tree) {
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
      skill.replaceAll(/\{(commands|codes|reasons)\}/g, (_, name: string) => words[name] ?? ''),
      comment,
    ),
    lines: guideline.trimEnd().split('\n'),
    guideline: withChecksum(guideline, comment),
  };
}

/** The last line of a file that is all ours. */
const comment = (sum: string): string => `<!-- dnx agent install ${sum} -->`;

/** True for a file as some version of dnx wrote it, whatever its line breaks. */
const isAsWritten = (text: string): boolean => isUnedited(text.replaceAll('\r\n', '\n'), comment);
