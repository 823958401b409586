import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { type Database, openMariaDb, reasonAgainstDatabases } from '../support/databases.ts';
import { freePort } from '../support/programs.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh() ?? reasonAgainstDatabases();
if (reason !== undefined) process.stderr.write(`Skipped the tests of database credentials: ${reason}\n`);
const it = test.skipIf(reason !== undefined);

let bed: SshBed;
let maria: Database;
let good: Readonly<Record<string, string>>;
beforeAll(async () => {
  if (reason !== undefined) return;
  [bed, maria] = await Promise.all([openSshBed(), openMariaDb()]);
  maria.sql('CREATE DATABASE shop');
  good = variablesFor(maria, 'mariadb');
}, 60_000);
afterAll(async () => {
  await bed?.close();
  await maria?.close();
});

const VALUES = 'printf "%s\\n" "$DB_CONNECTION" "$DB_DATABASE" "$DB_USERNAME" "$DB_PASSWORD"';

let count = 0;

/** Runs a command through a tunnel to a new site with these variables and, on the server, these files. */
function tunnel(variables: Readonly<Record<string, string | null>>, files?: Readonly<Record<string, string>>, script = VALUES) {
  count += 1;
  const site = addDatabaseSite(bed, `credentials-${count}.example.com`, variables, files);
  return bed.dnx(['db', 'tunnel', site, '--server', 'web-1', '--no-cache', '--', 'sh', '-c', script]);
}

/** A value in double quotes, as phpdotenv reads it. */
const inQuotes = (value: string) => `"${value.replace(/["\\$]/g, '\\$&')}"`;

/** A .env with these variables. */
const dotenv = (values: Readonly<Record<string, string>>) =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${inQuotes(value)}\n`)
    .join('');

const FROM_FILE = 'Using the credentials in .env on web-1.\n';

/** Variables for which dnx needs the .env: of one, the API hides the value, has none, or has a placeholder. */
const incomplete: Readonly<Record<string, () => Readonly<Record<string, string | null>>>> = {
  'a masked password': () => ({ ...good, DB_PASSWORD: '••••••••' }),
  'a password that is null': () => ({ ...good, DB_PASSWORD: null }),
  'a masked host': () => ({ ...good, DB_HOST: '[hidden]' }),
  'a placeholder': () => ({ ...good, DB_USERNAME: `\${APP_NAME}` }),
  'no password': () => Object.fromEntries(Object.entries(good).filter(([key]) => key !== 'DB_PASSWORD')),
  'no variables': () => ({}),
};

it.each(Object.keys(incomplete))('reads the .env on the server if Deploynix shows %s', async (name) => {
  const ran = await tunnel(incomplete[name]?.() ?? {}, { 'shared/.env': dotenv(good) });
  expect([ran.exitCode, ran.stderr, ran.stdout]).toEqual([0, FROM_FILE, `mariadb\nshop\nshop\n${maria.password}\n`]);
});

it('reads the .env if the token may not read variables', async () => {
  const path = /\/environment-variables$/;
  onTestFinished(bed.sandbox.faults.always({ path }, { status: 403, body: { message: 'This action is unauthorized.' } }));
  const ran = await tunnel(good, { 'shared/.env': dotenv(good) });
  expect([ran.exitCode, ran.stderr]).toEqual([0, FROM_FILE]);
});

it('reads the .env as Laravel does', async () => {
  const file = [
    '# DB_HOST=203.0.113.9',
    'APP_NAME=shop',
    'export DB_CONNECTION=mysql # comment',
    `DB_PORT='${maria.port}'`,
    'DB_HOST=null',
    `DB_DATABASE="\${APP_NAME}"`,
    `DB_USERNAME=\${APP_NAME}`,
    `DB_PASSWORD=${inQuotes(maria.password)}`,
  ].join('\r\n');
  const ran = await tunnel({}, { '.env': file });
  expect([ran.exitCode, ran.stdout]).toEqual([0, `mysql\nshop\nshop\n${maria.password}\n`]);
});

it('says which line of a .env is broken, and does not repeat it', async () => {
  const ran = await tunnel({}, { 'shared/.env': 'DB_HOST=127.0.0.1\nDB_PASSWORD=hunter 2\n' });
  expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
  expect(ran.stderr).toContain('.env on web-1 line 2: DB_PASSWORD has a blank in its value');
  expect(ran.stderr).not.toContain('hunter');
});

it('says that there are no credentials', async () => {
  const ran = await tunnel({ ...good, DB_PASSWORD: null });
  expect([ran.exitCode, ran.stderr]).toEqual([
    6,
    `Error: Found no database credentials of credentials-${count}.example.com.\n  Deploynix does not show them, and web-1 has no .env of the site.\n`,
  ]);
});

it('connects without a password if none is stored, and the server has no .env', async () => {
  const { DB_PASSWORD: _, ...others } = good;
  const ran = await tunnel(others);
  expect([ran.exitCode, ran.stdout]).toEqual([0, 'mariadb\nshop\nshop\n\n']);
});

it.each([
  ['DB_URL', 'mysql'],
  ['DB_URL', 'mariadb'],
  ['DATABASE_URL', 'mysql2'],
])('prefers %s with the scheme %s', async (key, scheme) => {
  const password = 'p@ss/w:rd?#%41 ü';
  const url = `${scheme}://us%20er:${encodeURIComponent(password)}@127.0.0.1:${maria.port}/my%2Fdb?charset=utf8`;
  const ran = await tunnel({ ...good, DB_HOST: '203.0.113.9', [key]: url });
  expect([ran.exitCode, ran.stderr, ran.stdout]).toEqual([0, '', `${scheme === 'mysql2' ? 'mysql' : scheme}\nmy/db\nus er\n${password}\n`]);
});

