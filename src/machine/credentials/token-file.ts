import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DnxError, isError, systemCode, usage } from '../../base/errors.ts';
import type { LockWaiting } from '../files/lock.ts';
import { makeSecretDirectory, readJson, writeJson } from '../files/text-file.ts';
import { pathOf, type World } from '../world.ts';

type Contents = Readonly<Record<string, unknown>>;

/** The file of unencrypted tokens, by account. It exists only while it contains a token. */
export type InsecureFile = ReturnType<typeof insecureFile>;

/** Opens the insecure file at `path`. Writes are locked. */
export function insecureFile(path: string, waiting: LockWaiting) {
  const edit = async (change: (contents: Contents) => Contents) => {
    const write = () => {
      const contents = change(readJson<Contents>(path));
      if (Object.keys(contents).length === 0) rmSync(path, { force: true });
      else writeJson(path, contents);
    };
    // Reading needs no lock.
    const { locked } = await import('../files/lock.ts');
    await locked(path, waiting, write).catch((cause: unknown) => {
      const code = systemCode(cause);
      if (isError(cause) || code === undefined) throw cause;
      throw new DnxError('failed', `Could not write ${path} (${code}).`, {
        hint: 'Check the disk space and the owner of the file.',
        cause,
      });
    });
  };
  return {
    path,
    /** Creates its directory, or throws if another user could change it. */
    prepare: (): void => makeSecretDirectory(dirname(path)),
    read(account: string): string | undefined {
      const token = readJson<Contents>(path)[account];
      return typeof token === 'string' ? token : undefined;
    },
    async write(account: string, token: string): Promise<void> {
      makeSecretDirectory(dirname(path));
      await edit((contents) => ({ ...contents, [account]: token }));
    },
    remove: (account: string): Promise<void> => edit(({ [account]: _, ...others }) => others),
  };
}

/** A new, empty file for a token. */
export type TokenFile = ReturnType<typeof reserveFile>;

/** Creates an empty file with mode 600 before the token is created, so that the token cannot be lost. Refuses an existing file. */
export function reserveFile(name: string, world: Pick<World, 'cwd' | 'home'>) {
  const path = pathOf(name, world);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o600);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw usage(`${name} already exists.`, 'Remove it, or use another name.');
    throw usage(`Could not write ${name} (${code}).`);
  }
  return {
    path,
    /** Writes the token to disk, or throws the system's error. */
    write(token: string): void {
      writeFileSync(descriptor, `${token}\n`);
      fsyncSync(descriptor);
      closeSync(descriptor);
    },
    discard: (): void => rmSync(path, { force: true }),
  };
}
