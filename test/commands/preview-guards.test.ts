import { describe, expect, test } from 'vitest';
import { DAY, MINUTE } from '../../src/base/time.ts';
import { perTest } from '../support/fixtures.ts';
import { fleetIn, outcomes, plantPreview, plantSite, plantVariable, previewNames, whys } from '../support/planted-preview.ts';
import { openPreviewBed, PREVIEWS } from '../support/preview-bed.ts';
import { objects, type Row, renamed } from '../support/variants.ts';

const bed = perTest(() => openPreviewBed());
const fleet = () => fleetIn(bed);

const SWEEP = 'preview sweep --confirm shop.example.com --json';

describe('nothing younger than an hour', () => {
  test.each([
    ['a preview whose branch is gone', {}, ['site: its branch is gone, but it is younger than an hour']],
    ['a preview without a record', { left: null }, ['site: its branch is gone, but it is younger than an hour']],
    ['a database without a site', { without: ['site'] as const }, ['database: it is younger than an hour']],
  ])('%s stays', async (_, planted, expected) => {
    plantPreview(bed, 'fix/cart', { ...planted, age: 59 * MINUTE });
    const before = fleet();
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0, { changes: [] });
    expect(whys(run.json())).toEqual(expected);
    expect(fleet()).toBe(before);
    await bed.clock.sleep(2 * MINUTE);
    expect((await bed.dnx(SWEEP)).changes.length).toBeGreaterThan(0);
  });

  test('a preview whose deadline has passed goes', async () => {
    plantPreview(bed, 'fix/cart', { age: MINUTE, left: -1000 });
    const run = await bed.dnx(SWEEP);
    expect(outcomes(run.json())).toHaveLength(3);
    expect(run.changes).toHaveLength(3);
  });

  test('what does not show its age stays', async () => {
    plantPreview(bed, 'fix/cart', { site: { created_at: undefined } });
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0, { changes: [] });
    expect(whys(run.json())).toEqual(['site: its branch is gone, but Deploynix does not say when it was created']);
  });
});

/** Hides the values of these variables, as the API may. */
const hide = (...keys: readonly string[]) =>
  objects(/\/environment-variables$/, (row) => (keys.includes(String(row.key)) ? { ...row, value: null } : row))(bed.bed);

