import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { beforeAll, describe, expect } from 'vitest';
import { copyingSuite } from '../support/database-copies.ts';
import { leaksOf } from '../support/database-processes.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { type Driver, drivers } from '../support/databases.ts';
import { program } from '../support/program.ts';

const { copying, it, reason } = copyingSuite('dnx db query', 'query');

/** For a busy machine. */
const TIME = 60_000;

/** Values that need care, and two columns of one name. Dollar quotes are PostgreSQL's own. */
const CARE = `SELECT 1 AS id, NULL AS nothing, '' AS blank, 'a,"b" <&>;\n\tc \\ é' AS care, 12345678901234567890.10 AS exact, 2 AS id`;

/** A function that writes. */
const erasing = {
  mariadb: 'DELIMITER //\nCREATE FUNCTION erase() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM orders; RETURN 1; END//\nDELIMITER ;',
  pgsql: "CREATE FUNCTION erase() RETURNS INT LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'",
} as const;

beforeAll(async () => {
  if (reason !== undefined) return;
  for (const driver of drivers) {
    copying.servers[driver].sql('CREATE DATABASE queried');
    copying.servers[driver].sql(
      `CREATE TABLE orders (id INT PRIMARY KEY, status VARCHAR(20), created_at VARCHAR(20)); INSERT INTO orders VALUES (1, 'paid', '2026-01-02 03:04:05'), (2, NULL, NULL)`,
      'queried',
    );
    copying.servers[driver].sql(erasing[driver], 'queried');
    addDatabaseSite(copying, `query-${driver}.example.com`, variablesFor(copying.servers[driver], driver, 'queried'));
  }
}, 120_000);

/** Writes in MariaDB, after the read-only transaction has ended. */
const LEAVING = 'SET STATEMENT tx_read_only=0 FOR TRUNCATE TABLE orders';

const query = (driver: Driver, sql: string, ...words: readonly string[]) =>
  copying.run(['db', 'query', `query-${driver}.example.com`, sql, ...words]);
const rowsIn = (driver: Driver) => copying.servers[driver].sql('SELECT id, status FROM orders ORDER BY id', 'queried');

describe.each(drivers)('a query of %s', { timeout: TIME }, (driver) => {
  it('prints a table, JSON and CSV', async () => {
    const sql = 'SELECT * FROM orders ORDER BY id';
    const [table, json, csv] = await Promise.all([query(driver, sql), query(driver, sql, '--json'), query(driver, sql, '-o', 'csv')]);
    expect(table).toExit(0, { stderr: '', stdout: 'ID  STATUS  CREATED_AT\n1   paid    2026-01-02 03:04:05\n2   NULL    NULL\n' });
    expect(JSON.parse(json.stdout)).toEqual([
      { id: '1', status: 'paid', created_at: '2026-01-02 03:04:05' },
      { id: '2', status: null, created_at: null },
    ]);
    expect(csv.stdout).toBe('id,status,created_at\n1,paid,2026-01-02 03:04:05\n2,,\n');
  });

  it('keeps every value, and both columns of one name', async () => {
    const escaped = driver === 'mariadb' ? CARE.replace('\\', '\\\\') : CARE;
    const ran = await query(driver, escaped, '--json');
    expect(ran).toExit(0, { stderr: '' });
    expect(JSON.parse(ran.stdout)).toEqual([
      { id: '1', nothing: null, blank: '', care: 'a,"b" <&>;\n\tc \\ é', exact: '12345678901234567890.10', id_2: '2' },
    ]);
  });

  it('without rows, and of other statements', async () => {
    const [none, tables] = await Promise.all([
      query(driver, 'SELECT * FROM orders WHERE id > 9;', '--json'),
      query(driver, 'EXPLAIN SELECT * FROM orders', '--json'),
    ]);
    expect(none).toExit(0, { stdout: '[]\n' });
    expect([tables.code, JSON.parse(tables.stdout).length > 0]).toEqual([0, true]);
  });

  it('says what to do about a statement that writes, and about several', async () => {
    const [writes, function_, several] = [
      await query(driver, 'DELETE FROM orders'),
      await query(driver, 'SELECT erase()'),
      await query(driver, 'SELECT 1; SELECT 2'),
    ];
    expect(writes).toExit(2, { stderr: "Error: 'DELETE' needs --write. Nothing ran.\n  Without it, dnx db query only reads.\n" });
    expect(function_).toExit(1, {
      stderr: expect.stringMatching(
        /^Error: Could not query queried on web-1: ERROR.* READ.ONLY .*\n {2}If it may change the database, use --write\.\n$/i,
      ),
    });
    expect(several).toExit(2, { stderr: 'Error: It must be one statement.\n  For scripts, use: dnx db shell\n' });
  });

  it('writes with --write, and says how much', async () => {
    const updated = await query(driver, "UPDATE orders SET status = 'sent' WHERE id = 2", '--write');
    expect(updated).toExit(0, { stdout: expect.stringContaining('Ran it on queried on web-1: 1 row changed\n') });
    const none = await query(driver, 'DELETE FROM orders WHERE id > 9', '--write', '--json');
    expect(JSON.parse(none.stdout)).toEqual({ site: `query-${driver}.example.com`, database: 'queried', rows_changed: 0 });
    const inserted = await query(driver, "INSERT INTO orders VALUES (3, 'new', NULL) RETURNING id", '--write', '--json');
    expect(JSON.parse(inserted.stdout)).toEqual([{ id: '3' }]);
    expect(rowsIn(driver)).toBe('1\tpaid\n2\tsent\n3\tnew\n');
    await expect(query(driver, 'DELETE FROM orders WHERE id = 3; SELECT 1', '--write')).toExit(1);
    expect(rowsIn(driver)).toBe('1\tpaid\n2\tsent\n3\tnew\n');
  });

  it('fails with the words of the database', async () => {
    const ran = await query(driver, 'SELECT nope FROM orders', '--json');
    expect(ran).toExit(1, { stdout: '' });
    const words = { mariadb: `ERROR 1054 (42S22): Unknown column 'nope' in 'SELECT'`, pgsql: 'ERROR:  column "nope" does not exist' };
    expect(JSON.parse(ran.stderr).error).toMatchObject({ message: `Could not query queried on web-1: ${words[driver]}`, hint: null });
  });
});

