import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { captureChild } from '../../src/machine/child.ts';
import { NetworkFault, type Transport } from '../../src/machine/world.ts';
import type { ApiResponse } from '../../src/sandbox/index.ts';
import { perTest } from '../support/fixtures.ts';
import { withRows } from '../support/platform.ts';
import { openPreviewBed, PREVIEWS, previewLink } from '../support/preview-bed.ts';
import { sampled } from '../support/volume.ts';

const bed = perTest(openPreviewBed);

const CART = 'feature/cart';
const HOUR = 3_600_000;
const up = (branch = CART, ...words: readonly string[]) => bed.dnx(['preview', 'up', branch, '--yes', '--json', ...words]);

interface Shown {
  readonly site: string;
  readonly url: string;
  readonly database: string | null;
  readonly deadline: string;
  readonly changed: boolean;
  readonly deployment: { readonly outcome: string } | null;
}

const previews = () => bed.sandbox.state.sites.filter(({ server_id }) => server_id === PREVIEWS.id);
const preview = (branch = CART) => {
  const [site, ...others] = previews().filter((one) => one.branch === branch);
  expect(others).toEqual([]);
  if (!site) throw new Error(`${branch} has no preview`);
  return site;
};
const variables = (branch = CART) => bed.sandbox.state.environment_variables.filter(({ site_id }) => site_id === preview(branch).id);
const valuesOf = (branch = CART): Record<string, string> => Object.fromEntries(variables(branch).map(({ key, value }) => [key, value]));
const databases = () => bed.sandbox.state.databases.filter(({ server_id }) => server_id === PREVIEWS.id);
const users = () => bed.sandbox.state.database_users.filter(({ database_id }) => databases().some(({ id }) => id === database_id));
const names = (calls: readonly string[]) => calls.map((call) => call.replaceAll(/\/[0-9A-Z]{26}/g, ''));
const deployOnly = (calls: readonly string[]) => expect(names(calls)).toEqual(['POST /servers/sites/deploy']);
const rest = (value: string | undefined) => `${value}`.split('/').slice(1).join('/');

/** Everything that a complete preview has, as far as it does not depend on chance. */
function requireComplete(branch = CART): void {
  const [database] = databases().filter(({ name }) => name === valuesOf(branch).DB_DATABASE);
  const [user] = users().filter(({ database_id }) => database_id === database?.id);
  expect(valuesOf(branch)).toMatchObject({
    APP_ENV: 'preview',
    DB_USERNAME: user?.username,
    DB_PASSWORD: (user as object as { password: string }).password,
  });
  expect(Object.keys(valuesOf(branch))).toHaveLength(23);
  const live = bed.sandbox.state.releases.find(({ site_id, active }) => site_id === preview(branch).id && active);
  const latest = Math.max(...variables(branch).map(({ created_at }) => Date.parse(created_at)));
  expect(Date.parse(live?.created_at ?? '')).toBeGreaterThanOrEqual(latest);
}

