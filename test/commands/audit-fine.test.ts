import { beforeEach, expect, test } from 'vitest';
import type { AuditFinding } from '../../src/features/audit/finding.ts';
import { type State, seeded } from '../../src/sandbox/index.ts';
import { DAY, one, plants } from '../support/audited.ts';
import { openCleanBed } from '../support/clean.ts';
import { perSuite } from '../support/fixtures.ts';

const bed = perSuite(openCleanBed);
beforeEach(() => bed.reset());

const { sites, servers, databases } = seeded;
const iso = (ms: number): string => new Date(ms).toISOString();

const rule = (changes: object) => (state: State) => {
  state.network_rules.push({
    ...one(state.network_rules),
    id: '01JQ8Z4T9G0000000RVLE99999',
    name: 'x',
    port: 5432,
    source: null,
    ...changes,
  });
};

/** What looks like a fault and is none. */
const fine: Readonly<Record<string, (state: State, now: number) => void>> = {
  'a site that a wildcard certificate of its server covers': (state) => {
    state.certificates = state.certificates.filter(({ site_id }) => site_id !== sites['shop.example.com']);
  },
  'a site under deploynix.cloud': (state) => {
    const site = one(state.sites, ({ id }) => id === sites['api.example.com']);
    site.domain = 'api-example.deploynix.cloud';
    state.certificates = state.certificates.filter(({ site_id }) => site_id !== site.id);
  },
  'a site with a private name': (state) => {
    const site = one(state.sites, ({ id }) => id === sites['api.example.com']);
    site.domain = 'api.test';
    state.certificates = state.certificates.filter(({ site_id }) => site_id !== site.id);
  },
  'a certificate that was requested an hour ago': (state, now) => {
    const found = one(state.certificates, ({ site_id }) => site_id === sites['api.example.com']);
    Object.assign(found, { status: 'pending', expires_at: null, created_at: iso(now - DAY / 24) });
  },
  'an old certificate beside its replacement': (state, now) => {
    const found = one(state.certificates, ({ site_id }) => site_id === sites['api.example.com']);
    state.certificates.push({ ...found, id: '01JQ8Z4T9G00000000CERT0099', expires_at: iso(now + DAY) });
  },
  'a certificate without an end': (state) => {
    one(state.certificates, ({ site_id }) => site_id === sites['api.example.com']).expires_at = null;
  },
  'a new database without a backup': (state, now) => {
    state.backups = [];
    for (const each of state.databases) each.created_at = iso(now - 6 * DAY);
  },
  'a backup that is being restored': (state) => {
    one(state.backups, ({ database_id }) => database_id === databases.shop).status = 'in_progress';
  },
  'a backup that was restored': (state) => {
    one(state.backups, ({ database_id }) => database_id === databases.shop).status = 'restored';
  },
  'a deployment that was cancelled': (state) => {
    one(state.sites).status = 'cancelled';
  },
  'a deployment in progress': (state) => {
    one(state.sites).status = 'deploying';
  },
  'a suspended site': (state) => {
    const site = one(state.sites);
    Object.assign(site, { status: 'suspended', zero_downtime_enabled: false, php_version: '8.0' });
    state.certificates = state.certificates.filter(({ site_id }) => site_id !== site.id);
    for (const each of state.queues) if (each.site_id === site.id) each.status = 'stopped';
  },
  'a static site with a worker': (state) => {
    one(state.sites).type = 'static';
    for (const each of state.queues) if (each.site_id === sites['shop.example.com']) each.status = 'stopped';
  },
  'a database port that is denied': rule({ action: 'deny' }),
  'a database port for one network': rule({ source: '10.0.0.0/8' }),
  'PostgreSQL over UDP': rule({ protocol: 'udp' }),
  'ports around those of databases': rule({ port: '3307:5431,5433-6378,8080' }),
  'the same key under another name': (state) => {
    const key = one(state.ssh_keys, ({ server_id }) => server_id === servers['db-1']);
    Object.assign(key, { name: 'ada', public_key: `${key.public_key.split(' ').slice(0, 2).join(' ')} ada@elsewhere` });
  },
};

test.each(Object.keys(fine))('%s is no finding', async (name) => {
  fine[name]?.(bed.sandbox.state, bed.clock.now());
  const run = await bed.dnx('audit --json');
  expect([run.code, run.json()]).toEqual([0, []]);
});

