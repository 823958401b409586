import { dirname } from 'node:path';
import { quoted } from '../../base/shell.ts';
import { git, type Remote, remotesIn } from '../../machine/git.ts';
import type { World } from '../../machine/world.ts';

/** Something that cannot be known, and what to do about it. Caught where the changes are put together. */
export class Unknowable extends Error {
  override readonly name = 'Unknowable';
  readonly fix: string | null;

  constructor(why: string, fix: string | null = null) {
    super(why);
    this.fix = fix;
  }
}

/** The Git repository of the working directory. */
export interface Clone {
  readonly isBare: boolean;
  /** True if its history was cut off, as in most CI jobs. */
  readonly isShallow: boolean;
  /** The directory of the link file, from the root of the repository: `apps/api`. Empty at the root. */
  readonly project: string;
  readonly remotes: readonly Remote[];
  /** The output of a git command that only reads; undefined if it failed. */
  read(...args: readonly string[]): Promise<string | undefined>;
}

/** Opens the repository of the working directory. `linkFile` is in the directory of the project. */
export async function openClone(world: Pick<World, 'capture' | 'cwd' | 'env'>, linkFile: string | undefined): Promise<Clone> {
  const opened = await git(world, ['rev-parse', '--is-bare-repository', '--is-shallow-repository']);
  if (!opened) throw new Unknowable('Git is not installed', 'Install Git');
  if (opened.code !== 0) throw refused(opened.stderr);
  const [isBare, isShallow] = opened.stdout.split('\n').map((each) => each === 'true');
  const read = async (...args: readonly string[]) => {
    const done = await git(world, args);
    return done?.code === 0 ? done.stdout : undefined;
  };
  return {
    isBare: isBare === true,
    isShallow: isShallow === true,
    project: linkFile === undefined ? '' : await directoryIn(world, dirname(linkFile)),
    remotes: remotesIn((await read('remote', '-v')) ?? ''),
    read,
  };
}

/** A directory, from the root of its repository. */
async function directoryIn(world: Parameters<typeof git>[0], directory: string): Promise<string> {
  const found = await git(world, ['rev-parse', '--is-inside-work-tree', '--show-prefix'], directory);
  const [, prefix] = /^true\n(.*?)\/?\n$/s.exec(found?.code === 0 ? found.stdout : '') ?? [];
  if (prefix === undefined) throw new Unknowable('the link file is not in the working tree of this repository');
  return prefix;
}

function refused(stderr: string): Unknowable {
  if (/not a git repository/i.test(stderr)) return new Unknowable('this directory is not in a Git repository', 'Run it in a clone');
  const owned = /dubious ownership in repository at '(.*)'/.exec(stderr);
  if (owned) {
    const fix = `Run: git config --global --add safe.directory ${quoted(owned[1] ?? '')}`;
    return new Unknowable('this Git repository belongs to another user, so Git does not read it', fix);
  }
  const [line = ''] = stderr.trim().split('\n');
  return new Unknowable(`Git cannot read this repository: ${line.replace(/^fatal: /, '') || 'it does not say why'}`);
}

/** The output of a git command. What it reads may be missing in a partial or damaged clone. */
export async function mustRead(clone: Pick<Clone, 'read'>, ...args: readonly string[]): Promise<string> {
  const output = await clone.read(...args);
  if (output === undefined) throw new Unknowable('this clone is incomplete', 'Run: git fetch --refetch');
  return output;
}

/** The full hash of a commit of the clone, by at least seven hexadecimal digits; undefined unless exactly one matches. */
export async function commitIn(clone: Clone, hash: string): Promise<string | undefined> {
  // Unlike a revision, this never means a branch or tag of the same name.
  const objects = ((await clone.read('rev-parse', `--disambiguate=${hash.toLowerCase()}`)) ?? '').split('\n').filter(Boolean);
  const commits = await Promise.all(objects.map((each) => commitAt(clone, each)));
  const [found, ...others] = new Set(commits.filter((each) => each !== undefined));
  return others.length === 0 ? found : undefined;
}

/** The commit of a full reference or object. */
export const commitAt = async (clone: Clone, name: string): Promise<string | undefined> =>
  (await clone.read('rev-parse', '--verify', '--quiet', `${name}^{commit}`))?.trim() || undefined;

/** A commit between the live release and the branch. */
export interface Commit {
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
  readonly committed_at: string;
}

/** More commits are not read. */
export const MOST_COMMITS = 10_000;

/** The commits of `to` that `from` lacks, newest first, and the newest 10,000 at most. */
export async function commitsBetween(clone: Clone, from: string, to: string): Promise<readonly Commit[]> {
  if (clone.isShallow && !(await isComplete(clone, from, to)))
    throw new Unknowable('the history of this clone is cut off', 'Run: git fetch --unshallow');
  const format = ['%H', '%an', '%ct', '%s'].join('%x00');
  const range = [`--max-count=${MOST_COMMITS}`, '--date-order', `${from}..${to}`, '--'];
  const output = await mustRead(clone, 'log', '-z', '--no-patch', '--no-follow', '--encoding=UTF-8', `--format=${format}`, ...range);
  const words = output.split('\0');
  return Array.from({ length: Math.floor(words.length / 4) }, (_, at) => {
    const [commit = '', author = '', seconds = '', subject = ''] = words.slice(at * 4, at * 4 + 4);
    return { commit, subject, author, committed_at: new Date(Number(seconds) * 1000).toISOString().replace(/\.\d+Z$/, 'Z') };
  });
}

/** True if no commit may be missing or wrong because a shallow history ends too early: every one descends from `from`. */
async function isComplete(clone: Clone, from: string, to: string): Promise<boolean> {
  const count = (...options: readonly string[]) => mustRead(clone, 'rev-list', '--count', ...options, `${from}..${to}`, '--');
  return (await count()) === (await count('--ancestry-path'));
}

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
