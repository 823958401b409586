import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(() => openBed());

const SHOP = 'shop.example.com';
const API = 'api.example.com';
const valuesOf = (domain: string): Readonly<Record<string, string>> => {
  const { id } = bed.sandbox.state.sites.find((site) => site.domain === domain) ?? {};
  return Object.fromEntries(
    bed.sandbox.state.environment_variables.filter(({ site_id }) => site_id === id).map(({ key, value }) => [key, value]),
  );
};
/** Gives a site these variables, and no others. */
const setAll = (domain: string, values: Readonly<Record<string, string>>) => {
  const { id: site_id = '' } = bed.sandbox.state.sites.find((site) => site.domain === domain) ?? {};
  const at = '2026-04-01T12:00:00Z';
  const rows = Object.entries(values).map(([key, value], index) => ({
    id: `${domain}-${index}`,
    site_id,
    key,
    value,
    created_at: at,
    updated_at: at,
  }));
  bed.sandbox.state.environment_variables = [...bed.sandbox.state.environment_variables.filter((row) => row.site_id !== site_id), ...rows];
};

const source = {
  APP_NAME: 'Shop',
  MAIL_HOST: 'mail.example.com',
  MAIL_PASSWORD: 'a mail password',
  SAME: '1',
  EMPTY: '',
  MULTI: 'a\nb "c" $d',
};
const target = { APP_NAME: 'Api', SAME: '1', MINE: 'mine' };
const copy = (...words: readonly string[]) => bed.dnx(['env', 'copy', SHOP, API, ...words]);

