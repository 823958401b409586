import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { copyingSuite, stuckDump } from '../support/database-copies.ts';
import { dumpersOf, leaksOf } from '../support/database-processes.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { drivers } from '../support/databases.ts';

const { copying, it } = copyingSuite('dnx db dump', 'dump');

/** For a busy machine. */
const TIME = 60_000;

describe('a dump', { timeout: TIME }, () => {
  it.each(drivers)('of %s restores to the same rows and definitions', async (driver) => {
    const { sites, servers } = copying;
    const site = sites[driver];
    const into = copying.folder();
    const ran = await copying.run(['db', 'dump', site, '-O', into, '--json']);
    expect(ran).toExit(0);
    const [name = ''] = readdirSync(into);
    expect(name).toMatch(/^shop-\d{8}-\d{6}\.sql\.gz$/);
    const file = join(into, name);
    const { size, mode } = statSync(file);
    const sql = gunzipSync(readFileSync(file));
    expect(mode & 0o777).toBe(0o600);
    expect(JSON.parse(ran.stdout)).toEqual({
      site,
      database: 'shop',
      file,
      size,
      bytes: sql.length,
      duration_s: expect.any(Number),
      anonymized: null,
      uncovered: null,
    });
    servers[driver].sql('CREATE DATABASE restored');
    servers[driver].sql(sql, 'restored');
    expect(copying.content(driver, 'restored')).toBe(copying.content(driver, 'shop'));
  });

  it('is saved under a name with the time, and says how large it is', async () => {
    const ran = await copying.shell(`cd "$(mktemp -d)" && dnx db dump ${copying.sites.mariadb} && ls -A`);
    expect(ran.stderr).toMatch(/^Dumping shop to shop-\d{8}-\d{6}\.sql\.gz\n✓? ?/);
    expect(ran.stdout).toMatch(/Saved shop to (shop-\d{8}-\d{6}\.sql\.gz) \([\d.]+ kB\) in \d+s\n\1\n$/);
  });

  it('is plain SQL if its name says so, and on stdout', async () => {
    const into = copying.folder();
    const file = join(into, 'shop.sql');
    const saved = await copying.run(['db', 'dump', copying.sites.pgsql, '-O', file]);
    const printed = await copying.run(['db', 'dump', copying.sites.pgsql, '-O', '-']);
    expect([saved.code, printed.code]).toEqual([0, 0]);
    const plain = (text: string) => text.replace(/^\\(un)?restrict .*$/gm, '');
    expect(plain(printed.stdout)).toBe(plain(readFileSync(file, 'utf8')));
    expect(printed.stdout.startsWith('--\n-- PostgreSQL database dump\n')).toBe(true);
  });

  it('without rows has the definitions', async () => {
    const runs = await Promise.all(
      [copying.sites.mariadb, copying.sites.pgsql].map((site) => copying.run(['db', 'dump', site, '-O', '-', '--schema-only'])),
    );
    for (const { code, stdout, stderr } of runs) {
      expect(code).toBe(0);
      expect(stderr).not.toMatch(/Left out/);
      expect(stdout).toMatch(/CREATE TABLE/);
      expect(stdout).toMatch(/orders_insert/i);
      expect(stdout).toMatch(/plus_one/);
      expect(stdout).not.toMatch(/quoted/);
    }
    expect(runs[0]?.stdout).toMatch(/PROCEDURE `two`/);
    expect(runs[0]?.stdout).toMatch(/EVENT `nightly`/);
  });

  it('overwrites a file only with --force', async () => {
    const file = join(copying.folder(), 'shop.sql');
    writeFileSync(file, 'mine');
    const refused = await copying.run(['db', 'dump', copying.sites.pgsql, '-O', file]);
    expect([refused.code, readFileSync(file, 'utf8')]).toEqual([2, 'mine']);
    expect(refused.stderr).toMatch(/already exists/);
    await expect(copying.run(['db', 'dump', copying.sites.pgsql, '-O', file, '--force'])).toExit(0);
    expect(readFileSync(file, 'utf8')).toMatch(/PostgreSQL database dump complete/);
  });

  it('into a pipe that closes too early ends as pg_dump does, and says nothing', async () => {
    const ran = await copying.shell(`set -o pipefail; dnx db dump ${copying.sites.large} -O - -q | (head -c 100 > /dev/null); echo $?`);
    expect([ran.stdout, ran.stderr]).toEqual(['141\n', '']);
  });

  it.each(drivers)('of %s leaves out the rows of some tables, but not the tables', async (driver) => {
    const rowsOf = (dump: string) =>
      ['users', 'orders', 'marks'].filter((table) => new RegExp(`^(INSERT INTO .${table}.|COPY public.${table} )`, 'm').test(dump));
    const [without, only] = await Promise.all([
      copying.run(['db', 'dump', copying.sites[driver], '-O', '-', '--exclude-table-data', 'o*ders', '--exclude-table-data', 'marks']),
      copying.run(['db', 'dump', copying.sites[driver], '-O', '-', '--only', 'marks']),
    ]);
    for (const { code, stdout, stderr } of [without, only]) {
      expect(code, stderr).toBe(0);
      for (const name of ['users', 'orders', 'marks', '-odd .*name; \\$\\(id\\).', 'orders_insert', 'plus_one', 'names'])
        expect(stdout).toMatch(new RegExp(`(TABLE|TRIGGER|FUNCTION|VIEW).*${name}`));
    }
    expect([rowsOf(without.stdout), rowsOf(only.stdout)]).toEqual([['users'], ['marks']]);
  });

  it('of a table that is not there suggests another one', async () => {
    const ran = await copying.run(['db', 'dump', copying.sites.mariadb, '-O', '-', '--only', 'user']);
    expect(ran).toExit(6, { stdout: '', stderr: "Error: shop has no table user. Did you mean 'users'?\n" });
    const both = await copying.run(['db', 'dump', copying.sites.mariadb, '-O', '-', '--only', 'a', '--exclude-table-data', 'b']);
    expect(both).toExit(2, { calls: [], says: 'cannot be combined' });
  });

  it('tells what the account cannot read', async () => {
    copying.servers.mariadb.sql(
      `CREATE USER limited@'%' IDENTIFIED BY 'something'; GRANT SELECT, EXECUTE, SHOW VIEW, TRIGGER, LOCK TABLES ON shop.* TO limited@'%'`,
    );
    const site = addDatabaseSite(copying, 'dump-limited.example.com', {
      ...variablesFor(copying.servers.mariadb, 'mariadb'),
      DB_USERNAME: 'limited',
      DB_PASSWORD: 'something',
    });
    const ran = await copying.run(['db', 'dump', site, '-O', '-']);
    expect(ran).toExit(0, { stderr: expect.stringMatching(/Left out the events of shop: limited cannot read them/) });
    expect(ran.stderr).toMatch(/Left out the routines of shop/);
    expect(ran.stdout).toMatch(/-- Dump completed/);
  });

  it('tells what the account cannot even see', async () => {
    const { sql } = copying.servers.mariadb;
    sql('CREATE DATABASE readable; CREATE TABLE readable.notes (id INT); CREATE PROCEDURE readable.hidden() SELECT 1');
    sql("CREATE USER reader@'%' IDENTIFIED BY 'something'; GRANT SELECT, LOCK TABLES ON readable.* TO reader@'%'");
    const variables = { ...variablesFor(copying.servers.mariadb, 'mariadb', 'readable'), DB_USERNAME: 'reader', DB_PASSWORD: 'something' };
    const words = ['db', 'dump', addDatabaseSite(copying, 'dump-reader.example.com', variables), '-O', '-'];
    const { code, stderr } = await copying.run(words);
    expect(code, stderr).toBe(0);
    for (const what of ['triggers', 'routines'])
      expect(stderr).toContain(`! Left out the ${what} of readable, if it has any: reader cannot see them.\n`);
    sql("CREATE ROLE reading; GRANT TRIGGER, EXECUTE ON readable.* TO reading; GRANT reading TO reader@'%'");
    sql("SET DEFAULT ROLE reading FOR reader@'%'");
    expect((await copying.run(words)).stderr).not.toContain('if it has any');
  });
});

