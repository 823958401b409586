import { dirname } from 'node:path';
import { quoted } from '../../base/shell.ts';
import { utcOf } from '../../base/time.ts';
import { objectOf, oneOf, type Printed, word } from '../../cli/language/shape.ts';
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

/** What cannot be known, and what to do about it. A command stays without a full stop, so that it can be copied. */
export const reasonWords = (why: string, fix: string | null): string =>
  `${why}.${fix === null ? '' : ` ${fix.startsWith('Run: ') ? fix : `${fix}.`}`}`;

/** The Git repository of the working directory. */
export interface Clone {
  readonly isBare: boolean;
  /** True if its history was cut off, as in most CI jobs. */
  readonly isShallow: boolean;
  /** The directory of the link file, from the root of the repository: `apps/api`. Empty at the root. */
  readonly project: string;
  readonly remotes: readonly Remote[];
  /** The file in which Git notes what it fetched last, from the working directory. */
  readonly fetchHead: string;
  /** The output of a git command that only reads; undefined if it failed. */
  read(...args: readonly string[]): Promise<string | undefined>;
}

/** Opens the repository of the working directory. `linkFile` is in the directory of the project. */
export async function openClone(world: Pick<World, 'capture' | 'cwd' | 'env'>, linkFile: string | undefined): Promise<Clone> {
  const opened = await git(world, ['rev-parse', '--is-bare-repository', '--is-shallow-repository', '--git-path', 'FETCH_HEAD']);
  if (!opened) throw new Unknowable('Git is not installed', 'Install Git');
  if (opened.code !== 0) throw refused(opened.stderr);
  const [, isBare, isShallow, fetchHead = ''] = /^(\w+)\n(\w+)\n(.*)\n$/s.exec(opened.stdout) ?? [];
  const read = async (...args: readonly string[]) => {
    const done = await git(world, args);
    return done?.code === 0 ? done.stdout : undefined;
  };
  const [project, remotes = ''] = await Promise.all([
    linkFile === undefined ? '' : directoryIn(world, dirname(linkFile)),
    read('remote', '-v'),
  ]);
  return { isBare: isBare === 'true', isShallow: isShallow === 'true', project, remotes: remotesIn(remotes), fetchHead, read };
}

async function directoryIn(world: Parameters<typeof git>[0], directory: string): Promise<string> {
  const found = await git(world, ['rev-parse', '--is-inside-work-tree', '--show-prefix'], directory);
  const [, prefix] = /^true\n(.*?)\/?\n$/s.exec(found?.code === 0 ? found.stdout : '') ?? [];
  if (prefix === undefined) throw new Unknowable('the link file is not in the working tree of this repository');
  return prefix;
}

/** Why Git does not read a repository, by what it says. */
export function refused(stderr: string): Unknowable {
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
  if (output === undefined) throw incomplete();
  return output;
}

/** Why a clone lacks something. */
export const incomplete = () => new Unknowable('this clone is incomplete', 'Run: git fetch --refetch');

/** The full hash of a commit of the clone, by at least seven hexadecimal digits; undefined unless exactly one matches. */
export async function commitIn(clone: Clone, hash: string): Promise<string | undefined> {
  const commitAt = async (object: string) => (await clone.read('rev-parse', '--verify', '--quiet', `${object}^{commit}`))?.trim();
  if (hash.length === 40 || hash.length === 64) return commitAt(hash);
  // Unlike a revision, this never means a branch or tag of the same name.
  const objects = ((await clone.read('rev-parse', `--disambiguate=${hash.toLowerCase()}`)) ?? '').split('\n').filter(Boolean);
  const commits = await Promise.all(objects.map(commitAt));
  const [found, ...others] = new Set(commits.filter(Boolean));
  return others.length === 0 ? found : undefined;
}

/** A commit between the live release and the branch. */
export const commitShape = objectOf({ commit: word, subject: word, author: word, committed_at: word });
export type Commit = Printed<typeof commitShape>;

/** More commits are not read. */
export const MOST_COMMITS = 10_000;

