import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DnxError, isError, systemCode } from '../../base/errors.ts';
import { makeSecretDirectory } from '../files/directory.ts';
import { readJson, writeJson } from '../files/json-file.ts';
import type { Waiting } from '../files/lock.ts';

type Contents = Readonly<Record<string, unknown>>;

/** The file of unencrypted tokens, by account. It exists only while it contains a token. */
export interface InsecureFile {
  readonly path: string;
  read(account: string): string | undefined;
  write(account: string, token: string): Promise<void>;
  remove(account: string): Promise<void>;
  /** Creates its directory, or throws if another user could change it. */
  prepare(): void;
}

/** Opens the insecure file at `path`. Writes are locked. */
export function insecureFile(path: string, waiting: Waiting): InsecureFile {
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
    prepare: () => makeSecretDirectory(dirname(path)),
    read(account) {
      const token = readJson<Contents>(path)[account];
      return typeof token === 'string' ? token : undefined;
    },
    async write(account, token) {
      makeSecretDirectory(dirname(path));
      await edit((contents) => ({ ...contents, [account]: token }));
    },
    remove: (account) => edit(({ [account]: _, ...others }) => others),
  };
}
