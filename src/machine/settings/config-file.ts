import { join } from 'node:path';
import Conf from 'conf';
import { DnxError } from '../../base/errors.ts';
import { locked } from '../files/lock.ts';
import type { Config } from './settings.ts';

const schema = {
  profile: { type: 'string' },
  profiles: {
    type: 'object',
    additionalProperties: {
      type: 'object',
      additionalProperties: false,
      properties: { host: { type: 'string' }, server: { type: 'string' }, site: { type: 'string' }, output: { type: 'string' } },
    },
  },
  accounts: { type: 'object' },
} as const;

/** Changes the settings file atomically, after checking its shape. Reading it is done with `fs`, which costs nothing at start-up. */
export function editConfig(directory: string, change: (config: Config) => Config): void {
  const edit = () => {
    const conf = new Conf<Record<string, unknown>>({
      cwd: directory,
      configName: 'config',
      projectName: 'dnx',
      schema,
      configFileMode: 0o600,
    });
    conf.store = { ...change(conf.store as Config) };
  };
  try {
    locked(join(directory, 'config.json'), edit);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new DnxError('failed', `Cannot write the settings in ${directory}: ${code ?? message}.`, {
      hint: 'Look at the free space and at who owns that directory; DNX_CONFIG_DIR chooses another.',
      cause,
    });
  }
}
