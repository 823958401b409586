import { basename } from 'node:path';
import { quoted } from '../../../base/shell.ts';
import type { Context } from '../../../cli/language/command.ts';
import { git } from '../../../machine/git.ts';
import type { LocalFile } from './local-file.ts';

/** Warns if Git would commit the file. Says nothing outside of a work tree, or without Git. */
export async function warnUnlessIgnored(
  { progress, world }: Pick<Context, 'progress' | 'world'>,
  { name, path, directory }: Pick<LocalFile, 'name' | 'path' | 'directory'>,
): Promise<void> {
  // With `./`, Git takes no name for an option or a pattern.
  const file = `./${basename(path)}`;
  const listed = await git(world, ['--literal-pathspecs', 'ls-files', '--error-unmatch', '--', file], directory);
  const isTracked = listed?.code === 0;
  // 0: ignored; 128: no work tree.
  if (!isTracked && (await git(world, ['check-ignore', '--quiet', '--no-index', '--', file], directory))?.code !== 1) return;
  progress.warn(
    isTracked
      ? `${name} is tracked by Git. Run \`git rm --cached ${quoted(name)}\` and add it to .gitignore.`
      : `${name} is not ignored by Git. Add it to .gitignore.`,
  );
}
