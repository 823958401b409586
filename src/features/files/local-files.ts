import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { attempt, DnxError, usage } from '../../base/errors.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { makeOwnDirectory, removePrivateDirectory } from '../../machine/files/private-directory.ts';
import { fileNames } from '../../machine/files/text-file.ts';
import type { World } from '../../machine/world.ts';
import { isCopied, PARTIAL, type Tally, type Transferred } from './transfer.ts';

/** Where files go that a server sends: into a directory, or in the place of a name. */
export interface LocalTarget {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** Checks where something is to be put. `several`: it must be a directory. */
export function localTarget(world: World, word: string, several: boolean): LocalTarget {
  const path = pathToWrite(word === '' ? '.' : word, world);
  const isDirectory = isDirectoryAt(path);
  if (!isDirectory && (several || /[/\\]$/.test(word))) throw usage(`Directory ${word} does not exist.`, `Create it with: mkdir ${word}`);
  if (!isDirectoryAt(dirname(path))) throw usage(`Directory ${dirname(word)} does not exist.`);
  return { path, isDirectory };
}

/** Removes what rsync has kept of files. A full disk needs what it takes. */
export async function removePartial({ capture, env }: World, { path, isDirectory }: LocalTarget): Promise<void> {
  const directory = isDirectory ? path : dirname(path);
  await capture({ file: 'find', args: [directory, '-xdev', '-name', PARTIAL, '-prune', '-exec', 'rm', '-rf', '{}', '+'], env });
}

export const isDirectoryAt = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/**
 * Unpacks an archive beside a target, and moves what is in it to its place if it is whole. `wanted`: the name that was asked for, in which
 * wildcards match; empty for what a directory contains. Anything else that the server sent is left.
 */
export async function unpacked(
  { path, isDirectory }: LocalTarget,
  wanted: string,
  unpack: (directory: string) => Promise<Transferred>,
): Promise<Transferred & Tally> {
  const own = makeOwnDirectory(isDirectory ? path : dirname(path), '.dnx-cp-');
  try {
    const archive = join(own, 'files');
    mkdirSync(archive);
    const ran = await unpack(archive);
    const tally = { files: 0, bytes: 0 };
    // No pattern matches a hidden file but one that begins with a dot.
    const asked = basename(wanted);
    const isAsked = (name: string) => name === asked || (/[*?[]/.test(wanted) && name.startsWith('.') === asked.startsWith('.'));
    if (isCopied(ran) && wanted === '') move(archive, path, tally);
    else if (isCopied(ran))
      for (const name of readdirSync(archive).filter(isAsked)) move(join(archive, name), isDirectory ? join(path, name) : path, tally);
    return { ...ran, ...tally };
  } finally {
    removePrivateDirectory(own);
  }
}

function move(from: string, to: string, tally: Tally): void {
  const found = lstatSync(from);
  const isTaken = isDirectoryAt(to);
  if (!found.isDirectory()) {
    if (isTaken) throw new DnxError('failed', `${to} is a directory.`);
    if (!found.isFile()) return;
    renameSync(from, to);
    tally.files += 1;
    tally.bytes += found.size;
    return;
  }
  if (!isTaken && existsSync(to)) throw new DnxError('failed', `${to} is not a directory.`);
  if (!isTaken) mkdirSync(to);
  for (const name of readdirSync(from)) move(join(from, name), join(to, name), tally);
  if (!isTaken) attempt(() => chmodSync(to, found.mode & 0o777));
}

/** Counts what is to be sent. Fails for what does not exist, and for a directory without `recursive`. */
export function tallyOf(path: string, word: string, recursive: boolean): Tally {
  const found = attempt(() => statSync(path, { throwIfNoEntry: false }));
  if (!found) throw new DnxError('not_found', `Could not find ${word}.`);
  if (found.isDirectory() && !recursive) throw usage(`${word} is a directory.`, 'Use -r to copy it.');
  const tally = { files: 0, bytes: 0 };
  const pending = [path];
  const seen = new Set<string>();
  for (const each of pending) {
    const entry = attempt(() => statSync(each));
    if (entry?.isDirectory() && !seen.has(`${entry.dev} ${entry.ino}`)) {
      seen.add(`${entry.dev} ${entry.ino}`);
      pending.push(...fileNames(each).map((name) => join(each, name)));
    } else if (entry?.isFile()) {
      tally.files += 1;
      tally.bytes += entry.size;
    }
  }
  return tally;
}
