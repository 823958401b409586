import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blog, changesIn, siteOf, web1 } from '../support/branches.ts';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const terminal = (keys: string): RunOptions => ({ columns: 80, keys, env: { NO_COLOR: '1' } });
const posts = (calls: readonly string[]) => calls.filter((call) => call.startsWith('POST'));

describe('dnx deploy --all', () => {
  const LINE = 'deploy --server web-1 --all --no-wait';

  test('shows the sites and asks on a terminal', async () => {
    const no = await bed.dnx(LINE, terminal('n\r'));
    expect([no.code, changesIn(no.calls)]).toEqual([1, []]);
    expect(no.stderr).toContain('Every site of web-1:\n  shop.example.com\n  blog.example.com\n  staging.example.com\n');
    expect(no.stderr).toContain('Deploy all 3 sites of web-1?');
    const yes = await bed.dnx(LINE, terminal('y\r'));
    expect([yes.code, posts(yes.calls).length]).toEqual([0, 3]);
  });

  test('needs --yes without a terminal', async () => {
    const refused = await bed.dnx(LINE);
    expect([refused.code, refused.stdout, changesIn(refused.calls)]).toEqual([2, '', []]);
    expect(refused.stderr).toBe(
      'Error: --all would deploy 3 sites of web-1: shop.example.com, blog.example.com, staging.example.com. Nothing was changed.\n  Use --yes.\n',
    );
    const run = await bed.dnx(`${LINE} --yes`);
    expect([run.code, posts(run.calls).length, run.stderr.includes('Every site')]).toEqual([0, 3, false]);
    expect((await bed.dnx(`${LINE} --dry-run`)).code).toBe(0);
  });
});

describe('dnx deploy --branch on a site that serves production', () => {
  const LINE = 'deploy blog.example.com --branch feature/search';
  const LIVE = 'Visitors would see branch feature/search until the next deployment.';

  test('asks on a terminal, and says that the branch goes live', async () => {
    const no = await bed.dnx(LINE, terminal('n\r'));
    expect([no.code, changesIn(no.calls)]).toEqual([1, []]);
    expect(no.stderr.replace(/\s+/g, ' ')).toContain(`! blog.example.com serves production (its APP_ENV). ${LIVE}`);
    expect(no.stderr).toContain('Deploy branch feature/search to blog.example.com (web-1)?');
    const yes = await bed.dnx(LINE, terminal('y\r'));
    expect(yes.code).toBe(0);
  });

  test('needs --yes without a terminal', async () => {
    const refused = await bed.dnx(LINE);
    expect([refused.code, refused.stdout, changesIn(refused.calls)]).toEqual([2, '', []]);
    expect(refused.stderr).toBe(`Error: blog.example.com serves production (its APP_ENV). ${LIVE} Nothing was changed.\n  Use --yes.\n`);
    expect((await bed.dnx(`${LINE} --yes`)).code).toBe(0);
  });

  const site = () => bed.sandbox.state.sites.find(({ id }) => id === blog) ?? siteOf(bed);
  const variable = () => bed.sandbox.state.environment_variables.find(({ site_id, key }) => site_id === blog && key === 'APP_ENV');

  test.each([
    ['has no APP_ENV', () => Object.assign(variable() ?? {}, { key: 'NODE_ENV' }), 'may serve production: it has no APP_ENV.'],
    [
      'hides its variables',
      () => bed.sandbox.faults.always({ path: /\/environment-variables$/ }, { status: 403 }),
      'may serve production: its APP_ENV cannot be read.',
    ],
  ])('asks if the site %s', async (_, arrange, words) => {
    arrange();
    const run = await bed.dnx(LINE);
    expect([run.code, changesIn(run.calls)]).toEqual([2, []]);
    expect(run.stderr).toContain(`blog.example.com ${words}`);
  });

  test.each([
    ['APP_ENV is another', () => Object.assign(variable() ?? {}, { value: 'staging' })],
    ['its domain says so', () => Object.assign(site(), { domain: 'blog-staging.example.com' })],
    ['it has that branch already', () => Object.assign(site(), { branch: 'feature/search' })],
    ['the link file says so', () => link('staging')],
  ])('does not ask if %s', async (_, arrange) => {
    arrange();
    const run = await bed.dnx(`deploy ${site().domain} --branch feature/search`);
    expect(run.code, run.stderr).toBe(0);
  });

  test('asks if the link file says production, whatever else does', async () => {
    link('production');
    Object.assign(variable() ?? {}, { value: 'staging' });
    const run = await bed.dnx(LINE);
    expect([run.code, changesIn(run.calls)]).toEqual([2, []]);
    expect(run.stderr).toContain('blog.example.com serves production (.deploynix.json).');
  });

  test('asks for those of several sites that do', async () => {
    const run = await bed.dnx('deploy web-1/staging.example.com blog.example.com --branch feature/search', terminal('n\r'));
    expect(run.stderr).toMatch(/Deploy branch feature\/search to 2 sites, among them\s+blog\.example\.com \(web-1\)\?/);
  });

  const link = (environment: string) =>
    writeFileSync(
      join(bed.directory, '.deploynix.json'),
      JSON.stringify({
        environments: { [environment]: { server: { id: web1, name: 'web-1' }, site: { id: blog, name: 'blog.example.com' } } },
      }),
    );
});