describe('preview up', () => {
  test('is not saved as a plan while it makes a password', async () => {
    bed.push(CART);
    expect(await bed.dnx(`preview up ${CART} --dry-run --out plan.json`)).toExit(2, { says: 'or run the command without --out.' });
    expect(existsSync(join(bed.clone.directory, 'plan.json'))).toBe(false);
  });

  test('gives a branch a site, a database and variables of its own, and deploys it', async () => {
    bed.push(CART);
    const run = await up();
    expect(run).toExit(0, { says: ['Preview of feature/cart', 'like      shop.example.com (web-1)'] });
    expect(run.stderr).toContain('\n  creates   database, site, database user, 23 variables\n');
    const shown = run.json<Shown>();
    const { domain, ...site } = preview();
    expect(domain).toMatch(/^feature-cart-[a-z2-7]{12}\.preview\.example\.com$/);
    const mark = domain.slice('feature-cart-'.length, -'.preview.example.com'.length);
    expect(shown).toMatchObject({
      ...{ branch: CART, site: domain, server: PREVIEWS.name, url: `https://${domain}`, database: `pv_${mark}` },
      ...{ deadline: '2026-04-19T12:00:00Z', changed: true, deployment: { outcome: 'succeeded' } },
    });
    const shop = bed.sandbox.state.sites.find((one) => one.domain === 'shop.example.com');
    for (const field of ['type', 'git_repository_id', 'web_directory', 'php_version', 'zero_downtime_enabled'] as const)
      expect(site[field]).toBe(shop?.[field]);
    requireComplete();
    expect(variables()[0]).toMatchObject({ key: 'DNX_PREVIEW', value: 'shop.example.com/2026-04-19T12:00:00Z' });
    expect(valuesOf()).toMatchObject({
      ...{
        APP_NAME: `Example Shop ${mark}`,
        APP_URL: `https://${domain}`,
        APP_DEBUG: 'false',
        MAIL_MAILER: 'log',
        QUEUE_CONNECTION: 'sync',
      },
      ...{ DB_CONNECTION: 'mysql', DB_HOST: '127.0.0.1', DB_PORT: '3306', DB_DATABASE: `pv_${mark}`, REDIS_PREFIX: `pv_${mark}_` },
      ...{ SESSION_DOMAIN: domain, SANCTUM_STATEFUL_DOMAINS: domain, BROADCAST_CONNECTION: 'log', FILESYSTEM_DISK: 'local' },
    });
    expect(valuesOf().APP_KEY).toMatch(/^base64:.{44}$/);
    // Nothing that only production may have.
    const secrets = bed.sandbox.state.environment_variables.filter(
      ({ site_id, key }) => site_id === shop?.id && /KEY$|SECRET|PASSWORD|HOST/.test(key),
    );
    for (const { value } of secrets) if (value !== '127.0.0.1') expect(Object.values(valuesOf())).not.toContain(value);
    expect(`${run.stdout}${run.stderr}`).not.toContain(valuesOf().DB_PASSWORD);
    expect(`${run.stdout}${run.stderr}`).not.toContain(valuesOf().APP_KEY);
  });

  test('sends only reads and a deployment if nothing is different, and a new deadline at most once an hour', async () => {
    bed.push(CART);
    await expect(up()).toExit(0);
    const before = valuesOf();
    const again = await up();
    deployOnly(again.changes);
    const reads = again.calls.slice(
      0,
      again.calls.findIndex((call) => call.startsWith('POST')),
    );
    // The site and its releases are read before a deployment.
    expect(reads.length).toBeLessThanOrEqual(new Set(reads).size);
    expect(again.json<Shown>()).toMatchObject({ changed: false, deployment: { outcome: 'succeeded' } });
    await bed.clock.sleep(HOUR);
    const later = await up();
    expect(names(later.changes)).toEqual(['PUT /servers/sites/environment-variables', 'POST /servers/sites/deploy']);
    expect(valuesOf()).toEqual({ ...before, DNX_PREVIEW: `shop.example.com/${later.json<Shown>().deadline}` });
    expect(Date.parse(later.json<Shown>().deadline)).toBeGreaterThan(Date.parse('2026-04-19T13:00:00Z'));
  });

  test('brings a preview up to date, and leaves what was added to it', async () => {
    bed.push(CART);
    bed.link(previewLink({ copy: ['MAIL_FROM_NAME'], set: { STRIPE_SECRET: 'env://PREVIEW_STRIPE', APP_DEBUG: true } }));
    const env = { PREVIEW_STRIPE: 'sk_test_preview' };
    await expect(bed.dnx(['preview', 'up', CART, '--yes'], { env })).toExit(0);
    expect(valuesOf()).toMatchObject({ MAIL_FROM_NAME: 'Example Shop', STRIPE_SECRET: 'sk_test_preview', APP_DEBUG: 'true' });
    const { APP_KEY } = valuesOf();
    const [like] = variables();
    if (like) bed.sandbox.state.environment_variables.push({ ...like, id: '01KPB2K4G0ADDED00000000000', key: 'EXTRA', value: 'mine' });
    for (const variable of variables()) if (variable.key === 'DB_DATABASE') variable.value = 'shop';
    Object.assign(preview(), { php_version: '8.1' });
    const again = await bed.dnx(['preview', 'up', CART, '--yes'], { env });
    expect(names(again.changes)).toEqual(['PUT /servers/sites', 'PUT /servers/sites/environment-variables', 'POST /servers/sites/deploy']);
    expect(valuesOf()).toMatchObject({ APP_KEY, EXTRA: 'mine', DB_DATABASE: databases()[0]?.name });
    expect(preview().php_version).toBe('8.3');
    await expect(up()).toExit(2, { changes: [], says: 'PREVIEW_STRIPE is not set' });
  });

  test('leaves out of a dry run nothing that it sends', async () => {
    bed.push(CART);
    const dry = await bed.dnx(['preview', 'up', CART, '--dry-run', '--json']);
    expect(dry).toExit(0, { changes: [] });
    const planned = dry.json<{ readonly changes: readonly { readonly call: string }[] }>().changes.map(({ call }) => call);
    const run = await up();
    const sent = names(run.changes);
    expect(planned.map((call) => call.replaceAll(/\/\{\w+\}/g, ''))).toEqual(sent);
    const text = await bed.dnx(['preview', 'up', CART, '--dry-run']);
    expect(text).toExit(0, { changes: [] });
    expect(text.stdout).toContain(`database   ${databases()[0]?.name}`);
  });

  test.each(['59m', '1ms', '366d'])('refuses a --ttl of %s', async (ttl) => {
    await expect(up(CART, '--ttl', ttl)).toExit(2, { calls: [], says: '--ttl must be from 1h to 365d.' });
  });

  test('says what it updates', async () => {
    bed.push(CART);
    await expect(up()).toExit(0);
    for (const variable of variables()) if (variable.key === 'DB_DATABASE') variable.value = 'shop';
    Object.assign(preview(), { php_version: '8.1' });
    await expect(up()).toExit(0, { says: '  updates   site php version 8.1 → 8.3, DB_DATABASE' });
  });

  test('has a verification in its plan, and says that a plan does not seed', async () => {
    bed.push(CART);
    bed.link(previewLink({ verify: '/up', seed: 'db:seed' }));
    const dry = await bed.dnx(['preview', 'up', CART, '--dry-run'], { columns: 100 });
    expect(dry.stdout).toContain('/up must return 200');
    expect(dry.stdout).toContain('not in a plan  php artisan db:seed; preview up runs it');
  });

  test('asks first', async () => {
    bed.push(CART);
    await expect(bed.dnx(['preview', 'up', CART])).toExit(2, { calls: [], says: '--yes' });
    const asked = await bed.dnx(['preview', 'up', CART], { columns: 100, keys: 'n\r' });
    expect(asked).toExit(1, { changes: [], says: 'Cancelled' });
    const run = await bed.dnx(['preview', 'up', CART], { columns: 80, keys: 'y\r' });
    expect(run).toExit(0, { says: 'Bring up the preview of feature/cart?' });
    expect(run.stderr.split('\n').length).toBeLessThan(15);
    expect(run.stdout).toContain(`feature/cart is up at https://${preview().domain}`);
  });
});

