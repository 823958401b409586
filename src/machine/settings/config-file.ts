import { join } from 'node:path';
import Conf from 'conf';
import { DnxError, isError } from '../../base/errors.ts';
import { makeDirectory } from '../files/directory.ts';
import { locked, type Waiting } from '../files/lock.ts';
import type { Config } from './config.ts';

const schema = {
  profile: { type: 'string' },
  profiles: {
    type: 'object',
    additionalProperties: {
      type: 'object',
      properties: { host: { type: 'string' }, server: { type: 'string' }, site: { type: 'string' }, output: { type: 'string' } },
    },
  },
  accounts: { type: 'object' },
} as const;

/** Edits the settings file under its lock, and validates it. Reading uses only `fs`, for a fast start. */
export async function editConfig(directory: string, waiting: Waiting, change: (config: Config) => Config): Promise<void> {
  try {
    // Before conf does it with Node's recursive mkdir.
    makeDirectory(directory);
    const conf = new Conf<Record<string, unknown>>({
      cwd: directory,
      configName: 'config',
      projectName: 'dnx',
      schema,
      configFileMode: 0o600,
      deserialize: (text) => JSON.parse(text.replace(/^\ufeff/, '')),
    });
    await locked(join(directory, 'config.json'), waiting, () => {
      conf.store = { ...change(conf.store as Config) };
    });
  } catch (cause) {
    if (isError(cause)) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new DnxError('failed', `Could not save the settings in ${directory}: ${code ?? message}.`, {
      hint: code
        ? 'Check the disk space and the owner of the directory, or set DNX_CONFIG_DIR.'
        : `Fix or remove ${join(directory, 'config.json')}.`,
      cause,
    });
  }
}