describe('a database stays while a site of its server may use it', () => {
  test.each([
    ['DB_DATABASE', (name: string) => name],
    ['DATABASE_URL', (name: string) => `mysql://shop:secret@127.0.0.1/${name}?charset=utf8mb4`],
    ['REPORTS', (name: string) => `a,${name.toUpperCase()}`],
  ])('%s names it', async (key, value) => {
    const { database, domain } = plantPreview(bed, 'fix/cart');
    plantVariable(bed, plantSite(bed), key, value(database));
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0);
    expect(outcomes(run.json())).toEqual([`site ${domain} removed`, `database ${database} kept`]);
    expect(whys(run.json()).at(-1)).toBe(`database: ${key} of other.example.com names it`);
    expect(run.stdout).not.toContain('secret');
    expect(bed.sandbox.state.databases.map(({ name }) => name)).toContain(database);
    expect(bed.sandbox.state.database_users.map(({ username }) => username)).toContain(database);
  });

  test.each([
    ['DB_DATABASE', true],
    ['TENANT_DB_URL', true],
    ['APP_DB_DATABASE', true],
    ['DBNAME', true],
    ['PGDATABASE', true],
    ['REDIS_URL', false],
    ['APP_URL', false],
    ['DB_PASSWORD', false],
    ['APP_KEY', false],
    ['SENTRY_LARAVEL_DSN', false],
  ])('a hidden %s: %s', async (key, stays) => {
    const { database } = plantPreview(bed, 'fix/cart', { without: ['site'] });
    plantVariable(bed, plantSite(bed), key, 'something');
    hide(key);
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0);
    expect(whys(run.json())).toContain(
      stays ? `database: ${key} of other.example.com is hidden and may name it` : 'database: it has no site',
    );
    expect(bed.sandbox.state.databases.some(({ name }) => name === database)).toBe(stays);
  });

  test.each([403, 404, 500])('its variables cannot be read: %s', async (status) => {
    plantPreview(bed, 'fix/cart', { without: ['site'] });
    bed.sandbox.faults.always({ method: 'GET', path: `/servers/${PREVIEWS.id}/sites/${plantSite(bed)}/environment-variables` }, { status });
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0, { changes: [] });
    expect(whys(run.json())).toEqual(['database: the variables of other.example.com cannot be read']);
  });

  test('a second variable of the same key names it', async () => {
    const { database } = plantPreview(bed, 'fix/cart', { without: ['site'] });
    const other = plantSite(bed);
    for (const name of ['shop', database]) plantVariable(bed, other, 'DB_DATABASE', name);
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0, { changes: [] });
    expect(whys(run.json())).toEqual(['database: DB_DATABASE of other.example.com names it']);
  });

  test.each<readonly [what: string, path: RegExp, change: (row: Row) => Row, why: string]>([
    [
      'a variable without a key',
      /\/environment-variables$/,
      renamed('key', 'name'),
      'Deploynix does not show the key of a variable of other.example.com',
    ],
    ['a site of the database', /\/databases$/, (row) => ({ ...row, site_id: 'other' }), 'Deploynix shows a site of it'],
    ['sites of the database', /\/databases$/, (row) => ({ ...row, sites: [{ id: 'other' }] }), 'Deploynix shows a site of it'],
  ])('the API shows %s', async (_, path, change, why) => {
    const { database } = plantPreview(bed, 'fix/cart', { without: ['site'] });
    plantVariable(bed, plantSite(bed), 'DB_DATABASE', database);
    objects(path, change)(bed.bed);
    const run = await bed.dnx(SWEEP, { lies: true });
    expect(run).toExit(0, { changes: [] });
    expect(whys(run.json())).toEqual([`database: ${why}`]);
  });

  test('it bears the mark, whatever else it is', async () => {
    const { database, domain } = plantPreview(bed, 'fix/cart', { site: { branch: 'release' } });
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0, { changes: [] });
    expect(outcomes(run.json())).toEqual([`site ${domain} kept`]);
    expect(bed.sandbox.state.databases.map(({ name }) => name)).toContain(database);
  });

  test('somebody gave it another user', async () => {
    const { database } = plantPreview(bed, 'fix/cart');
    const user = bed.sandbox.state.database_users.find(({ username }) => username === database);
    bed.sandbox.state.database_users.push({ ...user, id: 'reader', username: 'reader' } as typeof user & object);
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0);
    expect(whys(run.json()).at(-1)).toBe('database: it has another user');
    expect(bed.sandbox.state.database_users.filter(({ database_id }) => database_id === user?.database_id)).toHaveLength(2);
  });
});

/** Does something right after the response to the nth request like this. */
function onAnswer(method: string, path: RegExp, nth: number, work: () => void): void {
  let seen = 0;
  bed.sandbox.faults.always({ method, path }, (answer) => {
    seen += 1;
    if (seen === nth) work();
    return answer;
  });
}

const USERS = /\/users$/;