describe('where a preview goes', () => {
  test.each(['main', 'nothing', 'refs/heads/feature/cart', '-x', '../x', ''])('refuses the branch %j', async (branch) => {
    bed.push(CART);
    const run = await bed.dnx(['preview', 'up', '--yes', '--', branch]);
    expect(run.code).toBeOneOf([2, 6]);
    expect(run.changes).toEqual([]);
  });

  test('takes the branch of the CI job, else the one that is checked out', async () => {
    bed.push(CART);
    bed.push('other');
    const taken = async (env: Record<string, string>) => (await bed.dnx('preview up --dry-run', { env })).stdout;
    expect(await taken({ GITHUB_HEAD_REF: CART })).toContain('feature/cart');
    expect(await taken({ CI_COMMIT_REF_NAME: CART })).toContain('feature/cart');
    expect(await taken({ BITBUCKET_BRANCH: CART })).toContain('feature/cart');
    bed.clone.git('checkout', '--quiet', '-b', 'other');
    expect(await taken({ GITHUB_HEAD_REF: '' })).toContain('site other-');
    bed.clone.git('checkout', '--quiet', '--detach');
    await expect(bed.dnx('preview up --yes')).toExit(2, { changes: [], says: 'No branch given' });
  });

  test('takes one of the servers that the link file names, and stays on it', async () => {
    bed.push(CART);
    bed.link(previewLink({ server: [PREVIEWS.name, 'web-2'] }));
    await expect(up(CART, '--server', 'web-1')).toExit(2, { changes: [], says: 'The link file of main has previews-1 or web-2.' });
    await expect(up(CART, '--server', 'web-2')).toExit(0);
    const again = await up();
    deployOnly(again.changes);
    expect(again.json<{ server: string }>().server).toBe('web-2');
    await expect(up(CART, '--server', PREVIEWS.name)).toExit(2, { changes: [], says: 'is on web-2' });
  });

  test('goes on where the database of a killed one is', async () => {
    bed.push(CART);
    bed.link(previewLink({ server: [PREVIEWS.name, 'web-2'] }));
    await expect(up(CART, '--server', 'web-2', '--certificate-none')).toExit(2, { calls: [] });
    await expect(up(CART, '--server', 'web-2')).toExit(0);
    const { state } = bed.sandbox;
    const site = state.sites.find(({ branch }) => branch === CART);
    state.sites = state.sites.filter((one) => one !== site);
    state.environment_variables = state.environment_variables.filter(({ site_id }) => site_id !== site?.id);
    expect((await up()).json<{ server: string }>().server).toBe('web-2');
  });

  test('gives two branches whose hash is the same one preview and a refusal', async () => {
    for (const branch of ['feature/37039', 'feature/44297']) bed.push(branch);
    await expect(up('feature/37039')).toExit(0);
    await expect(up('feature/44297')).toExit(10, { changes: [], says: 'it is that of feature/37039, which has the same mark' });
  });

  test('gives branches that differ in case, or look the same as a domain, a preview each', async () => {
    const branches = ['a/b', 'A/b', 'a-b', '🚀', '✨', `long-${'x'.repeat(150)}`];
    for (const branch of branches) bed.push(branch);
    for (const branch of branches) await expect(up(branch)).toExit(0);
    expect(new Set(previews().map(({ domain }) => domain)).size).toBe(branches.length);
    expect(new Set(databases().map(({ name }) => name)).size).toBe(branches.length);
    for (const { domain } of previews()) expect(domain.split('.')[0]?.length).toBeLessThanOrEqual(63);
  });

  test('keeps the domain of a preview after the pattern has changed', async () => {
    bed.push(CART);
    await expect(up()).toExit(0);
    const { domain } = preview();
    bed.link(previewLink({ domain: '{branch}.other.example.com' }));
    deployOnly((await up()).changes);
    expect(preview().domain).toBe(domain);
  });

  test('refuses a site that has the name of the preview, and is not certainly it', async () => {
    bed.push(CART);
    await expect(up()).toExit(0);
    Object.assign(preview(), { git_repository_id: bed.sandbox.state.git_repositories[1]?.id });
    await expect(up()).toExit(10, { changes: [], says: 'its repository is not example/shop' });
  });
});

