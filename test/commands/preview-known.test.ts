import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AuditFinding } from '../../src/features/audit/finding.ts';
import type { SiteStatus } from '../../src/features/status/status.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { hence, putPreview } from '../support/known-preview.ts';
import { openPreviewBed, PREVIEWS, previewLink } from '../support/preview-bed.ts';

const bed = perTest(openBed);
const plant = (branch: string, options = {}): string => putPreview(bed.sandbox.state, bed.clock.now(), branch, options);
const write = (text: string): void => writeFileSync(join(bed.directory, 'deploynix.yml'), text);

describe('dnx export', () => {
  test('leaves out previews and their databases, and says so', async () => {
    const before = await bed.dnx('export');
    const domain = plant('feature/cart');
    const run = await bed.dnx('export');
    expect(run).toExit(0, { stdout: before.stdout, says: `Previews are not in the file: ${domain}.` });
    expect(run.calls.filter((call) => call.includes('/01JQ8Z4T9G00PS'))).toEqual([]);
    const server = await bed.dnx('export --server web-2 --json');
    expect(server.stdout).not.toMatch(/preview|pv_/);
  });

  test('writes a preview that is named, or that the file names already', async () => {
    const domain = plant('feature/cart');
    const run = await bed.dnx(`export ${domain} --json`);
    expect(Object.keys(run.json<{ sites: object }>().sites)).toEqual([domain]);
    write(`sites:\n  ${domain}: { server: web-2 }\n`);
    await expect(bed.dnx('export --out deploynix.yml --json')).toExit(0);
    await expect(bed.dnx('drift')).toExit(0);
    await expect(bed.dnx(`drift --site ${domain}`)).toExit(0);
  });

  test('keeps what is only called like one', async () => {
    plant('feature/cart');
    const { sites, databases } = bed.sandbox.state;
    const [database] = databases;
    if (database) database.name = 'pv_measurements';
    const site = sites.at(-1);
    if (site) site.branch = 'feature/other';
    const run = await bed.dnx('export');
    expect(run.stdout).toContain('pv_measurements');
    expect(run.stdout).toContain(site?.domain);
    expect(run.stdout).toContain(databases.at(-1)?.name);
  });
});

describe('dnx drift', () => {
  test('counts no preview, and names it', async () => {
    write((await bed.dnx('export')).stdout);
    const domain = plant('feature/cart');
    expect(await bed.dnx('drift')).toExit(0, { says: `Previews are no difference: ${domain}.` });
    expect((await bed.dnx('drift --json')).json<{ outcome: string }[]>().filter(({ outcome }) => outcome !== 'unknown')).toEqual([]);
    await expect(bed.dnx('apply --dry-run --exit-code')).toExit(0);
  });

  test('a new site of the branch of a preview is not that preview', async () => {
    plant('feature/cart');
    write('sites: { cart.example.com: { server: web-2, repository: example/shop, branch: feature/cart } }');
    const run = await bed.dnx('apply --create --dry-run');
    expect(run).toExit(0);
    expect(run.stdout).toContain('create site cart.example.com');
  });
});

describe('dnx audit', () => {
  const project = perTest(openPreviewBed);
  const put = (branch: string, options = {}) =>
    putPreview(project.sandbox.state, project.clock.now(), branch, {
      pattern: '{branch}.deploynix.cloud',
      server: PREVIEWS.id,
      host: project.sandbox.url,
      record: `shop.example.com/${hence(project.clock.now(), 24)}`,
      ...options,
    });
  const found = async (words = '', options = {}) => {
    const rows = (await project.dnx(`audit ${words} --json --fail-on none`, options)).json<AuditFinding[]>();
    return rows.filter(({ rule }) => rule.startsWith('preview-'));
  };
  const brief = (rows: readonly AuditFinding[]) => rows.map(({ rule, severity, site }) => [rule, severity, site]);

  test('reads the variables of previews alone, and finds nothing wrong with one whose branch is there', async () => {
    const before = await project.dnx('audit --fail-on none');
    project.push('feature/cart');
    put('feature/cart', { hours: 240 });
    const run = await project.dnx('audit --fail-on none');
    expect(run.calls.filter((call) => /environment-variables/.test(call))).toEqual([expect.stringContaining('/sites/01JQ8Z4T9G00PS')]);
    expect(await found()).toEqual([]);
    expect(run.stdout.replace(' 7 sites', ' 6 sites')).toBe(before.stdout);
  });

  test('finds what is past its deadline, whose branch is gone, or has no record', async () => {
    for (const branch of ['late', 'there', 'begun']) project.push(branch);
    const late = put('late', { record: `shop.example.com/${hence(project.clock.now(), -3)}/seeded` });
    const gone = put('gone');
    const begun = put('begun', { record: undefined });
    put('there');
    put('new', { hours: 0.9 });
    const rows = await found();
    expect(brief(rows)).toEqual([
      ['preview-overdue', 'medium', late],
      ['preview-orphaned', 'low', gone],
      ['preview-unmarked', 'low', begun],
    ]);
    expect(rows.map(({ message, fix }) => [message, fix?.command])).toEqual([
      ['The deadline of this preview passed 3h ago', 'dnx preview sweep'],
      ['The branch gone of this preview is gone', 'dnx preview sweep'],
      ['This preview was never finished: it has no DNX_PREVIEW', 'dnx preview up begun'],
    ]);
    expect(brief(await found('--server previews-1'))).toEqual(brief(rows));
  });

  test('tells nothing of branches outside of the project, in a clone of another repository, and of other previews', async () => {
    put('gone', { base: 'staging.example.com' });
    expect(await found()).toEqual([]);
    put('gone');
    expect(await found('', { cwd: project.directory })).toEqual([]);
    project.hub.copy(join(project.directory, 'hub/example/other.git'));
    project.clone.git('remote', 'set-url', 'origin', 'https://github.com/example/other.git');
    expect(await found()).toEqual([]);
    project.link('{ "server": "web-1", "site": "shop.example.com" }');
    expect(await found()).toEqual([]);
  });

  test('a remote that does not answer, or lacks the branch of the site, tells nothing', async () => {
    put('gone');
    project.drop('main');
    const [row, ...others] = await found();
    expect([row?.rule, row?.severity, others]).toEqual(['preview-orphaned', 'not_checked', []]);
    expect(await project.dnx('audit')).toExit(12);
    project.push('main');
    project.hub.git('symbolic-ref', 'HEAD', 'refs/heads/main');
    const shop = project.sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com');
    if (shop) shop.branch = 'production';
    expect((await found())[0]?.message).toContain('origin has no branch production, which the base site deploys');
  });

  test('a record that Deploynix hides tells nothing', async () => {
    project.push('late');
    put('late', { record: '********' });
    expect(await found()).toEqual([]);
  });
});

