import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createPlain, type RequestListener, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { pid } from 'node:process';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type ImportRecord, RECORD_FILE, recordText } from '../../src/features/import/record.ts';
import type { VerifyRow } from '../../src/features/import/verify-rows.ts';
import { gitHubStandIn, selfSigned, siteStandIn } from '../support/certificate.ts';
import { addDatabaseSite, dotenvOf, variablesFor } from '../support/database-site.ts';
import { type Database, type Driver, databases, drivers, postgresProgram, reasonAgainstDatabases } from '../support/databases.ts';
import { type Bed, openBed, split } from '../support/dnx.ts';
import { examples } from '../support/examples.ts';
import { find, freePort, need } from '../support/programs.ts';
import { openProxy } from '../support/proxy.ts';
import { openSshd, type Sshd } from '../support/sshd.ts';

const reason = reasonAgainstDatabases('dnx import verify');
const it = test.skipIf(reason !== undefined);

/** For a busy machine. */
const TIME = 60_000;

/** Two addresses of loopback that only this process uses: of the server at Forge, and of web-1. Both have the same sshd. */
const [OLD, NEW] = [1, 2].map((last) => `127.${1 + (pid % 200)}.${Math.floor(pid / 200) % 250}.${last}`) as [string, string];
/** Where the sites were, which a shell must not interpret. */
const FORGE = `/home/forge/it's "old" $(touch gone); ${pid}`;

const site = (driver: string) => `${driver}.verify.example.com`;
const old = (driver: string) => `verify_old_${driver}`;
const current = (driver: string) => `verify_new_${driver}`;

let bed: Bed;
let sshd: Sshd;
let servers: Readonly<Record<Driver, Database>>;
let answers: Readonly<Record<string, (response: ServerResponse) => unknown>>;
/** The certificate at each address. */
let certificates: Record<string, { readonly key: string; readonly cert: string }>;
const listening: Server[] = [];
const asked: string[] = [];

const good = (response: ServerResponse) => response.writeHead(200).end('shop');

beforeAll(async () => {
  if (reason !== undefined) return;
  [bed, sshd, servers] = await Promise.all([openBed(), openSshd(), databases()]);
  symlinkSync(postgresProgram('psql'), join(sshd.directory, 'bin/psql'));
  sshd.user('forge', '/bin/bash');
  sshd.share();
  for (const each of bed.sandbox.state.servers) if (each.name === 'web-1') each.ip_address = NEW;
  for (const driver of drivers) {
    for (const name of [old(driver), current(driver)]) servers[driver].sql(`CREATE DATABASE ${name}`);
    addDatabaseSite({ sandbox: bed.sandbox, sshd }, site(driver), variablesFor(servers[driver], driver, current(driver)));
    addOld(site(driver), variablesFor(servers[driver], driver, old(driver)));
  }
  for (const address of [OLD, NEW]) {
    const answer: RequestListener = ({ headers, url }, response) => {
      asked.push(`${headers.host}${url}`);
      (answers[address] ?? good)(response);
    };
    const secure = createServer({ SNICallback: (_, found) => found(null, createSecureContext(certificates[address])) }, answer);
    for (const [server, port] of [[secure, 443] as const, [createPlain(answer), 80] as const]) {
      await new Promise<void>((resolve) => server.listen(port, address, () => resolve()));
      listening.push(server);
    }
  }
  writeFileSync(join(sshd.directory, 'ca.pem'), selfSigned.cert);
  writeFileSync(join(bed.directory, 'ca.pem'), [siteStandIn, gitHubStandIn].map(({ cert }) => cert).join('\n'));
}, 120_000);
afterAll(async () => {
  for (const server of listening) server.close();
  rmSync(FORGE, { recursive: true, force: true });
  await bed?.close();
  await sshd?.close();
});
beforeEach(() => {
  if (reason !== undefined) return;
  answers = {};
  certificates = { [OLD]: siteStandIn, [NEW]: siteStandIn };
  asked.length = 0;
  for (const driver of drivers) for (const name of [old(driver), current(driver)]) seed(servers[driver], driver, name);
  write();
});

const rows = (from: number, to: number): string => Array.from({ length: to - from + 1 }, (_, at) => `(${from + at})`).join(', ');

