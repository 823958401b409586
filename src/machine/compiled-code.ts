import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { version } from '../base/version.ts';
import { truthy } from './env.ts';
import { makeDirectory, writeText } from './files/text-file.ts';
import { dnxDirectories } from './settings/directories.ts';

/** How many files of compiled code are kept: one for each Node and each version of dnx that the user runs. */
const KEPT_FILES = 3;
/** The length and the checksum of the index, which follows them. */
const HEAD_BYTES = 8;

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/** What is needed of the process. */
type Host = Pick<NodeJS.Process, 'env' | 'platform' | 'arch' | 'versions' | 'execPath' | 'execArgv' | 'getuid'>;

/** A file of the build whose compiled code is kept: size and checksum of its source, then offset, size and checksum of the code. */
type Entry = readonly [sourceBytes: number, source: number, offset: number, bytes: number, code: number];

/** The file of compiled code, open to read a part of it. */
interface Kept {
  readonly descriptor: number;
  readonly entries: Readonly<Record<string, Entry>>;
  /** Where the code begins. */
  readonly start: number;
}

/** A file of the build that runs in this process. */
interface Loaded {
  readonly script: Script;
  readonly source: Buffer;
}

/** The program, and what keeps its compiled code. */
export interface Program<T> {
  readonly program: T;
  /** Keeps the code that this process has compiled, so that the next one starts faster. Called when the output is written. Never throws. */
  readonly keep: () => void;
}

/**
 * Loads the program that the build wrote to `entry`, with the code that this Node has compiled before. Without the file, dnx works the same. What
 * is not in the folder of the program is loaded by `outside`.
 * V8 compares only its own version and the length of the source, so the file is checked here.
 */
export function loadProgram<T>(host: Host, entry: string, outside: NodeJS.Require): Program<T> {
  const folder = dirname(entry);
  const file = keptFile(host, folder);
  const kept = file === undefined ? undefined : openKept(file, host);
  const loaded = new Map<string, Loaded>();
  let isComplete = true;
  const compile = (name: string): Script => {
    const path = join(folder, name);
    const source = readFileSync(path);
    const cachedData = kept && codeOf(kept, name, source);
    const script = new Script(WRAPPER + source + WRAPPED, { filename: path, columnOffset: -WRAPPER.length, cachedData });
    isComplete &&= cachedData !== undefined && !script.cachedDataRejected;
    loaded.set(name, { script, source });
    return script;
  };
  return {
    program: requireIn(folder, outside, compile)(entry.slice(folder.length + 1)) as T,
    keep() {
      if (file === undefined || isComplete || !mayWrite(host)) return;
      try {
        makeDirectory(dirname(file));
        if (!isSafe(dirname(file), host)) return;
        writeText(file, packed(loaded, kept));
        removeOld(dirname(file));
      } catch {
        // Such as a full disk or a read-only home directory.
      }
    },
  };
}

const WRAPPER = '(function (exports, require, module, __filename, __dirname) {';
const WRAPPED = '\n})';

/** `require` for the files of a folder, which refer to each other as `./NAME`. Finding a file takes Node longer than reading it. */
function requireIn(folder: string, outside: (id: string) => unknown, compile: (name: string) => Script): (name: string) => unknown {
  const modules = new Map<string, { exports: unknown }>();
  const load = (name: string): unknown => {
    const known = modules.get(name);
    if (known) return known.exports;
    const module = { exports: {} as unknown };
    modules.set(name, module);
    const run = compile(name).runInThisContext() as (...given: unknown[]) => void;
    run.call(module.exports, module.exports, inside, module, join(folder, name), folder);
    return module.exports;
  };
  const inside = (id: string): unknown => (id.startsWith('./') ? load(id.slice(2)) : outside(id));
  return load;
}

/** The file for this Node and this build; undefined if compiled code is not kept. */
function keptFile({ env, platform, arch, versions, execPath, execArgv }: Host, folder: string): string | undefined {
  const home = env.HOME || env.USERPROFILE;
  if (truthy(env.DNX_NO_COMPILE_CACHE) || (!home && !env.DNX_CACHE_DIR && !env.XDG_CACHE_HOME)) return undefined;
  const { cache } = dnxDirectories({ env, home: home ?? '', platform });
  // A relative one could be in any project.
  if (!isAbsolute(cache)) return undefined;
  const [node, build] = [execPath, folder].map((path) => statSync(path, { throwIfNoEntry: false }));
  const runtime = [versions.node, versions.v8, platform, arch, execPath, node?.size, node?.mtimeMs, execArgv, env.NODE_OPTIONS];
  const key = JSON.stringify([runtime, version, folder, build?.mtimeMs, build?.ctimeMs]);
  return join(cache, 'compiled', `${crc32(key).toString(16).padStart(8, '0')}.bin`);
}

