import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { enlarge, seedMariaDb, seedPostgres } from './database-content.ts';
import { find, freePort, lacking, required, SSH_PROGRAMS } from './programs.ts';

/** A real database server on loopback, whose only account has every right. Its database `shop` has something of everything. */
export interface Database {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The path of its Unix socket, or of the directory that contains it. */
  readonly socket: string;
  /** The directory of its files, on a file system of its own. */
  readonly directory: string;
  /** Runs statements in a database, or without one, and returns what they print: columns separated by tabs, no headings. */
  sql(statements: string | Buffer, database?: string): string;
}

/** The drivers, as Laravel names them. */
export const drivers = ['mariadb', 'pgsql'] as const;
/** A driver. */
export type Driver = (typeof drivers)[number];

const PASSWORD = `it's a "secret" \\ $HOME`;
/** A word of it that no escaping changes. */
export const SECRET = 'secret" ';

/** The folder of PostgreSQL's own programs, which Debian keeps out of PATH. */
const postgresFolder = (): string | undefined => {
  try {
    const [newest] = readdirSync('/usr/lib/postgresql').sort((one, other) => Number(other) - Number(one));
    return newest === undefined ? undefined : `/usr/lib/postgresql/${newest}/bin`;
  } catch {
    return undefined;
  }
};

/** A program of PostgreSQL itself: what Debian has in PATH is a script in Perl, which takes longer than the program. */
export const postgresProgram = (name: string): string => join(postgresFolder() ?? '', name);

/** Why tests with real databases cannot run here, which it prints for those of `what`; undefined if they can. In CI they must. */
export function reasonAgainstDatabases(what: string): string | undefined {
  // They are reached over ssh.
  const programs = [...SSH_PROGRAMS, 'mariadbd', 'mariadb-install-db', 'mariadb', 'mariadb-dump', 'psql', 'pg_dump', 'setpriv', 'mount'];
  const missing = lacking([...programs, '/usr/lib/postgresql', 'root']);
  const reason = missing.length > 0 ? `this machine lacks ${missing.join(', ')}` : undefined;
  if (reason !== undefined && required) throw new Error(`Tests with databases must run in CI, but ${reason}.`);
  if (reason !== undefined) process.stderr.write(`Skipped the tests of ${what}: ${reason}\n`);
  return reason;
}

let running: Promise<Readonly<Record<Driver, Database>>> | undefined;

/** The servers, which all tests of a worker share. MariaDB has a database `large`, too. */
export function databases(): Promise<Readonly<Record<Driver, Database>>> {
  running ??= Promise.all([openMariaDb(), openPostgres()]).then(([mariadb, pgsql]) => ({ mariadb, pgsql }));
  return running;
}

async function openMariaDb(): Promise<Database> {
  const directory = ownVolume('mariadb');
  const [data, socket] = [join(directory, 'data'), join(directory, 'socket')];
  const common = ['--no-defaults', '--user=root', `--datadir=${data}`];
  // A server that starts removes the temporary tables of any other one with the same directory for them.
  const env = { ...process.env, TMPDIR: directory };
  await promisify(execFile)('mariadb-install-db', [...common, '--auth-root-authentication-method=normal', '--skip-test-db'], { env });
  const port = await freePort();
  const files = [`--socket=${socket}`, `--pid-file=${join(directory, 'pid')}`, `--tmpdir=${directory}`];
  const options = ['--bind-address=127.0.0.1', `--port=${port}`, ...files];
  const small = ['--innodb-buffer-pool-size=16M', '--innodb-flush-log-at-trx-commit=0', '--innodb-log-file-size=32M'];
  const log = join(directory, 'error.log');
  // Simulated asynchronous I/O: a container may not offer the real one.
  const robust = ['--innodb-use-native-aio=0', `--log-error=${log}`];
  // MySQL keeps one by default, and then trusts nobody but SUPER.
  const binary = ['--log-bin', '--log-bin-trust-function-creators=1'];
  // All imports of a worker would fill the file system. MariaDB before 11.4 does not know it.
  const brief = ['--loose-max-binlog-total-size=16M', '--max-binlog-size=4M', '--loose-slave-connections-needed-for-purge=0'];
  startTied(directory, 'KILL', ['mariadbd', ...common, ...options, ...small, ...robust, ...binary, ...brief]);
  // The encoding of dnx, whatever the locale is: code in a database keeps that of its client.
  const encoding = '--default-character-set=utf8mb4';
  const client = [
    '--no-defaults',
    '--skip-ssl',
    `--socket=${socket}`,
    '--user=root',
    encoding,
    '--comments',
    '--batch',
    '--skip-column-names',
  ];
  const session = openSession(directory, ['mariadb', ...client, '--unbuffered']);
  const sql: Database['sql'] = (statements, database) => {
    try {
      if (typeof statements === 'string')
        return session.run(database ? `USE \`${database.replaceAll('`', '``')}\`;\n${statements}` : statements);
      return run('mariadb', [...client, `--database=${database}`], statements);
    } catch (cause) {
      throw new Error(`${(cause as Error).message}\nThe log of MariaDB:\n${readFileSync(log, 'utf8').slice(-4000)}`, { cause });
    }
  };
  await accepting(sql);
  chmodSync(directory, 0o755);
  const password = PASSWORD.replaceAll('\\', '\\\\').replaceAll("'", "''");
  const accounts = ['localhost', '127.0.0.1', '%'].map(
    (host) => `CREATE USER shop@'${host}' IDENTIFIED BY '${password}'; GRANT ALL ON *.* TO shop@'${host}' WITH GRANT OPTION;`,
  );
  sql(accounts.join('\n'));
  const database = { port, user: 'shop', password: PASSWORD, socket, directory, sql };
  seedMariaDb(database, 'shop');
  seedMariaDb(database, 'large');
  enlarge(database, 'large');
  return database;
}

async function openPostgres(): Promise<Database> {
  const directory = ownVolume('postgres');
  const [uid, gid] = idsOf('postgres');
  chownSync(directory, uid, gid);
  const data = join(directory, 'data');
  const as = ['--reuid=postgres', '--regid=postgres', '--init-groups'];
  const account = ['-U', 'postgres', '--auth-local=trust', '--auth-host=scram-sha-256'];
  const initdb = [postgresProgram('initdb'), '-D', data, ...account, '-E', 'UTF8', '--locale=C', '--no-sync'];
  await promisify(execFile)('setpriv', [...as, ...initdb]);
  const port = await freePort();
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${directory}`,
    'fsync=off',
    'shared_buffers=16MB',
    'max_wal_size=1GB',
  ];
  startTied(directory, 'QUIT', ['setpriv', ...as, postgresProgram('postgres'), '-D', data, ...settings.flatMap((each) => ['-c', each])]);
  const client = ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-h', directory, '-p', String(port), '-U', 'postgres'];
  const argsFor = (name: string) => [...client, '-d', name, '-f', '-'];
  const session = openSession(directory, [postgresProgram('psql'), ...argsFor('postgres')]);
  // A session in another database would keep it in use.
  const sql: Database['sql'] = (statements, name) =>
    name === undefined && typeof statements === 'string'
      ? session.run(statements)
      : run(postgresProgram('psql'), argsFor(name ?? 'postgres'), statements);
  await accepting(sql);
  chmodSync(directory, 0o755);
  sql(`CREATE ROLE shop SUPERUSER LOGIN PASSWORD E'${PASSWORD.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`);
  const database = { port, user: 'shop', password: PASSWORD, socket: directory, directory, sql };
  seedPostgres(database, 'shop');
  return database;
}

/** Runs a client. What it says is in the error. */
const run = (program: string, args: readonly string[], input: string | Buffer): string =>
  execFileSync(program, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 1 << 28 });