/** Three tables, one of which has a hostile name, and two that Laravel fills and empties. */
function seed({ sql }: Database, driver: Driver, name: string): void {
  const quote = driver === 'mariadb' ? '`' : '"';
  const odd = driver === 'mariadb' ? '`a``b; DROP TABLE orders -- \'"`' : `"a""b; DROP TABLE orders -- '\`"`;
  const clear =
    driver === 'mariadb'
      ? `DROP DATABASE ${name}; CREATE DATABASE ${name}; USE ${name};`
      : 'DROP SCHEMA public CASCADE; CREATE SCHEMA public;';
  const table = (called: string, count: number) =>
    `CREATE TABLE ${called} (id INT); ${count > 0 ? `INSERT INTO ${called} VALUES ${rows(1, count)};` : ''}`;
  const random = name.startsWith('verify_old') ? 3 : 5;
  sql(
    `${clear} ${table('orders', 1234)} ${table(odd, 2)} ${table(`${quote}empty${quote}`, 0)} ${table('jobs', random)} ${table('sessions', random)}`,
    name,
  );
}

/** A site at Forge, in a directory of its own. */
function addOld(domain: string, variables: Readonly<Record<string, string>>): void {
  mkdirSync(join(FORGE, domain), { recursive: true });
  writeFileSync(join(FORGE, domain, '.env'), dotenvOf(variables));
  for (const directory of ['/home/forge', FORGE, join(FORGE, domain)]) chmodSync(directory, 0o755);
}

const imported = (domain: string) => ({ domain, server: 'web-1', user: 'forge', directory: join(FORGE, domain) });
const forge = { name: 'web-1', was: 'forge-1', address: OLD };

function write(changes: Partial<ImportRecord> = {}): void {
  const sites = drivers.map((driver) => imported(site(driver)));
  const record: ImportRecord = {
    platform: 'Forge',
    account: 'example',
    servers: [forge],
    sites,
    moved: [],
    not_moved: [],
    unread: [],
    ...changes,
  };
  writeFileSync(join(bed.directory, RECORD_FILE), recordText(record));
  writeFileSync(
    join(bed.directory, 'deploynix.yml'),
    `sites: { ${record.sites.map(({ domain }) => `web-1/${domain}: { secrets: [DB_DATABASE] }`).join(', ')} }\n`,
  );
}

/** The words of a command line, and after them perhaps variables. */
const verify = async (...words: readonly (string | Record<string, string>)[]) =>
  bed.dnx(['import', 'verify', ...words.filter((word) => typeof word === 'string'), '--no-cache'], {
    env: {
      ...{ PATH: sshd.path, DNX_CA_FILE: join(bed.directory, 'ca.pem'), DNX_READ_ONLY: '1', SSL_CERT_FILE: '/dev/null' },
      ...words.find((word) => typeof word !== 'string'),
    },
  });

/** The rows of a run with --json that compare this. */
async function compared(code: number, what: VerifyRow['compared'], ...words: readonly string[]): Promise<readonly VerifyRow[]> {
  const ran = await verify(...words, '--json');
  expect(ran).toExit(code, { changes: [] });
  return ran.json<VerifyRow[]>().filter((row) => row.compared === what);
}

it('finds both sides equal, and shows them side by side', { timeout: TIME }, async () => {
  const ran = await verify();
  expect(ran).toExit(0, { changes: [], stderr: 'Not counted, because they change all the time: jobs, sessions.\n' });
  const words = ran.stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 5).join(' | '));
  expect(words).toEqual([
    expect.stringMatching(/^SITE \| COMPARED \| FORGE \| DEPLOYNIX \| RESULT/),
    ...drivers.flatMap((driver) => [
      `${site(driver)} | tables | 3 tables, 1236 rows | 3 tables, 1236 rows | equal`,
      `${site(driver)} | response | 200 | 200 | equal`,
      expect.stringMatching(
        `^${site(driver)} \\| certificate \\| Example Authority, \\d+d left \\| Example Authority, \\d+d left \\| equal`,
      ),
      `${site(driver)} | variables | 1 | 1 | equal`,
    ]),
    '',
  ]);
  expect(asked.toSorted()).toEqual(drivers.flatMap((driver) => [`${site(driver)}/`, `${site(driver)}/`]));
});

it.each(examples.filter(({ line }) => line.startsWith('dnx import verify')).map(({ line }) => line))(
  'the example %s',
  { timeout: TIME },
  async (line) => {
    const [, , , ...words] = split(line.replaceAll('shop.example.com', site('mariadb')));
    await expect(verify(...words)).toExit(0, { changes: [], stdout: expect.stringContaining(site('mariadb')) });
  },
);

