import { dirname, join } from 'node:path';
import { usage } from '../../base/errors.ts';
import { unknownWord } from '../../base/nearest.ts';
import { andList } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { columns, done, message, type Result, sections } from '../../cli/output/view.ts';
import { readText, realPathOf } from '../../machine/files/text-file.ts';
import { projectDirectory } from '../env/local-file.ts';
import { type AgentClient, agentClients, clientsIn, MCP_NAME } from './clients.ts';
import { backupDirectory, changesFile, diffLines, type Edit, editVerb, makeEdits, openOrigins, planEdit } from './edits.ts';
import { everyPart, partsFor, usesBoost } from './parts.ts';
import { agentTexts } from './texts.ts';

interface Options {
  readonly client?: readonly string[] | undefined;
  readonly dry_run: boolean | undefined;
}

/** `dnx agent install`: writes what agents read in a project. */
export async function installAgent(ctx: Context, { client, dry_run }: Options, { yes }: GivenConsent): Promise<Result> {
  const project = projectOf(ctx);
  const clients = await chosenClients(ctx, project, client);
  const titles = andList(clients.map(({ title }) => title));
  const parts = partsFor(clients, project, await agentTexts(ctx.tree));
  const edits = parts.map(({ file, add }) => planEdit(project, file, add));
  const origins = openOrigins(ctx.settings.directories.state);
  const shared = edits.filter((_, at) => parts[at]?.shared);
  if (!dry_run)
    origins.note(
      shared.filter((edit) => !changesFile(edit) && edit.before !== undefined && edit.kept === undefined),
      'user',
    );
  const result = await performed(ctx, project, { edits, yes, dry: dry_run, names: clients.map(({ name }) => name) }, [
    `Set up dnx for ${titles}`,
    `Nothing to change: dnx is set up for ${titles}.`,
  ]);
  if (!dry_run)
    origins.note(
      shared.filter((edit) => changesFile(edit) && readText(edit.path) === edit.after),
      'dnx',
    );
  const boost = usesBoost(project) && edits.some((edit) => edit.file.startsWith('.ai/') && changesFile(edit));
  return {
    ...result,
    ...(boost && !dry_run && { note: 'Run php artisan boost:update, which gives the guideline to your agents.' }),
    ...(!ctx.settings.link && !dry_run && { next: [{ command: ['link'], why: 'Link this project with' }] }),
  };
}

/** `dnx agent uninstall`: takes back what an install wrote, for every client. */
export async function uninstallAgent(ctx: Context, { dry_run }: Options, { yes }: GivenConsent): Promise<Result> {
  const project = projectOf(ctx);
  // A file without its name is none of ours, whatever else is wrong with it.
  const parts = everyPart(project, await agentTexts(ctx.tree)).filter(({ file }) => readText(join(project, file))?.includes(MCP_NAME));
  const origins = openOrigins(ctx.settings.directories.state);
  const before = { kept: 'it had the server before dnx agent install' };
  const edits = parts.map(({ file, shared, remove }) => {
    const isTheirs = shared === true && origins.isOfUser(join(project, file));
    return planEdit(project, file, (text = '') => (isTheirs ? before : remove(text)));
  });
  return performed(ctx, project, { edits, yes, dry: dry_run, names: [] }, [
    'Removed what dnx agent install wrote',
    'Nothing of dnx agent install is in this project.',
  ]);
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

interface Work {
  readonly edits: readonly Edit[];
  readonly yes: boolean;
  readonly dry: boolean | undefined;
  readonly names: readonly string[];
}

/** Makes the edits, or shows them. Two paths may lead to one file, which gets the first edit. */
async function performed(
  ctx: Context,
  project: string,
  { edits: all, yes, dry, names }: Work,
  [made, nothing]: readonly [made: string, nothing: string],
): Promise<Result> {
  const edits = all.filter(({ path }, at) => all.findIndex((each) => each.path === path) === at);
  const changes = edits.filter(changesFile);
  for (const { file, kept } of edits) if (kept !== undefined) ctx.progress.warn(`Kept ${file}: ${kept}.`);
  const summary = (which: readonly Edit[]) => ({
    clients: names,
    files: edits.map((edit) => ({ file: edit.file, result: changesFile(edit) && which.includes(edit) ? resultOf(edit) : 'kept' })),
  });
  if (changes.length === 0) return { view: message(nothing, summary([])) };
  if (dry)
    return {
      view: sections(
        summary(changes),
        columns('clients', 'files'),
        changes.map((edit) => ({ title: `${editVerb(edit)} ${edit.file}`, details: diffLines(edit) })),
      ),
      note: 'Nothing was changed.',
    };
  const mine = await makeEdits(ctx, project, changes, yes);
  const backups = mine.some((edit) => resultOf(edit) === 'changed')
    ? [['backups', backupDirectory(ctx.settings.directories.state)] as const]
    : [];
  return { view: done(made, summary(mine), [...mine.map((edit) => [resultOf(edit), edit.file] as const), ...backups]) };
}

const resultOf = ({ before, after }: Edit): 'added' | 'changed' | 'removed' =>
  before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
