import { appendFileSync, lstatSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { DnxError, systemCode } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import { makeDirectory, readText } from '../../machine/files/text-file.ts';
import { git } from '../../machine/git.ts';
import type { LocalFile } from './local-file.ts';

type Place = Pick<LocalFile, 'name' | 'path' | 'directory'>;

/**
 * Keeps a file with the variables of a site out of Git. A file that dnx named must not be tracked, and is excluded unless it is ignored; of
 * one that the user named, it only warns. Outside of a work tree, or without Git, there is nothing to do.
 */
export async function keepOutOfGit(ctx: Context, file: Place, named: 'by dnx' | 'by the user'): Promise<void> {
  const { progress } = ctx;
  const { name } = file;
  if (await isTracked(ctx, file)) {
    const untrack = `\`git rm --cached ${quoted(name)}\``;
    if (named === 'by dnx')
      throw new DnxError('differences', `${name} is tracked by Git. Nothing was written.`, {
        hint: `Run ${untrack}, or name another file.`,
      });
    progress.warn(`${name} is tracked by Git. Run ${untrack} and add it to .gitignore.`);
  } else if (await isUnignored(ctx, file)) {
    if (named === 'by dnx' && (await excluded(ctx, file)) && !(await isUnignored(ctx, file)))
      progress.note(`Added ${name} to .git/info/exclude, so that Git does not commit it.`);
    else progress.warn(`${name} is not ignored by Git. Add it to .gitignore.`);
  }
}

/** With `./`, Git takes no name for an option or a pattern. */
const inGit = ({ path }: Place): string => `./${basename(path)}`;

async function isTracked({ world }: Context, file: Place): Promise<boolean> {
  const listed = await git(world, ['--literal-pathspecs', 'ls-files', '--error-unmatch', '--', inGit(file)], file.directory);
  return listed?.code === 0;
}

/** 0: ignored; 128: no work tree. */
const isUnignored = async ({ world }: Context, file: Place): Promise<boolean> =>
  (await git(world, ['check-ignore', '--quiet', '--no-index', '--', inGit(file)], file.directory))?.code === 1;

/** Adds a file to the exclusions of this clone, which nobody commits. False if that is not possible, or not safe. */
async function excluded({ world }: Context, { path, directory }: Place): Promise<boolean> {
  const found = await git(world, ['rev-parse', '--git-path', 'info/exclude'], directory);
  if (found?.code !== 0) return false;
  const exclude = resolve(directory, found.stdout.replace(/\n$/, ''));
  try {
    // An unpacked archive could bring a link to any file.
    if (lstatSync(exclude, { throwIfNoEntry: false })?.isFile() === false) return false;
    const before = readText(exclude) ?? '';
    makeDirectory(dirname(exclude));
    appendFileSync(exclude, `${before === '' || before.endsWith('\n') ? '' : '\n'}${basename(path)}\n`);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}
