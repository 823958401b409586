import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, onTestFinished } from 'vitest';
import { copyingSuite, SLOWLY } from '../support/database-copies.ts';
import { leaksOf } from '../support/database-processes.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { type Driver, drivers, postgresProgram } from '../support/databases.ts';
import { openTerminal } from '../support/terminal.ts';

const { copying, it, reason } = copyingSuite('dnx db ps and dnx db kill', 'processes');

/** For a busy machine. */
const TIME = 60_000;

/** Accounts: one with every right, and one with those of an application. */
const site = (driver: Driver, account: 'all' | 'app' = 'all') => `ps-${account}-${driver}.example.com`;

beforeAll(() => {
  if (reason !== undefined) return;
  for (const driver of drivers) {
    const server = copying.servers[driver];
    server.sql('CREATE DATABASE warehouse');
    server.sql("CREATE TABLE stock (id INT PRIMARY KEY, note VARCHAR(20)); INSERT INTO stock VALUES (1, 'a')", 'warehouse');
    server.sql(
      driver === 'mariadb'
        ? "CREATE USER app@'%' IDENTIFIED BY 'app-password'; GRANT ALL ON warehouse.* TO app@'%'; CREATE USER app@localhost IDENTIFIED BY 'app-password'; GRANT ALL ON warehouse.* TO app@localhost"
        : "CREATE ROLE app LOGIN PASSWORD 'app-password'; GRANT ALL ON DATABASE warehouse TO app",
    );
    addDatabaseSite(copying, site(driver), variablesFor(server, driver, 'warehouse'));
    const app = { ...variablesFor(server, driver, 'warehouse'), DB_USERNAME: 'app', DB_PASSWORD: 'app-password' };
    addDatabaseSite(copying, site(driver, 'app'), app);
  }
  // The session of these tests is in another database.
  copying.servers.mariadb.sql('DO 0', 'mysql');
}, 120_000);

/** A connection that runs statements and stays open. Resolves, once it is gone, to what it was told. */
function connect(driver: Driver, sql: string, user = 'postgres') {
  const { socket, port } = copying.servers[driver];
  const child =
    driver === 'mariadb'
      ? spawn('mariadb', ['--no-defaults', '--skip-ssl', `--socket=${socket}`, '--user=root', '--force', 'warehouse'])
      : spawn(postgresProgram('psql'), ['-X', '-q', '-h', socket, '-p', String(port), '-U', user, 'warehouse']);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  child.stdin.write(`${sql}\n`);
  onTestFinished(() => void child.kill('SIGKILL'));
  return { said: () => said };
}

const listed = async (driver: Driver, account?: 'app') =>
  JSON.parse((await copying.run(['db', 'ps', site(driver, account), '--json'])).stdout);

/** A connection with an open transaction, and one that waits for it. */
async function blocked(driver: Driver) {
  connect(driver, "BEGIN; UPDATE stock SET note = 'b' WHERE id = 1;");
  const idle = {
    state: 'idle in transaction',
    user: driver === 'mariadb' ? 'root' : 'postgres',
    time_s: expect.any(Number),
    waiting_on: [],
  };
  await expect.poll(() => listed(driver), SLOWLY).toEqual([expect.objectContaining(idle)]);
  const waiting = connect(driver, "UPDATE stock SET note = 'c';");
  const both = [{ query: expect.stringMatching(/^UPDATE stock SET note = 'c';?$/), waiting_on: [expect.any(Number)] }, idle];
  await expect.poll(() => listed(driver), SLOWLY).toEqual(both.map((item) => expect.objectContaining(item)));
  const [{ id, waiting_on }, { id: blocker }] = await listed(driver);
  expect(waiting_on).toEqual([blocker]);
  return { id: String(id), blocker: String(blocker), waiting };
}

describe.each(drivers)('the connections of %s', { timeout: TIME }, (driver) => {
  it('are listed without its own, stopped, and closed', async () => {
    await expect(copying.run(['db', 'ps', site(driver)])).toExit(0, { stdout: '', stderr: 'Nobody else uses warehouse.\n' });
    const { id, blocker, waiting } = await blocked(driver);
    const kill = (...words: readonly string[]) => copying.run(['db', 'kill', site(driver), ...words]);
    const table = await copying.run(['db', 'ps', site(driver)]);
    expect(table).toExit(0, { stdout: expect.stringMatching(new RegExp(`^${id} .* ${blocker} +UPDATE stock`, 'm')) });
    await expect(kill(id)).toExit(2, { stderr: expect.stringContaining('Use --yes') });
    await expect(kill(blocker, '--yes')).toExit(1, {
      stderr: `Error: Connection ${blocker} runs no query: it is idle in transaction.\n  Use --connection to close it.\n`,
    });
    const stopped = await kill(id, '--yes', '--json');
    expect(stopped).toExit(0);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ id: Number(id), connection: false });
    await expect.poll(waiting.said, SLOWLY).toMatch(/interrupted|canceling statement due to user request/);
    const closed = await kill(blocker, '999999999', '--connection', '--yes');
    expect(closed).toExit(12, { stdout: expect.stringMatching(new RegExp(`^${blocker} +closed$`, 'm')) });
    await expect.poll(async () => (await listed(driver)).map((item: { id: number }) => String(item.id)), SLOWLY).not.toContain(blocker);
    await expect(kill(blocker, '--yes')).toExit(6, {
      stderr: `Error: warehouse on web-1 has no connection ${blocker}.\n  It may have ended.\n`,
    });
    await expect(kill('4x', '--yes')).toExit(2, { calls: [], stderr: "Error: '4x' is not an id.\n  See: dnx db ps\n" });
    expect(leaksOf(copying)).toEqual([]);
  });

  it('of other accounts are not for that of an application', async () => {
    const { id, blocker } = await blocked(driver);
    const seen = await listed(driver, 'app');
    if (driver === 'mariadb') expect(seen).toEqual([]);
    else expect(seen[0]).toMatchObject({ id: Number(id), waiting_on: [Number(blocker)] });
    await expect(copying.run(['db', 'kill', site(driver, 'app'), blocker, '--connection', '--yes'])).toExit(driver === 'mariadb' ? 6 : 5);
  });
});

it('asks before it stops a query', { timeout: TIME }, async () => {
  const { id } = await blocked('pgsql');
  const terminal = openTerminal(['db', 'kill', site('pgsql'), id, '--no-cache'], copying.env, copying.directory);
  await terminal.shows(new RegExp(`Stop query ${id} \\(postgres, \\d+s, UPDATE stock SET note = 'c';\\)\\?`));
  terminal.type('n\r');
  await expect(terminal.ended).toExit(1);
  expect((await listed('pgsql')).map((item: { id: number }) => String(item.id))).toContain(id);
});

it('says what it closed in one line, whatever the account is called', { timeout: TIME }, async () => {
  copying.servers.pgsql.sql('CREATE ROLE "two\nlines" LOGIN SUPERUSER');
  connect('pgsql', 'SELECT pg_sleep(\n50);', 'two\nlines');
  const sleeping = async () => (await listed('pgsql')).find(({ user }: { user: string }) => user === 'two\nlines');
  await expect.poll(sleeping, SLOWLY).toMatchObject({ state: 'active' });
  const { id } = await sleeping();
  const closed = await copying.run(['db', 'kill', site('pgsql'), String(id), '--connection', '--yes']);
  expect(closed).toExit(0, {
    stdout: expect.stringMatching(new RegExp(`connection ${id} of warehouse on web-1 \\(two lines, .*50\\);\\)\\n$`)),
  });
});
