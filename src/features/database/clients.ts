import { DnxError } from '../../base/errors.ts';
import { childEnv, envWithoutSecrets } from '../../machine/env.ts';
import type { Env, World } from '../../machine/world.ts';
import type { Credentials } from './credentials.ts';

interface Client {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Env;
  /** True if it does not read the option files of the user. */
  readonly bare?: boolean;
}

const LOCAL = '127.0.0.1';

/** The database client of this machine for a forwarded port. The password is only in its environment. */
export async function clientFor(
  world: Pick<World, 'capture' | 'env'>,
  credentials: Credentials,
  site: string,
): Promise<(port: number) => Client> {
  const found = await findProgram(world, credentials);
  if (!found) throw missing(credentials, site);
  if (credentials.driver === 'mysql') return mysqlClient(world, credentials, found);
  // Not `--dbname`, which psql reads as a connection string if it looks like one.
  return (port) => ({ file: 'psql', args: [], env: childEnv(envWithoutSecrets(world.env), libpq(credentials, port)) });
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

/** The words for the clients of a database, and for the packages to install. */
export const clientsFor = ({ connection }: Credentials): { readonly names: string; readonly packages: string } => {
  const { files, packages } = programs[connection];
  return { names: files.join(' or '), packages };
};

/** The client of this machine for a database: that of the same maker, if there is one. Debian's `mysql` is MariaDB's. */
export async function findProgram(
  { capture, env }: Pick<World, 'capture' | 'env'>,
  { connection }: Credentials,
): Promise<Program | undefined> {
  const found: Program[] = [];
  for (const file of programs[connection].files) {
    const ran = await capture({ file, args: ['--version'], env: envWithoutSecrets(env) });
    if (ran?.code === 0) found.push({ file, version: ran.stdout });
  }
  return found.find((item) => (item.file === 'mariadb') === isMaria(item)) ?? found[0];
}

const isMaria = ({ version }: Program): boolean => /MariaDB/i.test(version);

function missing(credentials: Credentials, site: string): DnxError {
  const { names, packages } = clientsFor(credentials);
  return new DnxError('usage', `Could not find ${names}.`, {
    hint: `Install ${packages}, or connect with another program:`,
    next: [{ command: ['db', 'tunnel', site], why: 'Open a tunnel' }],
  });
}

async function mysqlClient(
  world: Pick<World, 'capture' | 'env'>,
  credentials: Credentials,
  program: Program,
): Promise<(port: number) => Client> {
  const { file } = program;
  // A password in an option file would replace that of the environment.
  const bare = /\s(--password|-p)/.test(
    (await world.capture({ file, args: ['--print-defaults'], env: envWithoutSecrets(world.env) }))?.stdout ?? '',
  );
  // Through SSH, the certificate of the server has another name. MySQL sends its public key for the password if it has no TLS.
  const tls = isMaria(program) ? ['--skip-ssl-verify-server-cert'] : ['--ssl-mode=PREFERRED', '--loose-get-server-public-key'];
  return (port) => ({
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
