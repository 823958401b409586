import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { forwarding, leaksOf } from '../support/database-processes.ts';
import { addDatabaseSite, type DatabaseBed, openDatabaseBed, variablesFor } from '../support/database-site.ts';
import { type Database, reasonAgainstDatabases } from '../support/databases.ts';
import { firstObject, said } from '../support/executable.ts';
import { freePort } from '../support/programs.ts';

const reason = reasonAgainstDatabases('dnx db tunnel');
const it = test.skipIf(reason !== undefined);

const MARIA = 'tunnel-maria.example.com';
const POSTGRES = 'tunnel-postgres.example.com';

let bed: DatabaseBed;
let maria: Database;
let postgres: Database;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openDatabaseBed();
  ({ mariadb: maria, pgsql: postgres } = bed.servers);
  addDatabaseSite(bed, MARIA, variablesFor(maria, 'mariadb'));
  addDatabaseSite(bed, POSTGRES, variablesFor(postgres, 'pgsql'));
  addDatabaseSite(bed, 'socket-maria.example.com', { ...variablesFor(maria, 'mysql'), DB_PORT: '1', DB_SOCKET: maria.socket });
  addDatabaseSite(bed, 'socket-postgres.example.com', { ...variablesFor(postgres, 'pgsql'), DB_HOST: postgres.socket });
}, 60_000);
afterAll(() => bed?.close());

/** Starts a tunnel with `--json` and resolves once it says where it is. */
async function opened(site: string, ...options: readonly string[]) {
  const child = bed.dnx(['db', 'tunnel', site, '--json', ...options]);
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, tunnel: JSON.parse(await firstObject(child)) as Record<string, unknown> & { port: number } };
}

/** Runs a statement through a port of MariaDB. */
const query = (port: number, statement: string) =>
  execa(
    'mariadb',
    ['--no-defaults', '--host=127.0.0.1', `--port=${port}`, '--user=shop', '--skip-ssl-verify-server-cert', '-BN', '-e', statement],
    {
      env: { MYSQL_PWD: maria.password },
      reject: false,
    },
  );

it('says where the database is as soon as it answers, and closes with Ctrl-C', async () => {
  const { child, tunnel } = await opened(MARIA);
  expect(tunnel).toEqual({ host: '127.0.0.1', port: expect.any(Number), database: 'shop', username: 'shop', driver: 'mariadb' });
  expect((await query(tunnel.port, 'SELECT CURRENT_USER()')).stdout).toMatch(/^shop@/);
  expect(listeningOn(tunnel.port)).toEqual(['0100007F']);
  child.kill('SIGINT');
  const { exitCode, stderr } = await child;
  expect([exitCode, JSON.parse(stderr.split('\n').at(-2) ?? '')]).toMatchObject([130, { error: { code: 'interrupted' } }]);
  expect(forwarding(bed, tunnel.port)).toEqual([]);
  expect((await query(tunnel.port, 'SELECT 1')).stderr).toContain("Can't connect");
});

/** The addresses on which this machine listens, in hexadecimal. */
const listeningOn = (port: number): readonly string[] =>
  ['tcp', 'tcp6']
    .flatMap((name) => readFileSync(`/proc/net/${name}`, 'utf8').split('\n'))
    .flatMap((line) => /^ *\d+: (\w+):(\w+) \S+ 0A /.exec(line)?.slice(1, 3) ?? [])
    .flatMap((word, index, all) => (index % 2 === 0 && Number.parseInt(all[index + 1] ?? '', 16) === port ? [word] : []));

it('tells people what a client needs, but not the password', async () => {
  const child = bed.dnx(['db', 'tunnel', '--site', POSTGRES]);
  await said(child, 'Ctrl-C');
  child.kill('SIGTERM');
  const { exitCode, stdout, stderr } = await child;
  expect([exitCode, stdout]).toEqual([
    143,
    expect.stringMatching(/^127\.0\.0\.1:543\d\d → shop\n {2}driver {4}pgsql\n {2}username {2}shop\n$/),
  ]);
  expect(stderr).toBe(
    `Press Ctrl-C to close the tunnel.\nPrint the password with: dnx env get DB_PASSWORD --site ${POSTGRES}\nError: Terminated.\n`,
  );
});

it('runs a command with the database in its environment, and ends with its exit code', async () => {
  const script =
    'psql -XAtc "SELECT current_database()" && printf "%s\\n" "$DB_CONNECTION $DB_HOST $DB_USERNAME [$DB_URL]" "$DB_PASSWORD"; exit 42';
  const ran = await bed.dnx(['db', 'tunnel', POSTGRES, '--', 'sh', '-c', script]);
  expect(ran).toExit(42, { stderr: '', stdout: `shop\npgsql 127.0.0.1 shop []\n${postgres.password}\n` });
});

it('needs no other abilities than its help says', async () => {
  const needs = ['server:read', 'site:read'];
  const help = await bed.dnx(['db', 'tunnel', '--help']);
  expect(/Token abilities: (.*)/.exec(help.stdout)?.[1]?.split(', ').sort()).toEqual(needs);
  const runs = [needs, ...needs.map((each) => [each])].map((abilities) =>
    bed.dnx(['db', 'tunnel', MARIA, '--', 'true'], { env: { DNX_TOKEN: bed.sandbox.mint(abilities) } }),
  );
  expect((await Promise.all(runs)).map(({ exitCode }) => exitCode)).toEqual([0, 5, 5]);
});

