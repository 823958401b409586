import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DnxError, systemCode, usage } from '../../base/errors.ts';
import { makeDirectory } from './directory.ts';
import { replaceFile } from './replace.ts';

const MB = 1024 * 1024;
const LIMIT_MB = 16;
const CHUNK = 65_536;

/** The text of a regular file of at most this size; undefined if it does not exist. Anything else is a usage error. */
export function readText(file: string, limitMb = LIMIT_MB): string | undefined {
  try {
    // Ten times faster than catching ENOENT; the search for the link file tries every parent directory.
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found) return undefined;
    if (!found.isFile()) throw irregular(file);
    return readRegular(file, found.size, limitMb);
  } catch (error) {
    if (error instanceof DnxError) throw error;
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new DnxError('usage', `Could not read ${file} (${code}).`, { cause: error });
  }
}

/** Writes a file atomically, by renaming a temporary `*.tmp` file. `mode`: that of the file if others may read it, too. */
export function writeText(file: string, text: string, mode?: number): void {
  makeDirectory(dirname(file));
  const temporary = `${file}.${unique()}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    if (mode !== undefined) chmodSync(temporary, mode);
    replaceFile(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** How long a temporary file may be in use. */
const TEMPORARY_MS = 60_000;

/** Removes the temporary files that killed processes left beside a file, as far as that is possible. */
export function removeTemporaries(file: string, now: number): void {
  try {
    const left = readdirSync(dirname(file)).filter((name) => name.startsWith(`${basename(file)}.`) && /\.[\da-f]{36}\.tmp$/.test(name));
    for (const path of left.map((name) => join(dirname(file), name)))
      if (now - lstatSync(path).mtimeMs > TEMPORARY_MS) rmSync(path, { force: true });
  } catch {
    // Another user's, or just renamed.
  }
}

/** 36 random digits. Not crypto.randomUUID, which takes 2 ms to load; `wx` refuses a name that is taken. */
const unique = (): string => Array.from({ length: 3 }, () => Math.random().toString(16).slice(2, 14).padEnd(12, '0')).join('');

/** Reads a file up to the limit, without trusting its size: files in /proc have size 0 and may be endless. */
function readRegular(file: string, size: number, limitMb: number): string {
  // O_NONBLOCK: a FIFO that just replaced the file would wait for a writer.
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw irregular(file);
    // Without the buffers below, which take half a millisecond the first time.
    if (found.size > 0 && found.size <= CHUNK) return readFileSync(descriptor, 'utf8');
    const text = readDescriptor(descriptor, limitMb * MB, size);
    if (text === undefined) throw usage(`${file} is larger than ${limitMb} MB.`, REMOVE);
    return text;
  } finally {
    closeSync(descriptor);
  }
}

/** Reads a descriptor to its end as text; undefined if it has more than `limit` bytes. `size` is a hint. */
export function readDescriptor(descriptor: number, limit: number, size: number): string | undefined {
  const chunks: Buffer[] = [];
  for (let total = 0; total <= limit; ) {
    const chunk = Buffer.allocUnsafe(Math.max(CHUNK, Math.min(size + 1, limit) - total));
    const length = readSync(descriptor, chunk);
    if (length === 0) return Buffer.concat(chunks).toString();
    chunks.push(chunk.subarray(0, length));
    total += length;
  }
  return undefined;
}

const REMOVE = 'Fix or remove it.';

const irregular = (file: string): DnxError => usage(`${file} is not a regular file.`, REMOVE);