describe('what is there of a preview', () => {
  const hide = () =>
    bed.sandbox.faults.always({ method: 'GET', path: /\/environment-variables$/ }, (answer: ApiResponse) =>
      withRows(answer, (rows) => rows.map((row) => ({ ...row, value: '••••••••' }))),
    );

  test('leaves values that the API hides, and copies none', async () => {
    bed.push(CART);
    hide();
    bed.link(previewLink({ copy: ['STRIPE_SECRET'] }));
    await expect(up()).toExit(1, { changes: [], says: 'The API does not show STRIPE_SECRET of shop.example.com, so it cannot be copied.' });
    bed.link(previewLink({ set: { STRIPE_SECRET: 'test' } }));
    await expect(up()).toExit(0);
    requireCompleteWith(24);
    const again = await up();
    deployOnly(again.changes);
    expect(again.stderr).toContain('STRIPE_SECRET; the API hides the value');
    expect(again.stderr).not.toContain('--set-unknown');
  });

  const requireCompleteWith = (count: number) => expect(Object.keys(valuesOf())).toHaveLength(count);

  test('gives a user whose password nobody has a new one', async () => {
    bed.push(CART);
    await expect(up()).toExit(0);
    await withoutSite();
    const line = ['preview', 'up', CART, '--dry-run', '--json'];
    const dry = await bed.dnx(line);
    const again = await up();
    expect(again).toExit(0);
    expect(names(again.changes)).toEqual(
      dry.json<{ changes: { call: string }[] }>().changes.map(({ call }) => call.replaceAll(/\/\{\w+\}/g, '')),
    );
    expect(names(again.changes).filter((call) => call.includes('users'))).toEqual([
      'DELETE /servers/databases/users',
      'POST /servers/databases/users',
    ]);
    requireComplete();
  });

  test('makes a user that is gone anew with the password that the preview has, or a new one if the API hides that', async () => {
    bed.push(CART);
    await expect(up()).toExit(0);
    const { DB_PASSWORD } = valuesOf();
    const withoutUser = () => {
      bed.sandbox.state.database_users = bed.sandbox.state.database_users.filter((user) => !users().includes(user));
    };
    withoutUser();
    await expect(up()).toExit(0);
    expect(valuesOf().DB_PASSWORD).toBe(DB_PASSWORD);
    requireComplete();
    withoutUser();
    hide();
    await expect(up()).toExit(0);
    expect(valuesOf().DB_PASSWORD).not.toBe(DB_PASSWORD);
    requireComplete();
    deployOnly((await up()).changes);
  });

  const withoutSite = async () => {
    const { state } = bed.sandbox;
    const { id } = preview();
    state.sites = state.sites.filter((site) => site.id !== id);
    state.environment_variables = state.environment_variables.filter(({ site_id }) => site_id !== id);
  };

  test('creates the user of a database once that is there', async () => {
    bed.push(CART);
    const { state, faults } = bed.sandbox;
    const isReady = () => databases().every(({ created_at }) => bed.clock.now() - Date.parse(created_at) >= 4_000);
    faults.always({ path: /\/databases$/ }, (answer: ApiResponse) => {
      const shown = (row: Record<string, unknown>) =>
        String(row.name).startsWith('pv_') && !isReady() ? { ...row, status: 'creating' } : row;
      const { data } = answer.body as { data: Record<string, unknown> | readonly Record<string, unknown>[] };
      return Array.isArray(data)
        ? withRows(answer, (rows) => rows.map(shown))
        : { ...answer, body: { data: shown(data as Record<string, unknown>) } };
    });
    const early: boolean[] = [];
    faults.always({ method: 'POST', path: /\/users$/ }, (answer: ApiResponse) => {
      early.push(!isReady());
      return answer;
    });
    await expect(up()).toExit(0);
    const { id } = preview();
    state.sites = state.sites.filter((site) => site.id !== id);
    state.database_users = [];
    Object.assign(databases()[0] ?? {}, { created_at: new Date(bed.clock.now()).toISOString() });
    await expect(up()).toExit(0);
    expect(early).toEqual([false, false]);
    requireComplete();
  });

  test.each([
    ['shows', 6_000, 'is busy; waiting for it to finish', 2],
    ['does not show yet', 0, 'ran at the same time', 3],
  ])('deploys again after a deployment of the creation that %s', async (_, shownAfterMs, says, count) => {
    bed.push(CART);
    bed.link(previewLink({ certificate: 'none' }));
    const through = (network: Transport): Transport => ({
      ...network,
      async request(request) {
        const response = await network.request(request);
        if (request.method === 'GET' || !request.url.endsWith('/enable-zero-downtime')) return response;
        const url = request.url.replace('enable-zero-downtime', 'deploy');
        (await network.request({ ...request, url })).discard();
        await bed.clock.sleep(shownAfterMs);
        return response;
      },
    });
    await expect(bed.dnx(['preview', 'up', CART, '--yes'], { through })).toExit(0, { says });
    expect(bed.sandbox.state.releases.filter(({ site_id }) => site_id === preview().id)).toHaveLength(count);
    requireComplete();
  });
});

