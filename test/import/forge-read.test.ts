import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DnxError } from '../../src/base/errors.ts';
import type { Progress } from '../../src/cli/output/progress.ts';
import type { Account, Thing } from '../../src/features/import/account.ts';
import { organization as find, forge as platform } from '../../src/features/import/forge.ts';
import { type ReadOptions, readAccount } from '../../src/features/import/read.ts';
import { createApi } from '../../src/platform/api/client.ts';
import { openBudgets } from '../../src/platform/api/limit/budget.ts';
import { openNetwork } from '../../src/platform/api/network/transport.ts';
import { FakeClock } from '../support/clock.ts';
import { guarded, openBed, temporary } from '../support/dnx.ts';
import { after } from '../support/exchange.ts';
import { perTest } from '../support/fixtures.ts';
import { openForge, SECRET } from '../support/forge.ts';
import { failures } from '../support/hostile-api.ts';

const bed = perTest(openBed);
const forge = perTest(openForge);

type Options = Partial<ReadOptions> & { readonly limit?: string; readonly organization?: string };

/** Reads the account with the client of a command, over real HTTP. */
async function read({ limit = 'off', organization, ...options }: Options = {}): Promise<Account> {
  const clock = new FakeClock();
  const network = await openNetwork({ env: {}, after, caFile: undefined });
  const quiet = () => {};
  const api = createApi({
    host: 'https://deploynix.invalid',
    token: async () => 'a-token-of-deploynix',
    connect: async () => guarded(network, clock, [], undefined),
    clock,
    signal: new AbortController().signal,
    userAgent: 'dnx/0',
    debug: quiet,
    requests: { begin: () => quiet, retrying: () => quiet, pause: () => quiet },
    budgets: openBudgets(temporary(), { clock, env: { DNX_RATE_LIMIT: limit } }),
    maxWaitMs: 120_000,
    random: () => 0,
  });
  const progress = { spin: quiet, step: quiet, done: quiet } as Partial<Progress> as Progress;
  return readAccount({ api, progress }, platform, { token: forge.token, host: forge.url, ...options }, find(organization)).finally(() =>
    network.close(),
  );
}

const failed = (options?: Options): Promise<DnxError> =>
  read(options).then(
    () => expect.fail('it was read'),
    (error) => error,
  );

const count = (things: readonly Thing[], noun: string) => things.filter((thing) => thing.noun === noun).length;
const one = ({ things }: Account, noun: string, place: Partial<Thing> = {}) =>
  things.find((thing) => thing.noun === noun && Object.entries(place).every(([key, value]) => thing[key as keyof Thing] === value));

