import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { copyingSuite } from '../support/database-copies.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { type Driver, drivers } from '../support/databases.ts';
import { sampled, seedOf } from '../support/volume.ts';

const { copying, it, reason } = copyingSuite('what dnx db query does not run', 'read');

/** For a busy machine. */
const TIME = 60_000;

beforeAll(async () => {
  if (reason !== undefined) return;
  copying.sshd.share();
  for (const driver of drivers) {
    const { sql } = copying.servers[driver];
    sql('CREATE DATABASE reading');
    sql(contents[driver], 'reading');
    addDatabaseSite(copying, `read-${driver}.example.com`, variablesFor(copying.servers[driver], driver, 'reading'));
  }
}, 120_000);

/** Tables, sequences and code of both databases: functions that write, also after they have changed the session. */
const contents: Readonly<Record<Driver, string>> = {
  mariadb: `CREATE TABLE orders (id INT PRIMARY KEY, status VARCHAR(20)); INSERT INTO orders VALUES (1, 'paid'), (2, NULL);
CREATE TABLE hits (a INT) ENGINE=MyISAM; INSERT INTO hits VALUES (1); CREATE SEQUENCE numbers;
CREATE PROCEDURE clear() DELETE FROM orders;
DELIMITER //
CREATE FUNCTION erase() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM orders; RETURN 1; END//
CREATE FUNCTION erase_hits() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM hits; RETURN 1; END//
CREATE FUNCTION erase_anyway() RETURNS INT MODIFIES SQL DATA BEGIN SET SESSION tx_read_only = 0; DELETE FROM orders; RETURN 1; END//
CREATE FUNCTION keep_temporary() RETURNS INT MODIFIES SQL DATA BEGIN CREATE TEMPORARY TABLE t (a INT); INSERT INTO t VALUES (1); RETURN 1; END//
DELIMITER ;
CREATE VIEW erasing AS SELECT erase() AS erased`,
  pgsql: `CREATE TABLE orders (id INT PRIMARY KEY, status VARCHAR(20)); INSERT INTO orders VALUES (1, 'paid'), (2, NULL);
CREATE SEQUENCE numbers; CREATE EXTENSION dblink; CREATE EXTENSION tablefunc; CREATE EXTENSION adminpack; CREATE EXTENSION pg_surgery;
CREATE EXTENSION pg_visibility; CREATE EXTENSION pg_prewarm; CREATE INDEX numbered ON orders USING brin (id);
SELECT lo_from_bytea(4711, 'large');
CREATE FUNCTION erase() RETURNS INT LANGUAGE sql AS 'DELETE FROM orders; SELECT 1';
CREATE FUNCTION erase_anyway() RETURNS INT LANGUAGE plpgsql AS
  'BEGIN SET TRANSACTION READ WRITE; DELETE FROM orders; RETURN 1; END';
CREATE FUNCTION erase_row(orders) RETURNS INT LANGUAGE sql AS 'DELETE FROM orders; SELECT 1';
CREATE FUNCTION erase_two(INT, INT) RETURNS INT LANGUAGE sql AS 'DELETE FROM orders; SELECT 1';
CREATE OPERATOR #!# (LEFTARG = INT, RIGHTARG = INT, FUNCTION = erase_two);
CREATE VIEW locking AS SELECT * FROM orders FOR UPDATE; CREATE MATERIALIZED VIEW kept AS SELECT 1;
CREATE PROCEDURE clear() LANGUAGE sql AS 'DELETE FROM orders';
CREATE VIEW erasing AS SELECT erase() AS erased`,
};

/** What a statement could have changed. */
function state(driver: Driver): readonly string[] {
  const { sql, directory } = copying.servers[driver];
  const rows =
    driver === 'mariadb'
      ? `SELECT * FROM orders; SELECT * FROM hits; SELECT next_not_cached_value FROM numbers; SELECT User FROM mysql.user;
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS ORDER BY 1, 2, 3; SELECT @@global.max_connections, @@global.sql_mode`
      : `SELECT * FROM orders; SELECT last_value, is_called FROM numbers; SELECT loid FROM pg_largeobject; SELECT rolname FROM pg_roles;
SELECT table_schema, table_name, column_name FROM information_schema.columns ORDER BY 1, 2, 3; SELECT slot_name FROM pg_replication_slots`;
  const files = [directory, join(directory, 'data'), '/tmp'].flatMap((each) =>
    readdirSync(each).filter((name) => name.startsWith(WRITTEN)),
  );
  return [sql(rows, 'reading'), ...files];
}

