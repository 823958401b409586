import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { NetworkFault, type Transport } from '../../src/machine/world.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { statedIn } from '../support/state-bed.ts';
import { sampled } from '../support/volume.ts';

const bed = perTest(openBed);

const SHOP = 'shop.example.com';
const DEMO = 'demo.example.com';
const toWeb2 = (...words: readonly string[]) => bed.dnx(['site', 'copy', SHOP, '--to', 'web-2', ...words]);
const asDemo = (...words: readonly string[]) => bed.dnx(['site', 'copy', SHOP, '--to', 'web-1', '--as', DEMO, ...words]);
const siteOn = (domain: string, server: keyof typeof seeded.servers) =>
  bed.sandbox.state.sites.find((site) => site.domain === domain && site.server_id === seeded.servers[server]);
const valuesOf = (id: string | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(bed.sandbox.state.environment_variables.filter(({ site_id }) => site_id === id).map(({ key, value }) => [key, value]));
const compared = async (one: string, other: string) => (await bed.dnx(`site compare ${one} ${other} --json`)).json();

describe('site copy', () => {
  test('creates a site that differs in nothing, on another server, and says what is not copied', async () => {
    const run = await toWeb2('--yes');
    expect(run).toExit(0, {
      says: [
        'Copying shop.example.com (web-1) to shop.example.com (web-2)',
        '  copied         settings, 14 variables, 3 queue workers, 2 redirects, 2 daemons, 2 cron jobs',
        '  same database  DB_CONNECTION, DB_HOST, DB_DATABASE, DB_USERNAME, DB_PASSWORD; leave these out with --except',
        '  not copied     data (dnx db dump and db import, or db pull), certificates (dnx certificate create), files, deploy keys, releases',
        'dnx deploy shop.example.com --server web-2',
        'dnx db import shop.example.com FILE --server web-2',
        'dnx certificate create shop.example.com --site shop.example.com --server web-2',
      ],
    });
    expect(`${run.stdout}${run.stderr}`).not.toMatch(/hunter2|not-a-real-key/);
    expect(await compared(`web-1/${SHOP}`, `web-2/${SHOP}`)).toEqual([]);
    expect(valuesOf(siteOn(SHOP, 'web-2')?.id)).toEqual(valuesOf(seeded.sites[SHOP]));
  });

  test('has the new domain wherever the site has its own, but for email addresses', async () => {
    const of = { site_id: seeded.sites[SHOP], created_at: '2026-04-01T12:00:00Z', updated_at: '2026-04-01T12:00:00Z' };
    const more = {
      SESSION_DOMAIN: `.${SHOP}`,
      MAIL_FROM_ADDRESS: `hello@${SHOP}`,
      CDN: `https://cdn.${SHOP}/a`,
      SELF: `${SHOP},${SHOP}/b`,
    };
    bed.sandbox.state.environment_variables.push(
      ...Object.entries(more).map(([key, value], index) => ({ ...of, id: `more-${index}`, key, value })),
    );
    await expect(asDemo('--yes', '--except', 'DB_DATABASE')).toExit(0, {
      says: ['  with demo.example.com  APP_URL, SESSION_DOMAIN, SELF', '  left out               DB_DATABASE'],
    });
    const values = valuesOf(siteOn(DEMO, 'web-1')?.id);
    expect(values).toMatchObject({
      ...{ APP_URL: `https://${DEMO}`, SESSION_DOMAIN: `.${DEMO}`, SELF: `${DEMO},${DEMO}/b` },
      ...{ MAIL_FROM_ADDRESS: more.MAIL_FROM_ADDRESS, CDN: more.CDN },
    });
    expect(values).not.toHaveProperty('DB_DATABASE');
    const commands = bed.sandbox.state.crontabs.map(({ command }) => command);
    expect(commands).toContain(`php8.3 /home/deploynix/${DEMO}/current/artisan schedule:run`);
    expect(bed.sandbox.state.daemons.map(({ directory }) => directory)).toContain(`/home/deploynix/${DEMO}/current`);
  });

  test('goes on where an earlier one ended, and changes nothing once it is complete', async () => {
    await expect(asDemo('--yes')).toExit(0);
    const { state } = bed.sandbox;
    const site = siteOn(DEMO, 'web-1');
    state.environment_variables = state.environment_variables.filter(({ site_id, key }) => site_id !== site?.id || key < 'DB');
    state.queues = state.queues.filter(({ site_id }) => site_id !== site?.id);
    state.crontabs = state.crontabs.filter(({ command }) => !command.includes(DEMO));
    const again = await asDemo('--yes');
    expect(again.code).toBe(0);
    expect(again.changes.filter((call) => /\/sites$/.test(call))).toEqual([]);
    expect(await compared(SHOP, DEMO)).toEqual([
      { kind: 'variable', name: 'APP_URL', field: null, change: 'changed', here: null, there: null },
    ]);
    await expect(asDemo('--yes')).toExit(0, {
      changes: [],
      stdout: 'demo.example.com (web-1) is a copy of shop.example.com (web-1) already.\n',
    });
  });

  test('goes on with the same line, although both servers have the domain by then', async () => {
    await expect(toWeb2('--yes')).toExit(0);
    const { state } = bed.sandbox;
    const site = siteOn(SHOP, 'web-2');
    state.environment_variables = state.environment_variables.filter(({ site_id, key }) => site_id !== site?.id || key < 'DB');
    await expect(toWeb2('--yes', '--except', 'MAIL_FROM_NAME')).toExit(0);
    expect(Object.keys(valuesOf(site?.id))).toHaveLength(13);
    await expect(bed.dnx(`site copy web-1/${SHOP} --to web-2 --yes`)).toExit(0, { changes: [expect.stringMatching(/variables$/)] });
    await expect(bed.dnx(`site copy ${SHOP} --server web-1 --to web-2 --yes`)).toExit(0, { changes: [] });
    // With another domain, it may be either.
    await expect(toWeb2('--as', DEMO, '--yes')).toExit(6, { changes: [], says: 'matches 2 sites' });
  });

  test('takes an environment of the link file, and the linked site by default', async () => {
    const environments = { production: { server: 'web-1', site: SHOP }, staging: { server: 'web-2', site: 'api.example.com' } };
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ default: 'production', environments }));
    const created = async (...words: readonly string[]) => (await bed.dnx(['site', 'copy', ...words, '--dry-run'])).stdout;
    expect(await created('--to', 'web-2')).toContain(`+ create site ${SHOP} on server web-2\n`);
    expect(await created('staging', '--to', 'web-1')).toContain('+ create site api.example.com on server web-1\n');
  });

  test('refuses the domain of another site, and the site itself', async () => {
    await expect(bed.dnx(`site copy ${SHOP} --to web-1 --as blog.example.com --yes`)).toExit(10, {
      changes: [],
      says: ['blog.example.com exists on web-1, and is not a copy. Nothing was changed.', 'its settings, DB_PASSWORD'],
    });
    await expect(bed.dnx(`site copy ${SHOP} --to web-1 --yes`)).toExit(2, { changes: [], says: 'cannot be copied to itself' });
    await expect(bed.dnx(`site copy ${SHOP} --to web-9 --yes`)).toExit(6, { changes: [] });
    await expect(toWeb2('--except', 'DB_DATABSE', '--yes')).toExit(2, { changes: [], says: "Did you mean 'DB_DATABASE'?" });
  });

  test.each([
    "''",
    'demo',
    'a/b.example.com',
    "'a b.example.com'",
    'demo.example.com:8080',
    "'demo.example.com;reboot'",
    'web-1/demo.example.com',
  ])('refuses %s, which is no domain', async (word) => {
    await expect(bed.dnx(`site copy ${SHOP} --to web-1 --as ${word} --yes`)).toExit(2, {
      changes: [],
      says: '--as must be a domain alone',
    });
  });

  test('takes a domain from a URL, a wildcard, and one with letters of any language', async () => {
    const asked = async (word: string) => (await bed.dnx(`site copy ${SHOP} --to web-1 --as ${word} --dry-run`)).stdout;
    expect(await asked(`https://${DEMO}/cart`)).toContain(`+ create site ${DEMO} on server web-1`);
    expect(await asked('*.example.org')).toContain('+ create site *.example.org on server web-1');
    expect(await asked('münchen.example.com')).toContain("+ create site 'münchen.example.com' on server web-1");
    expect(await asked('SHOP.example.com.')).toBe('');
  });

  test('tells a domain from another that it is a part of, in any language and spelling', async () => {
    const site = bed.sandbox.state.sites.find(({ domain }) => domain === SHOP);
    const domain = 'müller.example.com';
    Object.assign(site ?? {}, { domain });
    const values = {
      APP_URL: `https://${domain}/a`,
      A: `https://ü${domain}`,
      B: `${domain}ü`,
      C: 'https://xn--mller-kva.example.com',
      D: 'https://MÜLLER.example.com',
    };
    bed.sandbox.state.environment_variables = Object.entries(values).map(([key, value]) => ({
      ...{ id: `v-${key}`, site_id: site?.id ?? '', key, value, created_at: '2026-04-01T12:00:00Z', updated_at: '2026-04-01T12:00:00Z' },
    }));
    await expect(bed.dnx(`site copy ${domain} --to web-1 --as ${DEMO} --yes`)).toExit(0);
    expect(valuesOf(siteOn(DEMO, 'web-1')?.id)).toEqual({
      ...{ APP_URL: `https://${DEMO}/a`, A: values.A, B: values.B, C: `https://${DEMO}`, D: `https://${DEMO}` },
    });
    Object.assign(site ?? {}, { domain: 'a)b.example.com' });
    expect((await bed.dnx(`site compare ${site?.id} api.example.com`, { lies: true })).code).toBe(0);
  });

  test('asks first, and shows its plan in a dry run', async () => {
    await expect(toWeb2()).toExit(2, { calls: [], says: '--yes' });
    const dry = await toWeb2('--dry-run', '--exit-code', '--json');
    expect(dry).toExit(10, { changes: [] });
    const { changes, about } = dry.json() as { readonly changes: readonly { readonly call: string }[]; readonly about: readonly unknown[] };
    expect(changes.length).toBe(25);
    expect(about).toContainEqual(expect.objectContaining({ 'same database': expect.stringContaining('DB_HOST') }));
    expect(dry.stdout).not.toMatch(/hunter2|not-a-real-key/);
    await expect(toWeb2('--dry-run', '--out', 'copy.json')).toExit(2, { changes: [], says: 'it is a secret that no file has' });
    const done = await toWeb2('--yes', '--json');
    expect((done.json() as unknown as readonly { readonly call: string }[]).map(({ call }) => call)).toEqual(
      changes.map(({ call }) => call),
    );
  });

  test('names the variables that the API hides, and copies the others', async () => {
    for (const variable of bed.sandbox.state.environment_variables) if (variable.key === 'APP_KEY') variable.value = '••••••••';
    await expect(toWeb2('--yes')).toExit(0, { says: '  hidden by the API  APP_KEY; set these with dnx env push' });
    expect(Object.keys(valuesOf(siteOn(SHOP, 'web-2')?.id))).toHaveLength(13);
  });

  test('copies nothing if the token cannot read all of it', async () => {
    const run = (abilities: readonly string[]) =>
      bed.dnx(`site copy ${SHOP} --to web-2 --yes`, { env: { DNX_TOKEN: bed.sandbox.mint(abilities) } });
    await expect(run(['server:read', 'site:read', 'site:create', 'site:update'])).toExit(5, { changes: [] });
  });

  test('copies nothing if a list of the other server cannot be read', async () => {
    const path = new RegExp(`${seeded.servers['web-2']}/sites$`);
    bed.sandbox.faults.always({ method: 'GET', path }, { status: 403, body: { message: 'Invalid ability provided.' } });
    await expect(bed.dnx(`site copy web-1/${SHOP} --to web-2 --yes`)).toExit(5, { changes: [], says: ['copied  nothing', 'site:read'] });
  });

  test('keeps the name of a repository that is named like the domain', async () => {
    for (const repository of bed.sandbox.state.git_repositories)
      repository.name = repository.name.replace('example/shop', `example/${SHOP}`);
    await expect(asDemo('--yes')).toExit(0);
    expect(siteOn(DEMO, 'web-1')?.git_repository_id).toBe(siteOn(SHOP, 'web-1')?.git_repository_id);
  });

  test('goes on with a worker beside another of the same queue', async () => {
    const [worker] = bed.sandbox.state.queues;
    if (!worker) throw new Error('the seed has queues');
    bed.sandbox.state.queues.push({ ...worker, id: '01KPB2K4G0SECOND000000000', processes: 7 });
    await expect(asDemo('--yes')).toExit(0);
    const { state } = bed.sandbox;
    const id = siteOn(DEMO, 'web-1')?.id;
    state.queues = state.queues.filter(({ site_id, processes }) => site_id !== id || processes !== 7);
    const again = await asDemo('--yes');
    expect(again).toExit(0, { changes: [expect.stringMatching(/^POST .*queues$/)] });
    await expect(asDemo('--yes')).toExit(0, { changes: [] });
    for (const other of state.queues) if (other.site_id === id && other.processes === 7) other.processes = 8;
    await expect(asDemo('--yes')).toExit(10, { changes: [], says: 'different  default' });
  });

  test('a dry run says that values could break the copy, as the copy does', async () => {
    for (const variable of bed.sandbox.state.environment_variables) if (variable.key === 'APP_DEBUG') variable.value = 'true';
    await expect(toWeb2('--yes')).toExit(2, { changes: [], says: `Use --confirm ${SHOP}` });
    const dry = await toWeb2('--dry-run');
    expect(dry).toExit(0, { changes: [] });
    expect(dry.stdout).toMatch(/APP_DEBUG +Error pages would[\s\S]*consent +--confirm shop\.example\.com\n/);
    await expect(toWeb2('--confirm', SHOP)).toExit(0);
  });
});

