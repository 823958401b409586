import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { addDatabaseSite, type DatabaseBed, openDatabaseBed, variablesFor } from '../support/database-site.ts';
import { type Database, reasonAgainstDatabases } from '../support/databases.ts';
import { find } from '../support/programs.ts';
import { leading, sampled, seedOf } from '../support/volume.ts';

const reason = reasonAgainstDatabases('dnx db shell');
const it = test.skipIf(reason !== undefined);

const MARIA = 'shell-maria.example.com';
const POSTGRES = 'shell-postgres.example.com';
/** Names that a client would take for an option or a connection string. */
const NAMES = ['--execute=SELECT 1', '-e', 'host=203.0.113.9', 'postgresql://203.0.113.9/x', "'; SELECT 1", '$(id)'];

let bed: DatabaseBed;
let maria: Database;
let postgres: Database;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openDatabaseBed();
  ({ mariadb: maria, pgsql: postgres } = bed.servers);
  addDatabaseSite(bed, MARIA, variablesFor(maria, 'mariadb'));
  addDatabaseSite(bed, POSTGRES, variablesFor(postgres, 'pgsql'));
  addDatabaseSite(bed, 'mysql.example.com', variablesFor(maria, 'mysql'));
  addDatabaseSite(
    bed,
    'wrong-maria.example.com',
    {},
    {
      'shared/.env': `DB_CONNECTION=mariadb\nDB_PORT=${maria.port}\nDB_DATABASE=shop\nDB_USERNAME=shop\nDB_PASSWORD=hunter2\n`,
    },
  );
  addDatabaseSite(bed, 'wrong-postgres.example.com', { ...variablesFor(postgres, 'pgsql'), DB_PASSWORD: 'hunter2' });
  maria.sql(
    NAMES.map((name) => `CREATE DATABASE \`${name}\`; CREATE USER \`${name}\` IDENTIFIED BY 'x'; GRANT ALL ON *.* TO \`${name}\`;`).join(
      '\n',
    ),
  );
  postgres.sql(NAMES.map((name) => `CREATE DATABASE "${name}"; CREATE ROLE "${name}" SUPERUSER LOGIN PASSWORD 'x';`).join('\n'));
  NAMES.forEach((name, index) => {
    const hostile = { DB_DATABASE: name, DB_USERNAME: name, DB_PASSWORD: 'x' };
    addDatabaseSite(bed, `hostile-maria-${index}.example.com`, { ...variablesFor(maria, 'mariadb'), ...hostile });
    addDatabaseSite(bed, `hostile-postgres-${index}.example.com`, { ...variablesFor(postgres, 'pgsql'), ...hostile });
  });
}, 60_000);
afterAll(() => bed?.close());

const shell = (site: string, options: readonly string[], given: Parameters<DatabaseBed['dnx']>[1] = {}) =>
  bed.dnx(['db', 'shell', site, ...(options.length > 0 ? ['--', ...options] : [])], given);

it('runs a script from stdin', async () => {
  const run = (site: string, script: string) => {
    const child = shell(site, [], { stdin: 'pipe' });
    child.stdin?.end(script);
    return child;
  };
  const [one, other] = await Promise.all([
    run(MARIA, 'CREATE TEMPORARY TABLE t (a INT); INSERT INTO t VALUES (1), (2); SELECT SUM(a) AS total FROM t;'),
    run(
      POSTGRES,
      '\\pset format unaligned\nCREATE TEMPORARY TABLE t (a INT); INSERT INTO t VALUES (1), (2); SELECT SUM(a) AS total FROM t;',
    ),
  ]);
  expect(one).toExit(0, { stderr: '', stdout: 'total\n3\n' });
  expect(other).toExit(0, { stderr: '', stdout: 'Output format is unaligned.\nCREATE TABLE\nINSERT 0 2\ntotal\n3\n(1 row)\n' });
});

it('passes options to the client, and ends with its exit code', async () => {
  const [one, two, three, four] = await Promise.all([
    shell(MARIA, ['-BNe', 'SELECT DATABASE(), USER()']),
    shell(POSTGRES, ['-XAtc', 'SELECT current_database(), current_user']),
    shell(MARIA, ['-e', 'SELECT nope']),
    shell(POSTGRES, ['-v', 'ON_ERROR_STOP=1', '-f', '/nonexistent']),
  ]);
  expect(one).toExit(0, { stderr: '', stdout: expect.stringMatching(/^shop\tshop@/) });
  expect(two).toExit(0, { stderr: '', stdout: 'shop|shop\n' });
  expect(three).toExit(1, { stdout: '', stderr: expect.stringMatching(/ERROR 1054 .*Unknown column 'nope'[^\n]*\n$/) });
  expect(four).toExit(1, { stdout: '', says: '/nonexistent' });
});