/** The name of a file that attacks write, where the servers may. */
const WRITTEN = `dnx-written-${process.pid}`;
const FILE = `/tmp/${WRITTEN}`;

/** Runs a statement from a file: one that begins with a comment looks like an option. */
function query(driver: Driver, sql: string, ...words: readonly string[]) {
  const file = join(copying.directory, 'statement.sql');
  writeFileSync(file, sql);
  return copying.run(['db', 'query', `read-${driver}.example.com`, `@${file}`, ...words]);
}

const attacks: Readonly<Record<Driver, readonly string[]>> = {
  mariadb: [
    'BEGIN NOT ATOMIC ROLLBACK; SET SESSION TRANSACTION READ WRITE; START TRANSACTION READ WRITE; DELETE FROM orders; COMMIT; END',
    'BEGIN NOT ATOMIC COMMIT; DELETE FROM orders; END',
    'IF 1 THEN COMMIT; DELETE FROM orders; END IF',
    'FOR i IN 1..1 DO COMMIT; DELETE FROM orders; END FOR',
    'SET STATEMENT tx_read_only=0 FOR TRUNCATE TABLE orders',
    'SET STATEMENT tx_read_only=0 FOR DROP TABLE orders',
    'SET STATEMENT tx_read_only=0 FOR SELECT erase()',
    '/* SELECT 1 */ SET STATEMENT tx_read_only=0 FOR ALTER TABLE orders ADD x INT',
    'SET SESSION tx_read_only = 0',
    'SET GLOBAL max_connections = 7',
    'START TRANSACTION READ WRITE',
    'COMMIT',
    'DELETE FROM orders',
    "UPDATE orders SET status = 'x'",
    "REPLACE INTO orders VALUES (1, 'x')",
    'INSERT orders SELECT 3, 3',
    'DELETE FROM hits',
    'TRUNCATE orders',
    'ALTER TABLE orders ADD x INT',
    'CREATE TABLE other AS SELECT * FROM orders',
    'CREATE TEMPORARY TABLE other (a INT)',
    'RENAME TABLE orders TO gone',
    `SELECT * FROM orders INTO OUTFILE '${FILE}'`,
    `SELECT status INTO DUMPFILE '${FILE}' FROM orders LIMIT 1`,
    'SELECT id INTO @x FROM orders LIMIT 1',
    `SELECT 1.INTO OUTFILE '${FILE}'`,
    `SELECT 1e1INTO OUTFILE '${FILE}'`,
    `SELECT"1"INTO OUTFILE '${FILE}'`,
    `(SELECT 1) UNION (SELECT 2) INTO OUTFILE '${FILE}'`,
    `VALUES (1) INTO OUTFILE '${FILE}'`,
    `SELECT 1 /*! INTO OUTFILE '${FILE}' */`,
    `SELECT 1 /*M!100100 INTO OUTFILE '${FILE}' */`,
    `SELECT 1 INTO/**/OUTFILE '${FILE}'`,
    `SELECT 1 INTO -- here\n OUTFILE '${FILE}'`,
    `ANALYZE SELECT 1 INTO OUTFILE '${FILE}'`,
    '/*! DELETE FROM orders */',
    '/*M! DELETE FROM orders */',
    '/*!50000 SET STATEMENT tx_read_only=0 FOR */ TRUNCATE TABLE orders',
    '-- read\nDELETE FROM orders',
    '# SELECT 1\nDELETE FROM orders',
    '/* SELECT 1 */DELETE FROM orders',
    'SELECT 1; DELETE FROM orders',
    "SELECT ';' ; DELETE FROM orders",
    'SELECT 1 -- \n; DELETE FROM orders',
    'SELECT 1--1; DELETE FROM orders',
    'SELECT erase()',
    'SELECT erase_hits()',
    'SELECT erase_anyway()',
    'SELECT keep_temporary()',
    'SELECT * FROM erasing',
    'SELECT id FROM orders WHERE id IN (SELECT erase())',
    'WITH x AS (SELECT erase() AS a) SELECT a FROM x',
    'WITH x AS (SELECT 1) DELETE FROM orders',
    'SHOW TABLES WHERE erase() = 1',
    'EXPLAIN SELECT erase()',
    'EXPLAIN DELETE FROM orders',
    'EXPLAIN FORMAT=JSON UPDATE orders SET id = 3',
    'ANALYZE DELETE FROM orders',
    'ANALYZE FORMAT=JSON DELETE FROM orders',
    'ANALYZE TABLE orders',
    'OPTIMIZE TABLE orders',
    'CALL clear()',
    'DO erase()',
    'HANDLER orders OPEN',
    "EXECUTE IMMEDIATE 'DELETE FROM orders'",
    "LOAD DATA INFILE '/etc/hostname' INTO TABLE orders",
    'SELECT NEXTVAL(numbers)',
    'SELECT NEXT VALUE FOR numbers',
    'SELECT SETVAL(numbers, 100)',
    'LOCK TABLES orders WRITE',
    'FLUSH TABLES',
    'CREATE USER mallory',
    'GRANT ALL ON *.* TO shop@localhost',
    'XA START 1',
    `system touch ${FILE}`,
    `\\! touch ${FILE}`,
    `SELECT 1\nsystem touch ${FILE}`,
    `SELECT 1\n\\! touch ${FILE}\n`,
    `tee ${FILE}`,
    'delimiter //\nDELETE FROM orders//',
    'SELECT 1\\gDELETE FROM orders',
    'SELECT * FROM orders PROCEDURE ANALYSE(erase())',
    'SELECT id FROM orders FOR UPDATE',
    'SELECT @x := erase()',
    'SELECT @@tx_read_only := 0',
    "SELECT /*+ SET_VAR(tx_read_only='OFF') */ erase()",
    `SELECT /*+ SET_VAR(sql_mode='NO_BACKSLASH_ESCAPES') */ '\\' INTO OUTFILE '${FILE}' -- '`,
    `SELECT "a" "\\"" INTO OUTFILE '${FILE}' -- "`,
    "SELECT '\u7e17\\\\'; DELETE FROM orders; -- '",
    "SELECT _gbk'\u7e17\\\\'; DELETE FROM orders; -- '",
    `SELECT 1 /* /* */ INTO OUTFILE '${FILE}' -- */`,
    'SELECT 1 --\u00a0\n; DELETE FROM orders',
    `SELECT 1 --\u007f\n INTO OUTFILE '${FILE}'`,
    'SELECT 1 FROM orders FOR SYSTEM_TIME ALL WHERE erase()',
    'VALUES (erase()), (NEXTVAL(numbers))',
    'WITH SELECT AS (SELECT 1) DELETE FROM orders',
    'WITH `SELECT` AS (SELECT 1) INSERT INTO orders SELECT 9, 9',
    'EXPLAIN FORMAT=JSON SELECT * FROM (SELECT erase()) x',
    'ANALYZE LOCAL TABLE orders',
    'ANALYZE FORMAT=JSON TABLE orders',
    'DESCRIBE DELETE FROM orders',
    'SHOW WARNINGS INTO @x',
    'SELECT 1) ; DELETE FROM orders -- ',
    `SELECT 1) INTO OUTFILE '${FILE}' -- `,
    'SELECT 1 /*',
    "SELECT 'x",
  ],
  pgsql: [
    'DELETE FROM orders',
    'COMMIT',
    'COMMIT; DELETE FROM orders',
    'SET TRANSACTION READ WRITE',
    'BEGIN; DELETE FROM orders',
    'SELECT 1; DELETE FROM orders',
    "SELECT ';'; DELETE FROM orders",
    '-- read\rDELETE FROM orders',
    '/* /* */ SELECT 1 */ DELETE FROM orders',
    'SELECT 1 /* /* */; DELETE FROM orders',
    "SELECT E'\\''; DELETE FROM orders; --'",
    "SELECT E'a'\n'\\''; DELETE FROM orders; --'",
    'SELECT $a$ $b$; DELETE FROM orders',
    'SELECT 1 AS "a""b"; DELETE FROM orders',
    'SELECT * INTO other FROM orders',
    'SELECT 1INTO other',
    'CREATE TABLE other AS SELECT 1',
    'CREATE TEMP TABLE other (a INT)',
    'WITH x AS (DELETE FROM orders RETURNING id) SELECT * FROM x',
    'WITH x AS MATERIALIZED (/* */ UPDATE orders SET id = 3 RETURNING id) SELECT * FROM x',
    "WITH x AS (INSERT INTO orders VALUES (3, 'x') RETURNING id) TABLE x",
    'WITH x AS (SELECT 1) DELETE FROM orders',
    'EXPLAIN ANALYZE DELETE FROM orders',
    'EXPLAIN (ANALYZE, FORMAT JSON) UPDATE orders SET id = 3 WHERE id = 1',
    'EXPLAIN ANALYZE CREATE TABLE other AS SELECT 1',
    'EXPLAIN ANALYZE SELECT erase()',
    'SELECT erase()',
    'SELECT erase_anyway()',
    'SELECT * FROM erasing',
    'SELECT id FROM orders FOR UPDATE',
    "SELECT nextval('numbers')",
    "SELECT setval('numbers', 100)",
    "SELECT set_config('transaction_read_only', 'off', false), erase()",
    "DO 'BEGIN DELETE FROM orders; END'",
    'CALL clear()',
    `COPY orders TO '${FILE}'`,
    `COPY (SELECT 1) TO PROGRAM 'touch ${FILE}'`,
    `SELECT lo_export(4711, '${FILE}')`,
    `SELECT pg_catalog."lo_export" (4711, '${FILE}')`,
    `SELECT U&"lo\\005fexport"(4711, '${FILE}')`,
    `SELECT query_to_xml('SELECT lo_export(4711, ''${FILE}'')', true, true, '')`,
    `SELECT * FROM ts_stat('SELECT lo_export(4711, ''${FILE}'')::text::tsvector')`,
    `SELECT * FROM crosstab('SELECT 1, 1, lo_export(4711, ''${FILE}'')') AS t(a int, b int)`,
    `EXPLAIN ANALYZE SELECT lo_export(4711, '${FILE}')`,
    'SELECT lo_unlink(4711)',
    "SELECT lo_from_bytea(4712, 'x')",
    "SELECT lo_import('/etc/hostname', 4713)",
    `SELECT pg_file_write('${WRITTEN}', 'x', false)`,
    "SELECT dblink_exec('dbname=reading', 'DELETE FROM orders')",
    "SELECT * FROM dblink('dbname=reading', 'DELETE FROM orders RETURNING id') AS t(id INT)",
    "SELECT pg_create_physical_replication_slot('mallory')",
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity',
    'SELECT pg_reload_conf()',
    "SELECT heap_force_kill('orders', ARRAY['(0,1)'::tid])",
    "SELECT heap_force_freeze('orders', ARRAY['(0,1)'::tid])",
    "SELECT pg_truncate_visibility_map('orders')",
    "SELECT brin_desummarize_range('numbered', 0)",
    "SELECT pg_clear_relation_stats('public', 'orders')",
    'SELECT autoprewarm_dump_now()',
    'SELECT erase_row FROM orders',
    'SELECT o.erase_row FROM orders o',
    'SELECT 1 OPERATOR(public.#!#) 1',
    'SELECT * FROM locking',
    'SELECT id FROM orders FOR KEY SHARE',
    "SELECT table_to_xml('erasing', true, true, '')",
    'WITH "select" AS (SELECT 1) INSERT INTO orders VALUES (3)',
    'EXPLAIN (ANALYZE) (SELECT erase())',
    'EXPLAIN ANALYZE REFRESH MATERIALIZED VIEW kept',
    'SELECT 1 /*/* */ ; DELETE FROM orders */ */; DELETE FROM orders',
    "SELECT B'1'\n'\\'; DELETE FROM orders; --'",
    "SELECT U&'a!'; DELETE FROM orders; --' UESCAPE '!'",
    'SELECT a$$; DELETE FROM orders; SELECT $$ FROM orders',
    'SELECT 1 \\gexec',
    'CLOSE dnx',
    `ALTER SYSTEM SET archive_command = 'touch ${FILE}'`,
    'CREATE ROLE mallory',
    'GRANT ALL ON orders TO public',
    'VACUUM orders',
    'ANALYZE orders',
    'LOCK orders',
    'TRUNCATE orders',
    'PREPARE x AS DELETE FROM orders',
    'NOTIFY x',
    `\\! touch ${FILE}`,
    `\\o ${FILE}`,
    `SELECT 1 \\g ${FILE}`,
    'SELECT 1 \\; DELETE FROM orders',
    'SELECT 1) ; DELETE FROM orders --',
    'SELECT 1 /*',
    "SELECT 'x",
    'SELECT $x$ 1',
  ],
};

