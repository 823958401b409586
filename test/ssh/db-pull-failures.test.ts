import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { idsOf, reasonAgainstDatabases } from '../support/databases.ts';
import { holding, processes, SECRET, siteWith, variablesOf } from '../support/db-copy.ts';
import { type Copying, drivers, openCopying } from '../support/db-pull.ts';
import { type Started, said } from '../support/executable.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh() ?? reasonAgainstDatabases();
if (reason !== undefined) process.stderr.write(`Skipped the tests of failing pulls: ${reason}\n`);
const it = test.skipIf(reason !== undefined);

let copying: Copying;
beforeAll(async () => {
  if (reason === undefined) copying = await openCopying('broken');
}, 60_000);
afterAll(() => copying?.close());

/** A pull of the large database that stops at its last table, and what was in the target before. */
async function stuck(
  target: string,
): Promise<{ readonly running: Started; readonly before: string; readonly release: () => Promise<void> }> {
  const before = copying.old('mariadb', target);
  const release = await holding(copying.servers.mariadb, 'large', 'LOCK TABLES zz_last WRITE');
  onTestFinished(release);
  const running = copying.pull(copying.sites.large, 'mariadb', target);
  const rows = `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${target}_dnx_new' AND TABLE_NAME = 'users'`;
  await expect.poll(() => copying.servers.mariadb.sql(rows)).toBe('1\n');
  return { running, before, release };
}

/** Pulls again, which must clean up, and succeed. */
async function pullAgain(target: string): Promise<void> {
  const again = await copying.pull(copying.sites.mariadb, 'mariadb', target);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(copying.databases('mariadb', target)).toEqual([target]);
  expect(copying.content('mariadb', target)).toBe(copying.content('mariadb', 'shop'));
}

describe('the old copy is unchanged, and the new one gone, if', () => {
  it('the line is cut', async () => {
    const { running, before } = await stuck('cut');
    copying.bed.sshd.drop();
    const ran = await running;
    expect([ran.exitCode, ran.stdout]).toEqual([13, '']);
    expect(ran.stderr).toMatch(/The connection to web-1 was lost after [\d.]+ MB\.\n {2}cut is unchanged/);
    expect(copying.databases('mariadb', 'cut')).toEqual(['cut']);
    expect(copying.content('mariadb', 'cut')).toBe(before);
  });

  it('the program on the server is killed', async () => {
    const { running, before } = await stuck('killed');
    const [[pid] = [0]] = processes().filter(([, line]) => /^\S*mariadb-dump.* large $/.test(line));
    process.kill(pid, 'SIGKILL');
    const ran = await running;
    expect(ran.exitCode).toBe(1);
    expect(copying.databases('mariadb', 'killed')).toEqual(['killed']);
    expect(copying.content('mariadb', 'killed')).toBe(before);
  });

  it('the local client is killed', async () => {
    const { running, before, release } = await stuck('client');
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
    const { running, before, release } = await stuck(target);
    running.kill(signal);
    const ran = await running;
    expect([ran.exitCode, ran.stdout]).toEqual([code, '']);
    await release();
    await expect.poll(() => copying.databases('mariadb', target)).toEqual([target]);
    expect(copying.content('mariadb', target)).toBe(before);
  });

  it('the local disk is full', async () => {
    const { servers, bed } = copying;
    const place = mkdtempSync('/tmp/dnx-full-');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=9m', 'tmpfs', place]);
    onTestFinished(() => void execFileSync('umount', ['-l', place]));
    chownSync(place, ...idsOf('postgres'));
    const before = copying.old('pgsql', 'full');
    const { sql } = servers.pgsql;
    sql('CREATE DATABASE much');
    sql(`CREATE TABLESPACE small LOCATION '${place}'`);
    sql('CREATE TABLE rows AS SELECT md5(i::text) AS a, md5((-i)::text) AS b FROM generate_series(1, 60000) i', 'much');
    sql('ALTER DATABASE template0 SET TABLESPACE small');
    const site = siteWith(bed, 'broken-much.example.com', variablesOf(servers.pgsql, 'pgsql', 'much'));
    const ran = await copying.pull(site, 'pgsql', 'full');
    sql('ALTER DATABASE template0 SET TABLESPACE pg_default; DROP TABLESPACE small');
    expect([ran.exitCode, ran.stdout], ran.stderr).toEqual([1, '']);
    expect(ran.stderr).toMatch(/No space left on device[\s\S]*full is unchanged/);
    expect(copying.databases('pgsql', 'full')).toEqual(['full']);
    expect(copying.content('pgsql', 'full')).toBe(before);
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
    const other = execFileSync('sh', [
      '-c',
      'PGHOST=$1 PGPORT=$2 nohup psql -U postgres -d connected -c "SELECT pg_sleep(600)" > /dev/null 2>&1 & echo $!',
      'sh',
      socket,
      String(port),
    ]);
    onTestFinished(() => void execFileSync('kill', ['-9', String(other).trim()], { stdio: 'ignore' }));
    const count = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'connected' AND state = 'active'";
    await expect.poll(() => servers.pgsql.sql(count)).toBe('1\n');
    const ran = await copying.pull(sites.pgsql, 'pgsql', 'connected');
    expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toMatch(/connected is in use by 1 connection\.\n {2}Close its connections, or use --force/);
    expect(copying.content('pgsql', 'connected')).toBe(before);
    const forced = await copying.pull(sites.pgsql, 'pgsql', 'connected', ['--force']);
    expect(forced.exitCode, forced.stderr).toBe(0);
    expect(copying.content('pgsql', 'connected')).toBe(copying.content('pgsql', 'shop'));
  });
});

