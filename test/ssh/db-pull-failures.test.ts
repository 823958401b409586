import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { copyingSuite, SLOWLY, stuckPull } from '../support/database-copies.ts';
import { clientsOf, dumpersOf, holding, leaksOf, processes } from '../support/database-processes.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { idsOf, postgresProgram } from '../support/databases.ts';
import { deep } from '../support/volume.ts';

const { copying, it, reason } = copyingSuite('failing pulls', 'broken');
const itDeeply = test.skipIf(reason !== undefined || !deep);

/** A PATH with a client of MariaDB that takes longer to start than dnx takes to end after a signal, once this directory exists. */
const slowAfter = (signaled: string) => copying.withClient(`rmdir ${signaled} 2>/dev/null && sleep 1; exec "$MARIADB" "$@"`);

/** A pull runs many programs, which takes long on a busy machine. */
const TIME = 90_000;

describe('the old copy is unchanged, and the new one gone, if', { timeout: TIME }, () => {
  it('the line is cut', async () => {
    const { running, before } = await stuckPull(copying, 'cut');
    copying.sshd.drop();
    await expect(running).toExit(13, { stderr: expect.stringMatching(/was lost after [\d.]+ MB\.\n {2}cut is unchanged/) });
    expect(copying.databases('mariadb', 'cut')).toEqual(['cut']);
    expect(copying.content('mariadb', 'cut')).toBe(before);
  });

  itDeeply('the program on the server is killed', async () => {
    const { running, before } = await stuckPull(copying, 'killed');
    for (const pid of dumpersOf(copying.servers.mariadb, 'large')) process.kill(pid, 'SIGKILL');
    await expect(running).toExit(1);
    expect(copying.databases('mariadb', 'killed')).toEqual(['killed']);
    expect(copying.content('mariadb', 'killed')).toBe(before);
  });

  it('the local client is killed', async () => {
    const { running, before, release } = await stuckPull(copying, 'client');
    for (const [pid, line] of processes()) if (/^mariadb .*--database=client_dnx_new/.test(line)) process.kill(pid, 'SIGKILL');
    await release();
    await expect(running).toExit(1, { stdout: '' });
    expect(copying.databases('mariadb', 'client')).toEqual(['client']);
    expect(copying.content('mariadb', 'client')).toBe(before);
  });

  it.each([['SIGINT', 130] as const, ...(deep ? [['SIGTERM', 143] as const] : [])])('dnx gets %s', async (signal, code) => {
    const target = signal.toLowerCase();
    const signaled = join(copying.folder(), 'signaled');
    const { running, before, release } = await stuckPull(copying, target, { PATH: slowAfter(signaled) });
    mkdirSync(signaled);
    running.kill(signal);
    const ran = await running;
    expect(existsSync(signaled)).toBe(false);
    expect(ran).toExit(code, { stdout: '', says: `${target} is unchanged` });
    expect(copying.databases('mariadb', target)).toEqual([target]);
    await release();
    expect(copying.content('mariadb', target)).toBe(before);
  });

  it('the local disk is full', async () => {
    const { servers } = copying;
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
    // Checkpoints fail until there is room, also one that has begun.
    execFileSync('mount', ['-o', 'remount,size=100m', place]);
    await expect.poll(() => sql('CHECKPOINT'), SLOWLY).toBe('');
    // The server may not have had room to remove it, either.
    if (copying.databases('pgsql', 'no_room_').length > 0)
      expect(ran.stderr).toContain('The next pull removes the database no_room_dnx_new');
    sql('DROP DATABASE IF EXISTS no_room_dnx_new');
    sql('ALTER DATABASE template0 SET TABLESPACE pg_default; DROP TABLESPACE small');
    expect(ran).toExit(1, { stdout: '' });
    // The last connection of the import may need room, too.
    expect(ran.stderr).toMatch(/(No space left on device|could not write init file)[\s\S]*no_room is unchanged/);
    expect(copying.databases('pgsql', 'no_room')).toEqual(['no_room']);
    expect(copying.content('pgsql', 'no_room')).toBe(before);
  });

  itDeeply('the local disk of MariaDB is full', async () => {
    const { servers, sites } = copying;
    const before = copying.old('mariadb', 'no_room');
    const filler = join(servers.mariadb.directory, 'filler');
    const { bavail, bsize } = statfsSync(servers.mariadb.directory);
    writeFileSync(filler, Buffer.alloc(bavail * bsize - 1_000_000));
    onTestFinished(() => rmSync(filler, { force: true }));
    const ran = await copying.pull(sites.large, 'mariadb', 'no_room');
    rmSync(filler);
    expect(ran).toExit(1, { stdout: '' });
    expect(ran.stderr).toMatch(/The local database server reported: .*\n {2}no_room is unchanged/);
    expect(copying.databases('mariadb', 'no_room')).toEqual(['no_room']);
    expect(copying.content('mariadb', 'no_room')).toBe(before);
  });

  itDeeply('the local database is new, and its account may not create another one', async () => {
    const { servers, sites, run } = copying;
    servers.mariadb.sql(
      `CREATE USER fresh@'%' IDENTIFIED BY 'few rights'; GRANT ALL ON fresh.* TO fresh@'%'; GRANT ALL ON fresh_dnx_new.* TO fresh@'%'`,
    );
    const file = copying.dotenv('mariadb', 'fresh', { DB_USERNAME: 'fresh', DB_PASSWORD: 'few rights' });
    const ran = await run(['db', 'pull', sites.mariadb, '--into', file, '--confirm', 'fresh']);
    expect(ran).toExit(1, { stdout: '', stderr: expect.stringMatching(/Access denied for user 'fresh'@'.*' to database 'fresh_dnx_old'/) });
    expect(copying.databases('mariadb', 'fresh')).toEqual([]);
  });

  it('the server of the site is MySQL, and the local one does not know its collation', async () => {
    const { sshd, sites } = copying;
    const before = copying.old('mariadb', 'unlike');
    sshd.program('mariadb', "#!/bin/sh\necho 'web-1|3306|/var/lib/mysql/|8.0.36'\n");
    const table = 'CREATE TABLE a (b VARCHAR(9)) COLLATE utf8mb4_unknown_ai_ci;';
    sshd.program('mariadb-dump', `#!/bin/sh\necho '${table}\n-- Dump completed'\n`);
    onTestFinished(() => rmSync(join(sshd.directory, 'programs'), { recursive: true }));
    const ran = await copying.pull(sites.mariadb, 'mariadb', 'unlike');
    expect(ran).toExit(1, { stdout: '' });
    expect(ran.stderr).toMatch(/Unknown collation: 'utf8mb4_unknown_ai_ci'\n {2}unlike is unchanged\. .* uses MySQL, but .* MariaDB/);
    expect(copying.content('mariadb', 'unlike')).toBe(before);
  });

  it('the local account may not create databases', async () => {
    const { servers, sites, run } = copying;
    const before = copying.old('mariadb', 'poor');
    servers.mariadb.sql(`CREATE USER poor@'%' IDENTIFIED BY 'poor rights'; GRANT ALL ON poor.* TO poor@'%'`);
    const file = copying.dotenv('mariadb', 'poor', { DB_USERNAME: 'poor', DB_PASSWORD: 'poor rights' });
    const ran = await run(['db', 'pull', sites.mariadb, '--into', file, '--confirm', 'poor']);
    expect(ran).toExit(1, { stdout: '', stderr: expect.stringMatching(/Access denied for user 'poor'@'.*' to database 'poor_dnx_old'/) });
    expect(copying.content('mariadb', 'poor')).toBe(before);
  });

  it('a transaction uses a table', async () => {
    const before = copying.old('mariadb', 'busy');
    const release = await holding(copying.servers.mariadb, 'busy', 'BEGIN; SELECT * FROM marks');
    onTestFinished(release);
    const ran = await copying.pull(copying.sites.mariadb, 'mariadb', 'busy', [], { PATH: copying.withPatience(0) });
    expect(ran).toExit(1, { stdout: '', stderr: expect.stringMatching(/A table of busy is in use[\s\S]*busy is unchanged/) });
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
    expect(ran).toExit(1, { stdout: '' });
    expect(ran.stderr).toMatch(/connected is in use by 1 connection\.\n {2}Close its connections, or use --force/);
    expect(copying.content('pgsql', 'connected')).toBe(before);
    await expect(copying.pull(sites.pgsql, 'pgsql', 'connected', ['--force'])).toExit(0);
    expect(copying.content('pgsql', 'connected')).toBe(copying.content('pgsql', 'shop'));
  });
});

