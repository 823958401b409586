import { type Stats, statSync } from 'node:fs';
import { link, open, rename } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { DnxError, reasonOf, systemCode, usage } from '../../base/errors.ts';
import { bytes } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { done, stream } from '../../cli/output/view.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { makeOwnDirectory, removePrivateDirectory } from '../../machine/files/private-directory.ts';
import { replaceFile } from '../../machine/files/text-file.ts';
import { NetworkFault, type World } from '../../machine/world.ts';
import { type BackupSource, openBackup, safeName } from './source.ts';

type DownloadOptions = Given<{ file: string; force: boolean }> & { readonly backup: string };

/** Downloads a backup to a file or standard output. Leaves no file if it fails. */
export async function download(ctx: Context, { backup, file, force = false }: DownloadOptions) {
  if (file === '-') {
    if (ctx.world.stdout.isTTY) throw usage('Cannot write a backup to a terminal.', 'Pipe it, as in -O - | gunzip, or use -O FILE.');
    const source = await openBackup(ctx, backup);
    return stream(measured(source, 'standard output', ctx, 'The output is incomplete.'));
  }
  const fallback = safeName(`backup-${backup}`) ?? 'backup';
  const target = chooseTarget(file, { fallback, force }, ctx.world);
  const source = await openBackup(ctx, backup);
  try {
    const path = target.pathFor(source.name);
    const size = await saveFile(measured(source, target.shown(path), ctx, 'No file was saved.'), path, force);
    return done(`Saved ${target.shown(path)} (${bytes(size)})`, { id: backup, file: path, size });
  } finally {
    await source.close();
  }
}

/** Passes on the bytes and shows progress. Throws if the size differs from Content-Length. */
async function* measured({ body, length, close }: BackupSource, into: string, { progress, clock }: Context, hint: string) {
  const started = clock.elapsed();
  let size = 0;
  const brokenOff = (why: string, cause?: unknown) =>
    new DnxError('network', `The download stopped after ${bytes(size)}${length === undefined ? '' : ` of ${bytes(length)}`}: ${why}.`, {
      hint: `${hint} Try again; Deploynix allows 10 downloads an hour.`,
      cause,
    });
  try {
    progress.step(`Downloading to ${into}`, () => downloaded(size, length, clock.elapsed() - started));
    for await (const chunk of body) {
      size += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw error instanceof NetworkFault ? brokenOff(error.message, error) : error;
  } finally {
    progress.done();
    await close();
  }
  if (length !== undefined && size !== length) throw brokenOff('the size does not match the announced one');
  if (size === 0) throw new DnxError('failed', 'The downloaded backup is empty.', { hint });
}

const BAR = 24;

/** The state of a download, for a spinner: `━━━━━━╌╌╌╌  42 %  12.3 MB of 29.1 MB  3.4 MB/s` */
export function downloaded(size: number, length: number | undefined, ms: number): string {
  const rate = ms > 0 ? `${bytes(Math.round((size / ms) * 1_000))}/s` : undefined;
  if (!length) return [bytes(size), rate].filter(Boolean).join('  ');
  const share = Math.min(1, size / length);
  const filled = Math.round(share * BAR);
  const bar = `${'━'.repeat(filled)}${'╌'.repeat(BAR - filled)}`;
  return [bar, `${Math.floor(share * 100)} %`, `${bytes(size)} of ${bytes(length)}`, rate].filter(Boolean).join('  ');
}

/** Checks the destination before the download. In a folder, the file gets the proposed name, or else `fallback`. */
export function chooseTarget(file: string | undefined, { fallback, force }: { fallback: string; force: boolean }, world: World) {
  const place = pathToWrite(file ?? '.', world);
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
    return { shown, pathFor: (proposed: string | undefined) => requireFree(join(place, (proposed && safeName(proposed)) || fallback)) };
  }
  if (file?.endsWith('/') || !statOf(dirname(place))?.isDirectory()) throw usage(`Directory ${shown(dirname(place))} does not exist.`);
  requireFree(place);
  return { shown, pathFor: () => requireFree(place) };
}

/** Writes a file elsewhere in its directory, and moves it into place when it is complete. Resolves to the size. */
export async function saveFile(body: AsyncIterable<Uint8Array>, path: string, force: boolean): Promise<number> {
  let directory: string | undefined;
  try {
    directory = makeOwnDirectory(dirname(path), '.dnx-part-');
    const temporary = join(directory, basename(path));
    // A backup contains secrets, so only its owner may read it.
    await writeWhole(temporary, body, 0o600);
    const { size } = statSync(temporary);
    if (force) replaceFile(temporary, path);
    else await place(temporary, path);
    return size;
  } catch (error) {
    throw asFailure(error, path);
  } finally {
    if (directory !== undefined) removePrivateDirectory(directory);
  }
}

/** Writes a new file, and waits until it is on the disk. */
export async function writeWhole(path: string, body: AsyncIterable<Uint8Array>, mode?: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    for await (const chunk of body) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
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