describe('nobody else learns or runs anything:', { timeout: TIME }, () => {
  it('the password is in no command line and no file', async () => {
    const { running, release } = await stuckDump(copying, copying.folder());
    expect(dumpersOf(copying.servers.mariadb, 'large')).toHaveLength(1);
    expect(leaksOf(copying)).toEqual([]);
    await release();
    await expect(running).toExit(0);
    expect(leaksOf(copying)).toEqual([]);
  });

  it('hostile names are names', async () => {
    const name = `-d'; $(touch ran) \`touch ran\` "--`;
    const quoted = `\`${name.replaceAll('`', '``')}\``;
    copying.servers.mariadb.sql(`CREATE DATABASE ${quoted}; CREATE TABLE ${quoted}.marks (mark INT); CREATE USER "-d';$(touch ran)"@'%' IDENTIFIED BY '$(touch ran)
x'; GRANT ALL ON *.* TO "-d';$(touch ran)"@'%'`);
    const site = addDatabaseSite(copying, 'dump-hostile.example.com', {
      ...variablesFor(copying.servers.mariadb, 'mariadb', name),
      DB_USERNAME: "-d';$(touch ran)",
      DB_PASSWORD: '$(touch ran)\nx',
    });
    copying.servers.pgsql.sql(`CREATE DATABASE "host=x ' $(touch ran)"`);
    const other = addDatabaseSite(
      copying,
      'dump-hostile-pg.example.com',
      variablesFor(copying.servers.pgsql, 'pgsql', "host=x ' $(touch ran)"),
    );
    const into = copying.folder();
    const runs = [await copying.run(['db', 'dump', site, '-O', into]), await copying.run(['db', 'dump', other, '-O', into])];
    expect(runs.map(({ code, stderr }) => [code, stderr.match(/Error.*/)])).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(readdirSync(into)).toHaveLength(2);
    for (const place of [copying.directory, '/home/deploynix', into]) expect(existsSync(join(place, 'ran'))).toBe(false);
  });
});