itDeeply('sends autovacuum away, which an account without rights may not end', { timeout: TIME }, async () => {
  const { servers, sites, run, sshd } = copying;
  const { sql } = servers.pgsql;
  sql(`ALTER SYSTEM SET autovacuum_naptime = '1s'`);
  sql(`CREATE ROLE vacuumed LOGIN CREATEDB PASSWORD 'no rights'`);
  sql('SELECT pg_reload_conf()');
  onTestFinished(() => {
    rmSync(join(sshd.directory, 'programs'), { recursive: true });
    sql('ALTER SYSTEM RESET autovacuum_naptime');
    sql('SELECT pg_reload_conf()');
  });
  // A dump that ends once autovacuum works in the new copy.
  const ask = `${postgresProgram('psql')} -At -h ${servers.pgsql.socket} -p ${servers.pgsql.port} -U postgres postgres`;
  const count = `SELECT count(*) FROM pg_stat_activity WHERE datname = 'vacuumed_dnx_new' AND backend_type = 'autovacuum worker'`;
  const slowly = 'autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1';
  const rows = `CREATE TABLE a WITH (${slowly}) AS SELECT i FROM generate_series(1, 200000) i;`;
  const until = `until [ "$(${ask} -c "${count}")" = 1 ]; do sleep 0.1; done`;
  sshd.program('pg_dump', `#!/bin/sh\necho '${rows}'\n${until}\nprintf '%s\\n' -- '-- PostgreSQL database dump complete' --\n`);
  const file = copying.dotenv('pgsql', 'vacuumed', { DB_USERNAME: 'vacuumed', DB_PASSWORD: 'no rights' });
  await expect(run(['db', 'pull', sites.pgsql, '--into', file, '--confirm', 'vacuumed'])).toExit(0);
  expect(copying.databases('pgsql', 'vacuumed')).toEqual(['vacuumed']);
});

it('does not count its own connections that end late', { timeout: TIME }, async () => {
  const before = copying.old('pgsql', 'own');
  const folder = copying.folder();
  const psql = postgresProgram('psql');
  const late = `if [ "$PGDATABASE" = own ]; then ${psql} --no-psqlrc -c 'SELECT pg_sleep(1)' >/dev/null 2>&1 & fi`;
  writeFileSync(join(folder, 'psql'), `#!/bin/sh\n${psql} "$@"\ncode=$?\n${late}\nexit $code\n`, { mode: 0o755 });
  await expect(copying.pull(copying.sites.pgsql, 'pgsql', 'own', [], { PATH: `${folder}:${copying.env.PATH}` })).toExit(0);
  expect(copying.content('pgsql', 'own')).not.toBe(before);
});

it('shows the password to nobody', { timeout: TIME }, async () => {
  const { running, release } = await stuckPull(copying, 'secret');
  // One holds the lock, the other imports.
  expect([dumpersOf(copying.servers.mariadb, 'large').length, clientsOf(copying).length]).toEqual([1, 2]);
  // The dotenv file of the project has it escaped.
  expect(leaksOf(copying)).toEqual([]);
  await release();
  await expect(running).toExit(0);
});
