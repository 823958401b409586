import { copyFileSync, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { cancelled, type Detail, DnxError, reasonOf, systemCode, usage } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { makeDirectory, readJson, readText, realPath, realPathOf, removeTemporaries, writeText } from '../../machine/files/text-file.ts';
import { isInside } from '../env/local-file.ts';
import type { Outcome } from './parts.ts';

/** A file of a project, and the text that it is to have. */
export interface Edit {
  /** Relative to the project, as people write it. */
  readonly file: string;
  /** Its absolute path, with links resolved. */
  readonly path: string;
  /** Undefined if it does not exist. */
  readonly before: string | undefined;
  /** Undefined if it is to be removed. */
  readonly after: string | undefined;
  /** Why it stays as it is, if dnx cannot change it. */
  readonly kept?: string;
}

const BOM = '\ufeff';

/** Reads a file of a project, and computes its new text. Refuses what dnx cannot change without harm; nothing is written yet. */
export function planEdit(project: string, file: string, outcomeOf: (before: string | undefined) => Outcome): Edit {
  const path = pathIn(project, file);
  const before = readText(path);
  const mark = before?.startsWith(BOM) ? BOM : '';
  const outcome = outcomeOf(before?.slice(mark.length));
  if ('kept' in outcome) return { file, path, before, after: before, kept: outcome.kept };
  const after = outcome.text === undefined ? undefined : mark + outcome.text;
  if (before !== undefined && after !== before) {
    if (before.includes('\ufffd')) throw usage(`${file} is not UTF-8. Nothing was changed.`, 'Convert it, or move it away.');
    if ((statSync(path).mode & 0o222) === 0) throw usage(`${file} is read-only. Nothing was changed.`, 'Make it writable.');
  }
  return { file, path, before, after };
}

/** The real path of a file, which need not exist. Refuses one that a link leads out of the project. */
function pathIn(project: string, file: string): string {
  const named = join(project, file);
  const real = realPathOf(named);
  if (real === undefined && lstatSync(named, { throwIfNoEntry: false }))
    throw usage(`${file} is a link to a file that does not exist.`, 'Fix or remove it.');
  let found = named;
  while (realPathOf(found) === undefined) found = dirname(found);
  const path = join(realPath(found), relative(found, named));
  const root = realPath(project);
  if (isInside(path, root)) return path;
  throw usage(`${file} is a link to ${path}, outside of this project (${project}). Nothing was changed.`, 'Replace it with a file.');
}

export const changesFile = ({ before, after }: Edit): boolean => before !== after;

type Needs = Pick<Context, 'ask' | 'clock' | 'progress' | 'settings'>;

/** Shows each change and asks, unless `yes`; then makes it. Returns the edits that were made. */
export async function makeEdits(ctx: Needs, project: string, edits: readonly Edit[], yes: boolean): Promise<readonly Edit[]> {
  const made: Edit[] = [];
  if (!yes && !ctx.ask.allowed)
    throw usage('This requires confirmation. Nothing was changed.', 'Use --yes, or --dry-run to see what would be written.').with({
      reason: 'confirmation_missing',
    });
  for (const edit of edits.filter(changesFile)) {
    if (!yes) {
      ctx.progress.note(edit.file);
      for (const [mark, text] of diffLines(edit)) ctx.progress.note(`  ${mark} ${text}`);
      if (!(await ctx.ask.confirm(`${editVerb(edit)} ${edit.file}?`))) continue;
    }
    make(ctx, project, edit);
    made.push(edit);
  }
  if (made.length === 0) throw cancelled();
  return made;
}

export const editVerb = ({ before, after }: Edit): string => (before === undefined ? 'Create' : after === undefined ? 'Remove' : 'Change');

function make({ clock, settings }: Needs, project: string, { file, path, before, after }: Edit): void {
  if (readText(path) !== before)
    throw new DnxError('differences', `${file} was changed meanwhile. It was not written.`, { hint: 'Run the command again.' });
  try {
    if (after === undefined) removeWithDirectories(project, path);
    else {
      if (before !== undefined) backUp(settings.directories.state, path, clock.now());
      // Not `makeDirectory`, which keeps others out.
      mkdirSync(dirname(path), { recursive: true });
      removeTemporaries(path, clock.now());
      writeText(path, after, before === undefined ? { mode: 0o644 } : statSync(path));
    }
  } catch (cause) {
    throw new DnxError('failed', `Could not change ${file}: ${reasonOf(systemCode(cause)) ?? systemCode(cause) ?? cause}.`, { cause });
  }
}

/** Removes a file, and the directories that are empty then. */
function removeWithDirectories(project: string, path: string): void {
  rmSync(path);
  const root = realPath(project);
  for (let directory = dirname(path); directory !== root && readdirSync(directory).length === 0; directory = dirname(directory))
    rmdirSync(directory);
}

const KEPT = 50;

/** Where files are copied before dnx changes them. Not beside them: they may have secrets, and Git may not ignore a copy. */
export const backupDirectory = (state: string): string => join(state, 'agent');

function backUp(state: string, path: string, now: number): void {
  const directory = backupDirectory(state);
  makeDirectory(directory);
  const names = readdirSync(directory).sort();
  for (const old of names.slice(0, Math.max(0, names.length - KEPT + 1))) rmSync(join(directory, old), { force: true });
  const stamp = new Date(now).toISOString().replaceAll(/[-:]/g, '');
  copyFileSync(path, join(directory, `${stamp}-${path.split(sep).slice(-2).join('-')}`));
}

/** Who added the server to a file: dnx, or the user before. An uninstall removes only what dnx added, or what nobody knows. */
export function openOrigins(state: string) {
  const file = join(state, 'agent-origins.json');
  const origins = (): Record<string, string> => {
    try {
      return readJson<Record<string, string>>(file);
    } catch {
      // There is none yet, or it is damaged: then nobody knows.
      return {};
    }
  };
  return {
    isOfUser: (path: string) => own(origins(), realPathOf(path) ?? path) === 'user',
    /** Notes who added it, the first time. */
    note(edits: readonly Edit[], who: 'dnx' | 'user') {
      const known = origins();
      const news = edits.filter(({ path }) => own(known, path) === undefined).map(({ path }) => [path, who]);
      if (news.length === 0) return;
      makeDirectory(state);
      writeText(file, `${JSON.stringify({ ...known, ...Object.fromEntries(news) }, null, 2)}\n`);
    },
  };
}

const CONTEXT = 2;

/** The changed lines of a text, and some around them. An edit changes lines in one place. */
export function diffLines({ before, after }: Pick<Edit, 'before' | 'after'>): readonly Detail[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let same = 0;
  while (same < old.length - start && same < now.length - start && old.at(-1 - same) === now.at(-1 - same)) same += 1;
  const marked = (mark: string, lines: readonly string[]): readonly Detail[] => lines.map((line) => [mark, line]);
  return [
    ...marked(' ', now.slice(Math.max(0, start - CONTEXT), start)),
    ...marked('-', old.slice(start, old.length - same)),
    ...marked('+', now.slice(start, now.length - same)),
    ...marked(' ', now.slice(now.length - same, now.length - same + CONTEXT)),
  ];
}

const linesOf = (text = ''): readonly string[] => (text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/));
