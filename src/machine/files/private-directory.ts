import { lstatSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { getuid, pid } from 'node:process';
import { attempt } from '../../base/errors.ts';
import { DAY, MINUTE } from '../../base/time.ts';
import { absoluteIn } from '../settings/directories.ts';
import type { Clock, World } from '../world.ts';
import { holderName, holderNamed, isHolderGone, processHolder } from './lock.ts';
import { fileNames, makeDirectory } from './text-file.ts';

const PREFIX = 'dnx-private-';
const KEPT_PREFIX = 'dnx-draft-';
const KEPT_MS = DAY;
const TMPFS = 0x01021994;
/** How long a directory may be empty: between its creation and the file that names its process. */
const EMPTY_MS = MINUTE;

type Needs = Pick<World, 'env'> & { readonly state: string };

/** A directory for secrets of this process, in memory if possible. */
export function makePrivateDirectory({ env, state }: Needs): string {
  const runtime = absoluteIn(env, 'XDG_RUNTIME_DIR');
  const parent = runtime && isPrivateMemory(runtime) ? runtime : state;
  makeDirectory(parent);
  return makeOwnDirectory(parent, PREFIX);
}

/**
 * Makes a directory of this process, which only this user can read, and removes those with this prefix of processes that were killed. An empty
 * file in it names the process.
 */
export function makeOwnDirectory(parent: string, prefix: string): string {
  const directory = mkdtempSync(join(parent, prefix));
  try {
    writeFileSync(join(directory, holderName(processHolder(pid))), '', { mode: 0o600, flag: 'wx' });
    removeAbandonedIn(parent, prefix, statSync(directory).mtimeMs);
    return directory;
  } catch (error) {
    removePrivateDirectory(directory);
    throw error;
  }
}

/** Removes a private directory and all that other programs put there, such as swap and backup files. */
export const removePrivateDirectory = (directory: string): void => rmSync(directory, { recursive: true, force: true, maxRetries: 3 });

/** Moves a file out of its private directory, to be kept for a day. Returns its path. */
export function keepPrivateFile(path: string): string {
  const kept = join(mkdtempSync(join(dirname(dirname(path)), KEPT_PREFIX)), basename(path));
  renameSync(path, kept);
  return kept;
}

/** Removes the private directories of processes that were killed, and files that were kept long enough. */
export function removeAbandoned({ env, state }: Needs, clock: Pick<Clock, 'now'>): void {
  const runtime = absoluteIn(env, 'XDG_RUNTIME_DIR');
  for (const parent of [state, ...(runtime ? [runtime] : [])]) {
    removeAbandonedIn(parent, PREFIX, clock.now());
    for (const directory of directoriesIn(parent, KEPT_PREFIX))
      attempt(() => clock.now() - statSync(directory).mtimeMs > KEPT_MS && removePrivateDirectory(directory));
  }
}

const directoriesIn = (parent: string, prefix: string): readonly string[] =>
  fileNames(parent)
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(parent, name));

const removeAbandonedIn = (parent: string, prefix: string, now: number): void => {
  for (const directory of directoriesIn(parent, prefix)) removeIfAbandoned(directory, now);
};

/** Leaves those of other users, also for root: anybody can make one in a temporary directory. */
function removeIfAbandoned(directory: string, now: number): void {
  try {
    const { uid, mtimeMs } = lstatSync(directory);
    if (getuid && uid !== getuid()) return;
    const names = readdirSync(directory);
    const holder = names.map(holderNamed).find((candidate) => candidate !== undefined);
    if (holder && isHolderGone(holder)) removePrivateDirectory(directory);
    else if (names.length === 0 && now - mtimeMs > EMPTY_MS) rmdirSync(directory);
  } catch {
    // Another process may have just removed it.
  }
}

/** True for a directory in memory that only this user can access, as the XDG specification demands. */
function isPrivateMemory(directory: string): boolean {
  const found = attempt(() => ({ ...statSync(directory), type: statfsSync(directory).type }));
  return found !== undefined && found.uid === getuid?.() && (found.mode & 0o077) === 0 && found.type === TMPFS;
}
