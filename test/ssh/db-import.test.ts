import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, onTestFinished } from 'vitest';
import { copyingSuite } from '../support/database-copies.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { type Driver, drivers } from '../support/databases.ts';
import { openTerminal } from '../support/terminal.ts';
import { leading, sampled } from '../support/volume.ts';

const { copying, it, reason } = copyingSuite('dnx db import', 'import');

/** An import runs many programs, which takes long on a busy machine. */
const TIME = 90_000;

/** A dump of `shop` for each kind of database. */
let dumps: Readonly<Record<Driver, string>>;
beforeAll(async () => {
  if (reason !== undefined) return;
  const folder = copying.folder();
  dumps = { mariadb: join(folder, 'maria.sql.gz'), pgsql: join(folder, 'postgres.sql.gz') };
  for (const driver of drivers) {
    await expect(copying.run(['db', 'dump', copying.sites[driver], '-O', dumps[driver]])).toExit(0);
  }
}, 120_000);

/** Imports into a local database, confirmed. */
const local = (driver: Driver, database: string, file: string, ...words: readonly string[]) =>
  copying.run(['db', 'import', file, '--into', copying.dotenv(driver, database), '--confirm', database, ...words]);

/** A site whose database has an old copy. */
function remote(driver: Driver, database: string): string {
  copying.addOld(driver, database);
  return addDatabaseSite(
    copying,
    `import-${database.replaceAll('_', '-')}.example.com`,
    variablesFor(copying.servers[driver], driver, database),
  );
}

/** The files that an import saved in the working directory. */
const saved = (database: string) => readdirSync(copying.directory).filter((name) => name.startsWith(`${database}-before-import-`));

/** Gives a saved file another name: the clock of this process stands still, so the next one has the same. */
function aside(name: string): string {
  renameSync(join(copying.directory, name), join(copying.directory, `back-${name}`));
  return `back-${name}`;
}

describe('an import into a local database', { timeout: TIME }, () => {
  it.each(drivers)('of %s replaces it as a whole, without a request, whatever the default site is', async (driver) => {
    copying.addOld(driver, 'local');
    const words = ['db', 'import', dumps[driver], '--into', copying.dotenv(driver, 'local'), '--confirm', 'local', '--json'];
    const ran = await copying.run(words, { DNX_SITE: copying.sites[driver] });
    expect(ran).toExit(0, { calls: [] });
    expect(copying.content(driver, 'local')).toBe(copying.content(driver, 'shop'));
    expect(copying.databases(driver, 'local')).toEqual(['local']);
    expect(JSON.parse(ran.stdout)).toMatchObject({ file: dumps[driver], local_database: 'local', tables: 5 });
    expect(ran.stderr).toMatch(/\.sql\.gz → local on 127\.0\.0\.1:\d+ \([\d.]+ [kM]B in \d tables will be replaced\)/);
  });

  it('creates it without a question, and asks for the name of one that exists', async () => {
    const words = ['db', 'import', dumps.pgsql, '--into', copying.dotenv('pgsql', 'local_asked')];
    const fresh = openTerminal(words, copying.env, copying.directory);
    await fresh.shows(/Imported .* into local_asked/);
    await expect(fresh.ended).toExit(0);
    const again = openTerminal(words, copying.env, copying.directory);
    await again.shows(`Type 'local_asked' to continue`);
    again.type('shop\r');
    await expect(again.ended).toExit(2);
  });

  const broken: readonly (readonly [string, () => string | Buffer, number, RegExp])[] = [
    [
      'is cut off',
      () => gzipSync(gunzipSync(readFileSync(dumps.mariadb)).subarray(0, 2_000)),
      1,
      /is incomplete: its last line is missing/,
    ],
    ['is damaged', () => readFileSync(dumps.mariadb).subarray(0, 900), 1, /is damaged: unexpected end of file/],
    ['is of PostgreSQL', () => readFileSync(dumps.pgsql), 2, /is a dump of PostgreSQL, but the database is not/],
    ['is an archive of pg_dump', () => 'PGDMP...', 2, /is not SQL\.\n.*pg_restore -f/],
    ['is empty', () => '', 2, /is empty/],
    ['goes elsewhere', () => '-- MariaDB dump 10\nUSE `shop`;\n-- Dump completed\n', 2, /chooses a database itself: USE `shop`/],
    [
      'breaks the database',
      () => 'CREATE TABLE a (b INT);\nnonsense;\n',
      1,
      /The local database server reported: .*nonsense[\s\S]*kept is unchanged/,
    ],
  ];
  it.each(sampled(broken, 4, 2))('changes nothing if the file %s', async (what, content, code, words) => {
    const file = join(copying.folder(), 'shop.sql');
    writeFileSync(file, content());
    if (copying.databases('mariadb', 'kept').length === 0) copying.addOld('mariadb', 'kept');
    const before = copying.content('mariadb', 'kept');
    const ran = await local('mariadb', 'kept', file);
    expect([what, ran.code, ran.stdout], ran.stderr).toEqual([what, code, '']);
    expect(ran.stderr).toMatch(words);
    expect(copying.content('mariadb', 'kept')).toBe(before);
  });

  it('says that there is no file', async () => {
    await expect(local('mariadb', 'kept', 'nowhere.sql')).toExit(2, { says: 'Could not find nowhere.sql' });
  });
});