describe('env copy', () => {
  test('creates and updates what differs, also on another server, removes nothing, and shows no value', async () => {
    setAll(SHOP, source);
    setAll(API, target);
    const run = await copy('--yes');
    expect(run).toExit(0, {
      stdout: `✓ Copied 5 variables from ${SHOP} to ${API}\n  added    MAIL_HOST, MAIL_PASSWORD, EMPTY, MULTI\n  changed  APP_NAME\n`,
      stderr: `Takes effect on the next deployment. Run: dnx deploy ${API}\n`,
    });
    expect([valuesOf(SHOP), valuesOf(API)]).toEqual([source, { ...source, MINE: 'mine' }]);
    const again = await copy('--yes', '--json');
    expect([again.json(), again.changes]).toEqual([{ site: API, from: SHOP, added: [], changed: [], equal: Object.keys(source) }, []]);
    for (const dry of [await copy('--dry-run', '--exit-code'), await copy('--yes')])
      expect(dry).toExit(0, { changes: [], stdout: expect.stringContaining(`${API} already has these values.`) });
  });

  test('leaves out --except, takes --only, and refuses a key that is not there', async () => {
    setAll(SHOP, source);
    setAll(API, target);
    const only = await copy('--only', 'SAME', '--only', 'MAIL_HOST', '--yes', '--json');
    expect(only.json()).toEqual({ site: API, from: SHOP, added: ['MAIL_HOST'], changed: [], equal: ['SAME'] });
    const except = await copy('--except', 'MAIL_PASSWORD', '--except', 'APP_NAME', '--yes', '--json');
    expect(except.json()).toMatchObject({ added: ['EMPTY', 'MULTI'], changed: [] });
    await expect(copy('--except', 'MAIL_PASWORD', '--yes')).toExit(2, {
      changes: [],
      says: `${SHOP} has no variable MAIL_PASWORD. Did you mean 'MAIL_PASSWORD'? Nothing was copied.`,
    });
    await expect(copy('--except', 'SAME', '--only', 'EMPTY', '--yes')).toExit(2, { changes: [] });
  });

  test('asks before it sends, and needs the name of the site for what could break it', async () => {
    setAll(SHOP, { ...source, APP_ENV: 'production', APP_KEY: 'base64:one' });
    setAll(API, { ...target, APP_ENV: 'production', APP_KEY: 'base64:two' });
    await expect(copy()).toExit(2, { calls: [] });
    await expect(copy('--yes')).toExit(2, {
      changes: [],
      says: [`This could break ${API}`, '  APP_KEY: Encrypted columns', `--confirm ${API}`],
    });
    const terminal = { columns: 100, env: { NO_COLOR: '1' } };
    const run = await bed.dnx(['env', 'copy', SHOP, API, '--except', 'APP_KEY', '--no-deploy'], { ...terminal, keys: 'y\r' });
    expect(run.stderr).toContain(`Copy 5 variables from ${SHOP} (web-1) to ${API} (web-2)?`);
    expect([run.code, valuesOf(API).APP_KEY]).toEqual([0, 'base64:two']);
    await expect(copy('--confirm', API)).toExit(0);
    expect(valuesOf(API).APP_KEY).toBe('base64:one');
  });

  test.each([
    ['a mask', { value: '••••••••' }],
    ['null', { value: null }],
    ['a mark', { is_secret: true }],
  ])('never copies %s instead of a value', async (_, shown) => {
    setAll(SHOP, source);
    setAll(API, target);
    bed.sandbox.faults.always({ method: 'GET', path: new RegExp(`${seeded.sites[SHOP]}/environment-variables$`) }, (answer) => {
      const { data, ...rest } = answer.body as { data: readonly { key: string }[] };
      return { ...answer, body: { ...rest, data: data.map((each) => (each.key === 'MAIL_PASSWORD' ? { ...each, ...shown } : each)) } };
    });
    const run = await copy('--yes');
    expect(run).toExit(1, { stdout: '', changes: [], says: `does not show the value of MAIL_PASSWORD on ${SHOP}. Nothing was copied.` });
    expect(run.stderr).toContain('use --except MAIL_PASSWORD.');
    await expect(copy('--yes', '--except', 'MAIL_PASSWORD')).toExit(0);
  });

  test('a dry run names the variables, and a plan holds no value', async () => {
    setAll(SHOP, source);
    setAll(API, target);
    const run = await copy('--dry-run');
    expect(run.stdout).toContain('MAIL_PASSWORD');
    expect([run.code, run.changes]).toEqual([0, []]);
    const json = await copy('--dry-run', '--exit-code', '--json');
    expect([json.code, json.changes]).toEqual([10, []]);
    expect(`${run.stdout}${run.stderr}${json.stdout}${json.stderr}`).not.toMatch(/a mail password|mail\.example\.com/);
    await expect(copy('--dry-run', '--out', 'plan.json')).toExit(2, { changes: [] });
  });

  test('says what was not sent, sends the rest again, and deploys with --deploy', async () => {
    setAll(SHOP, source);
    setAll(API, target);
    bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: 'No.', errors: { value: ['No.'] } } });
    const run = await copy('--yes', '--deploy', '--json');
    expect([run.code, run.json()]).toEqual([
      12,
      expect.objectContaining({ changed: ['APP_NAME'], failed: [expect.objectContaining({ name: 'MAIL_HOST' })] }),
    ]);
    expect(run.stderr).toContain(`dnx env copy ${SHOP} web-2/${API} --deploy`);
    const again = await bed.dnx(`env copy ${SHOP} web-2/${API} --deploy --yes --json`);
    expect([again.code, again.json()]).toEqual([
      0,
      { variables: expect.objectContaining({ added: ['MAIL_HOST'] }), deployment: expect.any(Object) },
    ]);
  });

  test('is for two sites that are both named', async () => {
    await expect(bed.dnx(`env copy ${SHOP} --yes`)).toExit(2, { calls: [], says: 'Missing site' });
    await expect(bed.dnx(`env copy ${SHOP} ${SHOP} --yes`)).toExit(2, { changes: [], says: `Both are ${SHOP}.` });
    await expect(bed.dnx(`env copy old.example.com ${API} --yes`)).toExit(6, { changes: [] });
    await expect(bed.dnx(`env copy staging.example.com ${API} --yes`)).toExit(6, { changes: [] });
  });

  test('says how to name a source on one of several servers, and deploys the site that has the variables', async () => {
    const unclear = await bed.dnx(`env copy staging.example.com ${API} --server web-2 --yes`);
    expect(unclear).toExit(6, { says: 'Name it as SERVER/SITE, such as web-1/staging.example.com.', changes: [] });
    expect(unclear.stderr).not.toContain('Use --server');
    setAll(SHOP, { ONLY_HERE: 'x' });
    const deploy = 'dnx deploy staging.example.com --server web-2';
    const run = await bed.dnx(`env copy ${SHOP} staging.example.com --server web-2 --yes`);
    expect(run).toExit(0, { says: `Takes effect on the next deployment. Run: ${deploy}\n` });
    await expect(bed.dnx(`env set A=1 --site staging.example.com --server web-2`)).toExit(0, { says: deploy });
    await expect(bed.dnx(deploy.replace('dnx ', ''))).toExit(0);
  });

  test('does not take the variables of a site that took another name', async () => {
    setAll(SHOP, source);
    setAll(API, target);
    await expect(bed.dnx(`site show ${SHOP}`)).toExit(0);
    await expect(bed.dnx(`site show ${API}`)).toExit(0);
    const shop = bed.sandbox.state.sites.find(({ domain }) => domain === SHOP);
    const blog = bed.sandbox.state.sites.find(({ domain }) => domain === 'blog.example.com');
    Object.assign(shop ?? {}, { domain: 'old.example.com' });
    Object.assign(blog ?? {}, { domain: SHOP });
    setAll(SHOP, { ONLY_HERE: 'x' });
    expect((await copy('--yes', '--json')).json()).toMatchObject({ added: ['ONLY_HERE'] });
  });
});