test('waits for what another Deploynix does by itself: create a database later, and deploy a new site', async () => {
  bed.push(CART);
  bed.sandbox.state.unstated = { deploysNewSites: true, databaseCreates: 3_000 };
  await expect(up()).toExit(0, { says: 'creating (2s)' });
  expect(bed.sandbox.state.releases.filter(({ site_id }) => site_id === preview().id).length).toBeGreaterThan(1);
  requireComplete();
});

describe('a preview that is killed', () => {
  const COUNT = 28;
  const cases = ['performed', 'not performed'].flatMap((end) => Array.from({ length: COUNT }, (_, at) => [end, at + 1] as const));

  test.each(sampled(cases, 6, 11))('%s: after change %i, the next one goes on', async (end, number) => {
    bed.push(CART);
    const interruption = new AbortController();
    let count = 0;
    const through = (network: Transport): Transport => ({
      ...network,
      async request(request) {
        if (request.method === 'GET' || ++count !== number) return network.request(request);
        if (end === 'performed') (await network.request(request)).discard();
        interruption.abort(new DnxError('interrupted', 'Interrupted.'));
        throw new NetworkFault('interrupted', { sent: true });
      },
    });
    await expect(bed.dnx(['preview', 'up', CART, '--yes'], { through, signal: interruption.signal })).toExit(130);
    await expect(up()).toExit(0);
    requireComplete();
    expect(previews()).toHaveLength(1);
    expect(databases()).toHaveLength(1);
    expect(users()).toHaveLength(1);
    deployOnly((await up()).changes);
  });
});

