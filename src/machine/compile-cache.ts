import { lstatSync, readdirSync, rmSync, type Stats, statfsSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { version } from '../base/version.ts';
import { truthy } from './env.ts';
import { makeDirectory } from './files/text-file.ts';
import { dnxDirectories } from './settings/directories.ts';

/** `module.enableCompileCache` of Node 22.8 and later. Node compares what it reads with the source, and ignores what it cannot use. */
type Enable = (directory: string) => unknown;

/** The versions of dnx whose compiled code is kept, for people who use several. */
const KEPT_VERSIONS = 3;

/** Node leaves an empty file behind for each one that a full disk does not take. */
const LEAST_FREE_BYTES = 2_000_000;

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/** What is needed of the process. */
type User = Pick<NodeJS.Process, 'env' | 'platform' | 'getuid'>;

/** Lets Node keep the code that it compiles in the user's cache directory, so that the next command starts faster. Without it, dnx works the same. */
export function keepCompiledCode(user: User, enable: Enable): void {
  const { env } = user;
  if (truthy(env.DNX_NO_COMPILE_CACHE) || env.NODE_DISABLE_COMPILE_CACHE || env.NODE_COMPILE_CACHE) return;
  try {
    const directory = ownDirectory(user);
    if (directory !== undefined) enable(directory);
  } catch {
    // Such as a read-only home directory.
  }
}

/** The directory for this version, created if needed; undefined unless only this user can change it, because dnx runs what is in it. */
function ownDirectory({ env, platform, getuid }: User): string | undefined {
  const home = env.HOME || env.USERPROFILE;
  if (!home && !env.DNX_CACHE_DIR && !env.XDG_CACHE_HOME) return undefined;
  const { cache } = dnxDirectories({ env, home: home ?? '', platform });
  // A relative one could be in any project.
  if (!isAbsolute(cache)) return undefined;
  const all = join(cache, 'compiled');
  const own = join(all, version);
  const isNew = !lstatSync(own, { throwIfNoEntry: false });
  if (isNew) makeDirectory(own);
  // Windows has no such modes; the directory is in the user's profile.
  const id = platform === 'win32' ? undefined : getuid?.();
  if (id !== undefined && !(isGuarded(statSync(cache)) && [all, own].every((each) => isPrivate(lstatSync(each), id)))) return undefined;
  if (isNew) removeOld(all);
  const { bavail, bsize } = statfsSync(own);
  return bavail * bsize < LEAST_FREE_BYTES ? undefined : own;
}

/** True if others cannot replace what is in a directory. */
const isGuarded = ({ mode }: Stats): boolean => (mode & WRITABLE_BY_OTHERS) === 0 || (mode & STICKY) !== 0;

const isPrivate = (stats: Stats, user: number): boolean =>
  stats.isDirectory() && stats.uid === user && (stats.mode & WRITABLE_BY_OTHERS) === 0;

/** Removes all but the versions whose directories were created last. */
function removeOld(directory: string): void {
  const used = readdirSync(directory).map((name) => ({ path: join(directory, name), at: lstatSync(join(directory, name)).mtimeMs }));
  for (const { path } of used.toSorted((one, other) => other.at - one.at).slice(KEPT_VERSIONS))
    rmSync(path, { recursive: true, force: true });
}
