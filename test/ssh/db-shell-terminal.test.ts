import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { clientsOf, forwarding, leaksOf, processes } from '../support/database-processes.ts';
import { addDatabaseSite, type DatabaseBed, openDatabaseBed, variablesFor } from '../support/database-site.ts';
import { type Database, reasonAgainstDatabases } from '../support/databases.ts';
import { keys, openTerminal } from '../support/terminal.ts';

const reason = reasonAgainstDatabases('dnx db shell on a terminal');
const it = test.skipIf(reason !== undefined);

const MARIA = 'terminal-maria.example.com';
const POSTGRES = 'terminal-postgres.example.com';

let bed: DatabaseBed;
let maria: Database;
let postgres: Database;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openDatabaseBed();
  ({ mariadb: maria, pgsql: postgres } = bed.servers);
  addDatabaseSite(bed, MARIA, variablesFor(maria, 'mariadb'));
  addDatabaseSite(bed, POSTGRES, variablesFor(postgres, 'pgsql'));
  addDatabaseSite(bed, 'terminal-wrong.example.com', { ...variablesFor(maria, 'mariadb'), DB_PASSWORD: 'hunter2' });
}, 60_000);
afterAll(() => bed?.close());

/** Starts a shell on a terminal. */
const onTerminal = (site: string) => openTerminal(['db', 'shell', site], { ...bed.env, PAGER: 'cat', PSQLRC: '/dev/null' }, bed.directory);

it('gives MariaDB the terminal, and Ctrl-C, and shows the password to nobody', async () => {
  const terminal = onTerminal(MARIA);
  await terminal.shows('[shop]> ');
  expect(leaksOf(bed)).toEqual([]);
  // The client would hide it there, after a moment.
  const clients = clientsOf(bed);
  expect(clients).toHaveLength(1);
  expect(processes().filter(([pid, line]) => clients.includes(pid) && line.includes(' --password'))).toEqual([]);
  terminal.type('SELECT SLEEP(60);\r');
  await expect.poll(() => maria.sql('SHOW PROCESSLIST')).toContain('SLEEP(60)');
  terminal.type(keys.interrupt);
  await terminal.shows('interrupted');
  terminal.type('SELECT 6 * 7;\r');
  await terminal.shows('|    42 |');
  terminal.type('quit\r');
  await expect(terminal.ended).toExit(0);
  expect(forwarding(bed)).toEqual([]);
});

it('gives PostgreSQL the terminal, and Ctrl-C', async () => {
  const terminal = onTerminal(POSTGRES);
  await terminal.shows('shop=# ');
  terminal.type('SELECT pg_sleep(60);\r');
  await expect.poll(() => postgres.sql("SELECT query FROM pg_stat_activity WHERE state = 'active'")).toContain('pg_sleep(60)');
  terminal.type(keys.interrupt);
  await terminal.shows('canceling statement due to user request');
  terminal.type('SELECT 6 * 7;\r');
  await terminal.shows('42');
  terminal.type('\\q\r');
  await expect(terminal.ended).toExit(0);
});

it('reconnects under the client when the line is cut', async () => {
  const terminal = onTerminal(MARIA);
  await terminal.shows('[shop]> ');
  bed.sshd.drop();
  await terminal.shows('Reconnected');
  // The client notices, and connects again.
  terminal.type('SELECT 1;\r');
  await terminal.shows(/ERROR 20\d\d|1 row/);
  terminal.type('SELECT 6 * 7;\r');
  await terminal.shows('|    42 |');
  terminal.type('quit\r');
  await expect(terminal.ended).toExit(0);
});

it('lets ssh ask for a passphrase, but not while the client has the terminal', async () => {
  const key = join(bed.sshd.directory, 'key');
  const change = (from: string, to: string) => execFileSync('ssh-keygen', ['-q', '-p', '-f', key, '-P', from, '-N', to]);
  change('', 'open sesame');
  onTestFinished(() => void change('open sesame', ''));
  const terminal = onTerminal(MARIA);
  await terminal.shows('Enter passphrase');
  terminal.type('open sesame\r');
  await terminal.shows('[shop]> ');
  bed.sshd.drop();
  await terminal.shows('Permission denied');
  terminal.type('quit\r');
  const { code, text } = await terminal.ended;
  expect([code, text.split('Enter passphrase').length]).toEqual([0, 2]);
});

it('says on a terminal where a refused password came from', async () => {
  const terminal = onTerminal('terminal-wrong.example.com');
  await terminal.shows('Access denied');
  await terminal.shows('! The user shop and the password are from Deploynix.');
  await expect(terminal.ended).toExit(1);
});

it('closes the tunnel when the client is killed, and when the terminal goes away', async () => {
  const killed = onTerminal(MARIA);
  await killed.shows('[shop]> ');
  for (const pid of clientsOf(bed)) process.kill(pid, 'SIGKILL');
  await expect(killed.ended).toExit(137);
  const closed = onTerminal(POSTGRES);
  await closed.shows('shop=# ');
  closed.close();
  await closed.ended;
  await expect.poll(() => forwarding(bed)).toEqual([]);
});
