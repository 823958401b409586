import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ImportRecord, RECORD_FILE, recordText } from '../../src/features/import/record.ts';
import type { VerifyRow } from '../../src/features/import/verify-rows.ts';
import type { HttpRequest } from '../../src/machine/world.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const shop = { domain: 'shop.example.com', server: 'web-1', user: 'forge', directory: '/home/forge/shop.example.com' };
const record: ImportRecord = {
  platform: 'Forge',
  account: 'example',
  servers: [
    { name: 'web-1', was: 'forge-1', address: '198.51.100.1' },
    { name: 'web-2', was: 'forge-2', address: '198.51.100.2' },
  ],
  sites: [shop, { ...shop, domain: 'api.example.com', server: 'web-2', directory: '/home/forge/api.example.com' }],
  moved: [],
  not_moved: [],
  unread: [],
};

/** All of it is in the sandbox. */
const state = `servers:
  web-1:
    daemons: [{ command: php8.3 /home/deploynix/shop.example.com/current/artisan reverb:start }]
    crontabs: [{ command: php8.3 /home/deploynix/shop.example.com/current/artisan schedule:run, frequency: '* * * * *' }]
sites:
  shop.example.com: { server: web-1, env: { APP_ENV: other }, secrets: [APP_KEY], queues: [default, mails] }
  api.example.com: { server: web-2, queues: [default] }
`;

function write(text: string = state, changes: Partial<ImportRecord> = {}, directory = ''): void {
  mkdirSync(join(bed.directory, directory), { recursive: true });
  writeFileSync(join(bed.directory, directory, 'deploynix.yml'), text);
  writeFileSync(join(bed.directory, directory, RECORD_FILE), recordText({ ...record, ...changes }));
}

const LISTS = ['--no-tables', '--no-requests'] as const;
const verify = (words: readonly string[] = LISTS, options: RunOptions = {}) => bed.dnx(['import', 'verify', ...words], options);

/** Every row as `web-1/shop.example.com queue: 2 2 equal`. */
const lines = (rows: readonly VerifyRow[]): readonly string[] =>
  rows.map(({ server, site, compared, old, deploynix, outcome }) =>
    [`${[server, site].filter(Boolean).join('/')} ${compared}:`, old, deploynix, outcome].join(' '),
  );

test('says that Deploynix has everything that was imported, and sends only GET', async () => {
  write();
  const ran = await verify([...LISTS, '--json'], { env: { DNX_READ_ONLY: '1' } });
  expect(ran).toExit(0, { changes: [], stderr: '' });
  expect(lines(ran.json())).toEqual([
    'web-1 daemon: 1 1 equal',
    'web-1 crontab: 1 1 equal',
    'web-1/shop.example.com variable: 2 2 equal',
    'web-1/shop.example.com queue: 2 2 equal',
    'web-2/api.example.com queue: 1 1 equal',
  ]);
});

test('names what Deploynix does not have, without secrets in it', async () => {
  const missing = state
    .replace('mails]', 'reports, sms]')
    .replace('APP_KEY]', 'APP_KEY, STRIPE_KEY]')
    .replace('reverb:start', 'reverb:start --password=hunter2hunter2');
  write(missing);
  const ran = await verify([...LISTS, '--json']);
  expect(ran).toExit(10, { changes: [], says: '3 differences from Forge: web-1 and shop.example.com.' });
  const rows = ran.json<VerifyRow[]>();
  expect(lines(rows)).toEqual(
    expect.arrayContaining([
      'web-1 daemon: 1 0 different',
      'web-1/shop.example.com variable: 3 2 different',
      'web-1/shop.example.com queue: 3 1 different',
    ]),
  );
  expect(rows.flatMap((row) => row.missing)).toEqual([expect.stringContaining('reverb:start'), 'STRIPE_KEY', 'reports', 'sms']);
  expect(ran.stdout).not.toContain('hunter2');
  await expect(verify()).toExit(10, {
    stdout: expect.stringMatching(/shop\.example\.com +variables +3 +2 +different +missing: STRIPE_KEY\n/),
  });
});

