import { lstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { attempt, DnxError, systemCode, systemReason, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { readText, realPath, realPathOf, removeTemporaries, writeText } from '../../machine/files/text-file.ts';
import { git } from '../../machine/git.ts';
import { type LinkEnvironment, linkFileFor } from '../../machine/settings/link.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { type Located, sameName } from '../../platform/names/names.ts';

/**
 * The file of a site in the working directory if none is named: `.env.production`, after its environment in the link file, else after its
 * domain. Never the user's own `.env`, nor a file that Laravel's tests read or that is committed.
 */
export function siteFileName({ settings }: Context, { site }: Located): string {
  const { chosen, environments = [] } = settings.link ?? {};
  const isOf = ({ site: { id, name } }: LinkEnvironment) =>
    id === site.id || (id === undefined && name !== undefined && sameName('site', name, site.label));
  const environment = (chosen && isOf(chosen) ? chosen : environments.find(isOf))?.name ?? '';
  const word = ['', 'local', 'testing', 'example'].includes(environment.toLowerCase()) ? site.label : environment;
  return `.env.${word.replace(/[^\p{L}\p{N}\p{M}_.-]/gu, '-')}`;
}

/** A dotenv file on this machine. Its text is undefined if there is no file yet. */
export type LocalFile = ReturnType<typeof openLocal>;

/**
 * Opens a file that a pull writes or a push reads. Refuses what is not a regular file, such as a directory or a FIFO, and a link out of
 * the project. Says if the file is outside of it.
 */
export function openLocal(word: string, { world, progress }: Context) {
  if (word === '') throw usage('The file name is empty.');
  if (word === '-') throw usage('A dotenv file cannot be read from stdin.', 'Name a file.');
  const named = pathOf(word, world);
  const short = relative(world.cwd, named);
  const name = short === '' || short.startsWith('..') ? named : short;
  const { path, outside } = projectFile(named, name, world);
  const text = readText(path);
  if (outside) progress.note(`${name} is ${path === named ? '' : `a link to ${path}, `}outside of this project.`);
  return {
    name,
    path,
    /** That of the file itself, also if it was named by a link. */
    directory: dirname(path),
    text,
    /** Replaces the text as a whole. Keeps the mode, owner and group of an existing file; a new one can be read by the user only. */
    write: (next: string): void => replaceText({ name, path, text }, next, world),
  };
}

/** Replaces the text of a file as a whole, if it is still as it was read. Keeps the mode, owner and group of one that exists. */
export function replaceText(
  { name, path, text }: Pick<LocalFile, 'name' | 'path' | 'text'>,
  next: string,
  world: World,
  access?: { readonly mode: number },
): void {
  if (readText(path) !== text)
    throw new DnxError('differences', `${name} was changed meanwhile. Nothing was written.`, { hint: 'Run the command again.' });
  try {
    removeTemporaries(path, world.clock.now());
    writeText(path, next, text === undefined ? access : statSync(path));
  } catch (cause) {
    const kept = text === undefined ? '' : ' The file is unchanged.';
    throw new DnxError('failed', `Could not write ${name}: ${systemReason(cause) ?? cause}.${kept}`, {
      cause,
      ...(systemCode(cause) === 'EPERM' && { hint: 'Another user or group owns it, which dnx could not keep. Run this as the owner.' }),
    });
  }
}

/** With `./`, Git takes no name for an option or a pattern. */
const inGit = ({ path }: Pick<LocalFile, 'path'>): string => `./${basename(path)}`;

export async function isTracked(file: LocalFile, world: World): Promise<boolean> {
  const listed = await git(world, ['--literal-pathspecs', 'ls-files', '--error-unmatch', '--', inGit(file)], file.directory);
  return listed?.code === 0;
}

/** True if Git would add a file. Outside of a work tree, and without Git, it is neither ignored nor unignored. */
export const isUnignored = async (file: LocalFile, world: World): Promise<boolean> => (await ignoredCode(file, world)) === 1;

/** 0: ignored; 1: not ignored; 128: no work tree; undefined: no Git. */
export const ignoredCode = async (file: LocalFile, world: World): Promise<number | undefined> =>
  (await git(world, ['check-ignore', '--quiet', '--no-index', '--', inGit(file)], file.directory))?.code;

type Needs = Pick<World, 'cwd' | 'home'>;

/**
 * Resolves a file, which need not exist, but its directory must. Refuses one that a link in the project leads out of it: a repository must not choose which file of this machine is
 * read or written. What the user named themselves may be anywhere.
 */
function projectFile(file: string, shown: string, world: Needs) {
  const path = requirePath(file, shown);
  const project = projectDirectory(world);
  const outside = !isInside(path, project);
  if (outside && linksIn(file).some((link) => isInside(link, project))) {
    const hint = 'If you mean that file, name it instead of the link.';
    throw usage(`${shown} is a link to ${path}, outside of this project (${project}).`, hint);
  }
  return { path, outside };
}

/** Does the same for a file that the user named and that dnx only reads, such as that of `--from-file`. */
export function refuseLinkOut(name: string, world: Needs): void {
  const path = pathOf(name, world);
  // Whoever reads it says what is missing. `<(…)` has no real path.
  if (realPathOf(path) !== undefined) projectFile(path, name, world);
}

/**
 * The root of the Git repository around the working directory or another one, or that directory itself. Not the home directory or one
 * above it: that may be a repository of settings, and a project below it is not part of it.
 */
export function projectDirectory(world: Needs, from = world.cwd): string {
  const here = realPath(from);
  const root = dirname(linkFileFor(here));
  return holdsHome(root, world) ? here : root;
}

/** True for a path in the project of a file in this directory: that of the working directory, if it is in there. */
export function isInProjectOf(directory: string, path: string, world: Needs): boolean {
  const here = projectDirectory(world);
  return isInside(path, isInside(directory, here) ? here : projectDirectory(world, directory));
}

const holdsHome = (directory: string, world: Needs): boolean => attempt(() => isInside(realpathSync(world.home), directory)) ?? false;

/** True for a path in a directory. What is in `.git` is not part of a project. */
export function isInside(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return !isAbsolute(way) && !way.split(sep).some((name) => name === '..' || name.toLowerCase() === '.git');
}

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
