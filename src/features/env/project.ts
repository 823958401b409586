import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { systemCode, usage } from '../../base/errors.ts';
import { linkFileFor } from '../../machine/settings/link-file.ts';
import { pathOf, type World } from '../../machine/world.ts';

type Place = Pick<World, 'cwd' | 'home'>;

/** A file that dnx reads or writes for a project. */
export interface ProjectFile {
  /** Its absolute path, with links resolved. It need not exist, but its directory must. */
  readonly path: string;
  /** True outside of the project. */
  readonly outside: boolean;
}

/**
 * Resolves a file. Refuses one that a link in the project leads out of it: a repository must not choose which file of this machine is
 * read or written. What the user named themselves may be anywhere.
 */
export function projectFile(given: string, shown: string, world: Place): ProjectFile {
  const path = requirePath(given, shown);
  const project = projectDirectory(world);
  const outside = !isInside(path, project);
  if (outside && linksIn(given).some((link) => isInside(link, project))) {
    const hint = 'If you mean that file, name it instead of the link.';
    throw usage(`${shown} is a link to ${path}, outside of this project (${project}).`, hint);
  }
  return { path, outside };
}

/** Does the same for a file that the user named and that dnx only reads, such as that of `--from-file`. */
export function refuseLinkOut(name: string, world: Place): void {
  const given = pathOf(name, world);
  // Whoever reads it says what is missing. `<(…)` has no real path.
  if (realPathOf(given) !== undefined) projectFile(given, name, world);
}

/**
 * The root of the Git repository around the working directory or another one, or that directory itself. Not the home directory or one above it: that
 * may be a repository of settings, and a project below it is not part of it.
 */
export function projectDirectory(world: Place, from = world.cwd): string {
  const here = realPathOf(from) ?? from;
  const root = dirname(linkFileFor(here));
  return holdsHome(root, world) ? here : root;
}

function holdsHome(directory: string, world: Place): boolean {
  try {
    return isInside(realpathSync(world.home), directory);
  } catch {
    return false;
  }
}

/** True for a path in a directory. What is in `.git` is not part of a project. */
export function isInside(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return !isAbsolute(way) && !way.split(sep).some((name) => name === '..' || name.toLowerCase() === '.git');
}

/** The links on a path, by their real places. */
function linksIn(path: string): readonly string[] {
  const links: string[] = [];
  const parts = path.split(sep);
  let place = parts.shift() + sep;
  for (const part of parts) {
    place = join(place, part);
    if (!lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink()) continue;
    links.push(place);
    place = realpathSync(place);
  }
  return links;
}

/** The path of a file without links. The file may be missing, but not its directory. */
function requirePath(path: string, name: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOENT') throw usage(`Could not read ${name} (${code}).`);
    if (lstatSync(path, { throwIfNoEntry: false })) throw usage(`${name} is a link to a file that does not exist.`, 'Fix or remove it.');
    const directory = realPathOf(dirname(path));
    if (directory === undefined) throw usage(`Directory ${dirname(name)} does not exist.`);
    return join(directory, basename(path));
  }
}

/** The path of a file without links; undefined if there is no such file, or it cannot be found out. */
export function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
