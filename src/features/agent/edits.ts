import { lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Detail, DnxError, systemReason, usage } from '../../base/errors.ts';
import { readText, realPath, realPathOf, removeTemporaries, writeText } from '../../machine/files/text-file.ts';
import { isInside } from '../env/local-file.ts';

/** The new text of a file, undefined to remove it; or why it stays as it is. */
type Outcome = { readonly text: string | undefined } | { readonly kept: string };

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
  /** Why it stays as it is, if dnx does not change it. */
  readonly kept?: string;
}

/** Reads a file of a project, and computes its new text. Refuses what dnx cannot change without harm; nothing is written yet. */
export function planEdit(project: string, file: string, outcomeOf: (before: string | undefined) => Outcome): Edit {
  const path = pathIn(project, file);
  const before = readText(path);
  const outcome = outcomeOf(before);
  if ('kept' in outcome) return { file, path, before, after: before, kept: outcome.kept };
  const after = outcome.text;
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

/** Writes or removes the file, and the directories that are empty then. */
export function makeEdit(project: string, { file, path, before, after }: Edit, now: number): void {
  if (readText(path) !== before)
    throw new DnxError('differences', `${file} was changed meanwhile. It was not written.`, { hint: 'Run the command again.' });
  try {
    if (after !== undefined) {
      // Not `makeDirectory`, which keeps others out.
      mkdirSync(dirname(path), { recursive: true });
      removeTemporaries(path, now);
      writeText(path, after, before === undefined ? { mode: 0o644 } : statSync(path));
      return;
    }
    rmSync(path);
    const root = realPath(project);
    for (let directory = dirname(path); directory !== root && readdirSync(directory).length === 0; directory = dirname(directory))
      rmdirSync(directory);
  } catch (cause) {
    throw new DnxError('failed', `Could not change ${file}: ${systemReason(cause) ?? cause}.`, { cause });
  }
}

/** The lines that an edit removes and adds. It changes lines in one place. */
export function changedLines({ before, after }: Pick<Edit, 'before' | 'after'>): readonly Detail[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let same = 0;
  while (same < old.length - start && same < now.length - start && old.at(-1 - same) === now.at(-1 - same)) same += 1;
  return [
    ...old.slice(start, old.length - same).map((line): Detail => ['-', line]),
    ...now.slice(start, now.length - same).map((line): Detail => ['+', line]),
  ];
}

const linesOf = (text = ''): readonly string[] => (text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/));

const BEGIN = '<!-- deploynix:begin (dnx agent install writes these lines, and replaces them) -->';
const END = '<!-- deploynix:end -->';

/** A Markdown file with these lines between two comments: where they are, or at the end. */
export function withLines(text: string, lines: readonly string[], file: string): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const block = [BEGIN, ...lines, END].join(eol);
  const found = blockIn(text, file);
  if (found) return text.slice(0, found.start) + block + text.slice(found.end);
  if (text === '') return block + eol;
  // Without a line break at the end, as before: so `withoutLines` knows what to take back.
  return text.endsWith('\n') ? `${text}${eol}${block}${eol}` : `${text}${eol}${eol}${block}`;
}

/** The file without what `withLines` added; undefined if nothing is left. */
export function withoutLines(text: string, file: string): string | undefined {
  const found = blockIn(text, file);
  if (!found) return text;
  const [before, after] = [text.slice(0, found.start), text.slice(found.end)];
  const left = after === '' ? before.replace(/(\r?\n){1,2}$/, '') : before.replace(/(?<=\n)\r?\n$/, '') + after.replace(/^\r?\n/, '');
  return left === '' ? undefined : left;
}

/** Where the lines and their comments are. Refuses a file in which only one comment is left, or several: nobody knows then what is whose. */
function blockIn(text: string, file: string): { readonly start: number; readonly end: number } | undefined {
  const marks = [...text.matchAll(/^.*\bdeploynix:(begin|end)\b.*$/gm)];
  const [begin, end, ...others] = marks;
  if (!begin) return undefined;
  if (begin[1] === 'begin' && end?.[1] === 'end' && others.length === 0)
    return { start: begin.index, end: end.index + end[0].replace(/\r$/, '').length };
  throw usage(
    `${file}:${text.slice(0, begin.index).split('\n').length}: expected one <!-- deploynix:begin --> and one ${END} after it. Nothing was changed.`,
    'Remove these comments, and the lines of Deploynix between them.',
  );
}
