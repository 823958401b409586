import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { usage } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Env, Started, World } from '../../../machine/world.ts';
import { clientsFor, findProgram } from '../clients.ts';
import type { Credentials } from '../credentials.ts';
import { argumentsOf } from '../remote-dump/scripts.ts';

/** The client of a local database server. */
export interface Client {
  readonly world: Pick<World, 'env' | 'start' | 'capture' | 'signal'>;
  readonly local: Credentials;
  readonly program: string;
  /** What it says about its version. */
  readonly version: string;
}

/** How to start a client. */
interface Options {
  /** The database to use; by default none, or the maintenance database of PostgreSQL. */
  readonly database?: string | undefined;
  /** Neither a signal of dnx nor Ctrl-C ends it. */
  readonly steadfast?: boolean;
}

/** Finds the client on this machine. */
export async function findClient({ world }: Pick<Context, 'world'>, local: Credentials): Promise<Client> {
  const found = await findProgram(world, local);
  if (found) return { world, local, program: found.file, version: found.version };
  const { names, packages } = clientsFor(local);
  throw usage(`Could not find ${names} on this machine.`, `Install ${packages}.`);
}

/** Starts the client, which reads statements from standard input and stops at the first error. */
export async function startClient({ world, local, program }: Client, options: Options = {}): Promise<Started> {
  const [args, env] = local.driver === 'mysql' ? mysql(local, options) : pgsql(local, options);
  const child = await world.start({
    file: program,
    args,
    env: { ...withoutSettings(world.env), ...env },
    stdin: 'pipe',
    ...(options.steadfast && { background: true, signal: new AbortController().signal }),
  });
  if (!child) throw usage(`Could not find ${program} on this machine.`);
  return child;
}

/** The environment without the token, and without variables that tell clients to connect elsewhere. */
const withoutSettings = (env: Env): Env =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(DNX_TOKEN$|(PG|MYSQL_|MARIADB_)[A-Z])/.test(name.toUpperCase())));

type Start = readonly [args: readonly string[], env: Env];

function mysql(local: Credentials, { database }: Options): Start {
  const [host, port, socket] = argumentsOf(local);
  const where = socket ? [`--socket=${socket}`] : [`--host=${host}`, ...(port ? [`--port=${port}`] : [])];
  // In binary mode, commands of the client such as `\!` in a dump do nothing.
  const safe = [
    '--binary-mode',
    '--local-infile=0',
    '--loose-skip-ssl-verify-server-cert',
    '--loose-get-server-public-key',
    '--skip-reconnect',
  ];
  const output = ['--batch', '--skip-column-names', '--unbuffered', '--default-character-set=utf8mb4', '--max-allowed-packet=1G'];
  const use = database === undefined ? [] : [`--database=${database}`];
  return [
    ['--no-defaults', `--user=${local.username}`, ...where, ...safe, ...output, ...use],
    // The password in an option file would be used instead.
    { MYSQL_TEST_LOGIN_FILE: '/dev/null', MYSQL_PWD: local.password },
  ];
}

function pgsql(local: Credentials, { database = maintenanceOf(local) }: Options): Start {
  return [
    ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--no-password', '--set=ON_ERROR_STOP=1', '--file=-'],
    {
      PGHOST: local.socket === undefined ? local.host : dirname(local.socket),
      PGPORT: String(local.port),
      PGUSER: local.username,
      PGDATABASE: database,
      PGCLIENTENCODING: 'UTF8',
      PGPASSWORD: local.password,
    },
  ];
}

/** The database to connect to for statements about another one. */
const maintenanceOf = ({ database }: Credentials): string => (database === 'postgres' ? 'template1' : 'postgres');

/** Reads a stream to its end as text. */
export async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
