import { dirname } from 'node:path';
import { quoted } from '../../base/shell.ts';
import { git, type Remote, remotesIn } from '../../machine/git.ts';
import type { World } from '../../machine/world.ts';
import { Unknowable } from './unknowable.ts';

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
export async function mustRead(clone: Clone, ...args: readonly string[]): Promise<string> {
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
