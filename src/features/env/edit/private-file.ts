import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError, reasonOf, systemCode } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { makePrivateDirectory, removeAbandoned, removePrivateDirectory } from '../../../machine/files/private-directory.ts';

type FileContext = Pick<Context, 'clock' | 'settings' | 'world'>;

/** Where private files are: in memory, or in the state directory. */
const placeOf = ({ settings, world }: FileContext) => ({ env: world.env, state: settings.directories.state });

/** A file that only this user can read, while dnx runs. */
export interface PrivateFile {
  readonly path: string;
  write(text: string): void;
}

/** Runs `work` with a file that only this user can read. Nothing of it is left afterwards, however dnx ends, except by SIGKILL. */
export async function withPrivateFile<T>(
  ctx: FileContext,
  name: string,
  text: string,
  work: (file: PrivateFile) => Promise<T>,
): Promise<T> {
  let directory: string | undefined;
  const remove = () => {
    if (directory !== undefined) removePrivateDirectory(directory);
  };
  const forget = ctx.world.onExit(remove);
  try {
    directory = written(() => makePrivateDirectory(placeOf(ctx)));
    const path = join(directory, name);
    const write = (next: string) => written(() => writeFileSync(path, next, { mode: 0o600 }));
    write(text);
    return await work({ path, write });
  } finally {
    forget();
    remove();
  }
}

function written<T>(write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    throw new DnxError('failed', `Could not write a file for the editor: ${reasonOf(code) ?? code}.`, { cause });
  }
}

/** Removes the files that killed processes left behind. */
export const removeLeftFiles = (ctx: FileContext): void => removeAbandoned(placeOf(ctx), ctx.clock);