it('says where a password that the database refuses came from', async () => {
  const [one, other] = await Promise.all([
    shell('wrong-maria.example.com', ['-e', 'SELECT 1']),
    shell('wrong-postgres.example.com', ['-w', '-c', 'SELECT 1']),
  ]);
  expect(one).toExit(1, {
    stdout: '',
    stderr: expect.stringMatching(
      /^Using the credentials in \.env on web-1\.\nERROR 1045 .*Access denied for user 'shop'.*\n! The user shop and the password are from \.env on web-1\.\n$/s,
    ),
  });
  expect(other).toExit(2, { stdout: '' });
  expect(other.stderr).toMatch(/password authentication failed for user "shop"\n! The user shop and the password are from Deploynix\.\n$/);
});

it.each(
  leading(
    [
      [MARIA, 'mariadb or mysql', 'mariadb-client'],
      ['mysql.example.com', 'mysql or mariadb', 'mysql-client or mariadb-client'],
      [POSTGRES, 'psql', 'postgresql-client'],
    ],
    1,
  ),
)('says what to install if this machine has no client for %s', async (site, programs, debian) => {
  await expect(shell(site, [], { env: { PATH: pathWith('sh', 'ssh') } })).toExit(2, {
    stdout: '',
    stderr: `Error: Could not find ${programs} on this machine.\n  Install ${debian}, or connect with another program:\n  Open a tunnel: dnx db tunnel ${site}\n`,
  });
});

/** A PATH with these programs only. */
function pathWith(...programs: readonly string[]): string {
  const directory = join(bed.directory, 'only', programs.join('-'));
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const each of programs)
    symlinkSync(each === 'ssh' ? join(bed.sshd.directory, 'bin/ssh') : (find(each) ?? ''), join(directory, each));
  return directory;
}

it('uses the mysql of Oracle for MySQL, and asks for the key that it needs without TLS', async () => {
  const directory = pathWith('sh', 'ssh', 'mariadb', 'env');
  // Debian does not have it.
  const stand = `#!/bin/sh\ncase $1 in --version) echo 'mysql  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)';; --print-defaults) ;; *) printf '%s\\n' "$@" "$MYSQL_PWD" "token:$DNX_TOKEN";; esac\n`;
  writeFileSync(join(directory, 'mysql'), stand, { mode: 0o755 });
  const [one, other] = await Promise.all([
    shell('mysql.example.com', ['-e', 'x'], { env: { PATH: directory } }),
    shell(MARIA, ['-BNe', 'SELECT 1'], { env: { PATH: directory } }),
  ]);
  const account = ['--protocol=TCP', '--user=shop', '--database=shop', '--ssl-mode=PREFERRED', '--loose-get-server-public-key'];
  expect(one.stdout.split('\n')).toEqual([
    '--host=127.0.0.1',
    expect.stringMatching(/^--port=\d+$/),
    ...account,
    '-e',
    'x',
    maria.password,
    'token:',
    '',
  ]);
  expect(other.stdout).toBe('1\n');
});

/** Writes the option file of the user. */
function optionFile(lines: readonly string[]): void {
  const file = join(bed.directory, '.my.cnf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  onTestFinished(() => rmSync(file));
}

it('does not let the settings of the user lead elsewhere', async () => {
  optionFile([
    '[client]',
    'host=203.0.113.9',
    'port=1',
    'user=other',
    'protocol=socket',
    'socket=/nonexistent',
    '[mysql]',
    'database=other',
    'skip-column-names',
  ]);
  const env = {
    PGHOSTADDR: '203.0.113.9',
    PGSERVICE: 'other',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: 'system',
    PGPORT: '1',
    PGDATABASE: 'other',
  };
  const [one, other] = await Promise.all([
    shell(MARIA, ['-e', 'SELECT DATABASE() AS name']),
    shell(POSTGRES, ['-XAtc', 'SELECT current_database()'], { env }),
  ]);
  // Without the heading, as the user likes it.
  expect(one).toExit(0, { stderr: '', stdout: 'shop\n' });
  expect(other).toExit(0, { stderr: '', stdout: 'shop\n' });
});

it('does not use the password of an option file', async () => {
  optionFile(['[client]', 'password=other']);
  const ran = await shell(MARIA, ['-BNe', 'SELECT 1']);
  expect(ran).toExit(0, { stdout: '1\n', stderr: 'mariadb does not read its option files, because they set a password.\n' });
});

it.each(sampled(NAMES, 1, seedOf(6)).map((name) => [name, NAMES.indexOf(name)] as const))(
  'takes %j for a database and a user, never for an option',
  async (name, index) => {
    const [one, other] = await Promise.all([
      shell(`hostile-maria-${index}.example.com`, ['-BNe', 'SELECT DATABASE(), CURRENT_USER()']),
      shell(`hostile-postgres-${index}.example.com`, ['-XAtc', 'SELECT current_database(), current_user']),
    ]);
    expect([one.stderr, one.stdout]).toEqual(['', `${name}\t${name}@%\n`]);
    expect([other.stderr, other.stdout]).toEqual(['', `${name}|${name}\n`]);
  },
);
