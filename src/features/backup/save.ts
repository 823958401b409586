import { randomBytes } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { DnxError, reasonOf, systemCode, usage } from '../../base/errors.ts';
import { replaceFile } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { safeName } from './name.ts';

/** Where a download is saved. */
export interface Destination {
  /** Throws if an existing file must not be overwritten. */
  readonly pathFor: (proposed: string | undefined) => string;
  /** A path as shown to the user. */
  readonly shown: (path: string) => string;
}

/** Checks the destination before the download. In a folder, the file gets the proposed name, or else `fallback`. */
export function chooseTarget(
  file: string | undefined,
  { fallback, force }: { readonly fallback: string; readonly force: boolean },
  world: Pick<World, 'cwd' | 'home'>,
): Destination {
  const place = pathOf(file ?? '.', world);
  const shown = (path: string) => {
    const short = relative(world.cwd, path);
    return short === '' || short.startsWith('..') ? path : short;
  };
  const requireFree = (path: string): string => {
    const existing = statOf(path);
    if (existing?.isDirectory() || (existing && !existing.isFile())) throw usage(`${shown(path)} is not a regular file.`);
    if (existing && !force) throw usage(`${shown(path)} already exists.`, 'Use --force to overwrite it, or -O for another name.');
    return path;
  };
  if (statOf(place)?.isDirectory()) {
    return { shown, pathFor: (proposed) => requireFree(join(place, (proposed && safeName(proposed)) || fallback)) };
  }
  if (file?.endsWith('/') || !statOf(dirname(place))?.isDirectory()) throw usage(`Directory ${shown(dirname(place))} does not exist.`);
  requireFree(place);
  return { shown, pathFor: () => requireFree(place) };
}

/** Writes a temporary file and renames it when complete. Resolves to the size. */
export async function save(body: AsyncIterable<Uint8Array>, path: string, force: boolean): Promise<number> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.part`);
  try {
    // A backup contains secrets, so only its owner may read it.
    const handle = await open(temporary, 'wx', 0o600);
    try {
      for await (const chunk of body) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const { size } = statSync(temporary);
    if (force) replaceFile(temporary, path);
    else await place(temporary, path);
    return size;
  } catch (error) {
    throw asFailure(error, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Renames a file without overwriting an existing one, if the file system supports hard links. */
async function place(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw usage(`${path} was created in the meantime.`, 'Use --force to overwrite it.');
    await rename(temporary, path);
  }
}

function asFailure(error: unknown, path: string): unknown {
  const reason = reasonOf(systemCode(error));
  if (!reason) return error;
  return new DnxError('failed', `Could not write ${path}: ${reason}.`, {
    hint: 'No file was saved. Choose another location with -O.',
    cause: error,
  });
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A parent in the path is a file.
    if (systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