/**
 * Runs statements in one session of a client: to start a client for each would take longer than all else, because a large process
 * takes long to fork. A client ends at the first error; the next statements get another one.
 */
function openSession(directory: string, client: readonly string[]) {
  const [input, output, errors] = ['input', 'output', 'errors'].map((name) => join(directory, name)) as [string, string, string];
  execFileSync('mkfifo', [input, output]);
  let pipes: readonly [to: number, from: number] | undefined;
  const open = () => {
    const child = spawn('sh', ['-c', `exec "$@" <${input} >${output} 2>${errors}`, 'sh', ...client], {
      stdio: 'ignore',
    });
    child.unref();
    // Each waits until the shell has opened it, too.
    return [openSync(input, 'w'), openSync(output, 'r')] as const;
  };
  return {
    run(statements: string): string {
      pipes ??= open();
      const [to, from] = pipes;
      try {
        writeFileSync(to, `${statements}${statements.trimEnd().endsWith(';') ? '' : ';'}\nSELECT '${END}';\n`);
        return upToEnd(from);
      } catch (cause) {
        for (const pipe of pipes) closeSync(pipe);
        pipes = undefined;
        throw new Error(readFileSync(errors, 'utf8'), { cause });
      }
    },
  };
}

/** Reads what a session prints before its last line. */
function upToEnd(from: number): string {
  const chunk = Buffer.alloc(1 << 16);
  let said = '';
  while (!said.endsWith(`${END}\n`)) {
    const size = readSync(from, chunk);
    if (size === 0) throw new Error('The client has ended.');
    said += chunk.toString('utf8', 0, size);
  }
  return said.slice(0, -END.length - 1);
}

/** What a session prints last. */
const END = 'no more statements';

/** A new directory on a file system of its own, which a test may fill. */
function ownVolume(name: string): string {
  const directory = mkdtempSync(`/tmp/dnx-${name}-`);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400m', 'tmpfs', directory]);
  return directory;
}

/** Ends the server with this signal, and removes its directory, once this worker is gone: however it ends, the pipe closes. */
const TIED = '"$@" & read -r _; kill -s "$0" $!; wait; umount -l "$DIRECTORY"; rmdir "$DIRECTORY"';

/** Starts a server that ends with this worker, which does not wait for it. */
function startTied(directory: string, signal: 'KILL' | 'QUIT', [program = '', ...args]: readonly string[]): void {
  const child = spawn('sh', ['-c', TIED, signal, find(program) ?? program, ...args], {
    // Ctrl-C is for vitest.
    detached: true,
    env: { ...process.env, DIRECTORY: directory },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  (child.stdin as unknown as Socket).unref();
}

/** Waits until a server accepts statements. */
async function accepting(sql: (statements: string) => string): Promise<void> {
  for (let left = 400; ; left -= 1) {
    try {
      sql('SELECT 1');
      return;
    } catch (error) {
      if (left === 0) throw error;
      await setTimeout(50);
    }
  }
}

/** The ids of a user of this machine. */
export function idsOf(user: string): readonly [uid: number, gid: number] {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return [Number(uid), Number(gid)];
}
