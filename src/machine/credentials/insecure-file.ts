import { chmodSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DnxError, isError, systemCode } from '../../base/errors.ts';
import { makeDirectory } from '../files/directory.ts';
import { readJson, writeJson } from '../files/json-file.ts';
import type { Waiting } from '../files/lock.ts';

type Contents = Readonly<Record<string, unknown>>;

/** The file of unencrypted tokens, by account. It exists only while it contains a token. */
export interface InsecureFile {
  readonly path: string;
  read(account: string): string | undefined;
  write(account: string, token: string): Promise<void>;
  remove(account: string): Promise<void>;
  /** Creates its directory with mode 700. */
  prepare(): void;
}

/** Opens the insecure file at `path`. Writes are locked. */
export function insecureFile(path: string, waiting: Waiting): InsecureFile {
  const prepare = () => {
    const directory = dirname(path);
    try {
      makeDirectory(directory);
      chmodSync(directory, 0o700);
    } catch (cause) {
      throw new DnxError('failed', `Could not restrict access to ${directory} (${systemCode(cause)}).`, {
        hint: 'Check the owner of the directory, or set DNX_CONFIG_DIR.',
        cause,
      });
    }
  };
  const edit = async (change: (contents: Contents) => Contents) => {
    prepare();
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
    prepare,
    read(account) {
      const token = readJson<Contents>(path)[account];
      return typeof token === 'string' ? token : undefined;
    },
    write: (account, token) => edit((contents) => ({ ...contents, [account]: token })),
    remove: (account) => edit(({ [account]: _, ...others }) => others),
  };
}