/** Opens the file if only this user can change it, because dnx runs what is in it. */
function openKept(file: string, host: Host): Kept | undefined {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    const kept = isSafe(dirname(file), host) && isOwn(fstatSync(descriptor), host) ? read(descriptor) : undefined;
    if (!kept) closeSync(descriptor);
    return kept;
  } catch {
    return undefined;
  }
}

function read(descriptor: number): Kept | undefined {
  const head = bytesAt(descriptor, 0, HEAD_BYTES);
  const length = head.readUInt32LE(0);
  if (length > fstatSync(descriptor).size) return undefined;
  const index = bytesAt(descriptor, HEAD_BYTES, length);
  if (crc32(index) !== head.readUInt32LE(4)) return undefined;
  return { descriptor, entries: JSON.parse(index.toString()), start: HEAD_BYTES + length };
}

/** The compiled code of a file of the build with this source, if it is there and whole. */
function codeOf({ descriptor, entries, start }: Kept, name: string, source: Buffer): Buffer | undefined {
  const [sourceBytes, sum, offset, bytes, code] = entries[name] ?? [];
  if (offset === undefined || bytes === undefined || sourceBytes !== source.length || sum !== crc32(source)) return undefined;
  const found = bytesAt(descriptor, start + offset, bytes);
  return crc32(found) === code ? found : undefined;
}

/** Bytes of a file, with zeros instead of what is missing. */
function bytesAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(descriptor, bytes, 0, length, position);
  return bytes;
}

/** What is written: the code of everything that this process has loaded, and what was kept of the rest. */
function packed(loaded: ReadonlyMap<string, Loaded>, kept: Kept | undefined): Buffer {
  const entries: Record<string, Entry> = {};
  const parts: Buffer[] = [];
  let offset = 0;
  const add = (name: string, source: readonly [bytes: number, sum: number], code: Buffer) => {
    entries[name] = [...source, offset, code.length, crc32(code)];
    parts.push(code);
    offset += code.length;
  };
  for (const [name, { script, source }] of loaded) add(name, [source.length, crc32(source)], script.createCachedData());
  for (const [name, [sourceBytes, sum, from, bytes]] of Object.entries(kept?.entries ?? {}))
    if (kept && !loaded.has(name)) add(name, [sourceBytes, sum], bytesAt(kept.descriptor, kept.start + from, bytes));
  const index = Buffer.from(JSON.stringify(entries));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(index.length, 0);
  head.writeUInt32LE(crc32(index), 4);
  return Buffer.concat([head, index, ...parts]);
}

/** In CI, a file would be written for nothing, unless the cache directory is chosen, as for one that is kept. */
const mayWrite = ({ env }: Host): boolean => !truthy(env.CI) || Boolean(env.DNX_CACHE_DIR);

/** True if only this user can change what is in the directory, or replace it. */
const isSafe = (directory: string, host: Host): boolean => isGuarded(statSync(dirname(directory))) && isOwn(lstatSync(directory), host);

/** True if others cannot replace what is in a directory. */
const isGuarded = ({ mode }: Stats): boolean => (mode & WRITABLE_BY_OTHERS) === 0 || (mode & STICKY) !== 0;

/** True for a file or directory of this user that nobody else can write to. Windows has no such modes; the file is in the user's profile. */
const isOwn = (stats: Stats, { platform, getuid }: Host): boolean =>
  platform === 'win32' || ((stats.isFile() || stats.isDirectory()) && stats.uid === getuid?.() && (stats.mode & WRITABLE_BY_OTHERS) === 0);

/** Removes all but the files that were written last. */
function removeOld(directory: string): void {
  const names = readdirSync(directory);
  if (names.length <= KEPT_FILES) return;
  const files = names.map((name) => ({ path: join(directory, name), at: lstatSync(join(directory, name)).mtimeMs }));
  for (const { path } of files.toSorted((one, other) => other.at - one.at).slice(KEPT_FILES)) rmSync(path, { force: true });
}