it('suggests a limit for more than 64 MB of rows', { timeout: TIME }, async () => {
  await expect(query('pgsql', "SELECT repeat('x', 1000000) FROM generate_series(1, 65)")).toExit(1, {
    stdout: '',
    stderr: 'Error: The rows take more than 64.0 MB.\n  Add a LIMIT, or save whole tables with: dnx db dump\n',
  });
});

it('reads the statement from stdin, and leaves out a linked site', { timeout: TIME }, async () => {
  const child = copying.shell(
    `echo 'SELECT 6 * 7 AS answer' | DNX_SITE=query-pgsql.example.com dnx db query - -o text --no-cache; dnx db query 'SELECT 1.5 AS x' -s query-mariadb.example.com -o text`,
  );
  await expect(child).toExit(0, { stdout: '42\n1.5\n' });
});

it('shows the statement to nobody else on the server', { timeout: TIME }, async () => {
  const ran = query('mariadb', "SELECT SLEEP(0.5), 'secret\" '");
  await expect
    .poll(() => copying.servers.mariadb.sql("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(0.5)%'").trim())
    .toBe('2');
  expect(leaksOf(copying)).toEqual([]);
  await expect(ran).toExit(0);
});

it('does not write with DNX_READ_ONLY', { timeout: TIME }, async () => {
  const readOnly = (...words: readonly string[]) => copying.run(['db', 'query', ...words], { DNX_READ_ONLY: '1' });
  const ran = await readOnly('query-pgsql.example.com', 'DELETE FROM orders', '--write');
  expect(ran).toExit(5, { calls: [], says: 'dnx db query --write was not sent.' });
  const before = rowsIn('mariadb');
  const refused = await readOnly('query-mariadb.example.com', LEAVING);
  expect([refused.code, refused.stderr, rowsIn('mariadb')]).toEqual([
    5,
    "Error: DNX_READ_ONLY does not allow 'SET'. Nothing ran.\n",
    before,
  ]);
});

it('does not write for an agent that may only read', { timeout: TIME }, async () => {
  const before = rowsIn('mariadb');
  const child = await copying.shell(
    `export SQL; dnx agent run --read-only --show-values -- sh -c '"$NODE" "$DNX" db query query-mariadb.example.com "$SQL"'`,
    { env: { SQL: LEAVING } },
  );
  expect([child.exitCode, rowsIn('mariadb')], child.stderr).toEqual([expect.any(Number), before]);
  expect(child.stderr).toMatch(/'SET'/);
});

it('does not write for a client of MCP that reads', { timeout: TIME }, async () => {
  const before = rowsIn('mariadb');
  const [command, ...args] = program;
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'legacy' } });
  await client.connect(new StdioClientTransport({ command, args: [...args, 'mcp', '--show-values'], env: { ...copying.env } }));
  const run = (sql: string) => client.callTool({ name: 'read', arguments: { words: ['db', 'query', 'query-mariadb.example.com', sql] } });
  const [refused, read] = [await run(LEAVING), await run('SELECT 6 * 7 AS answer')];
  await client.close();
  expect([JSON.stringify(refused.content), rowsIn('mariadb')]).toEqual([expect.stringContaining(`'SET'`), before]);
  expect(JSON.stringify(read.content)).toContain('42');
});

it('needs one', { timeout: TIME }, async () => {
  const runs = [
    await copying.run(['db', 'query', 'query-pgsql.example.com', ' ']),
    await copying.run(['db', 'query', '-s', 'query-pgsql.example.com']),
  ];
  expect(runs.map(({ code, calls }) => [code, calls])).toEqual([
    [2, []],
    [2, []],
  ]);
});