describe('a lost answer', () => {
  const COUNT = 25;
  const cases = ['performed', 'not performed'].flatMap((end) => Array.from({ length: COUNT }, (_, at) => [end, at + 1] as const));

  test.each(sampled(cases, 6, 5))('%s: change %i of a copy is made once, by the next one at the latest', async (end, number) => {
    await expect(asDemo('--yes')).toExit(0);
    const wanted = statedIn(bed.sandbox.state);
    const copied = bed.sandbox.state.sites.find(({ domain }) => domain === DEMO);
    expect(copied).toBeDefined();
    await withoutCopy();
    let count = 0;
    const through = (network: Transport): Transport => ({
      ...network,
      async request(request) {
        const isLost = request.method !== 'GET' && ++count === number;
        if (isLost && end === 'not performed') throw new NetworkFault('closed', { sent: true });
        const response = await network.request(request);
        if (isLost) throw new NetworkFault('closed', { sent: true });
        return response;
      },
    });
    const run = await bed.dnx(['site', 'copy', SHOP, '--to', 'web-1', '--as', DEMO, '--yes'], { through });
    expect(run.code).toBeOneOf([0, 12, 13]);
    await expect(asDemo('--yes')).toExit(0);
    expect(statedIn(bed.sandbox.state)).toEqual(wanted);
  });

  const withoutCopy = async () => {
    const { state } = bed.sandbox;
    const id = siteOn(DEMO, 'web-1')?.id;
    state.sites = state.sites.filter((site) => site.id !== id);
    state.environment_variables = state.environment_variables.filter(({ site_id }) => site_id !== id);
    state.queues = state.queues.filter(({ site_id }) => site_id !== id);
    state.redirects = state.redirects.filter(({ site_id }) => site_id !== id);
    state.daemons = state.daemons.filter(({ command }) => !command.includes(DEMO));
    state.crontabs = state.crontabs.filter(({ command }) => !command.includes(DEMO));
  };

  test('a site that is created only after its copy was interrupted is not created again', async () => {
    const interruption = new AbortController();
    const through = (network: Transport): Transport => ({
      ...network,
      async request(request) {
        if (request.method !== 'POST') return network.request(request);
        interruption.abort(new DnxError('interrupted', 'Interrupted.'));
        throw new NetworkFault('interrupted', { sent: true });
      },
    });
    const words = ['site', 'copy', SHOP, '--to', 'web-1', '--as', DEMO, '--yes'];
    await expect(bed.dnx(words, { through, signal: interruption.signal })).toExit(130, { changes: [] });
    const site = bed.sandbox.state.sites.find(({ domain }) => domain === SHOP);
    bed.clock.at(bed.clock.elapsed() + 3_000, () => {
      const late = { ...(site as typeof site & object), id: '01KPB2K4G0LATE00000000000', domain: DEMO, zero_downtime_enabled: false };
      bed.sandbox.state.sites.push(late);
    });
    const again = await bed.dnx(words);
    expect(again).toExit(0, { says: 'An earlier create may still be at work.' });
    expect(again.changes.filter((call) => /\/sites$/.test(call))).toEqual([]);
    expect(await compared(SHOP, DEMO)).toEqual([
      { kind: 'variable', name: 'APP_URL', field: null, change: 'changed', here: null, there: null },
    ]);
  });
});