describe.each(drivers)('tables of %s', { timeout: TIME }, (driver) => {
  const tables = (code: number) => compared(code, 'tables', site(driver), '--no-requests');

  it('differ by one row', async () => {
    servers[driver].sql('DELETE FROM orders WHERE id = 7', current(driver));
    const [row] = await tables(10);
    expect(row).toMatchObject({ outcome: 'different', message: 'orders 1234 and 1233', left_out: ['jobs', 'sessions'] });
    expect(row?.tables).toContainEqual({ name: 'orders', old: 1234, deploynix: 1233 });
    expect(row?.tables).toHaveLength(3);
  });

  it('are on one side only', async () => {
    servers[driver].sql('DROP TABLE orders; CREATE TABLE fresh (id INT)', current(driver));
    const [row] = await tables(10);
    expect(row).toMatchObject({ missing: ['orders'], message: 'only at Forge: orders; only at Deploynix: fresh' });
  });

  it('that are left out must be there', async () => {
    servers[driver].sql('DROP TABLE sessions', current(driver));
    const [row] = await tables(10);
    expect(row).toMatchObject({ outcome: 'different', missing: ['sessions'], message: 'only at Forge: sessions' });
  });

  it('have views, triggers and routines', async () => {
    servers[driver].sql(programs[driver], old(driver));
    const [row] = await tables(10);
    const names = ['function vat', 'trigger stamp', 'view open_orders'];
    expect(row).toMatchObject({
      outcome: 'different',
      missing: names,
      message: `only at Forge: ${names.map((name) => `'${name}'`).join(', ')}`,
    });
    servers[driver].sql(programs[driver], current(driver));
    await tables(0);
  });

  it('are not compared with themselves', async () => {
    const domain = `same-${driver}.verify.example.com`;
    const variables = variablesFor(servers[driver], driver, current(driver));
    addOld(domain, variables);
    addDatabaseSite({ sandbox: bed.sandbox, sshd }, domain, variables);
    write({ sites: [imported(domain)] });
    const [row] = await compared(12, 'tables', '--no-requests');
    expect(row).toMatchObject({ outcome: 'unread', message: 'both sides use the same database' });
  });
});

const programs: Readonly<Record<Driver, string>> = {
  mariadb: `CREATE VIEW open_orders AS SELECT * FROM orders; CREATE TRIGGER stamp BEFORE INSERT ON orders FOR EACH ROW SET NEW.id = NEW.id;
CREATE FUNCTION vat() RETURNS INT DETERMINISTIC RETURN 19`,
  pgsql: `CREATE VIEW open_orders AS SELECT * FROM orders; CREATE FUNCTION vat() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION vat()`,
};

