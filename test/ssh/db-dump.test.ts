import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Database, openMariaDb, openPostgres, reasonAgainstDatabases } from '../support/databases.ts';
import { contentOf, holding, processes, runScript, SECRET, siteWith, variablesOf } from '../support/db-copy.ts';
import { enlarge, seedMariaDb, seedPostgres } from '../support/db-seed.ts';
import type { Started } from '../support/executable.ts';
import { find } from '../support/programs.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh() ?? reasonAgainstDatabases();
if (reason !== undefined) process.stderr.write(`Skipped the tests of dnx db dump: ${reason}\n`);
const it = test.skipIf(reason !== undefined);

const MARIA = 'dump-maria.example.com';
const POSTGRES = 'dump-postgres.example.com';
const LARGE = 'dump-large.example.com';

let bed: SshBed;
let maria: Database;
let postgres: Database;
beforeAll(async () => {
  if (reason !== undefined) return;
  [bed, maria, postgres] = await Promise.all([openSshBed(), openMariaDb(), openPostgres()]);
  seedMariaDb(maria);
  seedMariaDb(maria, 'large');
  enlarge(maria, 'large');
  seedPostgres(postgres);
  siteWith(bed, MARIA, variablesOf(maria, 'mariadb'));
  siteWith(bed, POSTGRES, variablesOf(postgres, 'pgsql'));
  siteWith(bed, LARGE, variablesOf(maria, 'mysql', 'large'));
}, 60_000);
afterAll(async () => {
  await bed?.close();
  await maria?.close();
  await postgres?.close();
});

/** Runs `dnx db dump`. A site may have been added since another run read the list. */
const dump = (words: readonly string[]) => bed.dnx(['db', 'dump', '--no-cache', ...words]);

/** A new directory for dumps. */
const directory = () => mkdtempSync(join(bed.directory, 'dumps-'));

/** Resolves once a dump has written this much, and is stuck at the last table. */
const written = (into: string, size: number) =>
  expect.poll(() => readdirSync(into).reduce((sum, name) => sum + statSync(join(into, name)).size, 0)).toBeGreaterThan(size);

/** Starts the dump of the large database, which stops at its last table until the lock is released. */
async function stuck(): Promise<{ readonly running: Started; readonly into: string; readonly release: () => Promise<void> }> {
  const release = await holding(maria, 'large', 'LOCK TABLES zz_last WRITE');
  onTestFinished(release);
  const into = directory();
  const running = dump([LARGE, '-O', join(into, 'large.sql.gz')]);
  await written(into, 5_000_000);
  return { running, into, release };
}

