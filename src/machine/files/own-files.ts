import { statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { attempt, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { lineage, outerDirectories } from '../lineage.ts';
import { dnxDirectories } from '../settings/directories.ts';
import { pathOf, type World } from '../world.ts';
import { readJson, readText, realPath } from './text-file.ts';

type Needs = Pick<World, 'cwd' | 'env' | 'home' | 'platform'>;

/** Plans that a person is to apply, in the state directory. */
export const PROPOSED = 'proposed';

/** Where dnx keeps its own files, and that which started this process, whatever variables this one was given. */
export const keptDirectories = (world: Omit<Needs, 'cwd'>): readonly string[] =>
  [dnxDirectories(world), ...outerDirectories(world, lineage(world.platform))].flatMap(({ config, cache, state }) => [
    config,
    cache,
    state,
  ]);

/** The absolute path of a file that the user named and dnx writes. Refuses a device or FIFO, and what is in a directory of dnx itself. */
export function pathToWrite(name: string, world: Needs, isPlan = false): string {
  const path = pathOf(name, world);
  // The file may be a link, or be in a directory that is one.
  const places = [realPath(path), join(realPath(dirname(path)), basename(path))];
  const isIn = (directory: string, path: string) => !/^\.\.|^\//.test(relative(realPath(directory), path));
  if (isPlan && places.every((path) => isIn(join(dnxDirectories(world).state, PROPOSED), path))) return path;
  if (places.some((path) => keptDirectories(world).some((directory) => isIn(directory, path))))
    throw usage(`${name} is where dnx keeps its own files.`, 'Use another directory.');
  if (isSpecial(path)) throw usage(`${name} is not a regular file.`, 'Use another name.');
  return path;
}

/** True for a device, FIFO or socket, which a file would replace: root may do so with `/dev/null`. */
function isSpecial(path: string): boolean {
  const found = attempt(() => statSync(path));
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** The same for a plan, which replaces only a plan or an empty file. */
export function pathToPlan(name: string, world: Needs): string {
  const path = pathToWrite(name, world, true);
  if (!holdsPlan(path)) throw usage(`${name} exists, and is not a plan.`, 'Use another name, or remove it.');
  return path;
}

function holdsPlan(path: string): boolean {
  try {
    const text = readText(path);
    if (text === undefined || text === '') return true;
    const { version, host, changes } = readJson<{ version?: unknown; host?: unknown; changes?: unknown }>(path);
    return version === 1 && typeof host === 'string' && Array.isArray(changes) && changes.every(isObject);
  } catch {
    // No JSON, or no file: a directory is told when it cannot be replaced.
    return !statSync(path).isFile();
  }
}