/** The commits of `to` that `from` lacks, newest first, and the newest 10,000 at most. */
export async function commitsBetween(clone: Clone, from: string, to: string): Promise<readonly Commit[]> {
  if (from === to) return [];
  if (clone.isShallow && !(await isComplete(clone, from, to)))
    throw new Unknowable('the history of this clone is cut off', 'Run: git fetch --unshallow');
  const format = ['%H', '%an', '%cI', '%s'].join('%x00');
  const range = [`--max-count=${MOST_COMMITS}`, '--date-order', `${from}..${to}`, '--'];
  const output = await mustRead(clone, 'log', '-z', '--no-patch', '--no-follow', '--encoding=UTF-8', `--format=${format}`, ...range);
  const words = output.split('\0');
  return Array.from({ length: Math.floor(words.length / 4) }, (_, at) => {
    const [commit = '', author = '', time = '', subject = ''] = words.slice(at * 4, at * 4 + 4);
    return { commit, subject, author, committed_at: utcOf(time) ?? time };
  });
}

/** True if no commit may be missing or wrong because a shallow history ends too early: every one descends from `from`. */
async function isComplete(clone: Clone, from: string, to: string): Promise<boolean> {
  const count = (...options: readonly string[]) => mustRead(clone, 'rev-list', '--count', ...options, `${from}..${to}`, '--');
  return (await count()) === (await count('--ancestry-path'));
}

/** A migration that a deployment brings. `file`: from the root of the project. */
export const migrationShape = objectOf({ file: word, change: oneOf('added', 'modified') });
export type Migration = Printed<typeof migrationShape>;

const DIRECTORIES = ['database', 'database/migrations'];
/** What may be there instead of a directory, by its mode. The commit does not name the files behind it. */
const LINKS: Readonly<Record<string, string>> = { 120000: 'symbolic link', 160000: 'submodule' };
const MIGRATION = /^database\/migrations\/[^/]+\.php$/;

/** The migrations that differ between two commits. Their contents decide, not the history between them. */
export async function migrationsBetween(clone: Clone, from: string, to: string, entries = projectEntries(clone, to)) {
  const start = clone.project === '' ? '' : `${clone.project}/`;
  for (const name of DIRECTORIES) {
    const link = LINKS[(await entries).get(name)?.mode ?? ''];
    if (link !== undefined) throw new Unknowable(`${start}${name} is a ${link}`);
  }
  if (from === to) return [];
  const options = ['-r', '-z', '--no-renames', '--name-status', '--diff-filter=AM', '--no-ext-diff', '--no-textconv'];
  const output = await mustRead(clone, 'diff-tree', ...options, from, to, '--', `:(top,literal)${start}database/migrations`);
  const words = output.split('\0');
  return Array.from({ length: Math.floor(words.length / 2) }, (_, at): Migration => {
    const [status, file = ''] = words.slice(at * 2, at * 2 + 2);
    return { file: file.slice(start.length), change: status === 'A' ? 'added' : 'modified' };
  }).filter(({ file }) => MIGRATION.test(file));
}

type Entries = Awaited<ReturnType<typeof projectEntries>>;

const FILES = ['.env.example', 'composer.json'] as const;

/** The files and directories of the project that matter here, as they are in a commit, by their names. */
export async function projectEntries(clone: Clone, commit: string) {
  const listed = await clone.read('ls-tree', '-z', '-l', '--full-tree', `${commit}:${clone.project}`, '--', ...FILES, ...DIRECTORIES);
  if (listed === undefined && clone.project !== '') throw new Unknowable(`the branch has no directory ${clone.project}`);
  if (listed === undefined) throw incomplete();
  return new Map(
    [...listed.matchAll(/(\d+) \w+ ([0-9a-f]+) +(\S+)\t([^\0]*)\0/g)].map(([, mode = '', object = '', size, name = '']) => [
      name,
      // Not a number if it is a directory, or a file that a partial clone did not fetch.
      { mode, object, size: Number(size) },
    ]),
  );
}

/** Larger files are not read: they come from a repository that may be anyone's. */
const MOST_BYTES = 1024 * 1024;

/** The text of a file of the project; undefined if the commit lacks it. */
export async function projectFile(clone: Clone, entries: Entries, name: (typeof FILES)[number]): Promise<string | undefined> {
  const entry = entries.get(name);
  if (!entry) return undefined;
  if (!entry.mode.startsWith('100')) throw new Unknowable(`${name} is not a regular file`);
  if (Number.isNaN(entry.size)) throw incomplete();
  if (entry.size > MOST_BYTES) throw new Unknowable(`${name} is larger than 1 MB`);
  const text = await mustRead(clone, 'cat-file', 'blob', entry.object);
  if (text.startsWith('version https://git-lfs.github.com/')) throw new Unknowable(`${name} is stored with Git LFS`);
  if (text.includes('\0')) throw new Unknowable(`${name} is not UTF-8 text`);
  return text;
}
