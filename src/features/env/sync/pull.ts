import { appendFileSync, lstatSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { DnxError, isError, systemCode, usage } from '../../../base/errors.ts';
import { quoted } from '../../../base/shell.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Given } from '../../../cli/language/options.ts';
import { message, record, sections, textView } from '../../../cli/output/view.ts';
import { pathToWrite } from '../../../machine/files/own-files.ts';
import { makeDirectory, readText } from '../../../machine/files/text-file.ts';
import { git } from '../../../machine/git.ts';
import type { Located } from '../../../platform/names/names.ts';
import { ofThisMachine } from '../dangers.ts';
import { checkHolds, editDotenv, formatDotenv, parseDotenv } from '../dotenv/dotenv.ts';
import { removeLeftFiles } from '../edit/editor.ts';
import { isTracked, isUnignored, type LocalFile, openLocal, siteFileName } from '../local-file.ts';
import { remoteSide } from '../remote.ts';
import { type SiteVariable, variablesEndpoint } from '../variables.ts';
import { openBase, saveBase } from './base-record.ts';
import {
  type ChosenSides,
  choiceOf,
  commandFor,
  conflictError,
  countedVariables,
  keptNote,
  requireKnown,
  settleConflicts,
  stepDetails,
  summaryColumns,
  summaryOf,
} from './show.ts';
import { baseOf, changingSteps, pullSteps, type Side, type SyncStep, stepsOf, UNKNOWN } from './steps.ts';

type EnvPullOptions = ChosenSides & Given<{ file: string; force: boolean; dry_run: boolean }>;

type PullContext = Context<typeof variablesEndpoint>;

/** `dnx env pull`: writes what changed at Deploynix into a dotenv file, and leaves everything else in it alone. */
export async function pullVariables(ctx: PullContext, targets: Located, options: EnvPullOptions) {
  removeLeftFiles(ctx);
  const choice = choiceOf(options);
  if (options.file === '-') return printed(ctx, options);

  const { site } = targets;
  if (options.file !== undefined) pathToWrite(options.file, ctx.world);
  const file = openLocal(options.file ?? siteFileName(ctx, targets), ctx);
  const local = localSide(file);
  const remote = remoteSide(await ctx.list<SiteVariable>(variablesEndpoint));
  requireKnown(choice, local, remote);
  // A link in the repository may lead to the user's own file.
  const isOwn = options.file === undefined && basename(file.path) === file.name;
  if (!isOwn && !options.force) refuseMixture(ctx, targets, file, ofThisMachine(local, remote));

  const base = await openBase(ctx, { host: ctx.settings.host, site: site.id, file: file.path });
  // Without a file there is nothing to lose.
  const used = file.text === undefined ? { ...baseOf(), keys: base.keys } : base;
  const sides = { local, remote, base: used, choice, force: options.force ?? false };
  const { sync } = await settleConflicts(ctx, sides, pullSteps, { asks: !options.dry_run, known: base.known, file: file.name });
  const changes = changingSteps(sync);
  requireWritable(changes);
  const summary = summaryOf(site.label, file.name, sync.steps);
  if (options.dry_run)
    return {
      view: sections(summary, summaryColumns, [{ title: wouldDo(file, site.label, changes), details: stepDetails(sync.steps, 'mark') }]),
    };
  const conflicts = stepsOf(sync, 'conflict');
  if (conflicts.length > 0)
    return { view: record(summary, summaryColumns), exit: conflictError(conflicts, base.known, 'Nothing was written.', HINT) };

  if (changes.length > 0) {
    await keepOutOfGit(ctx, file, options.file === undefined ? 'by dnx' : 'by the user');
    file.write(edited(file, local, changes));
  }
  if (changes.length > 0 || file.text !== undefined) await saveBase(ctx, base, sync, sync.steps);
  if (changes.length === 0) return { view: message(nothingToDo(file, site.label), summary), ...keptNote(sync.steps) };
  const details = stepDetails(sync.steps, 'past');
  return {
    view: record(summary, summaryColumns, `Pulled ${countedVariables(changes.length)} from ${site.label} into ${file.name}`, details),
  };
}

const HINT = 'Use --ours KEY for the value of the file, --theirs KEY for the value at Deploynix, or --force for all values at Deploynix.';

/** Fails for a file with variables for this machine: beside those of a site, they would send tests and migrations to its database. */
function refuseMixture(ctx: PullContext, targets: Located, { name }: LocalFile, keys: readonly string[]): void {
  if (keys.length === 0) return;
  const siteFile = siteFileName(ctx, targets);
  throw new DnxError('differences', `${name} is for this machine: ${keys.join(', ')}. Nothing was written.`, {
    hint: `With the variables of ${targets.site.label} beside these, your tests and migrations could run on its database, and your code could use its keys. Use --force to overwrite these, too.`,
    next: [{ command: commandFor('pull', undefined, targets), why: `Pull into ${siteFile} with` }],
  });
}

/** The variables of the file. References are not resolved by a pull. */
function localSide({ text, name }: LocalFile): Side {
  if (text === undefined) return new Map();
  const { variables, references } = parseDotenv(text, name);
  return new Map([...variables].map(([key, value]) => [key, references.has(key) ? UNKNOWN : value]));
}

function requireWritable(changes: readonly SyncStep[]): void {
  try {
    for (const { key, value } of changes) if (value !== undefined) checkHolds(key, value);
  } catch (error) {
    throw isError(error) ? error.withHint('Use --ours KEY to leave a variable out.') : error;
  }
}

/** The text of the file after these changes. All other values stay what they are, even if they refer to a changed one. */
function edited({ text, name }: LocalFile, local: Side, changes: readonly SyncStep[]): string {
  const values = new Map<string, string | undefined>();
  for (const [key, value] of local) if (value !== UNKNOWN) values.set(key, value);
  for (const { key, value } of changes) values.set(key, value);
  return text === undefined ? formatDotenv(values as ReadonlyMap<string, string>) : editDotenv(text, values, name);
}

const wouldDo = (file: LocalFile, site: string, { length }: readonly SyncStep[]): string =>
  length > 0 ? `Would pull ${countedVariables(length)} from ${site} into ${file.name}` : nothingToDo(file, site);

const nothingToDo = ({ name, text: before }: LocalFile, site: string): string =>
  before === undefined ? `${site} has no variables to pull.` : `Nothing to pull from ${site} into ${name}.`;

async function printed(ctx: PullContext, options: EnvPullOptions) {
  if (options.force || options.dry_run || options.ours || options.theirs)
    throw usage('--force, --dry-run, --ours and --theirs need a file.', 'Leave them out to print the variables.');
  const all = [...remoteSide(await ctx.list<SiteVariable>(variablesEndpoint))];
  const hidden = all.filter(([, value]) => value === UNKNOWN).map(([key]) => key);
  const shown = new Map(all.flatMap(([key, value]) => (value === UNKNOWN ? [] : [[key, value] as const])));
  const note = hidden.length > 0 ? { note: `Left out, because Deploynix hides them: ${hidden.join(', ')}` } : {};
  return { view: textView(formatDotenv(shown), Object.fromEntries(shown)), ...note };
}

/**
 * Keeps a file with the variables of a site out of Git. A file that dnx named must not be tracked, and is excluded unless it is ignored; of
 * one that the user named, it only warns. Outside of a work tree, or without Git, there is nothing to do.
 */
async function keepOutOfGit(ctx: Context, file: LocalFile, named: 'by dnx' | 'by the user'): Promise<void> {
  const { progress } = ctx;
  const { name } = file;
  if (await isTracked(file, ctx.world)) {
    const untrack = `\`git rm --cached ${quoted(name)}\``;
    const hint = `Run ${untrack}, or name another file.`;
    if (named === 'by dnx') throw new DnxError('differences', `${name} is tracked by Git. Nothing was written.`, { hint });
    progress.warn(`${name} is tracked by Git. Run ${untrack} and add it to .gitignore.`);
  } else if (await isUnignored(file, ctx.world)) {
    if (named === 'by dnx' && (await excluded(ctx, file)) && !(await isUnignored(file, ctx.world)))
      progress.note(`Added ${name} to .git/info/exclude, so that Git does not commit it.`);
    else progress.warn(`${name} is not ignored by Git. Add it to .gitignore.`);
  }
}

/** Adds a file to the exclusions of this clone, which nobody commits. False if that is not possible, or not safe. */
async function excluded({ world }: Context, { path, directory }: LocalFile): Promise<boolean> {
  const found = await git(world, ['rev-parse', '--git-path', 'info/exclude'], directory);
  if (found?.code !== 0) return false;
  const exclude = resolve(directory, found.stdout.replace(/\n$/, ''));
  try {
    // An unpacked archive could bring a link to any file.
    if (lstatSync(exclude, { throwIfNoEntry: false })?.isFile() === false) return false;
    const before = readText(exclude) ?? '';
    makeDirectory(dirname(exclude));
    appendFileSync(exclude, `${before === '' || before.endsWith('\n') ? '' : '\n'}${basename(path)}\n`);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}
