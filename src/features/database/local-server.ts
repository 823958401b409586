import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DnxError, type Next, systemCode, usage } from '../../base/errors.ts';
import { quotedName } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { childEnv, envWithoutSecrets } from '../../machine/env.ts';
import type { Env, Started, World } from '../../machine/world.ts';
import type { Credentials } from './credentials.ts';
import { connectionWords, parsedRows, reasonsIn } from './remote-client.ts';

/** The client of a local database server. */
export interface Client {
  readonly world: Pick<World, 'env' | 'start' | 'capture' | 'signal'>;
  readonly local: Credentials;
  readonly program: string;
  readonly version: string;
}

interface ClientOptions {
  /** The database to use; by default none, or the maintenance database of PostgreSQL. */
  readonly database?: string | undefined;
  /** Neither a signal of dnx nor Ctrl-C ends it. */
  readonly steadfast?: boolean;
}

/** Finds the client on this machine. */
export async function findClient({ world }: Context, local: Credentials): Promise<Client> {
  const { file, version } = await findProgram(world, local);
  return { world, local, program: file, version };
}

/** Starts the client, which reads statements from standard input and stops at the first error. */
async function startClient({ world, local, program }: Client, options: ClientOptions = {}): Promise<Started> {
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

/** The environment without the secrets of dnx, and without variables that tell clients to connect elsewhere. */
const withoutSettings = (env: Env): Env =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(DNX_(TOKEN|NOTIFY)$|(PG|MYSQL_|MARIADB_)[A-Z])/.test(name.toUpperCase())));

type Start = readonly [args: readonly string[], env: Env];

function mysql(local: Credentials, { database }: ClientOptions): Start {
  const [host, port, socket] = connectionWords(local);
  const where = socket ? [`--socket=${socket}`] : [`--host=${host}`, ...(port ? [`--port=${port}`] : [])];
  // In binary mode, commands of the client such as `\!` in a dump do nothing.
  const safe = [
    '--binary-mode',
    '--local-infile=0',
    '--loose-skip-ssl-verify-server-cert',
    '--loose-get-server-public-key',
    '--skip-reconnect',
  ];
  // Without it, the client leaves comments out of routines.
  const input = ['--comments', '--default-character-set=utf8mb4', '--max-allowed-packet=1G'];
  const output = ['--batch', '--skip-column-names', '--unbuffered'];
  const use = database === undefined ? [] : [`--database=${database}`];
  return [
    ['--no-defaults', `--user=${local.username}`, ...where, ...safe, ...input, ...output, ...use],
    // The password in an option file would be used instead.
    { MYSQL_TEST_LOGIN_FILE: '/dev/null', MYSQL_PWD: local.password },
  ];
}