describe('a dump', () => {
  it.each([
    ['mariadb', MARIA],
    ['pgsql', POSTGRES],
  ])('of %s restores to the same rows and definitions', async (connection, site) => {
    const into = directory();
    const ran = await dump([site, '-O', into, '--json']);
    expect(ran.exitCode, ran.stderr).toBe(0);
    const [name = ''] = readdirSync(into);
    expect(name).toMatch(/^shop-\d{8}-\d{6}\.sql\.gz$/);
    const file = join(into, name);
    const { size, mode } = statSync(file);
    const sql = gunzipSync(readFileSync(file));
    expect(mode & 0o777).toBe(0o600);
    expect(JSON.parse(ran.stdout)).toEqual({ site, database: 'shop', file, size, bytes: sql.length, duration_s: expect.any(Number) });
    const database = connection === 'pgsql' ? postgres : maria;
    database.sql('CREATE DATABASE restored');
    if (connection === 'pgsql') postgres.sql(sql.toString(), 'restored');
    else runScript(maria, 'restored', sql);
    expect(contentOf(database, connection, 'restored')).toBe(contentOf(database, connection, 'shop'));
  });

  it('is saved under a name with the time, and says how large it is', async () => {
    const ran = await bed.shell(`cd "$(mktemp -d)" && dnx db dump ${MARIA} && ls -A`);
    expect(ran.stderr).toMatch(/^Dumping shop to shop-\d{8}-\d{6}\.sql\.gz\n✓? ?/);
    expect(ran.stdout).toMatch(/Saved shop to (shop-\d{8}-\d{6}\.sql\.gz) \([\d.]+ kB\) in \d+s\n\1\n$/);
  });

  it('is plain SQL if its name says so, and on stdout', async () => {
    const into = directory();
    const file = join(into, 'shop.sql');
    const saved = await dump([POSTGRES, '-O', file]);
    const printed = await dump([POSTGRES, '-O', '-']);
    expect([saved.exitCode, printed.exitCode]).toEqual([0, 0]);
    const plain = (text: string) => text.replace(/^\\(un)?restrict .*$/gm, '');
    expect(plain(printed.stdout)).toBe(plain(readFileSync(file, 'utf8')));
    expect(printed.stdout.startsWith('--\n-- PostgreSQL database dump\n')).toBe(true);
  });

  it('without rows has the definitions', async () => {
    const runs = await Promise.all([MARIA, POSTGRES].map((site) => dump([site, '-O', '-', '--schema-only'])));
    for (const { exitCode, stdout } of runs) {
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/CREATE TABLE/);
      expect(stdout).toMatch(/orders_insert/i);
      expect(stdout).not.toMatch(/quoted/);
    }
  });

  it('overwrites a file only with --force', async () => {
    const file = join(directory(), 'shop.sql');
    writeFileSync(file, 'mine');
    const refused = await dump([POSTGRES, '-O', file]);
    expect([refused.exitCode, readFileSync(file, 'utf8')]).toEqual([2, 'mine']);
    expect(refused.stderr).toMatch(/already exists/);
    expect((await dump([POSTGRES, '-O', file, '--force'])).exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/PostgreSQL database dump complete/);
  });

  it('into a pipe that closes ends as others do', async () => {
    const ran = await bed.shell(`set -o pipefail; dnx db dump ${LARGE} -O - | (head -c 100 > /dev/null); echo $?`);
    expect(ran.stdout).toBe('0\n');
  });

  it('tells what the account cannot read', async () => {
    maria.sql(
      `CREATE USER limited@'%' IDENTIFIED BY 'something'; GRANT SELECT, EXECUTE, SHOW VIEW, TRIGGER, LOCK TABLES ON shop.* TO limited@'%'`,
    );
    const site = siteWith(bed, 'dump-limited.example.com', {
      ...variablesOf(maria, 'mariadb'),
      DB_USERNAME: 'limited',
      DB_PASSWORD: 'something',
    });
    const ran = await dump([site, '-O', '-']);
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(ran.stderr).toMatch(/Left out the events of shop: limited cannot read them/);
    expect(ran.stderr).toMatch(/Left out the routines of shop/);
    expect(ran.stdout).toMatch(/-- Dump completed/);
  });
});