/** An account that reads `orders` and not `empty`, and in PostgreSQL some rows of another table. */
const restricted: Readonly<Record<Driver, (database: string) => readonly [server: string, inDatabase: string]>> = {
  mariadb: (database) => [
    "CREATE OR REPLACE USER verifier@'%' IDENTIFIED BY 'verifier'; CREATE OR REPLACE USER verifier@localhost IDENTIFIED BY 'verifier'",
    ['%', 'localhost']
      .flatMap((host) =>
        [`SELECT ON ${database}.orders`, `INSERT ON ${database}.empty`].map((right) => `GRANT ${right} TO verifier@'${host}'`),
      )
      .join('; '),
  ],
  pgsql: () => [
    "DO $$ BEGIN CREATE ROLE verifier LOGIN PASSWORD 'verifier'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    `GRANT USAGE ON SCHEMA public TO verifier; GRANT SELECT ON ALL TABLES IN SCHEMA public TO verifier; REVOKE SELECT ON "empty" FROM verifier;
CREATE TABLE policed (id INT); GRANT SELECT ON policed TO verifier; ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON policed TO verifier USING (id < 10)`,
  ],
};

it.each(drivers)('says which tables of %s could not be counted, and counts the others', { timeout: TIME }, async (driver) => {
  const domain = `role-${driver}.verify.example.com`;
  const [create, grant] = restricted[driver](old(driver));
  servers[driver].sql(create);
  servers[driver].sql(grant, old(driver));
  const variables = { ...variablesFor(servers[driver], driver, old(driver)), DB_USERNAME: 'verifier', DB_PASSWORD: 'verifier' };
  addOld(domain, variables);
  addDatabaseSite({ sandbox: bed.sandbox, sshd }, domain, variablesFor(servers[driver], driver, current(driver)));
  write({ sites: [imported(domain)] });
  const [row] = await compared(12, 'tables', '--no-requests');
  expect(row).toMatchObject({
    outcome: 'unread',
    message: expect.stringMatching(driver === 'pgsql' ? /; not counted: empty, policed$/ : /; not counted: empty$/),
  });
  expect(row?.tables).toContainEqual({ name: 'orders', old: 1234, deploynix: 1234 });
});

it('says that a database is none that it can count', { timeout: TIME }, async () => {
  addOld('lite.verify.example.com', { DB_CONNECTION: 'sqlite' });
  addDatabaseSite({ sandbox: bed.sandbox, sshd }, 'lite.verify.example.com', {
    DB_CONNECTION: 'sqlite',
    DB_DATABASE: 'a',
    DB_PASSWORD: '',
  });
  write({ sites: [imported('lite.verify.example.com')] });
  const [row] = await compared(12, 'tables', '--no-requests');
  expect(row?.message).toBe('lite.verify.example.com uses SQLite. dnx connects to MySQL, MariaDB and PostgreSQL only');
});

it('shows the new side if the old one is gone', { timeout: TIME }, async () => {
  // No other address is free of the servers here.
  write({ servers: [{ ...forge, address: '127.255.255.254', port: await freePort() }], sites: [imported(site('mariadb'))] });
  const ran = await verify('--json');
  expect(ran).toExit(12, { says: `3 comparisons could not be made: ${site('mariadb')}.` });
  const found = ran
    .json<VerifyRow[]>()
    .map(({ compared: what, outcome, old: before, deploynix, message }) => [what, outcome, before, deploynix, message]);
  expect(found).toEqual([
    [
      'tables',
      'unread',
      null,
      '3 tables, 1236 rows',
      expect.stringMatching(/^Could not connect to forge-1 at Forge over SSH: .*Connection refused$/),
    ],
    ['response', 'unread', null, '200', 'Forge: connection refused'],
    ['certificate', 'unread', null, expect.stringMatching(/^Example Authority/), 'Forge: connection refused'],
    ['variable', 'equal', 1, 1, ''],
  ]);
});

it('survives an old server whose programs print anything', { timeout: TIME }, async () => {
  write({ sites: [imported(site('mariadb'))] });
  sshd.program('mariadb', `#!/bin/sh\n[ "$(id -un)" = forge ] || exec ${find('mariadb')} "$@"\necho '{"at":'\n`);
  onTestFinished(() => sshd.program('mariadb', `#!/bin/sh\nexec ${find('mariadb')} "$@"\n`));
  const [row] = await compared(12, 'tables', '--no-requests');
  expect(row).toMatchObject({
    deploynix: '3 tables, 1236 rows',
    message: 'The client of the database on forge-1 at Forge did not print what it was asked for',
  });
});

it('says if there is no .env where import.yml says', { timeout: TIME }, async () => {
  const elsewhere = { ...imported(site('pgsql')), directory: '/home/forge/nowhere' };
  write({ sites: [elsewhere] });
  const [row] = await compared(12, 'tables', '--no-requests');
  expect(row).toMatchObject({
    deploynix: '3 tables, 1236 rows',
    message: `forge-1 at Forge has no .env of ${site('pgsql')} in /home/forge/nowhere`,
  });
});