describe('kill -9 of dnx leaves a whole old copy, and the next pull goes on,', () => {
  it('while it imports', async () => {
    const { running, before, release } = await stuck('dead');
    running.kill('SIGKILL');
    expect((await running).signal).toBe('SIGKILL');
    expect(copying.content('mariadb', 'dead')).toBe(before);
    await release();
    await pullAgain('dead');
  });

  /** A pull that waits to move the tables, because a transaction uses one. */
  async function waiting(target: string) {
    const before = copying.old('mariadb', target);
    const release = await holding(copying.servers.mariadb, target, 'BEGIN; SELECT * FROM marks');
    onTestFinished(release);
    const running = copying.pull(copying.sites.mariadb, 'mariadb', target);
    const waits = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table metadata lock%'";
    await expect.poll(() => copying.servers.mariadb.sql(waits)).toBe('1\n');
    running.kill('SIGKILL');
    expect((await running).signal).toBe('SIGKILL');
    expect(copying.servers.mariadb.sql(OLD, target)).toBe('old\n1\n');
    return { before, release };
  }

  /** Rows that only the old copy has. */
  const OLD = 'SELECT mark FROM marks; SELECT COUNT(*) FROM only_old';

  it('before the tables move: views and triggers come back', async () => {
    const { before, release } = await waiting('early');
    for (const [pid, line] of processes()) if (/^mariadb .*--binary-mode/.test(line)) process.kill(pid, 'SIGKILL');
    copying.servers.mariadb.sql(
      copying.servers.mariadb.sql(
        "SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST WHERE INFO LIKE '%RENAME TABLE%' AND ID <> CONNECTION_ID()",
      ),
    );
    await release();
    expect(copying.content('mariadb', 'early')).not.toBe(before);
    const lock = await holding(copying.servers.mariadb, 'large', 'LOCK TABLES zz_last WRITE');
    onTestFinished(lock);
    const next = copying.pull(copying.sites.large, 'mariadb', 'early');
    await said(next, 'Removed what an interrupted pull had left.');
    expect(copying.content('mariadb', 'early')).toBe(before);
    await lock();
    expect((await next).exitCode).toBe(0);
  });

  it('after the tables moved: the new copy is completed', async () => {
    const { release } = await waiting('late');
    await release();
    await expect.poll(() => copying.servers.mariadb.sql('SELECT mark FROM marks', 'late')).toBe('source\n');
    expect(copying.servers.mariadb.sql(OLD, 'late_dnx_old')).toBe('old\n1\n');
    const lock = await holding(copying.servers.mariadb, 'large', 'LOCK TABLES zz_last WRITE');
    onTestFinished(lock);
    const next = copying.pull(copying.sites.large, 'mariadb', 'late');
    await said(next, 'Completed a pull that was interrupted.');
    expect(copying.content('mariadb', 'late')).toBe(copying.content('mariadb', 'shop'));
    expect(copying.databases('mariadb', 'late_dnx_old')).toEqual([]);
    await lock();
    expect((await next).exitCode).toBe(0);
  });

  it.each(drivers.flatMap((driver) => [0, 30, 60, 90, 120, 180, 240].map((ms) => [driver, ms] as const)))(
    'of %s, %d ms after it began to replace it',
    async (driver, ms) => {
      const target = `moment_${ms}`;
      copying.old(driver, target);
      const running = copying.pull(copying.sites[driver], driver, target);
      await said(running, 'Replacing');
      setTimeout(() => running.kill('SIGKILL'), ms);
      const { signal, exitCode } = await running;
      expect(signal ?? exitCode).toBeOneOf(['SIGKILL', 0]);
      const { sql } = copying.servers[driver];
      const places = copying.databases(driver, target).map((database) => {
        try {
          return sql(OLD, database);
        } catch {
          // Another part of the copies.
          return '';
        }
      });
      if (!places.includes('old\n1\n')) expect(sql('SELECT mark FROM marks', target)).toBe('source\n');
      const again = await copying.pull(copying.sites[driver], driver, target);
      expect(again.exitCode, again.stderr).toBe(0);
      expect(copying.databases(driver, target)).toEqual([target]);
      expect(copying.content(driver, target)).toBe(copying.content(driver, 'shop'));
    },
  );
});

it('shows the password to nobody', async () => {
  const { running, release } = await stuck('secret');
  const lines = processes().map(([, line]) => line);
  for (const program of [/mariadb-dump .*large/, /^mariadb .*secret_dnx_new/, /^ssh .*sh -c/])
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