it('keeps its port when the line is cut', async () => {
  const { child, tunnel } = await opened(MARIA);
  const lost = said(child, 'Lost the connection to web-1; reconnecting');
  const back = said(child, `Reconnected 127.0.0.1:${tunnel.port} → shop`);
  bed.sshd.drop();
  await lost;
  await back;
  expect((await query(tunnel.port, 'SELECT 7')).stdout).toBe('7');
  expect(forwarding(bed, tunnel.port)).toHaveLength(1);
  child.kill('SIGHUP');
  await expect(child).toExit(129);
  expect(forwarding(bed, tunnel.port)).toEqual([]);
});

it('waits while the server is down, and ends when it refuses', async () => {
  const { child } = await opened(MARIA);
  const lost = said(child, 'Lost the connection');
  const refused = said(child, 'Permission denied');
  const keys = join(bed.sshd.directory, 'authorized_keys');
  const known = readFileSync(keys);
  onTestFinished(() => writeFileSync(keys, known));
  await bed.sshd.stop();
  await lost;
  writeFileSync(keys, '');
  await bed.sshd.start();
  await refused;
  await expect(child).toExit(5);
});

it('leaves no ssh behind when it is killed, even with a client connected', async () => {
  const { child, tunnel } = await opened(MARIA);
  const busy = query(tunnel.port, "SELECT SLEEP(60), 'busy'");
  await expect.poll(() => maria.sql('SHOW PROCESSLIST')).toContain('SLEEP(60)');
  child.kill('SIGKILL');
  await child;
  await expect.poll(() => forwarding(bed, tunnel.port)).toEqual([]);
  await expect(busy).toExit(1);
});

it('shows the password to nobody', async () => {
  const mark = join(bed.directory, 'go');
  const script = `mariadb --skip-ssl-verify-server-cert -u "$DB_USERNAME" -e 'SELECT SLEEP(60)' shop & echo ready; while [ ! -e ${mark} ]; do sleep 0.05; done; kill $!`;
  const child = bed.dnx(['db', 'tunnel', MARIA, '--debug', '--', 'sh', '-c', script]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await expect.poll(() => maria.sql('SHOW PROCESSLIST')).toContain('SLEEP(60)');
  expect(leaksOf(bed)).toEqual([]);
  writeFileSync(mark, '');
  const { exitCode, stdout, stderr } = await child;
  expect([exitCode, stdout]).toEqual([0, 'ready\n']);
  expect(stderr).toContain('environment-variables');
  expect(stderr).not.toContain(maria.password);
});

it('does not use a connection that is shared with other commands', async () => {
  const before = readFileSync(bed.sshd.config);
  const sockets = join(bed.directory, 'shared');
  mkdirSync(sockets);
  onTestFinished(() => writeFileSync(bed.sshd.config, before));
  appendFileSync(bed.sshd.config, `  ControlMaster auto\n  ControlPath ${sockets}/%C\n  ControlPersist 10\n`);
  const { child, tunnel } = await opened(MARIA);
  expect(readdirSync(sockets)).toEqual([]);
  child.kill('SIGINT');
  await expect(child).toExit(130);
  expect(listeningOn(tunnel.port)).toEqual([]);
});

it('takes the port that is wanted, unless it is in use', async () => {
  const port = await freePort();
  const { child, tunnel } = await opened(MARIA, '--port', String(port));
  expect(tunnel.port).toBe(port);
  await expect(bed.dnx(['db', 'tunnel', POSTGRES, '--port', String(port), '--', 'true'])).toExit(1, {
    stderr: `Error: Could not listen on port ${port}: it is in use.\n  Use another --port, or leave it out to use a free one.\n`,
  });
  child.kill('SIGTERM');
  await child;
  const high = await bed.dnx(['db', 'tunnel', MARIA, '--port', '65536', '--', 'true']);
  expect(high).toExit(2, { stderr: 'Error: --port must be at most 65535, not 65536.\n' });
});

it('uses another port if the first ones are in use', async () => {
  const servers = [33_060, 33_061].map((port) => createServer().listen(port, '127.0.0.1'));
  onTestFinished(() => {
    for (const server of servers) server.close();
  });
  // Another test may have a port, and give it back at any time.
  const held = await Promise.all(
    servers.map(
      (server, index) =>
        new Promise<number | undefined>((resolve) =>
          server.on('error', () => resolve(undefined)).on('listening', () => resolve(33_060 + index)),
        ),
    ),
  );
  const ran = await bed.dnx(['db', 'tunnel', MARIA, '--', 'sh', '-c', 'echo "$DB_PORT"']);
  expect([ran.exitCode, held.includes(Number(ran.stdout))]).toEqual([0, false]);
});

it('reaches a database by its socket', async () => {
  const shell = (site: string, words: string) => bed.dnx(['db', 'tunnel', site, '--', 'sh', '-c', words]);
  const [one, other] = await Promise.all([
    shell('socket-maria.example.com', 'mariadb --skip-ssl-verify-server-cert -u shop -BNe "SELECT 1"'),
    shell('socket-postgres.example.com', 'psql -XAtc "SELECT 1"'),
  ]);
  expect([one.stdout, other.stdout]).toEqual(['1\n', '1\n']);
});
