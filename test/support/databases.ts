import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort, lacking, required, startServer } from './programs.ts';

/** A real database server on loopback, whose only account has every right. */
export interface Database {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The path of its Unix socket, or of the directory that contains it. */
  readonly socket: string;
  /** Runs statements in a database, or without one, and returns what they print: columns separated by tabs, no headings. */
  sql(statements: string, database?: string): string;
  stop(): Promise<void>;
  /** Stops it and removes its files. */
  close(): Promise<void>;
}

const PASSWORD = `it's a "secret" \\ $HOME`;

/** The folder of PostgreSQL's own programs, which Debian keeps out of PATH. */
const postgresFolder = (): string | undefined => {
  try {
    const [newest] = readdirSync('/usr/lib/postgresql').sort((one, other) => Number(other) - Number(one));
    return newest === undefined ? undefined : `/usr/lib/postgresql/${newest}/bin`;
  } catch {
    return undefined;
  }
};

/** Why tests with real databases cannot run here; undefined if they can. In CI they must. */
export function reasonAgainstDatabases(): string | undefined {
  const missing = lacking(['mariadbd', 'mariadb-install-db', 'mariadb', 'mariadb-dump', 'psql', 'pg_dump', 'setpriv']);
  const all = postgresFolder() ? missing : [...missing, 'postgresql'];
  const reason =
    all.length > 0 ? `this machine lacks ${all.join(', ')}` : process.getuid?.() === 0 ? undefined : 'only root can start them';
  if (reason !== undefined && required) throw new Error(`Tests with databases must run in CI, but ${reason}.`);
  return reason;
}

/** Starts MariaDB with the account `shop`. */
export async function openMariaDb(): Promise<Database> {
  const directory = mkdtempSync('/tmp/dnx-mariadb-');
  const [data, socket] = [join(directory, 'data'), join(directory, 'socket')];
  const common = ['--no-defaults', '--user=root', `--datadir=${data}`];
  execFileSync('mariadb-install-db', [...common, '--auth-root-authentication-method=normal', '--skip-test-db'], { stdio: 'pipe' });
  const port = await freePort();
  const options = ['--bind-address=127.0.0.1', `--port=${port}`, `--socket=${socket}`, `--pid-file=${join(directory, 'pid')}`];
  const small = ['--innodb-buffer-pool-size=16M', '--innodb-flush-log-at-trx-commit=0', '--innodb-log-file-size=8M'];
  const server = await startServer('mariadbd', [...common, ...options, ...small], port);
  const sql = (statements: string, database?: string) =>
    execFileSync(
      'mariadb',
      ['--no-defaults', `--socket=${socket}`, '--user=root', '--batch', '--skip-column-names', ...(database ? [database] : [])],
      {
        input: statements,
        encoding: 'utf8',
        // What it says is in the error.
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
  await accepting(sql);
  const password = PASSWORD.replaceAll('\\', '\\\\').replaceAll("'", "''");
  for (const host of ['localhost', '127.0.0.1', '%'])
    sql(`CREATE USER shop@'${host}' IDENTIFIED BY '${password}'; GRANT ALL ON *.* TO shop@'${host}' WITH GRANT OPTION;`);
  return { port, user: 'shop', password: PASSWORD, socket, sql, stop: server.stop, close: () => closed(server.stop, directory) };
}

/** Starts PostgreSQL with the superuser `shop`. */
export async function openPostgres(): Promise<Database> {
  const folder = postgresFolder() ?? '';
  const directory = mkdtempSync('/tmp/dnx-postgres-');
  const [uid, gid] = idsOf('postgres');
  chownSync(directory, uid, gid);
  const data = join(directory, 'data');
  const as = ['--reuid=postgres', '--regid=postgres', '--init-groups'];
  execFileSync(
    'setpriv',
    [
      ...as,
      join(folder, 'initdb'),
      '-D',
      data,
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      '--auth-local=trust',
      '--auth-host=scram-sha-256',
    ],
    { stdio: 'pipe' },
  );
  const port = await freePort();
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${directory}`,
    'fsync=off',
    'shared_buffers=16MB',
  ];
  const server = await startServer(
    'setpriv',
    [...as, join(folder, 'postgres'), '-D', data, ...settings.flatMap((each) => ['-c', each])],
    port,
    'SIGINT',
  );
  const sql = (statements: string, database = 'postgres') =>
    execFileSync(
      'psql',
      [
        '-X',
        '-q',
        '-A',
        '-t',
        '-F',
        '\t',
        '-v',
        'ON_ERROR_STOP=1',
        '-h',
        directory,
        '-p',
        String(port),
        '-U',
        'postgres',
        '-d',
        database,
        '-f',
        '-',
      ],
      {
        input: statements,
        encoding: 'utf8',
        // What it says is in the error.
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
  await accepting(sql);
  sql(`CREATE ROLE shop SUPERUSER LOGIN PASSWORD E'${PASSWORD.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`);
  return { port, user: 'shop', password: PASSWORD, socket: directory, sql, stop: server.stop, close: () => closed(server.stop, directory) };
}

/** Waits until a server that listens on its port also has its socket, and accepts statements. */
async function accepting(sql: (statements: string) => string): Promise<void> {
  for (let left = 200; ; left -= 1) {
    try {
      sql('SELECT 1');
      return;
    } catch (error) {
      if (left === 0) throw error;
      await setTimeout(50);
    }
  }
}

async function closed(stop: () => Promise<void>, directory: string): Promise<void> {
  await stop();
  rmSync(directory, { recursive: true, force: true });
}

/** The ids of a user of this machine. */
export function idsOf(user: string): readonly [uid: number, gid: number] {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return [Number(uid), Number(gid)];
}