it('never repeats a URL', async () => {
  const ran = await tunnel({ ...good, DB_URL: 'mysql:/user:hunter2@host' });
  expect([ran.exitCode, ran.stderr]).toEqual([1, `Error: DB_URL of credentials-${count}.example.com is not a valid URL.\n`]);
});

it.each([
  [{ DB_CONNECTION: 'sqlite' }, 'uses SQLite. dnx connects to MySQL, MariaDB and PostgreSQL only.'],
  [{ DB_CONNECTION: 'sqlsrv' }, 'uses SQL Server. dnx connects'],
  [{ DB_CONNECTION: 'tenant' }, "uses the connection 'tenant'."],
  [{ DB_URL: 'sqlite:////tmp/x' }, 'uses SQLite.'],
  [{ DB_CONNECTION: 'constructor' }, "uses the connection 'constructor'."],
])('refuses the driver of %o', async (variables, message) => {
  const ran = await tunnel({ ...good, ...variables });
  expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
  expect(ran.stderr).toContain(message);
});

const MARK = '/tmp/dnx-hostile-credentials';

it.each([
  ['DB_HOST', '-oProxyCommand=touch x'],
  ['DB_HOST', 'a b'],
  ['DB_HOST', `$(touch ${MARK})`],
  ['DB_HOST', `localhost;touch ${MARK}`],
  ['DB_HOST', 'one\ntwo'],
  ['DB_HOST', '10.0.0.1,10.0.0.2'],
  ['DB_HOST', '[::1]:22'],
  ['DB_HOST', '/tmp/socket'],
  ['DB_HOST', '::1%`id`'],
  ['DB_PORT', '0'],
  ['DB_PORT', '70000'],
  ['DB_PORT', '3306:evil'],
  ['DB_PORT', `$(touch ${MARK})`],
  ['DB_SOCKET', '-oProxyCommand=x'],
  ['DB_SOCKET', 'relative'],
  ['DB_SOCKET', '/tmp/a b'],
  ['DB_SOCKET', '/tmp/a:22'],
  ['DB_DATABASE', ''],
  ['DB_DATABASE', 'null'],
])('refuses %s=%j', async (key, value) => {
  const ran = await tunnel({ ...good, [key]: value }, undefined, 'echo ran');
  expect([ran.exitCode !== 0, ran.stdout]).toEqual([true, '']);
  expect(ran.stderr).toContain(key);
});

it('takes an IPv6 address', async () => {
  const ran = await tunnel({ ...good, DB_HOST: '::1', DB_PORT: String(await freePort()) }, undefined, 'echo ran');
  expect([ran.exitCode, ran.stdout]).toEqual([13, '']);
  expect(ran.stderr).toMatch(/did not reach the database at \[::1\]:\d+: /);
});

it('passes every other value as it is', async () => {
  const hostile = ["'; touch x", `$(touch ${MARK})`, '--execute=SELECT 1', '-e', 'two\nlines', '`id`', 'ü\u0007'];
  const all = await Promise.all(hostile.map((each) => tunnel({ ...good, DB_DATABASE: each, DB_USERNAME: each, DB_PASSWORD: each })));
  expect(all.map(({ stdout }) => stdout)).toEqual(hostile.map((each) => `mariadb\n${each}\n${each}\n${each}\n`));
  expect(existsSync(MARK)).toBe(false);
});