describe('no file is left, and the reason is clear, if', () => {
  it.each([
    ['the password is wrong', { DB_PASSWORD: 'wrong password' }, /Access denied for user 'shop'/],
    ['there is no such database', { DB_DATABASE: 'nothing' }, /Unknown database 'nothing'/],
    ['nothing listens', { DB_PORT: '1' }, /Can't connect to server on '127.0.0.1'/],
  ])('%s', async (what, changes, words) => {
    const into = directory();
    const site = siteWith(bed, `dump-${what.replaceAll(' ', '-')}.example.com`, { ...variablesOf(maria, 'mariadb'), ...changes });
    const ran = await dump([site, '-O', into]);
    expect([ran.exitCode, ran.stdout, readdirSync(into)]).toEqual([1, '', []]);
    expect(ran.stderr).toMatch(words);
    expect(ran.stderr).not.toMatch(/wrong password|loose-/);
  });

  it('the password is wrong for PostgreSQL', async () => {
    const into = directory();
    const site = siteWith(bed, 'dump-pg-wrong.example.com', { ...variablesOf(postgres, 'pgsql'), DB_PASSWORD: 'wrong password' });
    const ran = await dump([site, '-O', into]);
    expect([ran.exitCode, readdirSync(into)]).toEqual([1, []]);
    expect(ran.stderr).toMatch(/password authentication failed for user "shop"/);
  });

  it('the server lacks the program', async () => {
    const empty = join(bed.sshd.directory, 'path');
    mkdirSync(empty);
    for (const name of ['sh', 'bash', 'cat']) symlinkSync(find(name) ?? '', join(empty, name));
    const config = join(bed.sshd.directory, 'sshd_config');
    const before = readFileSync(config, 'utf8');
    await bed.sshd.stop();
    appendFileSync(config, `SetEnv PATH=${empty}\n`);
    await bed.sshd.start();
    onTestFinished(async () => {
      await bed.sshd.stop();
      writeFileSync(config, before);
      await bed.sshd.start();
    });
    const into = directory();
    const [ran, other] = [await dump([MARIA, '-O', into]), await dump([POSTGRES, '-O', into])];
    expect([ran.exitCode, other.exitCode, readdirSync(into)]).toEqual([1, 1, []]);
    expect(ran.stderr).toMatch(/Could not find mariadb-dump or mysqldump on web-1/);
    expect(other.stderr).toMatch(/Could not find pg_dump on web-1/);
  });

  it('the disk is full', async () => {
    const into = directory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', into]);
    onTestFinished(() => void execFileSync('umount', [into]));
    const ran = await dump([LARGE, '-O', into]);
    expect([ran.exitCode, ran.stdout, readdirSync(into)]).toEqual([1, '', []]);
    expect(ran.stderr).toMatch(/the disk is full/);
  });

  it('the folder is read-only, or is none', async () => {
    const into = directory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', into]);
    onTestFinished(() => void execFileSync('umount', [into]));
    const ran = await dump([MARIA, '-O', into]);
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toMatch(/read-only/);
    const none = await dump([MARIA, '-O', join(into, 'none/shop.sql')]);
    expect(none.exitCode).toBe(2);
  });

  it('the line is cut', async () => {
    const { running, into } = await stuck();
    bed.sshd.drop();
    const ran = await running;
    expect([ran.exitCode, ran.stdout, readdirSync(into)]).toEqual([13, '', []]);
    expect(ran.stderr).toMatch(/The connection to web-1 was lost after [\d.]+ MB/);
  });

  it('the line is cut before the first byte', async () => {
    const release = await holding(maria, 'shop', 'LOCK TABLES users WRITE');
    onTestFinished(release);
    const into = directory();
    const running = dump([MARIA, '-O', into]);
    await expect.poll(() => processes().filter(([, line]) => /^\S*mariadb-dump/.test(line))).not.toEqual([]);
    bed.sshd.drop();
    const ran = await running;
    expect([ran.exitCode, readdirSync(into)]).toEqual([13, []]);
  });

  it('the program on the server is killed', async () => {
    const { running, into } = await stuck();
    const [[pid] = [0]] = processes().filter(([, line]) => /^\S*mariadb-dump.* large $/.test(line));
    process.kill(pid, 'SIGKILL');
    const ran = await running;
    expect([ran.exitCode, readdirSync(into)]).toEqual([1, []]);
    expect(ran.stderr).toMatch(/Could not dump large on web-1: the program was killed \(SIGKILL\)/);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('dnx gets %s', async (signal, code) => {
    const { running, into } = await stuck();
    running.kill(signal);
    const ran = await running;
    expect([ran.exitCode, readdirSync(into)]).toEqual([code, []]);
  });
});

describe('nobody else learns or runs anything:', () => {
  it('the password is in no command line and no file', async () => {
    const { running, release } = await stuck();
    const lines = processes().map(([, line]) => line);
    expect(lines.filter((line) => /mariadb-dump.* large/.test(line))).not.toEqual([]);
    expect(lines.filter((line) => line.includes(SECRET))).toEqual([]);
    const files = () =>
      execFileSync('sh', ['-c', 'grep -rlaF -- "$1" "$2" "$3" /home/deploynix; true', 'sh', SECRET, bed.directory, bed.sshd.directory]);
    expect(String(files())).toBe('');
    await release();
    expect((await running).exitCode).toBe(0);
    expect(String(files())).toBe('');
  });

  it('hostile names are names', async () => {
    const name = `-x'; $(touch ran) \`touch ran\` "--`;
    const quoted = `\`${name.replaceAll('`', '``')}\``;
    maria.sql(`CREATE DATABASE ${quoted}; CREATE TABLE ${quoted}.marks (mark INT); CREATE USER "-u';$(touch ran)"@'%' IDENTIFIED BY '$(touch ran)
x'; GRANT ALL ON *.* TO "-u';$(touch ran)"@'%'`);
    const site = siteWith(bed, 'dump-hostile.example.com', {
      ...variablesOf(maria, 'mariadb', name),
      DB_USERNAME: "-u';$(touch ran)",
      DB_PASSWORD: '$(touch ran)\nx',
    });
    postgres.sql(`CREATE DATABASE "host=x ' $(touch ran)"`);
    const other = siteWith(bed, 'dump-hostile-pg.example.com', variablesOf(postgres, 'pgsql', "host=x ' $(touch ran)"));
    const into = directory();
    const runs = [await dump([site, '-O', into]), await dump([other, '-O', into])];
    expect(runs.map(({ exitCode, stderr }) => [exitCode, stderr.match(/Error.*/)])).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(readdirSync(into)).toHaveLength(2);
    for (const place of [bed.directory, '/home/deploynix', into]) expect(existsSync(join(place, 'ran'))).toBe(false);
  });
});