describe('several at once', () => {
  test('do not disturb each other, and two for a branch make one preview', async () => {
    const branches = ['one', 'two', 'one'];
    for (const branch of branches.slice(0, 2)) bed.push(branch);
    const runs = await Promise.all(branches.map((branch) => up(branch)));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    for (const branch of branches.slice(0, 2)) requireComplete(branch);
    expect(previews()).toHaveLength(2);
    expect(databases()).toHaveLength(2);
  });
});

describe('two machines for a branch at once', () => {
  const [FIRST, LAST, BOTH] = [0, 27, -1];
  test.each(sampled([FIRST, LAST, BOTH, ...Array.from({ length: 26 }, (_, at) => at + 1)], 3, 5))(
    'make one preview after change %i',
    async (lag) => {
      bed.push(CART);
      const line = ['preview', 'up', CART, '--yes', '--json'];
      let [count, go] = [0, () => {}];
      const started = new Promise<void>((resolve) => {
        go = resolve;
      });
      const through = (network: Transport): Transport => ({
        ...network,
        request(request) {
          if (lag === BOTH || (request.method !== 'GET' && count++ === lag)) go();
          return network.request(request);
        },
      });
      const one = bed.dnx(line, { through, random: () => 0.9, env: { DNX_STATE_DIR: join(bed.directory, 'one') } });
      await started;
      const two = bed.dnx(line, { env: { DNX_STATE_DIR: join(bed.directory, 'two') } });
      for (const run of await Promise.all([one, two])) expect(run).toExit(0);
      requireComplete();
      expect([previews(), databases(), users(), variables()].map(({ length }) => length)).toEqual([1, 1, 1, 23]);
      deployOnly((await up()).changes);
    },
  );
});

