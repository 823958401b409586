import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished } from 'vitest';
import { copyingSuite, SLOWLY } from '../support/database-copies.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { type Driver, drivers } from '../support/databases.ts';
import { turn } from '../support/volume.ts';

const { copying, it, reason } = copyingSuite('an interrupted dnx db query', 'interrupt');

const TIME = 60_000;
/** How long a statement may go on after dnx was interrupted. */
const SOON = { timeout: 2_000, interval: 50 };

beforeAll(async () => {
  if (reason !== undefined) return;
  for (const driver of drivers) {
    copying.servers[driver].sql('CREATE DATABASE waiting');
    copying.servers[driver].sql('CREATE TABLE orders (id INT PRIMARY KEY, status INT)', 'waiting');
    copying.servers[driver].sql('INSERT INTO orders VALUES (1, 0), (2, 0), (3, 0), (4, 0)', 'waiting');
    addDatabaseSite(copying, `wait-${driver}.example.com`, variablesFor(copying.servers[driver], driver, 'waiting'));
  }
}, 120_000);

const waiting = { mariadb: 'SLEEP(10)', pgsql: 'pg_sleep(10)' } as const;
const slow = { mariadb: 'SLEEP(10) = 0', pgsql: "pg_sleep(10)::text = ''" } as const;

/** How many statements with this text a server runs. */
const running = (driver: Driver, text: string): number =>
  Number(
    copying.servers[driver].sql(
      driver === 'mariadb'
        ? `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%${text}%' AND INFO NOT LIKE '%PROCESSLIST%'`
        : `SELECT COUNT(*) FROM pg_stat_activity WHERE state <> 'idle' AND datname = 'waiting'`,
    ),
  );
const rowsIn = (driver: Driver) => copying.servers[driver].sql('SELECT id, status FROM orders ORDER BY id', 'waiting');

/** Starts a query, and waits until the database runs it. */
async function started(driver: Driver, sql: string, ...words: readonly string[]) {
  const child = copying.dnx(['db', 'query', `wait-${driver}.example.com`, sql, ...words]);
  await expect.poll(() => running(driver, waiting[driver].slice(0, 8)), SLOWLY).toBeGreaterThan(0);
  return { child };
}

describe.each(drivers)('a query of %s', { timeout: TIME }, (driver) => {
  const statements = [
    ['SELECT', `SELECT ${waiting[driver]}, id FROM orders`, []],
    ['UPDATE', `UPDATE orders SET status = 1 WHERE ${slow[driver]}`, ['--write']],
    ['DELETE', `DELETE FROM orders WHERE ${slow[driver]}`, ['--write']],
  ] as const;

  it.each(turn(statements, drivers.indexOf(driver)))('that Ctrl-C interrupts ends in the database: %s', async (_, sql, words) => {
    const before = rowsIn(driver);
    const { child } = await started(driver, sql, ...words);
    child.kill('SIGINT');
    await expect.poll(() => running(driver, waiting[driver].slice(0, 8)), SOON).toBe(0);
    await expect(child).toExit(130, { stdout: '', stderr: 'Interrupted; the database stopped the statement.\n' });
    expect(rowsIn(driver)).toBe(before);
  });

  it('that a killed dnx ran ends in the database', async () => {
    const before = rowsIn(driver);
    const { child } = await started(driver, `UPDATE orders SET status = 1 WHERE ${slow[driver]}`, '--write');
    child.kill('SIGKILL');
    await expect.poll(() => running(driver, waiting[driver].slice(0, 8)), SOON).toBe(0);
    expect([(await child).signal, rowsIn(driver)]).toEqual(['SIGKILL', before]);
  });

  it('that SIGTERM ends, ends in the database', async () => {
    const before = rowsIn(driver);
    const { child } = await started(driver, `DELETE FROM orders WHERE ${slow[driver]}`, '--write');
    child.kill('SIGTERM');
    await expect.poll(() => running(driver, waiting[driver].slice(0, 8)), SOON).toBe(0);
    expect([(await child).exitCode, rowsIn(driver)]).toEqual([143, before]);
  });
});

it('says that a statement may go on if its server does not answer', { timeout: TIME }, async () => {
  // The user of the server may write there.
  const started = join(mkdtempSync(join(tmpdir(), 'dnx-test-')), 'started');
  chmodSync(dirname(started), 0o777);
  onTestFinished(() => rmSync(dirname(started), { recursive: true }));
  copying.sshd.program('mariadb', `#!/bin/sh\ntrap '' INT TERM\ncat >/dev/null\ntouch ${started}\nexec sleep 8\n`);
  const child = copying.dnx(['db', 'query', 'wait-mariadb.example.com', 'DELETE FROM orders', '--write']);
  await expect.poll(() => existsSync(started), SLOWLY).toBe(true);
  child.kill('SIGINT');
  await expect(child).toExit(130, {
    stderr:
      'Interrupted; the statement may still run on web-1.\n' +
      '  To stop it, use: dnx db kill wait-mariadb.example.com ID\n' +
      '  See what runs: dnx db ps wait-mariadb.example.com\n',
  });
});
