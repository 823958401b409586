import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { copyingSuite, stuckPull } from '../support/database-copies.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { drivers } from '../support/databases.ts';
import { openTerminal } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

const { copying, it } = copyingSuite('dnx db pull', 'pull');

/** A pull runs many programs, which takes long on a busy machine. */
const TIME = 90_000;

describe('a pull', { timeout: TIME }, () => {
  it.each(drivers)('of %s creates the database, and the next one replaces the old copy, with everything in it', async (driver) => {
    const site = copying.sites[driver];
    const accounts = () => copying.accounts(driver).split('\n');
    const before = accounts();
    const first = await copying.pull(site, driver, 'replaced');
    expect(first).toExit(0, { stdout: expect.stringMatching(/Copied shop from web-1 to replaced \([\d.]+ [kM]B in \d tables\) in \d+s/) });
    expect(copying.content(driver, 'replaced')).toBe(copying.content(driver, 'shop'));
    copying.age(driver, 'replaced');
    const ran = await copying.pull(site, driver, 'replaced', ['--json']);
    expect(ran).toExit(0);
    expect(copying.content(driver, 'replaced')).toBe(copying.content(driver, 'shop'));
    expect(copying.databases(driver, 'replaced')).toEqual(['replaced']);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      database: 'shop',
      local_database: 'replaced',
      host: '127.0.0.1',
      tables: 5,
    });
    expect(ran.stderr).toMatch(/shop on web-1 → replaced on 127\.0\.0\.1:\d+ \([\d.]+ [kM]B in \d tables will be replaced\)/);
    // The account that imported is gone, or cannot sign in.
    const added = accounts().filter((each) => !before.includes(each));
    expect(added).toEqual([expect.stringMatching(driver === 'pgsql' ? /^dnx_pull_\w+\tf$/ : /^dnx_code_\w+$/)]);
  });

  it('of PostgreSQL uses the folder of a socket', async () => {
    const { servers, sites, run } = copying;
    const file = copying.dotenv('pgsql', 'by_socket', { DB_HOST: servers.pgsql.socket });
    await expect(run(['db', 'pull', sites.pgsql, '--into', file, '--confirm', 'by_socket'])).toExit(0);
    expect(copying.databases('pgsql', 'by_socket')).toEqual(['by_socket']);
  });

  it('of MariaDB uses a socket, and a password that is a reference', async () => {
    const { servers, sites, run } = copying;
    const file = copying.dotenv('mariadb', 'referred', {
      ...{ DB_HOST: 'localhost', DB_PORT: '1', DB_SOCKET: servers.mariadb.socket },
      ...{ DB_PASSWORD: 'env://LOCAL_PASSWORD', MAIL_PASSWORD: 'env://NOT_SET' },
    });
    await expect(
      run(['db', 'pull', sites.mariadb, '--into', file, '--confirm', 'referred'], {
        LOCAL_PASSWORD: servers.mariadb.password,
      }),
    ).toExit(0);
    expect(copying.databases('mariadb', 'referred')).toEqual(['referred']);
  });

  it('asks for the name of the local database on a terminal', async () => {
    const { sites } = copying;
    const before = copying.old('pgsql', 'asked');
    const words = ['db', 'pull', sites.pgsql, '--into', copying.dotenv('pgsql', 'asked')];
    const wrong = openTerminal(words, copying.env, copying.directory);
    await wrong.shows(/will be replaced/);
    await wrong.shows(`Type 'asked' to continue`);
    wrong.type('shop\r');
    await expect(wrong.ended).toExit(2);
    expect(copying.content('pgsql', 'asked')).toBe(before);
    const right = openTerminal(words, copying.env, copying.directory);
    await right.shows(`Type 'asked' to continue`);
    right.type('asked\r');
    await expect(right.ended).toExit(0);
    expect(copying.content('pgsql', 'asked')).not.toBe(before);
  });

  it('asks nothing if the database is new, and shows how large another one really is', async () => {
    const { sites, servers } = copying;
    const fresh = openTerminal(
      ['db', 'pull', sites.mariadb, '--into', copying.dotenv('mariadb', 'brand_new')],
      copying.env,
      copying.directory,
    );
    await fresh.shows(/shop on web-1 → brand_new on 127\.0\.0\.1:\d+ \(new\)/);
    await expect(fresh.ended).toExit(0);
    expect(copying.content('mariadb', 'brand_new')).toBe(copying.content('mariadb', 'shop'));
    // The server looks at sizes now and then.
    servers.mariadb.sql(`CREATE TABLE much (id INT PRIMARY KEY, a LONGTEXT) STATS_AUTO_RECALC=0; ANALYZE TABLE much;`, 'brand_new');
    servers.mariadb.sql(`INSERT INTO much SELECT seq, REPEAT('x', 10000) FROM seq_1_to_500`, 'brand_new');
    const ran = await copying.pull(sites.mariadb, 'mariadb', 'brand_new');
    expect(ran).toExit(0, { stderr: expect.stringMatching(/\([5-9]\.\d MB in \d tables will be replaced\)/) });
  });

  // test/ssh/db-dump.test.ts has those that are left out of a dump, of both.
  it.each(leading(drivers, 1))('of %s leaves out the rows of the tables that a terminal suggests', async (driver) => {
    const { servers, run } = copying;
    servers[driver].sql('CREATE DATABASE laravel');
    servers[driver].sql(
      ['users', 'sessions', 'failed_jobs', 'telescope_entries', 'cache']
        .map((name) => `CREATE TABLE ${name} (id INT); ${name === 'cache' ? '' : `INSERT INTO ${name} VALUES (1);`}`)
        .join('\n'),
      'laravel',
    );
    const site = addDatabaseSite(copying, `pull-laravel-${driver}.example.com`, variablesFor(servers[driver], driver, 'laravel'));
    const rowsIn = (database: string) =>
      ['users', 'sessions', 'failed_jobs', 'telescope_entries'].map((name) =>
        servers[driver].sql(`SELECT COUNT(*) FROM ${name}`, database).trim(),
      );
    const words = ['db', 'pull', site, '--into', copying.dotenv(driver, 'suggested')];
    const suggested = openTerminal([...words, '--no-cache'], copying.env, copying.directory);
    await suggested.shows(/Leave out the rows of failed_jobs, sessions, telescope_entries \([\d.]+ kB\)\?/);
    suggested.type('y\r');
    await suggested.shows(/without rows\s+failed_jobs, sessions, telescope_entries/);
    await expect(suggested.ended).toExit(0);
    expect(rowsIn('suggested')).toEqual(['1', '0', '0', '0']);
    const some = await run([...words, '--confirm', 'suggested', '--exclude-table-data', 'telescope_*', '--json']);
    expect([some.code, rowsIn('suggested')], some.stderr).toEqual([0, ['1', '1', '1', '0']]);
    expect(JSON.parse(some.stdout)).toMatchObject({ without_rows: ['telescope_entries'], tables: 5 });
    const only = await run([...words, '--confirm', 'suggested', '--only', 'sessions']);
    expect([only.code, rowsIn('suggested')], only.stderr).toEqual([0, ['0', '1', '0', '0']]);
  });

  it('of PostgreSQL says why rows without those that they refer to are refused', async () => {
    const ran = await copying.pull(copying.sites.pgsql, 'pgsql', 'orphans', ['--exclude-table-data', 'users']);
    expect([ran.code, copying.databases('pgsql', 'orphans')]).toEqual([1, []]);
    expect(ran.stderr).toMatch(/orphans is unchanged\. Rows refer to a table whose rows were left out/);
  });

  it('says that the local server is down', async () => {
    const file = copying.dotenv('mariadb', 'down', { DB_PORT: '1' });
    await expect(copying.run(['db', 'pull', copying.sites.mariadb, '--into', file, '--confirm', 'down'])).toExit(13, {
      stderr: expect.stringMatching(/local database server reported: .*Can't connect.*\n {2}Check that it is running/),
    });
  });

  it('replaces a database with a hostile name', async () => {
    const { servers, sites, run } = copying;
    const name = `-x'; $(touch ran) \`touch ran\` "--`;
    const user = `-u';$(touch ran)`;
    servers.mariadb.sql(`CREATE USER "${user}"@'%' IDENTIFIED BY '$(touch ran)'; GRANT ALL ON *.* TO "${user}"@'%' WITH GRANT OPTION`);
    for (const driver of leading(drivers, 1)) {
      const account = driver === 'mariadb' ? { DB_USERNAME: user, DB_PASSWORD: '$(touch ran)' } : {};
      const file = copying.dotenv(driver, name, account);
      const quoted = driver === 'mariadb' ? `\`${name.replaceAll('`', '``')}\`` : `"${name.replaceAll('"', '""')}"`;
      servers[driver].sql(`CREATE DATABASE ${quoted}`);
      servers[driver].sql('CREATE TABLE old (a INT)', name);
      await expect(run(['db', 'pull', sites[driver], '--into', file, `--confirm=${name}`])).toExit(0);
      expect(copying.databases(driver, '-x')).toEqual([name]);
    }
    for (const place of [copying.directory, '/home/deploynix']) expect(existsSync(join(place, 'ran'))).toBe(false);
  });
});

describe('a pull refuses', { timeout: TIME }, () => {
  it.each(
    leading(
      [
        ['production', { APP_ENV: 'production' }, /is for production/],
        ['another machine', { DB_HOST: 'mysql' }, /names a database on mysql, which is not this machine/],
        ['another driver', { DB_CONNECTION: 'pgsql' }, /uses MySQL or MariaDB, but .* names a database of PostgreSQL/],
        ['the database of the site itself', { DB_DATABASE: 'shop' }, /names the database of pull-maria.example.com itself/],
      ] as readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[],
      2,
    ),
  )('%s', async (_, changes, words) => {
    const { sites, run } = copying;
    const file = copying.dotenv('mariadb', 'refused', changes);
    const ran = await run(['db', 'pull', sites.mariadb, '--into', file, '--confirm', changes.DB_DATABASE ?? 'refused']);
    expect(ran).toExit(2, { stdout: '' });
    expect(ran.stderr).toMatch(words);
    expect(copying.databases('mariadb', 'refused')).toEqual([]);
    expect(copying.servers.mariadb.sql('SELECT mark FROM marks', 'shop')).toBe('source\n');
  });

  it.each(
    leading(
      [
        ['mariadb', 'mysql'],
        ['pgsql', 'template1'],
      ] as const,
      1,
    ),
  )('the own database of %s', async (driver, name) => {
    const { sites, run } = copying;
    const [file, before] = [copying.dotenv(driver, name), copying.databases(driver, '')];
    const ran = await run(['db', 'pull', sites[driver], '--into', file, '--confirm', name]);
    expect(ran).toExit(2, { stdout: '', says: `names ${name}, which is the server's own database. Nothing was changed.` });
    expect(copying.databases(driver, '')).toEqual(before);
  });

  it.each(
    leading(
      [
        ['mariadb', 'new'],
        ['pgsql', 'new'],
        ['pgsql', 'old'],
      ] as const,
      1,
    ),
  )('to drop a database of %s that the user has in its way (%s)', async (driver, ending) => {
    const { sites, servers } = copying;
    const [target, own] = [`mine_${ending}`, `mine_${ending}_dnx_${ending}`];
    const before = copying.old(driver, target);
    servers[driver].sql(`CREATE DATABASE ${own}`);
    servers[driver].sql('CREATE TABLE mine (a INT); INSERT INTO mine VALUES (1)', own);
    const ran = await copying.pull(sites[driver], driver, target);
    expect(ran).toExit(1, { stdout: '' });
    expect(ran.stderr).toMatch(`The database ${own} is in the way: dnx did not create it.`);
    expect(servers[driver].sql('SELECT a FROM mine', own)).toBe('1\n');
    expect(copying.databases(driver, target)).toEqual([target, own]);
    expect(copying.content(driver, target)).toBe(before);
  });

  it('without the right name, and without a .env', async () => {
    const { sites, run, sandbox, sshd } = copying;
    const file = copying.dotenv('mariadb', 'refused');
    const [sent, logged] = [sandbox.calls.length, sshd.log()];
    const runs = await Promise.all([
      run(['db', 'pull', sites.mariadb, '--into', file]),
      run(['db', 'pull', sites.mariadb, '--into', file, '--yes']),
      run(['db', 'pull', sites.mariadb, '--into', file, '--confirm', 'shop']),
      run(['db', 'pull', sites.mariadb, '--into', 'none.env', '--confirm', 'refused']),
    ]);
    expect(
      runs.map(({ code }) => code),
      runs.map(({ stderr }) => stderr).join(''),
    ).toEqual([2, 2, 2, 2]);
    // Only the site was looked up.
    expect(sandbox.calls.slice(sent).every(({ method }) => method === 'GET')).toBe(true);
    expect(sshd.log().slice(logged.length)).toBe('');
    expect(runs[0]?.stderr).toMatch(/--confirm with the name of the local database/);
    expect(runs[2]?.stderr).toMatch(/Expected 'refused', the database in/);
    expect(runs[3]?.stderr).toMatch(/Could not find none\.env/);
    expect(copying.databases('mariadb', 'refused')).toEqual([]);
  });

  it('to replace one database twice at the same time', async () => {
    const { running, release } = await stuckPull(copying, 'twice');
    await expect(copying.pull(copying.sites.mariadb, 'mariadb', 'twice')).toExit(1, { says: 'Another dnx is replacing twice' });
    await release();
    await expect(running).toExit(0);
  });

  it('to run what a dump says to the client', async () => {
    const { sshd, sites, directory } = copying;
    const ran = join(directory, 'ran');
    const evil = (...lines: readonly string[]) => `#!/bin/sh\nprintf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}\n`;
    sshd.program('mariadb-dump', evil('CREATE TABLE a (b INT);', `\\! touch ${ran}`, `system touch ${ran}`, '-- Dump completed'));
    sshd.program('pg_dump', evil('SELECT 1', `\\! touch ${ran}`, ';', '--', '-- PostgreSQL database dump complete', '--'));
    onTestFinished(() => rmSync(join(sshd.directory, 'programs'), { recursive: true }));
    for (const driver of leading(drivers, 1)) {
      const pulled = await copying.pull(sites[driver], driver, 'evil');
      expect([driver, pulled.code], pulled.stderr).toEqual([driver, 1]);
      expect(pulled.stderr).toMatch(/local database server reported|restricted/);
      expect(copying.databases(driver, 'evil')).toEqual([]);
    }
    expect(existsSync(ran)).toBe(false);
  });
});

it('tells the account of the site apart from the local one', { timeout: TIME }, async () => {
  const { servers, sites, run } = copying;
  const site = addDatabaseSite(copying, 'pull-denied.example.com', {
    ...variablesFor(servers.mariadb, 'mariadb'),
    DB_PASSWORD: 'wrong password',
  });
  const remote = await copying.pull(site, 'mariadb', 'denied');
  const local = await run([
    'db',
    'pull',
    sites.mariadb,
    '--into',
    copying.dotenv('mariadb', 'denied', { DB_PASSWORD: 'wrong password' }),
    '--confirm',
    'denied',
  ]);
  expect([remote.code, local.code]).toEqual([1, 1]);
  expect(remote.stderr).toMatch(/Could not read shop on web-1: .*Access denied[\s\S]*The credentials are those of Deploynix/);
  expect(local.stderr).toMatch(/The local database server reported: .*Access denied[\s\S]*The credentials are those of .*\.env/);
  expect(remote.stderr + local.stderr).not.toMatch(/wrong password/);
});