describe('what Deploynix refuses', () => {
  const cap = { status: 422, body: { message: 'Your plan allows 3.' } };
  test.each([
    ['databases', 'create database pv_'],
    ['users', 'create database user pv_'],
    ['sites', 'create site feature-cart-'],
    ['environment-variables', 'create variable DNX_PREVIEW'],
  ])('is said and not sent again: one of the %s', async (list, title) => {
    bed.push(CART);
    bed.sandbox.faults.next({ method: 'POST', path: new RegExp(`/${list}$`) }, cap);
    const run = await bed.dnx(['preview', 'up', CART, '--yes']);
    expect(run).toExit(12, {
      says: ['Your plan allows 3.', `stopped at  ${title}`, 'dnx preview up feature/cart', 'dnx preview down feature/cart'],
    });
    expect(names(run.changes).at(-1)).toMatch(new RegExp(`^POST .*/${list}$`));
    await expect(up()).toExit(0);
    requireComplete();
  });

  test('is told from what it stores otherwise, which is deployed', async () => {
    bed.push(CART);
    bed.sandbox.faults.always({ path: /\/environment-variables/ }, (answer: ApiResponse) => {
      const stored = (row: Record<string, unknown>) => (row.value === 'false' ? { ...row, value: '0' } : row);
      const { data } = answer.body as { data: Record<string, unknown> | readonly Record<string, unknown>[] };
      return Array.isArray(data)
        ? withRows(answer, (rows) => rows.map(stored))
        : { ...answer, body: { data: stored(data as Record<string, unknown>) } };
    });
    const run = await up();
    expect(run).toExit(10, { says: 'stored something else' });
    expect(run.json<Shown>().deployment).toMatchObject({ outcome: 'succeeded' });
  });
});

test('says how long it waited', async () => {
  bed.push(CART);
  await expect(up(CART, '--timeout', '10s')).toExit(124, { says: 'Timed out after 10s; the deployment' });
});

describe('the certificate of a preview', () => {
  test('is requested unless the link file says none, and its failure does not stop the deployment', async () => {
    bed.push('fail');
    const run = await up('fail');
    expect(run).toExit(1, { says: 'DNS problem' });
    expect(run.json<Shown>().deployment).toMatchObject({ outcome: 'succeeded' });
    bed.link(previewLink({ certificate: 'none' }));
    await expect(up('fail')).toExit(0);
    expect(bed.sandbox.state.certificates.filter(({ site_id }) => site_id === preview('fail').id)).toHaveLength(1);
  });

  test('may be one of your own, which is installed once', async () => {
    bed.push(CART);
    const words = ['--certificate', 'CERT', '--private-key', '-'];
    await expect(up(CART, '--certificate', 'CERT')).toExit(2, { calls: [], says: 'need each other' });
    const line = ['preview', 'up', CART, '--yes', ...words];
    await expect(bed.dnx(line, { stdin: 'KEY' })).toExit(0);
    expect(bed.sandbox.state.certificates.filter(({ site_id }) => site_id === preview().id)).toMatchObject([{ type: 'custom' }]);
    deployOnly((await bed.dnx(line, { stdin: 'KEY' })).changes);
  });
});

