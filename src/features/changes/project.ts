import { type Clone, mustRead } from './clone.ts';
import { Unknowable } from './unknowable.ts';

/** A migration that a deployment brings. */
export interface Migration {
  /** From the root of the project. */
  readonly file: string;
  readonly change: 'added' | 'modified';
}

/** Larger files are not read: they come from a repository that may be anyone's. */
const MOST_BYTES = 1024 * 1024;
const MIGRATION = /^database\/migrations\/[^/]+\.php$/;

/** The migrations that differ between two commits. Their contents decide, not the history between them. */
export async function migrationsBetween(clone: Clone, from: string, to: string): Promise<readonly Migration[]> {
  const start = clone.project === '' ? '' : `${clone.project}/`;
  await requireDirectories(clone, to, [`${start}database`, `${start}database/migrations`]);
  const options = ['-r', '-z', '--no-renames', '--name-status', '--diff-filter=AM', '--no-ext-diff', '--no-textconv'];
  const output = await mustRead(clone, 'diff-tree', ...options, from, to, '--', `:(top,literal)${start}database/migrations`);
  const words = output.split('\0');
  return Array.from({ length: Math.floor(words.length / 2) }, (_, at): Migration => {
    const [status, file = ''] = words.slice(at * 2, at * 2 + 2);
    return { file: file.slice(start.length), change: status === 'A' ? 'added' : 'modified' };
  }).filter(({ file }) => MIGRATION.test(file));
}

/** Fails if a directory is a submodule or a symbolic link, whose files the commit does not name. */
async function requireDirectories(clone: Clone, commit: string, names: readonly string[]): Promise<void> {
  const entries = (await mustRead(clone, 'ls-tree', '-z', '--full-tree', commit, '--', ...names)).split('\0');
  const [, kind, name] = entries.map((each) => /^(120000|160000) \w+ \w+\t(.*)$/s.exec(each)).find(Boolean) ?? [];
  if (name !== undefined) throw new Unknowable(`${name} is a ${kind === '120000' ? 'symbolic link' : 'submodule'}`);
}

/** The text of a file of the project in a commit; undefined if the commit lacks it. */
export async function fileAt(clone: Clone, commit: string, name: string): Promise<string | undefined> {
  const listed = await clone.read('ls-tree', '-z', '--full-tree', `${commit}:${clone.project}`, '--', name);
  if (listed === undefined) throw new Unknowable(`the branch has no directory ${clone.project}`);
  if (listed === '') return undefined;
  const object = /^100\d+ blob ([0-9a-f]+)\t/.exec(listed)?.[1];
  if (object === undefined) throw new Unknowable(`${name} is not a regular file`);
  // Fails for a file that a partial clone did not fetch.
  if (Number(await mustRead(clone, 'cat-file', '-s', object)) > MOST_BYTES) throw new Unknowable(`${name} is larger than 1 MB`);
  const text = await mustRead(clone, 'cat-file', 'blob', object);
  if (text.startsWith('version https://git-lfs.github.com/')) throw new Unknowable(`${name} is stored with Git LFS`);
  if (text.includes('\0')) throw new Unknowable(`${name} is not UTF-8 text`);
  return text;
}
