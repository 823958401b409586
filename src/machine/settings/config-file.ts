import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError, isError, systemCode } from '../../base/errors.ts';
import { type LockWaiting, locked } from '../files/lock.ts';
import { realPath, writeJson } from '../files/text-file.ts';
import { CONFIG_FILE, type Config, configIn, configProblem, normalizedConfig, openSettingsFile } from './config.ts';

/** Edits the settings file under its lock, and validates it. Refuses one that cannot be read whole, and would lose the rest. */
export async function editConfig(directory: string, waiting: LockWaiting, change: (config: Config) => Config): Promise<void> {
  const file = join(directory, CONFIG_FILE);
  const edit = () => {
    const source = openSettingsFile(file);
    const problem = configProblem(source);
    if (problem) throw problem;
    // A link may point to a repository of settings.
    writeJson(realPath(file), change(normalizedConfig(source.object()) as Config));
  };
  await locked(file, waiting, edit).catch((cause: unknown) => {
    throw isError(cause) ? cause : notSaved(directory, cause as NodeJS.ErrnoException);
  });
}

/** Holds the lock of a change of tokens, which are in several stores and in the settings. */
export const lockSignIn = <T>(directory: string, waiting: LockWaiting, change: () => Promise<T>): Promise<T> =>
  locked(join(directory, 'sign-in'), waiting, change).catch((cause: unknown) => {
    throw isError(cause) || systemCode(cause) === undefined ? cause : notSaved(directory, cause as NodeJS.ErrnoException);
  });

function notSaved(directory: string, cause: NodeJS.ErrnoException): DnxError {
  const { code, message } = cause;
  return new DnxError('failed', `Could not save the settings in ${directory}: ${code ?? message}.`, {
    hint: code
      ? 'Check the disk space and the owner of the directory, or set DNX_CONFIG_DIR.'
      : `Fix or remove ${join(directory, CONFIG_FILE)}.`,
    cause,
  });
}

/** Renames a broken settings file and keeps its valid parts. Returns the new path of the broken file. */
export async function repairConfig(directory: string, waiting: LockWaiting): Promise<string | undefined> {
  const file = join(directory, CONFIG_FILE);
  return locked(file, waiting, () => {
    const source = openSettingsFile(file);
    // Another process may have repaired it.
    if (!configProblem(source)) return undefined;
    const broken = unused(`${file}.broken`);
    renameSync(file, broken);
    writeJson(file, configIn(source));
    return broken;
  });
}

function unused(path: string): string {
  for (let number = 2, free = path; ; number += 1) {
    if (!existsSync(free)) return free;
    free = `${path}-${number}`;
  }
}
