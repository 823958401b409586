import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished } from 'vitest';
import { copyingSuite } from '../support/database-copies.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { type Driver, drivers } from '../support/databases.ts';
import { deep, leading } from '../support/volume.ts';

const { copying, it, reason } = copyingSuite('hostile dumps', 'hostile');

const TIME = 90_000;

beforeAll(async () => {
  if (reason !== undefined) return;
  copying.sshd.share();
}, 120_000);

/** A directory in which every program may create files. */
function openDirectory(): string {
  const directory = mkdtempSync('/tmp/dnx-hostile-');
  chmodSync(directory, 0o777);
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Makes the server dump these statements, as a whole dump. */
function plant(driver: Driver, statements: string): void {
  const end = driver === 'pgsql' ? '--\n-- PostgreSQL database dump complete\n--' : '-- Dump completed';
  copying.sshd.program(driver === 'pgsql' ? 'pg_dump' : 'mariadb-dump', `#!/bin/sh\ncat <<'END'\n${statements}\n${end}\nEND\n`);
  onTestFinished(() => rmSync(join(copying.sshd.directory, 'programs'), { recursive: true, force: true }));
}

/** Its name, the driver, and the statements, which leave this file if they succeed. */
type Attack = readonly [what: string, driver: Driver, statements: (file: string) => string];

/** The program reads to the end, because PostgreSQL fails if it is gone before that. */
const writes = (file: string) => `COPY (SELECT 1) TO PROGRAM 'cat > ${file}';`;

describe('a hostile dump runs no program and writes no file, although the local account may:', { timeout: TIME }, () => {
  const attacks: readonly Attack[] = [
    ['a program, in a role that it resets', 'pgsql', (file) => `RESET ROLE; RESET SESSION AUTHORIZATION; ${writes(file)}`],
    ['SELECT … INTO OUTFILE', 'mariadb', (file) => `SELECT 1 INTO OUTFILE '${file}';`],
    ['an account with more rights', 'mariadb', () => `CREATE USER evil@localhost; GRANT FILE ON *.* TO evil@localhost;`],
    ['a setting of the server', 'pgsql', (file) => `ALTER SYSTEM SET archive_command = 'touch ${file}';`],
    ['another database', 'mariadb', () => 'UPDATE shop.marks SET mark = 1;'],
    ['COPY … TO PROGRAM', 'pgsql', writes],
    ['COPY … FROM PROGRAM', 'pgsql', (file) => `CREATE TABLE a (b TEXT); COPY a FROM PROGRAM 'touch ${file}';`],
    ['the role of the local account', 'pgsql', (file) => `SET ROLE shop; ${writes(file)}`],
    ['COPY … TO a file', 'pgsql', (file) => `COPY (SELECT 1) TO '${file}';`],
    ['a log', 'mariadb', (file) => `SET GLOBAL general_log_file = '${file}'; SET GLOBAL general_log = 1; SELECT 1;`],
  ];
  it.each(leading(attacks, 2))('%s (%s)', async (_, driver, statements) => {
    const file = join(openDirectory(), 'ran');
    plant(driver, statements(file));
    const before = copying.accounts(driver);
    const ran = await copying.pull(copying.sites[driver], driver, 'hostile');
    expect(ran).toExit(1, { stdout: '', stderr: expect.stringMatching(/hostile is unchanged\. .*--trust-server/s) });
    expect(existsSync(file)).toBe(false);
    expect(copying.databases(driver, 'hostile')).toEqual([]);
    expect(copying.accounts(driver)).toBe(before);
  });

  it('a journal of a swap in the new copy, which the local account would run', async () => {
    const file = join(openDirectory(), 'ran');
    const rows = ['undo', 'complete'].map(() => `"SELECT 1 INTO OUTFILE '${file}';"`);
    const columns = '(`undo` LONGBLOB, `complete` LONGBLOB)';
    const journal = (name: string) => `CREATE TABLE ${name} ${columns}; INSERT INTO ${name} VALUES (${rows.join(', ')});`;
    plant('mariadb', `${journal('__dnx_db_pull')}\n${journal('__dnx_db_pulled')}\nSELECT no_such_column;`);
    copying.addOld('mariadb', 'journal');
    const runs = [
      await copying.pull(copying.sites.mariadb, 'mariadb', 'journal'),
      await copying.pull(copying.sites.mariadb, 'mariadb', 'journal'),
    ];
    for (const { code, stderr } of runs) expect([code, stderr]).toEqual([1, expect.stringContaining('journal is unchanged.')]);
    expect(existsSync(file)).toBe(false);
    expect(copying.databases('mariadb', 'journal')).toEqual(['journal']);
  });

  it('code that runs after the pull has no rights of the local account either', async () => {
    const file = join(openDirectory(), 'ran');
    plant(
      'mariadb',
      `CREATE TABLE a (b INT); INSERT INTO a VALUES (1);\nDELIMITER ;;\nCREATE PROCEDURE late() BEGIN SELECT 1 INTO OUTFILE '${file}'; END ;;\nDELIMITER ;`,
    );
    plant(
      'pgsql',
      `CREATE FUNCTION late() RETURNS INT SECURITY DEFINER LANGUAGE plpgsql AS $$ BEGIN ${writes(file)} RETURN 1; END $$; CREATE TABLE a (b INT);`,
    );
    for (const [driver, call] of [
      ['mariadb', 'CALL late()'],
      ['pgsql', 'SELECT late()'],
    ] as const) {
      await expect(copying.pull(copying.sites[driver], driver, 'later')).toExit(0);
      expect(() => copying.servers[driver].sql(call, 'later')).toThrow(/denied|must be superuser/);
      expect(existsSync(file)).toBe(false);
    }
  });

  it.each(deep ? drivers : (['pgsql'] as const))('unless --trust-server says that it may, of %s', async (driver) => {
    const file = join(openDirectory(), 'ran');
    plant(driver, driver === 'pgsql' ? writes(file) : `SELECT 1 INTO OUTFILE '${file}';`);
    await expect(copying.pull(copying.sites[driver], driver, 'trusted', ['--trust-server'])).toExit(0);
    expect(existsSync(file)).toBe(true);
  });
});

describe('the account that imports', { timeout: TIME }, () => {
  it.each(leading(drivers, 1))('is the local one of %s if that may do no harm', async (driver) => {
    const { servers, sites, run } = copying;
    const before = copying.accounts(driver);
    servers[driver].sql(
      driver === 'pgsql'
        ? `CREATE ROLE plain LOGIN CREATEDB PASSWORD 'no rights'`
        : `CREATE USER plain@'%' IDENTIFIED BY 'no rights'; GRANT ALL ON \`plain%\`.* TO plain@'%'; GRANT SELECT ON *.* TO plain@'%'`,
    );
    const file = copying.dotenv(driver, 'plain', { DB_USERNAME: 'plain', DB_PASSWORD: 'no rights' });
    await expect(run(['db', 'pull', sites[driver], '--into', file, '--confirm', 'plain'])).toExit(0);
    expect(copying.content(driver, 'plain')).toBe(copying.content(driver, 'shop'));
    expect(copying.accounts(driver)).toBe(before);
  });

  it('may create functions and triggers in spite of a binary log', async () => {
    const { sql } = copying.servers.mariadb;
    sql('SET GLOBAL log_bin_trust_function_creators = 0');
    onTestFinished(() => void sql('SET GLOBAL log_bin_trust_function_creators = 1'));
    await expect(copying.pull(copying.sites.mariadb, 'mariadb', 'logged')).toExit(0);
    expect(copying.content('mariadb', 'logged')).toBe(copying.content('mariadb', 'shop'));
    expect(sql('SELECT @@GLOBAL.log_bin_trust_function_creators')).toBe('0\n');
  });

  it('is not to create triggers and functions, which it may not while there is a binary log', async () => {
    const { servers, sites, run } = copying;
    const { sql } = servers.mariadb;
    sql('SET GLOBAL log_bin_trust_function_creators = 0');
    onTestFinished(() => void sql('SET GLOBAL log_bin_trust_function_creators = 1'));
    sql("CREATE USER modest@'%' IDENTIFIED BY 'no rights'; GRANT ALL ON `modest%`.* TO modest@'%'");
    const file = copying.dotenv('mariadb', 'modest', { DB_USERNAME: 'modest', DB_PASSWORD: 'no rights' });
    const refused = await run(['db', 'pull', sites.mariadb, '--into', file, '--confirm', 'modest']);
    expect(refused).toExit(1, {
      stderr: [
        'Error: modest may not create the triggers and functions of shop here.',
        '  The local server keeps a binary log. As its root, run: SET GLOBAL log_bin_trust_function_creators = 1;',
        '  Or use an account with all rights in the dotenv file.\n',
      ].join('\n'),
    });
    expect(copying.databases('mariadb', 'modest')).toEqual([]);
    sql('CREATE DATABASE codeless; CREATE TABLE codeless.a (id INT); CREATE PROCEDURE codeless.b() SELECT 1');
    const codeless = addDatabaseSite(copying, 'hostile-codeless.example.com', variablesFor(servers.mariadb, 'mariadb', 'codeless'));
    await expect(run(['db', 'pull', codeless, '--into', file, '--confirm', 'modest'])).toExit(0);
  });

  it('cannot be created by an account with FILE that may create none', async () => {
    const { servers, sites, run } = copying;
    servers.mariadb.sql(
      `CREATE USER filer@'%' IDENTIFIED BY 'some rights'; GRANT ALL ON \`filer%\`.* TO filer@'%'; GRANT FILE ON *.* TO filer@'%'`,
    );
    const file = copying.dotenv('mariadb', 'filer', { DB_USERNAME: 'filer', DB_PASSWORD: 'some rights' });
    const words = ['db', 'pull', sites.mariadb, '--into', file, '--confirm', 'filer'];
    const refused = await run(words);
    expect(refused).toExit(1, { stdout: '' });
    expect(refused.stderr).toMatch(
      /filer may write files or run programs.*could not create an account without these rights[\s\S]*--trust-server/,
    );
    expect(copying.databases('mariadb', 'filer')).toEqual([]);
  });
});
