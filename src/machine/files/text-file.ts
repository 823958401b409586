import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { getuid, platform } from 'node:process';
import { attempt, DnxError, systemCode, usage } from '../../base/errors.ts';
import { fromJson, isObject, toJson } from '../../base/json.ts';

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

/** Who may read and write a file; without an owner, that of dnx. */
interface Access {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Writes a file atomically, by renaming a temporary `*.tmp` file. `access`: if others may read it, too. */
export function writeText(file: string, text: string | Uint8Array, access?: Access): void {
  makeDirectory(dirname(file));
  const temporary = `${file}.${uniqueName()}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    if (access) giveAccess(temporary, access);
    replaceFile(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function giveAccess(file: string, { mode, ...access }: Access): void {
  const current = statSync(file);
  const { uid = current.uid, gid = current.gid } = access;
  if (uid !== current.uid || gid !== current.gid) chownSync(file, uid, gid);
  chmodSync(file, mode & 0o7777);
}

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
export const uniqueName = (): string => Array.from({ length: 3 }, () => Math.random().toString(16).slice(2, 14).padEnd(12, '0')).join('');

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

/** The names in a directory; none if it cannot be read. */
export const fileNames = (directory: string): readonly string[] => attempt(() => readdirSync(directory)) ?? [];

/** The names of the JSON files in a directory; none if it cannot be read. */
export const jsonFileNames = (directory: string): string[] => fileNames(directory).filter((name) => name.endsWith('.json'));

/** True if a directory has JSON files. Ten times faster than reading it, if it does not exist. */
export const hasJsonFiles = (directory: string): boolean => existsSync(directory) && jsonFileNames(directory).length > 0;

/** Removes the JSON files of a directory that were not written for this long, and the oldest of more than `most`. */
export function pruneFiles(directory: string, before: number, most = Number.POSITIVE_INFINITY): void {
  try {
    const files = jsonFileNames(directory)
      .map((name) => ({ path: join(directory, name), used: statSync(join(directory, name)).mtimeMs }))
      .sort((one, other) => other.used - one.used);
    for (const [index, { path, used }] of files.entries()) if (index >= most || used < before) rmSync(path, { force: true });
  } catch {
    // Another process prunes, too, or they are those of another user.
  }
}

/** The path of a file without links; undefined if there is no such file, or it cannot be found out. */
export const realPathOf = (path: string): string | undefined => attempt(() => realpathSync(path));

/** The path of a file without links; as it is if that cannot be found out. */
export const realPath = (path: string): string => realPathOf(path) ?? path;

/** Reads a JSON object from a file; an empty object if the file does not exist. */
export function readJson<T extends object>(file: string, limitMb?: number): T {
  const content = readText(file, limitMb);
  return (content === undefined ? {} : jsonIn(file, content)) as T;
}

/** The JSON object in the text of a file. */
export function jsonIn(file: string, text: string): object {
  let value: unknown;
  try {
    // Windows PowerShell writes a byte order mark.
    value = fromJson(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new DnxError('usage', `${file} is not valid JSON.`, { hint: REMOVE, cause });
  }
  if (!isObject(value)) throw usage(`${file} does not contain a JSON object.`, REMOVE);
  return value;
}

/** Writes a value as a JSON file, atomically. */
export const writeJson = (file: string, value: unknown): void => writeText(file, `${toJson(value, 2)}\n`);

/** How Windows refuses to replace a file that another program has open, such as a virus scanner or another dnx. */
const BUSY = ['EPERM', 'EACCES', 'EBUSY'];

/** How often to try, and the longest pause in ms: two and a half seconds in all. */
const TRIES = 30;
const LONGEST_MS = 100;

/** Replaceable in tests. */
interface Means {
  readonly system?: NodeJS.Platform;
  readonly rename?: (from: string, to: string) => void;
  readonly wait?: (ms: number) => void;
}

/** Renames a file over another one. On Windows, waits briefly until no program has that open. */
export function replaceFile(from: string, to: string, { system = platform, rename = renameSync, wait = pause }: Means = {}): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      rename(from, to);
      return;
    } catch (error) {
      if (system !== 'win32' || attempt === TRIES || !BUSY.includes(systemCode(error) ?? '')) throw error;
      wait(Math.min(attempt * 10, LONGEST_MS));
    }
  }
}

/** Blocks for some ms. The callers hold locks and are not asynchronous. */
const pause = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Creates a directory and its parents, accessible only to this user. Node's recursive mkdir never returns under /proc. */
export function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another process may have just created it.
    if (!existsSync(directory)) throw error;
  }
}

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Creates a directory for secrets, or refuses an existing one that another user could change. The mode of what dnx did not create
 * stays as it is. Windows has access control lists instead of modes and owners.
 */
export function makeSecretDirectory(directory: string): void {
  try {
    makeDirectory(directory);
    const found = statSync(directory);
    const user = getuid?.();
    if (!found.isDirectory()) throw refused(directory, 'it is not a directory');
    if (user === undefined) return;
    if (found.uid !== user) throw refused(directory, 'it belongs to another user');
    if (found.mode & WRITABLE_BY_OTHERS) throw refused(directory, `others can write to it (mode ${(found.mode & 0o7777).toString(8)})`);
  } catch (cause) {
    if (cause instanceof DnxError) throw cause;
    throw new DnxError('failed', `Could not create ${directory} (${systemCode(cause)}).`, {
      hint: 'Check the owner of the directory, or set DNX_CONFIG_DIR.',
      cause,
    });
  }
}

const refused = (directory: string, why: string): DnxError =>
  new DnxError('failed', `Refusing to store a token in ${directory}: ${why}.`, {
    hint: 'Set DNX_CONFIG_DIR to a directory that only you can write to.',
  });
