import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getuid } from 'node:process';
import { type DnxError, systemCode, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { truthy } from '../env.ts';
import { readText } from '../files/text-file.ts';
import type { World } from '../world.ts';
import { LINK_FILE, LINK_LIMIT_MB } from './link.ts';
import { openSettingsFile, type SettingsFile } from './sources.ts';

const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;
const STICKY = 0o1000;

/** The nearest link file in a directory or its parents, up to the root of the Git repository. */
export function findLink(from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const file = join(directory, LINK_FILE);
    if (exists(file)) return file;
    if (directory === dirname(directory) || isRoot(directory)) return undefined;
  }
}

/** Where a new link file belongs: the root of the Git repository, or the directory itself. */
export function linkFileFor(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    if (isRoot(directory)) return join(directory, LINK_FILE);
    if (directory === dirname(directory)) return join(from, LINK_FILE);
  }
}

/** A worktree and a submodule have a file called `.git`. */
const isRoot = (directory: string): boolean => exists(join(directory, '.git'));

/** True also for a file that cannot be read, such as a circular link: that is reported, not skipped. */
function exists(file: string): boolean {
  try {
    // Ten times faster than catching ENOENT in every parent directory.
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return !['ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '');
  }
}

/** Opens a link file. One that another user could have written counts as broken, because it chooses what is deployed. */
export const openLink = (file: string, world: Pick<World, 'env' | 'platform'>): SettingsFile =>
  openSettingsFile(file, LINK_LIMIT_MB, foreignProblem(file, world));

/**
 * The problem with a link file that someone else than the user and root could have written, as Git refuses another user's repository.
 * In CI the modes of a clone tell nothing: GitLab makes it writable for all, and in a container of GitHub it belongs to another user.
 */
function foreignProblem(file: string, { env, platform }: Pick<World, 'env' | 'platform'>): DnxError | undefined {
  const user = platform === 'win32' ? undefined : getuid?.();
  if (user === undefined || truthy(env.CI)) return undefined;
  try {
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (found && !statSync(file).isFile()) return undefined;
    const paths = found?.isSymbolicLink() ? [file, realpathSync(file)] : [file];
    return paths.map((path) => foreignPath(path, user)).find((problem) => problem !== undefined);
  } catch {
    // Whoever reads it says why that fails.
    return undefined;
  }
}

function foreignPath(file: string, user: number): DnxError | undefined {
  const directory = dirname(file);
  const places = [
    [file, file, lstatSync(file, { throwIfNoEntry: false })],
    [directory, `the directory of ${file}`, statSync(directory)],
  ] as const;
  for (const [path, name, stats] of places) {
    if (!stats) continue;
    if (stats.uid !== user && stats.uid !== 0)
      return usage(`Another user owns ${name}, so it is ignored.`, `To use it: sudo chown ${user} ${quoted(path)}`);
    if (isShared(stats, user)) return usage(`Others can write to ${name}, so it is ignored.`, `To use it: chmod go-w ${quoted(path)}`);
  }
  return undefined;
}

/** True if others can write to a file, or replace the files of a directory. */
function isShared(stats: Stats, user: number): boolean {
  const { mode, uid, gid } = stats;
  // The mode of a symbolic link tells nothing, and in a directory as /tmp each file is its owner's.
  if (stats.isSymbolicLink() || (stats.isDirectory() && (mode & STICKY) !== 0)) return false;
  const byGroup = (mode & WRITABLE_BY_GROUP) !== 0 && !(uid === user && isPrivateGroup(gid, user));
  return (mode & WRITABLE_BY_ALL) !== 0 || byGroup;
}

/** True for the group of one user that most systems create with that user, whose files then have mode 664. */
function isPrivateGroup(gid: number, user: number): boolean {
  if (gid !== user) return false;
  const [, name, members] = new RegExp(`^([^:]*):[^:]*:${gid}:(.*)$`, 'm').exec(readText('/etc/group') ?? '') ?? [];
  return members === '' || (members !== undefined && members === name);
}