describe('answers', { timeout: TIME }, () => {
  const words = [site('mariadb'), '--no-tables', '--path', '/up'] as const;

  it('differ by status and redirect, which is not followed', async () => {
    answers = {
      [OLD]: (response) => response.writeHead(301, { location: '/login' }).end(),
      [NEW]: (response) => response.writeHead(500).end(),
    };
    const [row] = await compared(10, 'response', ...words);
    expect(row).toMatchObject({ old: `301 to https://${site('mariadb')}/login`, deploynix: '500', outcome: 'different' });
    expect(asked).toEqual([`${site('mariadb')}/up`, `${site('mariadb')}/up`]);
  });

  it('differ by title', async () => {
    const page = (title: string) => (response: ServerResponse) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<html><title lang="en">\n${title}</title>${'x'.repeat(200_000)}`);
    answers = { [OLD]: page('Shop &amp; more'), [NEW]: page('Welcome to nginx!\u001b[31m') };
    const [row] = await compared(10, 'response', ...words);
    expect(row).toMatchObject({ old: '200', deploynix: '200', message: "title: 'Shop &amp; more' and 'Welcome to nginx!\\u{1b}[31m'" });
    answers = { [OLD]: page('Shop'), [NEW]: page('Shop') };
    expect(await compared(0, 'response', ...words)).toMatchObject([{ outcome: 'equal', message: '' }]);
  });

  it('have a certificate without the name with www.', async () => {
    need('openssl');
    const alt = `subjectAltName=DNS:${site('mariadb')},DNS:www.${site('mariadb')}`;
    const words = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=two',
      '-addext',
      alt,
    ];
    const made = execFileSync('openssl', [...words, '-keyout', '-', '-out', '-'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const at = made.indexOf('-----BEGIN CERT');
    const both = { key: made.slice(0, at), cert: made.slice(at) };
    const file = join(sshd.directory, 'two.pem');
    writeFileSync(file, [both, siteStandIn].map(({ cert }) => cert).join('\n'));
    const command = [site('mariadb'), '--no-tables'];
    certificates[OLD] = both;
    expect(await compared(10, 'certificate', ...command, '--ca-file', file)).toMatchObject([
      { outcome: 'different', message: `not valid for www.${site('mariadb')}` },
    ]);
    certificates[NEW] = both;
    await expect(verify(...command, '--ca-file', file)).toExit(0);
  });

  it('tell nothing if both sides fail', async () => {
    const down = (response: ServerResponse) => response.writeHead(503).end();
    answers = { [OLD]: down, [NEW]: down };
    const [row] = await compared(12, 'response', ...words);
    expect(row).toMatchObject({ old: '503', deploynix: '503', outcome: 'unread', message: 'both sides fail, so this page tells nothing' });
  });

  it.each([
    ['of another site', gitHubStandIn, 'the certificate is for another name, for github.com, api.github.com, github.com, '],
    ['that nobody trusts', selfSigned, 'the certificate is for another name, the certificate is self-signed, for 127.0.0.1, 127.0.0.1, '],
  ])('have a certificate %s', async (_, certificate, shown) => {
    certificates[NEW] = certificate;
    const ran = await verify(...words, '--json');
    expect(ran).toExit(10);
    const found = ran.json<VerifyRow[]>();
    expect(found.find(({ compared: what }) => what === 'response')).toMatchObject({ outcome: 'equal', deploynix: '200' });
    const row = found.find(({ compared: what }) => what === 'certificate');
    expect(row).toMatchObject({ outcome: 'different', deploynix: expect.stringContaining(shown) });
    expect(row?.certificates).toMatchObject({ old: { names: ['*.verify.example.com'], problem: null } });
  });

  it('have another certificate, although neither is trusted', async () => {
    certificates[NEW] = gitHubStandIn;
    const ran = await verify(...words, '--json', '--ca-file', join(sshd.directory, 'ca.pem'));
    expect(ran).toExit(10);
    const row = ran.json<VerifyRow[]>().find(({ compared: what }) => what === 'certificate');
    expect(row?.certificates).toMatchObject({
      old: { problem: 'the certificate is self-signed' },
      deploynix: { problem: 'the certificate is for another name, the certificate is self-signed' },
    });
  });

  it('come through a proxy, which connects to the addresses', async () => {
    const proxy = await openProxy();
    onTestFinished(() => proxy.close());
    const ran = await verify(...words, '--json', { HTTPS_PROXY: proxy.url });
    expect(ran).toExit(0);
    expect(proxy.asked.toSorted()).toEqual([`CONNECT ${OLD}:443`, `CONNECT ${NEW}:443`].toSorted());
  });

  it('come over http where there is no TLS yet', async () => {
    const [secure] = listening.slice(2);
    await new Promise((resolve) => secure?.close(resolve));
    onTestFinished(() => new Promise<void>((resolve) => secure?.listen(443, NEW, () => resolve())));
    const ran = await verify(...words, '--json');
    expect(ran).toExit(10);
    expect(ran.json<VerifyRow[]>().map(({ compared: what, deploynix }) => [what, deploynix])).toEqual([
      ['response', '200 over http'],
      ['certificate', 'none: connection refused'],
      ['variable', 1],
    ]);
  });
});