test.each([
  ['with', 1],
  ['without', 2],
])('a certificate that the list of the server also has, %s its site, is reported once, after %i requests', async (site, requests) => {
  const { state, faults } = bed.sandbox;
  plants['a certificate that ends in 29 days']?.plant(state, bed.clock.now());
  faults.always({ path: `/servers/${servers['web-1']}/certificates` }, (response) => {
    const own = state.certificates.filter(({ site_id }) => site_id === sites['shop.example.com']);
    return { ...response, body: { data: site === 'with' ? own : own.map(({ site_id: _, ...each }) => each) } };
  });
  const run = await bed.dnx('audit --json');
  expect(run.json<AuditFinding[]>().map(({ site, rule }) => [site, rule])).toEqual([['shop.example.com', 'certificate-expiring']]);
  const lists = [`/servers/${servers['web-1']}/certificates`, `/sites/${sites['shop.example.com']}/certificates`];
  expect(run.calls.filter((call) => lists.some((list) => call.endsWith(list)))).toHaveLength(requests);
});

test('findings that are alike have fingerprints of their own', async () => {
  const { state } = bed.sandbox;
  rule({})(state);
  state.network_rules.push({ ...one(state.network_rules, ({ name }) => name === 'x'), id: '01JQ8Z4T9G0000000RVLE99998' });
  const found = (await bed.dnx('audit --json')).json<AuditFinding[]>();
  expect(found).toHaveLength(2);
  expect(new Set(found.map(({ fingerprint }) => fingerprint)).size).toBe(2);
});

test('two servers of one name are told apart, also with --server', async () => {
  const { state } = bed.sandbox;
  one(state.servers, ({ name }) => name === 'web-2').name = 'web-1';
  for (const each of state.daemons) each.status = 'stopped';
  const found = (await bed.dnx('audit --json')).json<AuditFinding[]>();
  expect([...new Set(found.map(({ server }) => server))].sort()).toEqual([`web-1 (${servers['web-1']})`, `web-1 (${servers['web-2']})`]);
  for (const { fix } of found) expect(fix?.command).toMatch(/--server 01JQ8Z4T9G00000000000WEB0[12]$/);
  const own = found.filter(({ server }) => server?.includes(servers['web-2']));
  expect((await bed.dnx(`audit --server ${servers['web-2']} --json`)).json()).toEqual(own);
});

test('what a list repeats is reported once', async () => {
  const { state, faults } = bed.sandbox;
  for (const name of ['a stopped daemon', 'zero-downtime off', 'PostgreSQL open', 'a failed worker'])
    plants[name]?.plant(state, bed.clock.now());
  const before = (await bed.dnx('audit --json')).json<AuditFinding[]>();
  faults.always({ path: /^/ }, (response) => {
    const { data } = response.body as { data?: unknown };
    return Array.isArray(data) ? { ...response, body: { ...(response.body as object), data: [...data, ...data] } } : response;
  });
  expect(before).toHaveLength(4);
  expect((await bed.dnx('audit --json')).json()).toEqual(before);
});

test('a server that does not exist is not found', async () => {
  for (const word of ['web-9', '01JQ8Z4T9G00000000000WEB09']) {
    await expect(bed.dnx(`audit --server ${word}`)).toExit(6, { stdout: '', says: `Server '${word}' not found.` });
  }
});

test('a key is added where few lack it, and removed where few have it', async () => {
  plants['a key that a server lacks']?.plant(bed.sandbox.state, bed.clock.now());
  plants['a key that only one server has']?.plant(bed.sandbox.state, bed.clock.now());
  const found = (await bed.dnx('audit --json')).json<AuditFinding[]>();
  expect(found.map(({ fix }) => fix?.command)).toEqual([
    expect.stringMatching(/^dnx ssh-key create ada@laptop --public-key 'ssh-ed25519 [\w+/]+=*' --server db-1$/),
    'dnx ssh-key delete grace@desktop --server web-1',
  ]);
});

test('different keys with one name are one finding', async () => {
  plants['a key that only one server has']?.plant(bed.sandbox.state, bed.clock.now());
  for (const each of bed.sandbox.state.ssh_keys) each.name = 'deploy';
  const found = (await bed.dnx('audit --json')).json<AuditFinding[]>();
  expect(found.map(({ message, fix }) => [message, fix?.command])).toEqual([
    ["2 different SSH keys are named 'deploy': one on web-1, web-2 and db-1, one on web-1", 'dnx ssh-key list --server web-1'],
  ]);
});

test('the token in use may do everything, whatever it is called', async () => {
  const token = bed.sandbox.mint(['*']);
  const found = (await bed.dnx('audit --json', { env: { DNX_TOKEN: token } })).json<AuditFinding[]>();
  // The one that the sandbox starts with is not in use then.
  expect(found.map(({ rule, resource }) => [rule, resource])).toEqual([['token-all-abilities', 'Sandbox']]);
});