const reads: Readonly<Record<Driver, readonly (readonly [sql: string, rows: unknown])[]>> = {
  mariadb: [
    ['SELECT id FROM orders ORDER BY id', [{ id: '1' }, { id: '2' }]],
    ['select 1 as a', [{ a: '1' }]],
    ['SELECT 1 AS a;', [{ a: '1' }]],
    ['SELECT 1 AS a ; ;\n-- end', [{ a: '1' }]],
    ['-- first\nSELECT 1 AS a -- last', [{ a: '1' }]],
    ['# first\nSELECT 1 AS a # last', [{ a: '1' }]],
    ['/* DELETE */ SELECT /* INTO */ 1 AS a /* ; */', [{ a: '1' }]],
    ['SELECT /*+ x */ 2--1 AS a', [{ a: '3' }]],
    ["SELECT 'DELETE; INTO -- # /*' AS a", [{ a: 'DELETE; INTO -- # /*' }]],
    ["SELECT 'it''s \\' \\\\' AS a", [{ a: "it's ' \\" }]],
    ["SELECT '\\'; DELETE FROM orders; -- ' AS a", [{ a: "'; DELETE FROM orders; -- " }]],
    ['SELECT "a; ""b"" INTO" AS a', [{ a: 'a; "b" INTO' }]],
    ['SELECT 1 AS `into`, 2 AS `a``;b`', [{ into: '1', 'a`;b': '2' }]],
    ['SELECT 1 AS a, 2 AS a', [{ a: '1', a_2: '2' }]],
    ['(SELECT 1 AS a) UNION ALL (SELECT 2) ORDER BY a', [{ a: '1' }, { a: '2' }]],
    ['((SELECT 1 AS a))', [{ a: '1' }]],
    ['SELECT 1 AS a UNION SELECT 1 LIMIT 1', [{ a: '1' }]],
    ['WITH x AS (SELECT 1 AS a) SELECT * FROM x', [{ a: '1' }]],
    ['WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT MAX(i) AS i FROM n', [{ i: '3' }]],
    ['VALUES (1), (2)', [{ 1: '1' }, { 1: '2' }]],
    ['SELECT COUNT(*) AS n FROM orders o JOIN orders p USING (id) WHERE o.id > 0 GROUP BY o.id HAVING n > 0 LIMIT 1', [{ n: '1' }]],
    [
      'SELECT CASE WHEN id = 1 THEN REPLACE(status, "p", "P") ELSE INSERT("abc", 1, 1, "x") END AS a FROM orders WHERE id = 1',
      [{ a: 'Paid' }],
    ],
    ['SELECT SUM(id) OVER (ORDER BY id) AS a FROM orders ORDER BY id LIMIT 1', [{ a: '1' }]],
    ["SELECT JSON_VALUE('{\"a\": 1}', '$.a') AS a", [{ a: '1' }]],
    ['SELECT * FROM orders LOCK IN SHARE MODE', expect.any(Array)],
    ['SELECT SLEEP(0) AS a', [{ a: '0' }]],
    ["SELECT GET_LOCK('dnx', 0) AS a", [{ a: '1' }]],
    ['SELECT @x := 1 AS a', [{ a: '1' }]],
    ['SELECT @@version_comment AS a', [{ a: expect.any(String) }]],
    ["SELECT LOAD_FILE('/nonexistent') AS a", [{ a: null }]],
    ['SELECT * FROM orders WHERE id > 9', []],
    ['SHOW TABLES', expect.any(Array)],
    ["SHOW COLUMNS FROM orders WHERE Field = 'id'", [expect.objectContaining({ Field: 'id' })]],
    ['SHOW CREATE TABLE orders', [expect.objectContaining({ Table: 'orders' })]],
    ['SHOW FULL PROCESSLIST', expect.any(Array)],
    ["SHOW VARIABLES LIKE 'sql_mode'", [expect.anything()]],
    ['SHOW INDEX FROM orders', [expect.objectContaining({ Key_name: 'PRIMARY' })]],
    ['DESCRIBE orders', expect.any(Array)],
    ['DESC reading.orders status', [expect.objectContaining({ Field: 'status' })]],
    ['EXPLAIN orders', expect.any(Array)],
    ['EXPLAIN SELECT * FROM orders', [expect.objectContaining({ table: 'orders' })]],
    ['EXPLAIN EXTENDED SELECT * FROM orders', [expect.anything()]],
    ['EXPLAIN FORMAT=JSON SELECT * FROM orders', [{ EXPLAIN: expect.stringContaining('query_block') }]],
    ['ANALYZE SELECT * FROM orders', [expect.objectContaining({ r_rows: '2.00' })]],
    ['ANALYZE FORMAT=JSON SELECT * FROM orders', [{ ANALYZE: expect.stringContaining('query_block') }]],
    [
      'SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = "orders"',
      [{ TABLE_NAME: 'orders' }],
    ],
  ],
  pgsql: [
    ['SELECT id FROM orders ORDER BY id', [{ id: '1' }, { id: '2' }]],
    ['select 1 as a', [{ a: '1' }]],
    ['SELECT 1 AS a;', [{ a: '1' }]],
    ['SELECT 1 AS a ; ;\n-- end', [{ a: '1' }]],
    ['-- first\nSELECT 1 AS a -- last', [{ a: '1' }]],
    ['/* a /* DELETE */ b */ SELECT /* INTO */ 1 AS a /* ; */', [{ a: '1' }]],
    ["SELECT 'DELETE; INTO -- /*' AS a", [{ a: 'DELETE; INTO -- /*' }]],
    ["SELECT 'it''s \\' AS a", [{ a: "it's \\" }]],
    ["SELECT E'it\\'s; INTO' AS a", [{ a: "it's; INTO" }]],
    ["SELECT E'a' -- b\n 'c\\';' AS a", [{ a: "ac';" }]],
    ["SELECT U&'\\0061' AS a, B'1' AS b, N'c' AS c", [{ a: 'a', b: '1', c: 'c' }]],
    ['SELECT $$a; INTO$$ AS a, $x$ $$ $x$ AS b', [{ a: 'a; INTO', b: ' $$ ' }]],
    ['SELECT 1 AS "into", 2 AS "a"";b"', [{ into: '1', 'a";b': '2' }]],
    ['SELECT 1 AS a, 2 AS a', [{ a: '1', a_2: '2' }]],
    ['(SELECT 1 AS a) UNION ALL (SELECT 2) ORDER BY a', [{ a: '1' }, { a: '2' }]],
    ['WITH x AS (SELECT 1 AS a) SELECT * FROM x', [{ a: '1' }]],
    ['WITH x AS NOT MATERIALIZED (SELECT 1 AS a) TABLE x', [{ a: '1' }]],
    ['WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT MAX(i) AS i FROM n', [{ i: '3' }]],
    ['VALUES (1), (2)', [{ column1: '1' }, { column1: '2' }]],
    ['TABLE orders', expect.any(Array)],
    ['SELECT COUNT(*) AS n FROM orders o JOIN orders p USING (id) WHERE id > 0 GROUP BY id LIMIT 1', [{ n: '1' }]],
    ["SELECT id::text || 'x' AS a, status ~* '^p' AS b, ARRAY[1,2] AS c FROM orders WHERE id = 1", [{ a: '1x', b: 't', c: '{1,2}' }]],
    ["SELECT '{\"a\": 1}'::jsonb ->> 'a' AS a, '{}'::jsonb ? 'a' AS b", [{ a: '1', b: 'f' }]],
    ['SELECT sum(id) OVER (ORDER BY id) AS a FROM orders ORDER BY id LIMIT 1', [{ a: '1' }]],
    ["SELECT regexp_replace('a', 'a', 'b') AS a", [{ a: 'b' }]],
    ['SELECT pg_sleep(0) AS a', [{ a: '' }]],
    ['SELECT pg_try_advisory_lock(1) AS a', [{ a: 't' }]],
    ["SELECT lo_get(4711) AS a, pg_relation_size('orders') >= 0 AS b", [{ a: '\\x6c61726765', b: 't' }]],
    ['SELECT last_value FROM numbers', [{ last_value: '1' }]],
    ["SELECT state FROM pg_stat_activity WHERE query_start IS NOT NULL AND state = 'active' LIMIT 1", [{ state: 'active' }]],
    ['SELECT * FROM orders WHERE id > 9', []],
    ['SHOW server_encoding', [{ server_encoding: 'UTF8' }]],
    ['SHOW ALL', expect.any(Array)],
    ['EXPLAIN SELECT * FROM orders', [{ 'QUERY PLAN': expect.stringContaining('Seq Scan') }]],
    ['EXPLAIN (FORMAT JSON) SELECT 1', [{ 'QUERY PLAN': expect.stringContaining('Plan') }]],
    ['EXPLAIN (SELECT 1)', [{ 'QUERY PLAN': expect.stringContaining('Result') }]],
    ['EXPLAIN (ANALYZE, COSTS off) WITH x AS (SELECT 1) SELECT * FROM x', expect.any(Array)],
    ['EXPLAIN ANALYZE VERBOSE SELECT 1', expect.any(Array)],
    ["SELECT table_name FROM information_schema.tables WHERE table_name = 'orders'", [{ table_name: 'orders' }]],
  ],
};

