import { DnxError, isError, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { parseDotenv } from '../env/dotenv/dotenv.ts';
import { openLocal } from '../env/local-file.ts';
import { resolveReferences } from '../env/references.ts';
import { type Credentials, credentialsIn } from './credentials.ts';

const DEFAULT_FILE = '.env';

/** The local database that a project's dotenv file names. Refuses what may not be a copy to work with. */
export async function readLocal(ctx: Context, file = DEFAULT_FILE): Promise<Credentials> {
  const { text, directory } = openLocal(file, ctx);
  if (text === undefined) throw usage(`Could not find ${file}.`, 'Run this in the directory of the project, or use --into.');
  const { variables, references } = parseDotenv(text, file);
  const needed = [...references].filter(([key]) => /^(DB_|DATABASE_URL$)/.test(key));
  const resolved = await resolveReferences({ variables, references: new Map(needed) }, { directory, allowed: 'all' }, ctx);
  if (/^prod(uction)?$/i.test(variables.get('APP_ENV') ?? ''))
    throw usage(`${file} is for production: APP_ENV=${variables.get('APP_ENV')}. Nothing was changed.`, 'Use --into for another file.');
  const local = credentialsOf(Object.fromEntries(resolved), file);
  if (own[local.driver].includes(local.database.toLowerCase()))
    throw usage(
      `${file} names ${local.database}, which is the server's own database. Nothing was changed.`,
      'Use --into for another file.',
    );
  if (local.socket === undefined && !isLoopback(local.host))
    throw usage(`${file} names a database on ${local.host}, which is not this machine. Nothing was changed.`, HINT);
  return local;
}

/** The databases that come with a server. */
const own: Readonly<Record<Credentials['driver'], readonly string[]>> = {
  mysql: ['information_schema', 'mysql', 'performance_schema', 'sys'],
  pgsql: ['postgres', 'template0', 'template1'],
};

/** The names of containers, too, mean another machine: only their forwarded ports are on this one. */
const HINT = 'For a container, use --into with a file that has DB_HOST=127.0.0.1 and the forwarded DB_PORT.';

function credentialsOf(values: Readonly<Record<string, string>>, file: string): Credentials {
  try {
    return credentialsIn(values, file, file);
  } catch (error) {
    throw isError(error) ? new DnxError('usage', error.message, { hint: `Fix ${file}, or use --into for another file.` }) : error;
  }
}

const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|::1|0:0:0:0:0:0:0:1)$/i.test(host);