describe('what changed since it was read stays', () => {
  const siteOf = (domain: string) => bed.sandbox.state.sites.find((site) => site.domain === domain);
  const changes: Readonly<Record<string, readonly [change: (domain: string) => void, why: string]>> = {
    'its branch': [(domain) => Object.assign(siteOf(domain) ?? {}, { branch: 'release' }), 'its domain is not that of its branch, release'],
    'its repository': [
      (domain) => Object.assign(siteOf(domain) ?? {}, { git_repository_id: siteOf('blog.example.com')?.git_repository_id }),
      'its repository is not example/shop',
    ],
    'its domain': [(domain) => Object.assign(siteOf(domain) ?? {}, { domain: 'beta.example.com' }), 'its domain changed'],
    'its record': [
      (domain) => plantVariable(bed, String(siteOf(domain)?.id), 'DNX_PREVIEW', 'blog.example.com/2030-01-01T00:00:00Z'),
      'its DNX_PREVIEW is not one of shop.example.com',
    ],
  };
  test.each(Object.entries(changes))('%s', async (_, [change, why]) => {
    const { domain } = plantPreview(bed, 'fix/cart', { left: null });
    onAnswer('GET', USERS, 1, () => change(domain));
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0, { changes: [] });
    expect(whys(run.json())).toEqual([`site: ${why}`, 'database: its site is still there']);
  });

  test('up gave it a new deadline', async () => {
    bed.push('fix/cart');
    const { domain } = plantPreview(bed, 'fix/cart', { left: -1000 });
    const record = bed.sandbox.state.environment_variables.find(({ site_id }) => site_id === siteOf(domain)?.id);
    onAnswer('GET', USERS, 1, () => Object.assign(record ?? {}, { value: 'shop.example.com/2026-05-01T00:00:00Z' }));
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0, { changes: [] });
    expect(whys(run.json())[0]).toBe('site: until 2026-05-01T00:00:00Z');
  });

  test('its branch is there again, after a minute', async () => {
    plantPreview(bed, 'fix/cart');
    const typed = async () => {
      bed.push('fix/cart');
      await bed.clock.sleep(2 * MINUTE);
    };
    let users = 0;
    const run = await bed.dnx(SWEEP, {
      through: (network) => ({
        ...network,
        async request(request) {
          const answer = await network.request(request);
          if (USERS.test(new URL(request.url).pathname) && users++ === 0) await typed();
          return answer;
        },
      }),
    });
    expect(run).toExit(0, { changes: [] });
    expect(whys(run.json())[0]).toContain('site: until ');
  });

  test('up made its site', async () => {
    const { database } = plantPreview(bed, 'fix/cart', { without: ['site'] });
    onAnswer('GET', USERS, 1, () => void plantSite(bed, 'new', { domain: previewNames(bed, 'fix/cart').domain }));
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0, { changes: [] });
    expect(whys(run.json())).toEqual([`database: ${previewNames(bed, 'fix/cart').domain} has the same mark`]);
    expect(bed.sandbox.state.databases.map(({ name }) => name)).toContain(database);
  });

  test('another site uses its database by now', async () => {
    const { database } = plantPreview(bed, 'fix/cart');
    const other = plantSite(bed);
    onAnswer('DELETE', /\/sites\//, 1, () => plantVariable(bed, other, 'DB_DATABASE', database));
    const run = await bed.dnx(SWEEP);
    expect(run.changes).toHaveLength(1);
    expect(whys(run.json())).toEqual(['site: its branch is gone', 'database: DB_DATABASE of other.example.com names it']);
  });

  test('another site has the id of its site by now, and uses its database', async () => {
    const { database, domain } = plantPreview(bed, 'fix/cart');
    const id = String(siteOf(domain)?.id);
    let isReused = false;
    bed.sandbox.faults.always({ method: 'GET', path: `/servers/${PREVIEWS.id}/databases` }, (answer) => {
      if (isReused || siteOf(domain)) return answer;
      isReused = true;
      plantVariable(bed, plantSite(bed, id), 'DB_DATABASE', database);
      return answer;
    });
    const run = await bed.dnx(SWEEP);
    expect(run.changes).toHaveLength(1);
    expect(whys(run.json()).at(-1)).toBe(`database: DB_DATABASE of ${id}.example.com names it`);
  });

  test('somebody else removed it', async () => {
    const before = fleet();
    const { domain } = plantPreview(bed, 'fix/cart', { without: ['database'] });
    const id = siteOf(domain)?.id;
    onAnswer('GET', /\/environment-variables$/, 1, () => {
      const { state } = bed.sandbox;
      state.sites = state.sites.filter((site) => site.id !== id);
      state.environment_variables = state.environment_variables.filter(({ site_id }) => site_id !== id);
    });
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0, { changes: [] });
    expect(outcomes(run.json())).toEqual([`site ${domain} removed`]);
    expect(fleet()).toBe(before);
  });
});

test('a clock that is ahead of that of Deploynix makes nothing overdue or old', async () => {
  bed.push('up');
  plantPreview(bed, 'up', { age: MINUTE });
  plantPreview(bed, 'begun', { age: MINUTE, without: ['site'] });
  const there = new Date(bed.clock.now()).toUTCString();
  await bed.clock.sleep(5 * DAY);
  const run = await bed.dnx(SWEEP, {
    through: (network) => ({
      ...network,
      async request(request) {
        const answer = await network.request(request);
        return { ...answer, headers: { ...answer.headers, date: there } };
      },
    }),
  });
  expect(run).toExit(0, { changes: [] });
  expect(whys(run.json())).toEqual(['database: it is younger than an hour', expect.stringMatching(/^site: until /)]);
});