describe.each(drivers)('without --write, a query of %s', { timeout: TIME }, (driver) => {
  let before: readonly string[];
  beforeAll(() => {
    if (reason === undefined) before = state(driver);
  });

  it.each(sampled(attacks[driver], 8, seedOf(11)))('changes nothing: %j', async (sql) => {
    const ran = await query(driver, sql);
    expect([[1, 2].includes(ran.code), ran.stdout], ran.stderr).toEqual([true, '']);
    expect(state(driver)).toEqual(before);
  });

  it.each(sampled(reads[driver], 3, seedOf(12)))('reads: %j', async (sql, rows) => {
    const ran = await query(driver, sql, '--json');
    expect(ran).toExit(0, { stderr: '' });
    expect(JSON.parse(ran.stdout)).toEqual(rows);
    expect(state(driver)).toEqual(before);
  });
  it('refuses one that is too long to be read first', async () => {
    const { code, stderr } = await query(driver, `SELECT '${'x'.repeat(10_000_000)}'; DELETE FROM orders`);
    expect([code, stderr]).toEqual([2, 'Error: The statement is longer than 4 MB.\n  For scripts, use: dnx db shell\n']);
    expect(state(driver)).toEqual(before);
  });

  it('reads one that is just short enough', async () => {
    const ran = await query(driver, `SELECT LENGTH('${"''".repeat(1_999_980)}') AS a`, '--json');
    expect(ran).toExit(0, { stderr: '' });
    expect(JSON.parse(ran.stdout)).toEqual([{ a: '1999980' }]);
  });
});