describe('an import into the database of a site', { timeout: TIME }, () => {
  it.each(leading(drivers, 1))('of %s saves it first, and the way back leads back', async (driver) => {
    const database = `far_${driver}`;
    const site = remote(driver, database);
    const before = copying.content(driver, database);
    const ran = await copying.run(['db', 'import', site, dumps[driver], '--confirm', site]);
    expect(ran).toExit(0);
    expect(copying.content(driver, database)).toBe(copying.content(driver, 'shop'));
    const [file = ''] = saved(database);
    expect(ran.stderr).toContain(`To undo this: dnx db import ${site} ${file}\n`);
    expect(ran.stderr).toMatch(
      new RegExp(`→ ${database} on web-1, the database of ${site} \\([\\d.]+ [kM]B in \\d tables will be replaced\\)`),
    );
    const back = await copying.run(['db', 'import', site, aside(file), '--confirm', site, '--json']);
    expect(back).toExit(0);
    expect(JSON.parse(back.stdout)).toMatchObject({ site, database, saved: expect.stringMatching(/^far_\w+-before-import-/) });
    expect(copying.content(driver, database)).toBe(before);
  });

  it.each(drivers)('of %s that fails says what became of it', async (driver) => {
    const database = `bad_${driver}`;
    const site = remote(driver, database);
    const before = copying.content(driver, database);
    const file = join(copying.folder(), 'bad.sql');
    writeFileSync(file, 'CREATE TABLE a (b INT);\nnonsense;\n');
    const ran = await copying.run(['db', 'import', site, file, '--confirm', site]);
    expect(ran).toExit(1, { stdout: '' });
    expect(ran.stderr).toMatch(new RegExp(`Could not import ${file} into ${database} on web-1: .*nonsense`));
    if (driver === 'pgsql') {
      expect(ran.stderr).toContain(`${database} is unchanged.`);
      expect(copying.content(driver, database)).toBe(before);
      return;
    }
    expect(ran.stderr).toMatch(
      new RegExp(`${database} is incomplete\\.\\n {2}To undo this: dnx db import ${site} ${saved(database)[0]}\\n$`),
    );
    await expect(copying.run(['db', 'import', site, aside(saved(database)[0] ?? ''), '--confirm', site])).toExit(0);
    expect(copying.content(driver, database)).toBe(before);
  });

  it('changes nothing without its name, with another one, and if it cannot be saved', async () => {
    const site = remote('mariadb', 'far_kept');
    const before = copying.content('mariadb', 'far_kept');
    const words = ['db', 'import', site, dumps.mariadb];
    const [none, wrong, readOnly, into] = [
      await copying.run(words),
      await copying.run([...words, '--confirm', 'far_kept']),
      await copying.run([...words, '--confirm', site], { DNX_READ_ONLY: '1' }),
      await copying.run([...words, '--confirm', site, '--into', '.env']),
    ];
    expect([none.code, wrong.code, readOnly.code, into.code]).toEqual([2, 2, 5, 2]);
    expect(wrong.stderr).toContain(`'far_kept' does not match. Nothing was changed.\n  Expected '${site}'.\n`);
    copying.sshd.program('mariadb-dump', '#!/bin/sh\nexit 3\n');
    onTestFinished(() => copying.sshd.program('mariadb-dump', `#!/bin/sh\nexec /usr/bin/mariadb-dump "$@"\n`));
    await expect(copying.run([...words, '--confirm', site])).toExit(1);
    expect(saved('far_kept')).toEqual([]);
    expect(copying.content('mariadb', 'far_kept')).toBe(before);
  });

  it('asks for the name of the site on a terminal', async () => {
    const site = remote('pgsql', 'far_asked');
    const terminal = openTerminal(['db', 'import', site, dumps.pgsql, '--no-cache'], copying.env, copying.directory);
    await terminal.shows(`Type '${site}' to continue`);
    terminal.type(`${site}\r`);
    await terminal.shows('To undo this');
    await expect(terminal.ended).toExit(0);
  });

  it('of PostgreSQL rolls back if the line is cut', async () => {
    const site = remote('pgsql', 'far_cut');
    const before = copying.content('pgsql', 'far_cut');
    const file = join(copying.folder(), 'slow.sql');
    writeFileSync(file, 'CREATE TABLE half (a INT);\nSELECT pg_sleep(600);\nCREATE TABLE other (a INT);\n');
    const running = copying.run(['db', 'import', site, file, '--confirm', site]);
    const waiting = () =>
      copying.servers.pgsql.sql(`SELECT count(*) FROM pg_stat_activity WHERE datname = 'far_cut' AND wait_event = 'PgSleep'`);
    await expect.poll(waiting, { timeout: 30_000 }).toBe('1\n');
    copying.sshd.drop();
    await expect(running).toExit(13);
    copying.servers.pgsql.sql(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`);
    await expect
      .poll(() => copying.servers.pgsql.sql(`SELECT count(*) FROM pg_stat_activity WHERE datname = 'far_cut'`), { timeout: 30_000 })
      .toBe('0\n');
    expect(copying.content('pgsql', 'far_cut')).toBe(before);
  });
});
