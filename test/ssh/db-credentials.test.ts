import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { addDatabaseSite, dotenvOf, variablesFor } from '../support/database-site.ts';
import { type Database, databases, reasonAgainstDatabases } from '../support/databases.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { freePort } from '../support/programs.ts';
import { openSshd, type Sshd } from '../support/sshd.ts';
import { leading } from '../support/volume.ts';

const reason = reasonAgainstDatabases('database credentials');
const it = test.skipIf(reason !== undefined);

let bed: Bed;
let sshd: Sshd;
let maria: Database;
let good: Readonly<Record<string, string>>;
beforeAll(async () => {
  if (reason !== undefined) return;
  [bed, sshd, { mariadb: maria }] = await Promise.all([openBed(), openSshd(), databases()]);
  good = variablesFor(maria, 'mariadb');
}, 60_000);
afterAll(async () => {
  await bed?.close();
  await sshd?.close();
});

let count = 0;

/** Runs a command through a tunnel to a new site with these variables and, on the server, these files. `used`: what the command gets. */
async function tunnel(variables: Readonly<Record<string, string | null>>, files?: Readonly<Record<string, string>>) {
  count += 1;
  const site = addDatabaseSite({ sandbox: bed.sandbox, sshd }, `credentials-${count}.example.com`, variables, files);
  let used: readonly unknown[] | undefined;
  const ran = await bed.dnx(['db', 'tunnel', site, '--server', 'web-1', '--no-cache', '--', 'command'], {
    env: { PATH: sshd.path },
    child({ env }) {
      used = ['DB_CONNECTION', 'DB_DATABASE', 'DB_USERNAME', 'DB_PASSWORD'].map((key) => env?.[key]);
      return 0;
    },
  });
  return { code: ran.code, stdout: ran.stdout, stderr: ran.stderr, used };
}

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

it.each(leading(Object.keys(incomplete), 2))('reads the .env on the server if Deploynix shows %s', async (name) => {
  const ran = await tunnel(incomplete[name]?.() ?? {}, { 'shared/.env': dotenvOf(good) });
  expect([ran.code, ran.stderr, ran.used]).toEqual([0, FROM_FILE, ['mariadb', 'shop', 'shop', maria.password]]);
});

it('reads the .env if the token may not read variables', async () => {
  const path = /\/environment-variables$/;
  onTestFinished(bed.sandbox.faults.always({ path }, { status: 403, body: { message: 'This action is unauthorized.' } }));
  await expect(tunnel(good, { 'shared/.env': dotenvOf(good) })).toExit(0, { stderr: FROM_FILE });
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
    dotenvOf({ DB_PASSWORD: maria.password }).trim(),
  ].join('\r\n');
  const ran = await tunnel({}, { '.env': file });
  expect([ran.code, ran.used]).toEqual([0, ['mysql', 'shop', 'shop', maria.password]]);
});

it('says which line of a .env is broken, and does not repeat it', async () => {
  const ran = await tunnel({}, { 'shared/.env': 'DB_HOST=127.0.0.1\nDB_PASSWORD=hunter 2\n' });
  expect([ran.code, ran.used]).toEqual([1, undefined]);
  expect(ran.stderr).toContain('.env on web-1 line 2: DB_PASSWORD has a space in its value');
  expect(ran.stderr).not.toContain('hunter');
});

it('says that there are no credentials', async () => {
  await expect(tunnel({ ...good, DB_PASSWORD: null })).toExit(6, {
    stderr: `Error: Found no database credentials of credentials-${count}.example.com.\n  Deploynix does not show them, and web-1 has no .env of the site.\n`,
  });
});

it('connects without a password if none is stored, and the server has no .env', async () => {
  const { DB_PASSWORD: _, ...others } = good;
  const ran = await tunnel(others);
  expect([ran.code, ran.used]).toEqual([0, ['mariadb', 'shop', 'shop', '']]);
});

it.each([
  ['DB_URL', 'mysql'],
  ['DB_URL', 'mariadb'],
  ['DATABASE_URL', 'mysql2'],
])('prefers %s with the scheme %s', async (key, scheme) => {
  const password = 'p@ss/w:rd?#%41 ü';
  const url = `${scheme}://us%20er:${encodeURIComponent(password)}@127.0.0.1:${maria.port}/my%2Fdb?charset=utf8`;
  const ran = await tunnel({ ...good, DB_HOST: '203.0.113.9', [key]: url });
  expect([ran.code, ran.stderr, ran.used]).toEqual([0, '', [scheme === 'mysql2' ? 'mysql' : scheme, 'my/db', 'us er', password]]);
});

it('never repeats a URL', async () => {
  const ran = await tunnel({ ...good, DB_URL: 'mysql:/user:hunter2@host' });
  expect(ran).toExit(1, { stderr: `Error: DB_URL of credentials-${count}.example.com is not a valid URL.\n` });
});

it.each([
  [{ DB_CONNECTION: 'sqlite' }, 'uses SQLite. dnx connects to MySQL, MariaDB and PostgreSQL only.'],
  [{ DB_CONNECTION: 'sqlsrv' }, 'uses SQL Server. dnx connects'],
  [{ DB_CONNECTION: 'tenant' }, "uses the connection 'tenant'."],
  [{ DB_URL: 'sqlite:////tmp/x' }, 'uses SQLite.'],
  [{ DB_CONNECTION: 'constructor' }, "uses the connection 'constructor'."],
])('refuses the driver of %o', async (variables, message) => {
  const ran = await tunnel({ ...good, ...variables });
  expect([ran.code, ran.used]).toEqual([1, undefined]);
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
  const ran = await tunnel({ ...good, [key]: value });
  expect([ran.code !== 0, ran.used]).toEqual([true, undefined]);
  expect(ran.stderr).toContain(key);
});

it('takes an IPv6 address', async () => {
  const ran = await tunnel({ ...good, DB_HOST: '::1', DB_PORT: String(await freePort()) });
  expect([ran.code, ran.used]).toEqual([13, undefined]);
  expect(ran.stderr).toMatch(/did not reach the database at \[::1\]:\d+: /);
});

it('passes every other value as it is', async () => {
  const hostile = ["'; touch x", `$(touch ${MARK})`, '--execute=SELECT 1', '-e', 'two\nlines\n', '`id`', 'ü\u0007', 'x'.repeat(4096)];
  const all = await Promise.all(hostile.map((each) => tunnel({ ...good, DB_DATABASE: each, DB_USERNAME: each, DB_PASSWORD: each })));
  expect(all.map(({ used }) => used)).toEqual(hostile.map((each) => ['mariadb', each, each, each]));
  expect(existsSync(MARK)).toBe(false);
});

it('refuses a NUL character', async () => {
  const ran = await tunnel({ ...good, DB_PASSWORD: 'hunter\0' });
  expect([ran.code, ran.used]).toEqual([1, undefined]);
  expect(ran.stderr).toContain('DB_PASSWORD');
  expect(ran.stderr).not.toContain('hunter');
});