describe('dnx status', () => {
  const project = perTest(openPreviewBed);
  const put = (branch: string, options = {}) => {
    const { sandbox, clock } = project;
    return putPreview(sandbox.state, clock.now(), branch, { server: PREVIEWS.id, host: sandbox.url, ...options });
  };
  const site = () => project.sandbox.state.sites.at(-1)?.id;
  const rowsOf = (run: Run) => Object.fromEntries(run.stdout.split('\n').map((line) => line.split(/ {2,}/, 2)));

  test('says what a preview is of, with one more request', async () => {
    const deadline = hence(project.clock.now(), 60);
    put('feature/cart', { record: `shop.example.com/${deadline}/seeded` });
    const line = `status ${site()} --server ${PREVIEWS.id}`;
    const run = await project.dnx(line, { columns: 100 });
    expect(run).toExit(0);
    expect(rowsOf(run).Preview).toBe('feature/cart, like shop.example.com, deadline in 2d');
    expect(run.calls).toHaveLength(6);
    const { preview, previews } = (await project.dnx(`${line} --json`)).json<SiteStatus>();
    expect([preview, previews]).toEqual([{ branch: 'feature/cart', base: 'shop.example.com', deadline }, null]);
    expect(run.stdout).not.toContain('Previews');
  });

  test.each([{ record: undefined }, { record: '********' }, { record: 'shop.example.com' }])(
    'of a preview with %j, names the branch alone',
    async (options) => {
      put('feature/cart', options);
      const run = await project.dnx(`status ${site()} --server ${PREVIEWS.id} --json`);
      expect(run.json<SiteStatus>()).toMatchObject({ preview: { branch: 'feature/cart', base: null, deadline: null }, errors: {} });
    },
  );

  test('counts the previews of the site of the project, with one more request', async () => {
    const none = await project.dnx('status', { columns: 100 });
    expect(rowsOf(none).Previews).toBe('none');
    put('one');
    put('two', { hours: 80 });
    put('three', { base: 'staging.example.com' });
    put('four', { server: undefined });
    const run = await project.dnx('status', { columns: 100 });
    expect(run).toExit(0);
    expect(rowsOf(run).Previews).toBe('2, 1 overdue');
    expect(run.calls.filter((call) => call.endsWith(`/${PREVIEWS.id}/sites`))).toHaveLength(1);
    project.link(previewLink({ server: [PREVIEWS.name, 'web-2'] }));
    const both = await project.dnx('status --json');
    expect([both.calls.length - run.calls.length, both.json<SiteStatus>().previews?.count]).toEqual([1, 3]);
    expect(run.calls.filter((call) => call.includes('environment-variables'))).toEqual([]);
  });

  test('counts none for another site, and without preview in the link file', async () => {
    put('one');
    const previews = async (words: string) => (await project.dnx(`status ${words} --json`)).json<SiteStatus>().previews;
    expect(await previews('blog.example.com')).toBeNull();
    expect(await previews('')).toEqual({ count: 1, overdue: 0 });
    project.link('{ "server": "web-1", "site": "shop.example.com" }');
    expect(await previews('')).toBeNull();
  });

  test('counts those of the site in any clone, and none if its repository is hidden', async () => {
    put('one');
    project.clone.git('remote', 'set-url', 'origin', 'https://github.com/ada/fork.git');
    expect((await project.dnx('status --json')).json<SiteStatus>().previews).toEqual({ count: 1, overdue: 0 });
    project.sandbox.state.git_repositories = [];
    const run = await project.dnx('status', { columns: 100 });
    expect(rowsOf(run).Previews).toMatch(/^not read: Deploynix does not show the owner and name/);
  });

  test('what cannot be read of previews is named, and fails nothing', async () => {
    project.link(previewLink({ server: 'previews-2' }));
    const run = await project.dnx('status', { columns: 100 });
    expect(run).toExit(0);
    expect(rowsOf(run).Previews).toMatch(/^not read: Server 'previews-2' not found/);
    expect((await project.dnx('status --json')).json<SiteStatus>().errors).toMatchObject({ previews: { code: 'not_found' } });
  });
});