describe('what an up does after the deployment', () => {
  test('verifies it', async () => {
    bed.push(CART);
    bed.link(previewLink({ verify: '/up' }));
    const asked: string[] = [];
    const run = await bed.dnx(['preview', 'up', CART, '--yes', '--json'], { elsewhere: ({ url }) => void asked.push(url) });
    expect(run).toExit(1, { says: 'did not respond' });
    expect(run.json<Shown>()).toMatchObject({ url: `https://${preview().domain}`, deployment: { outcome: 'failed' } });
    expect(asked[0]).toBe(`https://${preview().domain}/up`);
  });

  test('requests it over HTTP where it has no certificate', async () => {
    bed.push(CART);
    bed.link(previewLink({ verify: '/up', certificate: 'none' }));
    const asked: string[] = [];
    const run = await bed.dnx(['preview', 'up', CART, '--yes', '--json'], { elsewhere: ({ url }) => void asked.push(url) });
    const url = `http://${preview().domain}`;
    expect(run.json<Shown>()).toMatchObject({ url });
    expect(asked[0]).toBe(`${url}/up`);
    expect(bed.sandbox.state.environment_variables).toContainEqual(expect.objectContaining({ key: 'APP_URL', value: url }));
  });

  const seeding = (code: number) => {
    const ran: string[] = [];
    const program: typeof captureChild = async (child, ...more) => {
      if (child.file !== 'ssh') return captureChild(child, ...more);
      if (child.args.includes('-G')) return { code: 0, stdout: 'hostname 127.0.0.1\n', stderr: '' };
      ran.push(child.args.at(-1) ?? '');
      return { code, stdout: '', stderr: code === 0 ? '' : 'Class PreviewSeeder does not exist' };
    };
    return { ran, program };
  };

  test('seeds it until that succeeds, and then never again', async () => {
    bed.push(CART);
    bed.link(previewLink({ seed: 'db:seed --class=PreviewSeeder' }));
    const line = ['preview', 'up', CART, '--yes'];
    const failing = seeding(1);
    await expect(bed.dnx(line, { program: failing.program })).toExit(1, {
      says: ['php artisan db:seed --class=PreviewSeeder ended with exit code 1', 'PreviewSeeder does not exist'],
    });
    expect(rest(valuesOf().DNX_PREVIEW)).toBe('2026-04-19T12:00:00Z');
    const { program, ran } = seeding(0);
    const run = await bed.dnx(line, { program });
    expect(run).toExit(0);
    expect(ran).toEqual([expect.stringMatching(/db:seed.+--class=PreviewSeeder.+--no-interaction/)]);
    expect(names(run.changes)).toEqual(['POST /servers/sites/deploy', 'PUT /servers/sites/environment-variables']);
    expect(rest(valuesOf().DNX_PREVIEW)).toBe('2026-04-19T12:00:00Z/seeded');
    const again = await bed.dnx(line, { program });
    deployOnly(again.changes);
    expect(ran).toHaveLength(1);
    await bed.clock.sleep(2 * HOUR);
    await expect(bed.dnx(line, { program })).toExit(0);
    expect(rest(valuesOf().DNX_PREVIEW)).toMatch(/^2026-04-19T14:.+\/seeded$/);
    expect(ran).toHaveLength(1);
  });

  test('fills it with a dump, migrates that, and never does so again', async () => {
    bed.push(CART);
    const folder = join(bed.directory, 'stub');
    mkdirSync(folder);
    const script = `[ "$1" = -G ] && exec echo hostname 127.0.0.1\n{ printf '%s\\n' "$*"; cat; } >> ${folder}/sent\n`;
    writeFileSync(join(folder, 'ssh'), `#!/bin/sh\n${script}`, { mode: 0o755 });
    writeFileSync(join(bed.directory, 'seed.sql'), 'CREATE TABLE carts (id INT);\n');
    const env = { PATH: `${folder}:${process.env.PATH}` };
    const line = ['preview', 'up', CART, '--dump', join(bed.directory, 'seed.sql'), '--yes'];
    await expect(bed.dnx(line, { env })).toExit(0);
    const sent = readFileSync(join(folder, 'sent'), 'utf8');
    expect(sent).toContain('CREATE TABLE carts');
    expect(sent).toContain(databases()[0]?.name);
    expect(sent.slice(sent.indexOf('CREATE TABLE'))).toContain('migrate');
    expect(rest(valuesOf().DNX_PREVIEW)).toMatch(/\/seeded$/);
    deployOnly((await bed.dnx(line, { env })).changes);
    expect(readFileSync(join(folder, 'sent'), 'utf8')).toBe(sent);
  });

  test.each([
    [['--seed', 'db:seed', '--dump', 'x.sql'], 'exclude each other'],
    [['--seed', 'db:seed', '--database', 'none'], '--seed needs a database'],
    [['--dump', 'missing.sql'], 'Could not find missing.sql'],
  ])('refuses %j', async (words, says) => {
    bed.push(CART);
    await expect(up(CART, ...words)).toExit(2, { changes: [], says });
  });
});
