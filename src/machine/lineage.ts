import { readFileSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { getBuiltinModule, pid } from 'node:process';
import { attempt } from '../base/errors.ts';
import { hasJsonFiles } from './files/text-file.ts';
import { type Directories, dnxDirectories, leaseDirectory } from './settings/directories.ts';
import type { Env, World } from './world.ts';

/** A process that started this one, directly or not, or this one. */
export interface Forebear {
  readonly pid: number;
  /** What it was started with, which its children cannot change; undefined if the platform does not tell, and for this process. */
  readonly env: Env | undefined;
}

/** More than any line of processes has, in case its ids are reused while it is read. */
const LONGEST = 1_000;

const known = new Map<NodeJS.Platform, readonly Forebear[]>();

/** This process and those that started it; only this one if the platform does not tell. Read once. */
export function lineage(platform: NodeJS.Platform): readonly Forebear[] {
  const line = known.get(platform) ?? readLineage(platform);
  known.set(platform, line);
  return line;
}

function readLineage(platform: NodeJS.Platform): readonly Forebear[] {
  const parents = platform === 'win32' ? () => undefined : platform === 'darwin' ? parentsByPs() : parentByProc;
  const env = platform === 'linux' ? startedWith : () => undefined;
  const line: Forebear[] = [{ pid, env: undefined }];
  for (let parent = parents(pid); parent !== undefined && parent > 0 && line.length < LONGEST; parent = parents(parent))
    line.push({ pid: parent, env: env(parent) });
  return line;
}

/** The configuration directories in which the lease of a session may be: those of this process, its user, and what started it. */
export function configDirectories({ platform }: Pick<World, 'platform'>, config: string, line: readonly Forebear[]): readonly string[] {
  return [...new Set([config, ...outerDirectories({ platform }, line).map((directories) => directories.config)])];
}

/** Where what started this process keeps the files of dnx, whatever variables it was given. */
export function outerDirectories({ platform }: Pick<World, 'platform'>, line: readonly Forebear[]): readonly Directories[] {
  // Without the environment of its forebears, a child that moves all variables is still found by the user's own directories.
  if (platform === 'darwin') return [directoriesOf(pid, {})];
  return line.flatMap((forebear) => (forebear.env ? [directoriesOf(forebear.pid, forebear.env)] : []));
}

/** True if this process may belong to the session of a lease. Quick, because every command asks. */
export function mayBeInSession({ env, platform }: Pick<World, 'env' | 'platform'>, config: string): boolean {
  if (env.DNX_LEASE) return true;
  const line = platform === 'linux' ? lineage(platform) : [];
  return (
    line.some((forebear) => forebear.env?.DNX_LEASE) ||
    configDirectories({ platform }, config, line).some((directory) => hasJsonFiles(leaseDirectory(directory)))
  );
}

const relevant = /^(DNX_LEASE|DNX_(CONFIG|CACHE|STATE)_DIR|XDG_(CONFIG|CACHE|STATE)_HOME|HOME|USERPROFILE)=/;

/** The variables with which a process was started that say where its session and files are; undefined if it is of another user. */
function startedWith(process: number): Env | undefined {
  const lines = attempt(() => readFileSync(`/proc/${process}/environ`, 'utf8'))?.split('\0');
  return lines && Object.fromEntries(lines.filter((line) => relevant.test(line)).map((line) => line.split(/=(.*)/s, 2)));
}

function directoriesOf(process: number, env: Env): Directories {
  const home = env.HOME || env.USERPROFILE || getBuiltinModule('node:os').userInfo().homedir;
  const { config, cache, state } = dnxDirectories({ env, home, platform: 'linux' });
  const absolute = (path: string) => (path.startsWith('/') ? path : resolve(directoryOf(process), path));
  return { config: absolute(config), cache: absolute(cache), state: absolute(state) };
}

/** The working directory of a process, to which a relative DNX_CONFIG_DIR belongs. */
const directoryOf = (process: number): string => attempt(() => readlinkSync(`/proc/${process}/cwd`)) ?? '/';

/** Field 4 of proc_pid_stat(5), after the name, which may contain spaces and parentheses. */
function parentByProc(child: number): number | undefined {
  const stat = attempt(() => readFileSync(`/proc/${child}/stat`, 'utf8'));
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function parentsByPs(): (child: number) => number | undefined {
  // Lazy: it takes a millisecond to load, and Linux does without it.
  const { execFileSync } = getBuiltinModule('node:child_process');
  const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C' };
  const listed = attempt(() => execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { env, encoding: 'utf8', timeout: 2_000 })) ?? '';
  const parents = new Map(listed.split('\n').map((line) => line.trim().split(/\s+/).map(Number) as [number, number]));
  return (child) => parents.get(child);
}
