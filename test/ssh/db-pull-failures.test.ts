import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { idsOf, reasonAgainstDatabases } from '../support/databases.ts';
import { holding, processes, SECRET, siteWith, variablesOf } from '../support/db-copy.ts';
import { type Copying, openCopying } from '../support/database-copies.ts';
import { killDumper, SLOWLY, stuckPull } from '../support/db-stuck.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh() ?? reasonAgainstDatabases();
if (reason !== undefined) process.stderr.write(`Skipped the tests of failing pulls: ${reason}\n`);
const it = test.skipIf(reason !== undefined);

/** A pull runs many programs, which takes long on a busy machine. */
const TIME = 90_000;

let copying: Copying;
beforeAll(async () => {
  if (reason === undefined) copying = await openCopying('broken');
}, 120_000);
afterAll(() => copying?.close());

describe('the old copy is unchanged, and the new one gone, if', { timeout: TIME }, () => {
  it('the line is cut', async () => {
    const { running, before } = await stuckPull(copying, 'cut');
    copying.sshd.drop();
    const ran = await running;
    // The end of the program may arrive before that of the connection.
    expect(ran.exitCode).toBeOneOf([13, 1]);
    expect(ran.stderr).toMatch(/(was lost after [\d.]+ MB\.|was killed \(SIGKILL\)\.)\n {2}cut is unchanged/);
    expect(copying.databases('mariadb', 'cut')).toEqual(['cut']);
    expect(copying.content('mariadb', 'cut')).toBe(before);
  });

  it('the program on the server is killed', async () => {
    const { running, before } = await stuckPull(copying, 'killed');
    killDumper(copying);
    const ran = await running;
    expect(ran.exitCode).toBe(1);
    expect(copying.databases('mariadb', 'killed')).toEqual(['killed']);
    expect(copying.content('mariadb', 'killed')).toBe(before);
  });

  it('the local client is killed', async () => {
    const { running, before, release } = await stuckPull(copying, 'client');
    const [[pid] = [0]] = processes().filter(([, line]) => /^mariadb .*--database=client_dnx_new/.test(line));
    process.kill(pid, 'SIGKILL');
    await release();
    const ran = await running;
    expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
    expect(copying.databases('mariadb', 'client')).toEqual(['client']);
    expect(copying.content('mariadb', 'client')).toBe(before);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('dnx gets %s', async (signal, code) => {
    const target = signal.toLowerCase();
    const { running, before, release } = await stuckPull(copying, target);
    running.kill(signal);
    const ran = await running;
    expect([ran.exitCode, ran.stdout]).toEqual([code, '']);
    await release();
    await expect.poll(() => copying.databases('mariadb', target), SLOWLY).toEqual([target]);
    expect(copying.content('mariadb', target)).toBe(before);
  });

  it('the local disk is full', async () => {
    const { servers, bed } = copying;
    const place = mkdtempSync('/tmp/dnx-full-');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', place]);
    onTestFinished(() => void execFileSync('umount', ['-l', place]));
    chownSync(place, ...idsOf('postgres'));
    const before = copying.old('pgsql', 'no_room');
    const { sql } = servers.pgsql;
    sql('CREATE DATABASE much');
    sql(`CREATE TABLESPACE small LOCATION '${place}'`);
    sql('CREATE TABLE rows AS SELECT md5(i::text) AS a, md5((-i)::text) AS b FROM generate_series(1, 120000) i', 'much');
    sql('ALTER DATABASE template0 SET TABLESPACE small');
    const site = addDatabaseSite(copying, 'broken-much.example.com', variablesFor(servers.pgsql, 'pgsql', 'much'));
    const ran = await copying.pull(site, 'pgsql', 'no_room');
    sql('ALTER DATABASE template0 SET TABLESPACE pg_default; DROP TABLESPACE small');
    expect([ran.exitCode, ran.stdout], ran.stderr).toEqual([1, '']);
    expect(ran.stderr).toMatch(/No space left on device[\s\S]*no_room is unchanged/);
    expect(copying.databases('pgsql', 'no_room')).toEqual(['no_room']);
    expect(copying.content('pgsql', 'no_room')).toBe(before);
  });

  it('the local account may not create databases', async () => {
    const { servers, sites, bed } = copying;
    const before = copying.old('mariadb', 'poor');
    servers.mariadb.sql(`CREATE USER poor@'%' IDENTIFIED BY 'poor rights'; GRANT ALL ON poor.* TO poor@'%'`);
    const file = copying.dotenv('mariadb', 'poor', { DB_USERNAME: 'poor', DB_PASSWORD: 'poor rights' });
    const ran = await bed.dnx(['db', 'pull', sites.mariadb, '--no-cache', '--into', file, '--confirm', 'poor']);
    expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toMatch(/Access denied for user 'poor'@'.*' to database 'poor_dnx_new'/);
    expect(copying.content('mariadb', 'poor')).toBe(before);
  });

  it('a transaction uses a table', async () => {
    const before = copying.old('mariadb', 'busy');
    const release = await holding(copying.servers.mariadb, 'busy', 'BEGIN; SELECT * FROM marks');
    onTestFinished(release);
    const ran = await copying.pull(copying.sites.mariadb, 'mariadb', 'busy');
    expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toMatch(/A table of busy is in use[\s\S]*busy is unchanged/);
    await release();
    expect(copying.databases('mariadb', 'busy')).toEqual(['busy']);
    expect(copying.content('mariadb', 'busy')).toBe(before);
  });

  it('somebody is connected to PostgreSQL, whom --force disconnects', async () => {
    const { servers, sites } = copying;
    const before = copying.old('pgsql', 'connected');
    const { socket, port } = servers.pgsql;
    execFileSync('sh', [
      '-c',
      'PGHOST=$1 PGPORT=$2 nohup psql -U postgres -d connected -c "SELECT pg_sleep(600)" > /dev/null 2>&1 &',
      'sh',
      socket,
      String(port),
    ]);
    onTestFinished(
      () => void servers.pgsql.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"),
    );
    const count = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'connected' AND state = 'active'";
    await expect.poll(() => servers.pgsql.sql(count), SLOWLY).toBe('1\n');
    const ran = await copying.pull(sites.pgsql, 'pgsql', 'connected');
    expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toMatch(/connected is in use by 1 connection\.\n {2}Close its connections, or use --force/);
    expect(copying.content('pgsql', 'connected')).toBe(before);
    const forced = await copying.pull(sites.pgsql, 'pgsql', 'connected', ['--force']);
    expect(forced.exitCode, forced.stderr).toBe(0);
    expect(copying.content('pgsql', 'connected')).toBe(copying.content('pgsql', 'shop'));
  });
});

it('shows the password to nobody', { timeout: TIME }, async () => {
  const { running, release } = await stuckPull(copying, 'secret');
  const lines = processes().map(([, line]) => line);
  for (const program of [/mariadb-dump .*large/, /^mariadb .*secret_dnx_new/, /ssh .*exec sh -c/])
    expect(lines.some((line) => program.test(line))).toBe(true);
  expect(lines.filter((line) => line.includes(SECRET))).toEqual([]);
  const { bed } = copying;
  // The dotenv file of the project has it escaped.
  const found = execFileSync('sh', [
    '-c',
    'grep -rlaF -- "$1" "$2" "$3" /home/deploynix; true',
    'sh',
    SECRET,
    bed.directory,
    bed.sshd.directory,
  ]);
  expect(String(found)).toBe('');
  await release();
  expect((await running).exitCode).toBe(0);
});