describe('an account of Forge', () => {
  test('has one thing for each resource that Forge has', async () => {
    const account = await read();
    expect(account.unread).toEqual([]);
    expect(forge.served).toEqual(forge.all);
    expect(account.things).toHaveLength(forge.all.size);
    expect(count(account.things, 'server')).toBe(5);
    expect(count(account.things, 'site')).toBe(30);
    expect(account.environments.size).toBe(30);
    expect(forge.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('is read in the words of a state file', async () => {
    const account = await read();
    expect(one(account, 'site', { server: 'app-1', name: 'shop.example.com' })?.fields).toMatchObject({
      php_version: '8.3',
      directory: '/home/forge/shop.example.com',
      repository: 'git@github.com:acme/shop-example-com.git',
      branch: 'main',
      zero_downtime: true,
      auto_deploy: true,
      aliases: ['www.shop.example.com', 'shop.example.net'],
      tags: ['production'],
    });
    expect(one(account, 'site', { name: 'trial.example.com' })?.fields).toMatchObject({ name: 'app-1.on-forge.com' });
    expect(one(account, 'queue worker', { site: 'api.example.com' })?.fields).toMatchObject({
      connection: 'redis',
      queue: 'high,default',
      tries: 3,
      timeout: 60,
      sleep: 3,
      processes: 3,
      php_version: '8.3',
      other_options: ['--max-jobs=500'],
    });
    expect(one(account, 'background process', { site: 'live.example.com' })).toMatchObject({
      kind: 'daemon',
      fields: { integration: 'reverb' },
    });
    expect(one(account, 'background process', { site: 'import.example.com' })?.name).toBe(
      'php8.2 /home/forge/import.example.com/current/artisan import:listen',
    );
    expect(one(account, 'scheduled job', { site: 'www.acme.test' })?.fields).toMatchObject({ frequency: '* * * * *', user: 'acme' });
    expect(one(account, 'redirect rule', { name: '/old' })?.fields).toMatchObject({ from: '/old', to: '/new', type: 301 });
    expect(one(account, 'redirect rule', { name: '/sale' })?.fields).toMatchObject({ type: 302 });
    expect(one(account, 'firewall rule', { name: 'Rule 8000:8100' })?.fields).toMatchObject({
      port: '8000:8100',
      source: '10.0.0.0/8',
      action: 'allow',
    });
    expect(one(account, 'backup configuration')?.fields).toMatchObject({ databases: ['shop'], storage: 'Backups' });
    expect(one(account, 'certificate', { site: '*.tenants.example.com' })).toMatchObject({
      name: '*.tenants.example.com',
      fields: { type: 'letsencrypt', verification_method: 'dns-01', active: true },
    });
    const nodes = account.things.filter(({ noun }) => noun === 'load balancing node');
    expect(nodes.map(({ fields }) => fields.node)).toEqual(['app-1', 'app-2']);
    expect(account.environments.get('app-1/shop.example.com')).toContain(`DB_PASSWORD="pa#ss 'shop'"`);
  });

  test('holds no secret of Forge', async () => {
    const { environments: _, ...account } = await read();
    expect(JSON.stringify(account)).not.toContain(SECRET);
    expect(JSON.stringify(account)).not.toContain('pa#ss');
    expect(JSON.stringify(account)).not.toContain(forge.token);
  });

  test('is narrowed to servers', async () => {
    const { things } = await read({ servers: ['worker-1', 'db-1'] });
    expect([...new Set(things.map(({ server, name }) => server ?? name))]).toEqual(['worker-1', 'db-1']);
    expect(await failed({ servers: ['worker-2'] })).toMatchObject({ code: 'not_found', message: "Forge has no server 'worker-2'." });
  });

  test('is one organization of several', async () => {
    forge.organizations.push('private');
    expect(await failed()).toMatchObject({ code: 'usage', hint: "Use --organization with 'acme' or 'private'." });
    expect((await read({ organization: 'acme', servers: ['db-1'] })).name).toBe('acme');
    expect(await failed({ organization: '../user' })).toMatchObject({ code: 'usage' });
    expect(await failed({ organization: 'private' })).toMatchObject({ code: 'not_found' });
  });

  test('tells servers and sites of one name apart', async () => {
    forge.change(/^\/servers$/, { name: 'web' });
    forge.change(/\/domains$/, { name: 'same.example.com', type: 'primary' });
    const { things, environments } = await read();
    const names = things.filter(({ kind }) => kind === 'server').map(({ name }) => name);
    expect(new Set(names).size).toBe(5);
    expect(environments.size).toBe(30);
  });

  test('is read within the rate limit', async () => {
    forge.hostile = { how: 'limited', at: /scheduled-jobs/, times: 3 };
    expect((await read()).things).toHaveLength(forge.all.size);
    expect((await read({ limit: '60' })).things).toHaveLength(forge.all.size);
  });
});

describe('a token that may not read everything', () => {
  test('leaves lists unread, by scope', async () => {
    forge.scopes = ['organization:view', 'server:view'];
    const account = await read();
    expect(account.things.length).toBe(forge.served.size);
    expect([...new Set(account.unread.map(({ scope }) => scope))].sort()).toEqual([
      'credential:view',
      'recipe:view',
      'server:manage-network',
      'site:manage-nginx',
      'site:manage-notifications',
      'site:manage-project',
      'site:manage-redirects',
      'site:manage-security',
      'site:meta',
      'storage:manage',
      'team:view',
    ]);
    expect(account.unread.find(({ what, site }) => what === 'redirect rules' && site === 'docs.example.com')).toEqual({
      what: 'redirect rules',
      server: 'app-1',
      site: 'docs.example.com',
      why: 'the token may not read it: it needs the scope site:manage-redirects',
      scope: 'site:manage-redirects',
    });
    // Domains give a site its name: without them, that of Forge remains.
    expect(one(account, 'site', { name: 'app-1.on-forge.com' })).toBeDefined();
  });

  test('is rejected without the servers', async () => {
    forge.scopes = ['organization:view'];
    expect(await failed()).toMatchObject({ code: 'forbidden', exitCode: 5, hint: 'It needs the scope server:view.' });
    forge.scopes = [];
    expect(await failed()).toMatchObject({ code: 'forbidden', exitCode: 5 });
    forge.scopes = undefined;
    expect(await failed({ token: 'another-token' })).toMatchObject({ code: 'unauthenticated', exitCode: 4 });
  });
});

describe('a Forge that misbehaves', () => {
  test.each<ReturnType<typeof failures>[number]>([
    ...failures('Forge', '/orgs/acme/servers'),
    ['broken', /^\/api\/orgs$/, 1, 'Forge returned 500 for GET /orgs.'],
  ])('is not imported: %s at %s', async (how, at, code, says) => {
    forge.hostile = { how, at };
    const env = { FORGE_TOKEN: forge.token, DNX_IMPORT_HOST: forge.url };
    const before = readdirSync(bed.directory);
    const run = await bed.dnx('import forge', { env });
    expect([run.code, run.stderr, run.calls]).toEqual([code, expect.stringContaining(says), []]);
    expect(readdirSync(bed.directory).filter((name) => !before.includes(name) && /env|yml/.test(name))).toEqual([]);
    expect(forge.requests.length).toBeLessThan(1_500);
  });

  test.each(['not found', 'invalid'] as const)('leaves a list unread: %s', async (how) => {
    forge.hostile = { how, at: /sites\/\d+\/nginx$/ };
    const account = await read();
    expect(account.unread).toHaveLength(30);
    expect(account.unread[0]).toMatchObject({ what: 'nginx configuration', server: 'lb-1', site: 'shop.example.com' });
    expect(account.things).toHaveLength(forge.served.size);
  });

  test('leaves unread what fails now and then', async () => {
    forge.hostile = { how: 'broken', at: /environment$/, times: 8 };
    const account = await read();
    expect(account.unread).toHaveLength(2);
    expect(account.environments.size).toBe(28);
  });

  test.each<readonly [string, RegExp, Record<string, unknown>]>([
    ['attributes that are not there', /redirect-rules$/, { from: null }],
    ['a name that is an object', /ssh-keys$/, { name: { a: 1 } }],
    ['a text of 100 kB', /webhooks$|monitors$/, { notify: 'x'.repeat(100_000) }],
    ['a name of 5 kB', /recipes$/, { name: 'x'.repeat(5_000) }],
    ['an environment that is no text', /environment$/, { content: ['APP_KEY=1'] }],
  ])('loses nothing silently: %s', async (_, at, attributes) => {
    forge.change(at, attributes, 0);
    const account = await read();
    expect(account.unread.length).toBeGreaterThan(0);
    expect(account.things.length + account.unread.length).toBe(forge.served.size);
  });

  test('reads nothing of a site that makes no sense, and says so', async () => {
    forge.change(/\/sites$/, { aliases: ['x'.repeat(100_000)] }, 0);
    const { things, unread } = await read();
    expect(count(things, 'site')).toBe(26);
    expect(unread.map(({ what, why }) => `${what.replace(/\d+/, 'N')}: ${why}`)).toEqual(
      Array.from({ length: 4 }, () => 'site N and all that it has: its aliases makes no sense'),
    );
  });

  test('keeps hostile names as they are, in paths of its own', async () => {
    const name = '../../$(id)\u202e\n"&a';
    forge.change(/./, { name, command: name, directory: name, from: name });
    const { things } = await read();
    expect(things.length).toBeGreaterThan(300);
    expect(forge.requests.every(({ url = '' }) => /^\/api\/orgs[\w/?%.=-]*$/.test(url))).toBe(true);
    const [first] = forge.routes.get('/teams') as { id: string }[];
    Object.assign(first ?? {}, { id: '../../user' });
    await read();
    expect(forge.requests.some(({ url = '' }) => /\.\.|\/user(\?|$)/.test(url))).toBe(false);
  });
});