function pgsql(local: Credentials, { database = 'postgres' }: ClientOptions): Start {
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

async function streamText(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Runs SQL on a local database server. */
export type Sql = ReturnType<typeof openSql>;

/** A local database server refused a statement, or a connection. */
export class Refused extends DnxError {}

/** Opens a local database server. */
export function openSql(client: Client) {
  const { local } = client;
  /** Runs statements to their end, even if dnx is told to stop, and returns what they print. Throws a `Refused` at the first error. */
  const run = async (statements: string, options: Pick<ClientOptions, 'database'> = {}) => {
    const child = await startClient(client, { ...options, steadfast: true });
    child.stdin?.end(statements);
    const [stdout, stderr, code] = await Promise.all([streamText(child.stdout), streamText(child.stderr), child.ended]);
    if (code !== 0) throw refusal(stderr, local, code);
    return stdout.replace(/\n$/, '');
  };
  return {
    local,
    run,
    rows: async (statements: string, options?: Pick<ClientOptions, 'database'>) => parsedRows(await run(statements, options)),
  };
}

function refusal(stderr: string, local: Credentials, code: number): Refused {
  const reasons = reasonsIn(stderr, local.password);
  const first = reasons.find((reason) => /error|fatal|denied/i.test(reason)) ?? reasons.at(-1) ?? `it ended with exit code ${code}.`;
  const down = /Can't connect|could not connect to server|connection to server .* failed: (?!FATAL)/.test(first);
  const access = /denied|authentication failed/i.test(first);
  return new Refused(down ? 'network' : 'failed', `The local database server reported: ${first.replace(/^psql:(<stdin>:\d+: )? ?/, '')}`, {
    hint: down
      ? `Check that it is running, and DB_HOST and DB_PORT in ${local.source}.`
      : access
        ? `The credentials are those of ${local.source}.`
        : undefined,
  });
}

/** An identifier, so that no name is read as SQL. */
export const identifier = (name: string, { driver }: Pick<Credentials, 'driver'>): string =>
  driver === 'mysql' ? `\`${name.replaceAll('`', '``')}\`` : `"${name.replaceAll('"', '""')}"`;

/** A string, so that nothing in it is read as SQL, whatever the modes of the server are. */
export const literal = (value: string, { driver }: Pick<Credentials, 'driver'>): string =>
  driver === 'mysql' ? `_utf8mb4 0x${Buffer.from(value).toString('hex')}` : `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/**
 * Runs `work` while holding a lock of the local database server, so that no two pulls replace the same database. The server drops it
 * with the connection, so a killed dnx leaves none.
 */
export async function exclusively<T>(client: Client, work: () => Promise<T>): Promise<T> {
  const { local } = client;
  const child = await startClient(client, { steadfast: true });
  const stderr = streamText(child.stderr);
  try {
    child.stdin?.write(statementOf(local));
    for await (const chunk of child.stdout) {
      const answer = String(chunk).trim();
      if (answer === '1' || answer === 't') return await work();
      throw new DnxError('failed', `Another dnx is replacing ${quotedName(local.database)}.`, { hint: 'Try again when it is done.' });
    }
    throw refusal(await stderr, local, await child.ended);
  } finally {
    child.stdin?.end();
  }
}

/** The names of locks have at most 64 characters in MySQL, and are numbers in PostgreSQL. */
function statementOf(local: Credentials): string {
  const name = literal(`dnx db pull ${local.database}`, local);
  return local.driver === 'mysql'
    ? `SET SESSION wait_timeout = 604800;\nSELECT GET_LOCK(SHA1(${name}), 0);\n`
    : `SELECT pg_try_advisory_lock(hashtext(${name}));\n`;
}

/** Imports SQL into a local database as it arrives. Throws the error of the dump or of the server, whichever came first. */
export async function importInto(client: Client, database: string, dump: AsyncIterable<Buffer>): Promise<void> {
  const child = await startClient(client, { database });
  if (!child.stdin) throw new Error('The client has no input.');
  const stderr = streamText(child.stderr);
  child.stdout.resume();
  try {
    await pipeline(dump, child.stdin);
  } catch (error) {
    // If the client no longer reads, it says why.
    if (client.world.signal.aborted || !isClosed(error)) {
      child.stop();
      await child.ended;
      client.world.signal.throwIfAborted();
      throw error;
    }
  }
  const code = await child.ended;
  client.world.signal.throwIfAborted();
  if (code === 0) return;
  throw refusal(await stderr, client.local, code);
}

const isClosed = (error: unknown): boolean =>
  !(error instanceof DnxError) && ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(systemCode(error) ?? '');

const LOCAL = '127.0.0.1';

/** The database client of this machine for a forwarded port. The password is only in its environment. */
export async function clientFor(world: World, credentials: Credentials, site: string) {
  const found = await findProgram(world, credentials, { command: ['db', 'tunnel', site], why: 'Open a tunnel' });
  if (credentials.driver === 'mysql') return mysqlClient(world, credentials, found);
  // Not `--dbname`, which psql reads as a connection string if it looks like one.
  const env = (port: number) => childEnv(envWithoutSecrets(world.env), libpq(credentials, port));
  return (port: number) => ({ file: 'psql', args: [], env: env(port), bare: false });
}

interface Program {
  readonly file: string;
  readonly version: string;
}

/** The clients for each kind of database, the best first, and the packages of Debian that have them. */
const programs: Readonly<Record<Credentials['connection'], { readonly files: readonly string[]; readonly packages: string }>> = {
  mariadb: { files: ['mariadb', 'mysql'], packages: 'mariadb-client' },
  mysql: { files: ['mysql', 'mariadb'], packages: 'mysql-client or mariadb-client' },
  pgsql: { files: ['psql'], packages: 'postgresql-client' },
};

/** The client of this machine for a database: that of the same maker, if there is one. Debian's `mysql` is MariaDB's. `others`: without it. */
async function findProgram({ capture, env }: World, { connection }: Credentials, others?: Next): Promise<Program> {
  const { files, packages } = programs[connection];
  const found: Program[] = [];
  for (const file of files) {
    const ran = await capture({ file, args: ['--version'], env: envWithoutSecrets(env) });
    if (ran?.code === 0) found.push({ file, version: ran.stdout });
  }
  const best = found.find((item) => (item.file === 'mariadb') === isMaria(item)) ?? found[0];
  if (best) return best;
  const missing = `Could not find ${files.join(' or ')} on this machine.`;
  throw others ? usage(missing, `Install ${packages}, or connect with another program:`, others) : usage(missing, `Install ${packages}.`);
}

const isMaria = ({ version }: Program): boolean => /MariaDB/i.test(version);

async function mysqlClient(world: World, credentials: Credentials, program: Program) {
  const { file } = program;
  const printed = await world.capture({ file, args: ['--print-defaults'], env: envWithoutSecrets(world.env) });
  // A password in an option file would replace that of the environment.
  const bare = /\s(--password|-p)/.test(printed?.stdout ?? '');
  // Through SSH, the certificate of the server has another name. MySQL sends its public key for the password if it has no TLS.
  const tls = isMaria(program) ? ['--skip-ssl-verify-server-cert'] : ['--ssl-mode=PREFERRED', '--loose-get-server-public-key'];
  return (port: number) => ({
    file,
    args: [
      ...(bare ? ['--no-defaults'] : []),
      ...[`--host=${LOCAL}`, `--port=${port}`, '--protocol=TCP', `--user=${credentials.username}`, `--database=${credentials.database}`],
      ...tls,
    ],
    // The login path of mysql has passwords, too.
    env: childEnv(envWithoutSecrets(world.env), { MYSQL_PWD: credentials.password, ...(bare && { MYSQL_TEST_LOGIN_FILE: '/dev/null' }) }),
    bare,
  });
}

/** The variables of libpq for a forwarded port, without those of the user that would lead elsewhere. */
const libpq = ({ database, username, password }: Credentials, port: number): Env => ({
  PGHOST: LOCAL,
  PGPORT: String(port),
  PGDATABASE: database,
  PGUSER: username,
  PGPASSWORD: password,
  PGHOSTADDR: undefined,
  PGSERVICE: undefined,
  // The certificate has the name of the server, and SSH encrypts everything.
  PGSSLMODE: 'prefer',
  PGSSLROOTCERT: undefined,
  PGGSSENCMODE: 'disable',
});

/** The environment of a command that uses a forwarded port: Laravel's variables, and those of the database's own clients. */
export const environmentFor = (credentials: Credentials, port: number): Env => ({
  DB_CONNECTION: credentials.connection,
  DB_HOST: LOCAL,
  DB_PORT: String(port),
  DB_DATABASE: credentials.database,
  DB_USERNAME: credentials.username,
  DB_PASSWORD: credentials.password,
  // Laravel would prefer them, and takes them from the local .env if they are not set.
  DB_SOCKET: '',
  DB_URL: '',
  DATABASE_URL: '',
  ...(credentials.driver === 'pgsql'
    ? libpq(credentials, port)
    : { MYSQL_HOST: LOCAL, MYSQL_TCP_PORT: String(port), MYSQL_PWD: credentials.password }),
});