test('names what was not moved, until import.yml no longer does', async () => {
  const at = { server: 'forge-1', site: 'shop.example.com', why: 'its user does not exist' };
  const left = [
    { what: 'scheduled job', name: 'backup --all', ...at },
    { what: 'nginx template', name: 'default', server: 'forge-1', why: 'there are none' },
    { what: 'scheduled job', name: 'prune', server: 'forge-2', why: 'its user does not exist' },
  ];
  write(state, { not_moved: left });
  const ran = await verify([...LISTS, '--json']);
  expect(ran).toExit(10, { says: '2 differences from Forge: web-1 and web-2.' });
  expect(ran.json<VerifyRow[]>().filter(({ compared }) => compared === 'crontab')).toMatchObject([
    { server: 'web-1', old: 2, deploynix: 1, missing: ['backup --all'] },
    { server: 'web-2', old: 1, deploynix: 0, missing: ['prune'] },
  ]);
});

test('names what is at Deploynix, but not as deploynix.yml wants it', async () => {
  write(
    state.replace("'* * * * *'", "'0 4 * * *'").replace('queues: [default, mails]', 'queues: [{ queue: default, processes: 7 }, mails]'),
  );
  const ran = await verify([...LISTS, '--json']);
  expect(ran).toExit(10, { says: '2 differences from Forge: web-1 and shop.example.com.' });
  const different = ran.json<VerifyRow[]>().filter(({ outcome }) => outcome === 'different');
  expect(different).toMatchObject([
    {
      compared: 'crontab',
      old: 1,
      deploynix: 1,
      missing: [],
      message: expect.stringMatching(/^not as in deploynix\.yml: .*schedule:run.* \(frequency\)$/),
    },
    { compared: 'queue', old: 2, deploynix: 2, missing: [], message: 'not as in deploynix.yml: default (processes)' },
  ]);
});

test('names the sites and servers that were not moved', async () => {
  const why = 'its name is taken';
  const not_moved = [
    { what: 'site', name: 'old.example.com', server: 'forge-1', why },
    { what: 'server', name: 'forge-3', why },
    { what: 'server', name: 'forge-1', why: 'dnx server create creates it' },
  ];
  write(state, { not_moved });
  const ran = await verify([...LISTS, '--json']);
  expect(ran).toExit(10, { says: '2 differences from Forge: old.example.com and forge-3.' });
  expect(lines(ran.json())).toEqual(expect.arrayContaining(['web-1/old.example.com site: 1 0 different', 'forge-3 server: 1 0 different']));
  await expect(verify(['--server', 'web-2', ...LISTS])).toExit(0);
  await expect(verify(['shop.example.com', ...LISTS])).toExit(0);
});

test('is not equal while a list of the other platform is unread', async () => {
  const why = 'the token may not read it';
  const unread = [
    { what: 'scheduled jobs', server: 'forge-1', why },
    { what: 'queue workers', server: 'forge-2', site: 'api.example.com', why },
    { what: 'recipes', why },
  ];
  write(state, { unread });
  const ran = await verify([...LISTS, '--json']);
  expect(ran).toExit(12, { says: '3 comparisons could not be made: web-1, api.example.com and example.' });
  expect(ran.json<VerifyRow[]>().filter(({ compared }) => compared === 'list')).toMatchObject([
    { server: 'web-1', site: null, outcome: 'unread', message: `Forge: scheduled jobs: ${why}` },
    { server: 'web-2', site: 'api.example.com', outcome: 'unread' },
    { server: 'example', site: null, outcome: 'unread' },
  ]);
  await expect(verify(['shop.example.com', ...LISTS])).toExit(0);
  await expect(verify(['--server', 'web-2', ...LISTS])).toExit(12, { says: '1 comparison could not be made: api.example.com.' });
});

test('does not compare a server with itself', async () => {
  const address = String(bed.sandbox.state.servers.find(({ name }) => name === 'web-1')?.ip_address);
  write(state, { sites: [shop], servers: [{ name: 'web-1', was: 'forge-1', address }] });
  const ran = await verify(['--no-tables', '--json'], { elsewhere: () => {} });
  expect(ran).toExit(12);
  expect(ran.json<VerifyRow[]>().find(({ compared }) => compared === 'response')).toMatchObject({
    outcome: 'unread',
    message: expect.stringContaining('Forge: the address in import.yml is that of web-1 at Deploynix'),
  });
});

