import { statSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { DnxError, reasonOf, systemCode, usage } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { readText, removeTemporaries, writeText } from '../../../machine/files/text-file.ts';
import { pathOf } from '../../../machine/world.ts';
import { projectFile } from '../project.ts';

/** The file in the working directory if none is named. */
export const DEFAULT_FILE = '.env';

/** A dotenv file on this machine. */
export interface LocalFile {
  /** As the user knows it. */
  readonly name: string;
  /** The directory of the file itself, also if it was named by a link. */
  readonly directory: string;
  /** Its absolute path, with links resolved. */
  readonly path: string;
  /** Its text; undefined if there is no file yet. */
  readonly text: string | undefined;
  /** Replaces the text as a whole. Keeps the mode of an existing file; a new one can be read by the user only. */
  write(text: string): void;
}

/**
 * Opens a file that a pull writes or a push reads. Refuses what is not a regular file, such as a directory or a FIFO, and a link out of
 * the project. Says if the file is outside of it.
 */
export function openLocal(given: string | undefined, { world, progress }: Pick<Context, 'world' | 'progress'>): LocalFile {
  if (given === '') throw usage('The file name is empty.');
  if (given === '-') throw usage('A dotenv file cannot be read from stdin.', 'Name a file.');
  const named = pathOf(given ?? DEFAULT_FILE, world);
  const short = relative(world.cwd, named);
  const name = short === '' || short.startsWith('..') ? named : short;
  const { path, outside } = projectFile(named, name, world);
  const text = readText(path);
  if (outside) progress.note(`${name} is ${path === named ? '' : `a link to ${path}, `}outside of this project.`);
  return {
    name,
    path,
    directory: dirname(path),
    text,
    write(next) {
      if (readText(path) !== text)
        throw new DnxError('differences', `${name} was changed meanwhile. Nothing was written.`, { hint: 'Run the command again.' });
      try {
        removeTemporaries(path, world.clock.now());
        writeText(path, next, text === undefined ? undefined : statSync(path).mode & 0o7777);
      } catch (cause) {
        const kept = text === undefined ? '' : ' The file is unchanged.';
        throw new DnxError('failed', `Could not write ${name}: ${reasonOf(systemCode(cause)) ?? systemCode(cause) ?? cause}.${kept}`, {
          cause,
        });
      }
    },
  };
}
