import { type Next, usage } from '../../base/errors.ts';
import { childEnv, envWithoutSecrets } from '../../machine/env.ts';
import type { Env, World } from '../../machine/world.ts';
import type { Credentials } from './credentials.ts';

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
export async function findProgram({ capture, env }: World, { connection }: Credentials, others?: Next): Promise<Program> {
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