test('names a site and a server that Deploynix does not have', async () => {
  const elsewhere = { name: 'web-9', was: 'forge-9' };
  const sites = [
    { ...shop, domain: 'new.example.com' },
    { ...shop, server: 'web-9' },
  ];
  write('sites: { web-9/shop.example.com: { queues: [default] } }\n', { servers: [...record.servers, elsewhere], sites });
  const ran = await verify(['--json']);
  expect(ran).toExit(10, { changes: [] });
  expect(lines(ran.json())).toEqual([
    'web-9 server: 1 0 different',
    'web-1/new.example.com site: 1 0 different',
    'web-9/shop.example.com site: 1 0 different',
  ]);
  write('sites: { web-1/shop.example.com: { queues: [default] } }\n', {
    sites: [shop, { ...shop, domain: 'shop.example.com', server: 'web-2' }],
  });
  await expect(verify()).toExit(10, {
    stdout: expect.stringMatching(/^web-1\/shop\.example\.com +queue workers +1 +1 +equal/m),
    says: '1 difference from Forge: web-2/shop.example.com.',
  });
});

test('verifies the sites and servers that are named', async () => {
  write(state, {}, 'moved');
  const of = async (...words: readonly string[]) => {
    const ran = await verify([...words, ...LISTS, '--dir', 'moved', '--json']);
    expect(ran).toExit(0);
    return lines(ran.json());
  };
  const api = ['web-2/api.example.com queue: 1 1 equal'];
  expect(await of('api.example.com')).toEqual(api);
  expect(await of('web-2/API.example.com')).toEqual(api);
  expect(await of('--server', 'web-2')).toEqual(api);
  expect((await of('--server', 'web-1'))[0]).toBe('web-1 daemon: 1 1 equal');
  await expect(verify(['apo.example.com', '--dir', 'moved'])).toExit(6, {
    calls: [],
    stderr: "Error: import.yml does not have 'apo.example.com'. Did you mean 'api.example.com'?\n",
  });
});

test('says what the token cannot read, and shows the rest', async () => {
  write();
  const path = /\/queues$/;
  onTestFinished(bed.sandbox.faults.always({ path }, { status: 403, body: { message: 'This action is unauthorized.' } }));
  const ran = await verify([...LISTS, '--json']);
  expect(ran).toExit(5, { says: 'could not be read, so differences may be missing.' });
  expect(lines(ran.json())).toEqual(
    expect.arrayContaining(['web-1/shop.example.com variable: 2 2 equal', 'web-1/shop.example.com queue: 2  unread']),
  );
});

test.each([RECORD_FILE, 'deploynix.yml'])('refuses a %s that others could have written', async (name) => {
  write();
  chmodSync(join(bed.directory, name), 0o666);
  await expect(verify()).toExit(2, { calls: [], says: [`Others can write to ${join(bed.directory, name)}, so it is ignored.`] });
});

test('needs a record and a state file', async () => {
  await expect(verify()).toExit(2, { calls: [], says: 'import.yml does not exist.' });
  writeFileSync(join(bed.directory, RECORD_FILE), recordText(record));
  await expect(verify()).toExit(2, { calls: [], says: 'deploynix.yml does not exist.' });
});

test('requests a site by its own name at both addresses, without the token', async () => {
  write(state, { sites: [shop] });
  const asked: HttpRequest[] = [];
  const ran = await verify(['--no-tables', '--path', '//evil.example/up?a=1', '--json'], { elsewhere: (request) => asked.push(request) });
  expect(ran).toExit(12, { says: '2 comparisons could not be made: shop.example.com.' });
  const of = (at: string, scheme: string) => `${scheme}://shop.example.com/evil.example/up?a=1 at ${at}`;
  const addresses = ['198.51.100.1', '203.0.113.10'];
  expect(asked.map(({ url, at }) => `${url} at ${at}`).sort()).toEqual(
    ['http', 'https'].flatMap((scheme) => addresses.map((at) => of(at, scheme))),
  );
  expect(asked.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  const response = ran.json<VerifyRow[]>().find(({ compared }) => compared === 'response');
  expect(response?.message).toBe('Forge: there is no such host; Deploynix: there is no such host');
});
