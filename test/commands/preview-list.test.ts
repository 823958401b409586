import { describe, expect, test } from 'vitest';
import { DAY, HOUR } from '../../src/base/time.ts';
import { perTest } from '../support/fixtures.ts';
import { plantPreview, plantVariable, previewNames } from '../support/planted-preview.ts';
import { openPreviewBed, PREVIEWS, previewLink } from '../support/preview-bed.ts';

const bed = perTest(() => openPreviewBed());

/** A time on the clock of the bed, this many ms from now. */
const at = (ms: number) => new Date(bed.clock.now() + ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** Puts a preview of a branch there, which the remote has. */
function plantPushed(branch: string, planted: Parameters<typeof plantPreview>[2] = {}) {
  bed.push(branch);
  return plantPreview(bed, branch, planted);
}

describe('preview list', () => {
  test('shows each preview with its state', async () => {
    plantPushed('a-up');
    plantPushed('b-unmarked', { left: null });
    plantPushed('c-overdue', { left: -HOUR });
    plantPushed('d-failed', { site: { status: 'failed' } });
    plantPushed('e-creating', { site: { status: 'installing', last_deployed_at: null } });
    plantPushed('f-deploying', { site: { status: 'deploying' } });
    plantPreview(bed, 'g-orphaned', { site: { status: 'failed' } });
    plantPreview(bed, 'h-orphaned-and-overdue', { left: -HOUR });
    plantPushed('i-failed-and-overdue', { left: -HOUR, site: { status: 'failed' } });
    const run = await bed.dnx('preview list --json');
    expect(run).toExit(0, { changes: [], says: 'dnx preview sweep --dry-run' });
    expect(run.json<readonly { branch: string; state: string }[]>().map(({ branch, state }) => `${branch} ${state}`)).toEqual([
      ...['a-up up', 'b-unmarked unmarked', 'c-overdue overdue', 'd-failed failed', 'e-creating creating', 'f-deploying up'],
      ...['g-orphaned orphaned', 'h-orphaned-and-overdue orphaned', 'i-failed-and-overdue overdue'],
    ]);
  });

  test('shows where a preview is, its deadline and its database', async () => {
    const { domain, database } = plantPushed('fix/cart');
    const row = { branch: 'fix/cart', site: domain, url: `https://${domain}`, server: 'previews-1', state: 'up' };
    const run = await bed.dnx('preview list --json');
    expect(run.json()).toEqual([{ ...row, deadline: at(DAY), created_at: at(-2 * DAY), database }]);
    expect(run.stderr).not.toContain('sweep');
    const table = await bed.dnx('preview list', { columns: 120 });
    expect(table.stdout.replaceAll(/ +/g, ' ')).toMatch(
      new RegExp(`^ ?BRANCH STATE SERVER URL UNTIL .*\\n ?fix/cart up previews-1 https://${domain} in 1d `),
    );
    bed.link(previewLink({ certificate: 'none' }));
    expect((await bed.dnx('preview list --json')).json()).toMatchObject([{ url: `http://${domain}` }]);
  });

  test.each<readonly [name: string, site: object, deadline: number | null]>([
    ['never deployed', { last_deployed_at: null }, DAY],
    ['deployed later', {}, 2 * DAY],
    ['created later', { last_deployed_at: '2020-01-01T00:00:00Z' }, DAY],
    ['deployed at a time that the API does not show', { last_deployed_at: undefined }, null],
    ['deployed at a time that nobody can read', { last_deployed_at: 'yesterday' }, null],
    ['never deployed, and created at no shown time', { last_deployed_at: null, created_at: undefined }, null],
  ])('counts the deadline of one without a record from its last sign of life: %s', async (_, site, after) => {
    plantPushed('fix/cart', { left: null, site: { last_deployed_at: at(-DAY), ...site } });
    const run = await bed.dnx('preview list --json', { lies: true });
    expect(run.json()).toMatchObject([{ deadline: after === null ? null : at(after), state: 'unmarked' }]);
  });

  test('takes a record that is hidden for one', async () => {
    plantPushed('fix/cart', { left: null });
    plantVariable(bed, bed.sandbox.state.sites.at(-1)?.id ?? '', 'DNX_PREVIEW', '••••••••');
    expect((await bed.dnx('preview list --json')).json()).toMatchObject([{ deadline: at(DAY), state: 'up' }]);
  });

  test('names a database that is left of a preview', async () => {
    const { database } = plantPreview(bed, 'fix/cart', { without: ['site'] });
    await expect(bed.dnx('preview list')).toExit(0, {
      says: [`Left of previews: ${database} on previews-1`, 'dnx preview sweep --dry-run'],
    });
  });

  test('shows previews without their branches if the remote lacks the branch of the base site', async () => {
    plantPreview(bed, 'fix/cart', { left: DAY });
    const shop = bed.sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com');
    if (shop) shop.branch = 'production';
    const run = await bed.dnx('preview list --json');
    expect(run).toExit(0, { says: 'Cannot tell which branches are gone. origin has no branch production' });
    expect(run.json()).toMatchObject([{ branch: 'fix/cart', state: 'up' }]);
  });

  test('says that there is none, and how to create one', async () => {
    await expect(bed.dnx('preview list')).toExit(0, { stdout: '', says: ['No previews of shop.example.com.', 'dnx preview up'] });
  });

  test('reads two lists of a server, and one of each preview', async () => {
    const before = await bed.dnx('preview list --json');
    for (const branch of ['a', 'b', 'c']) plantPushed(branch);
    const run = await bed.dnx('preview list --json');
    expect(run.calls.length - before.calls.length).toBe(3);
    expect(before.calls.filter((call) => call.startsWith(`GET /servers/${PREVIEWS.id}/`))).toEqual(
      ['databases', 'sites'].map((list) => expect.stringContaining(`/${list}`)),
    );
  });
});

describe('preview open', () => {
  const opened = async (line: string, options: object = {}) => (await bed.dnx(`preview open ${line} --print --json`, options)).json();

  test('opens the preview of a branch, with https if it has a certificate', async () => {
    const { domain } = plantPushed('fix/cart');
    plantPushed('other');
    expect(await opened('fix/cart')).toEqual({ url: `http://${domain}` });
    const id = bed.sandbox.state.sites.find((site) => site.domain === domain)?.id ?? '';
    const [like] = bed.sandbox.state.certificates.filter(({ status }) => status === 'active');
    if (like) bed.sandbox.state.certificates.push({ ...like, id: 'certificate-1', site_id: id, domain, expires_at: at(60 * DAY) });
    expect(await opened('fix/cart')).toEqual({ url: `https://${domain}` });
    const urls: string[] = [];
    const browser = (url: string) => urls.push(url) > 0;
    await expect(bed.dnx('preview open fix/cart', { browser, env: { DISPLAY: ':0' } })).toExit(0, { changes: [] });
    expect(urls).toEqual([`https://${domain}`]);
  });

  test('takes the branch of the checkout, or of the CI job', async () => {
    const { domain } = plantPushed('fix/cart');
    bed.clone.git('checkout', '--quiet', '-b', 'fix/cart');
    expect(await opened('')).toEqual({ url: `http://${domain}` });
    const other = plantPushed('other');
    expect(await opened('', { env: { GITHUB_HEAD_REF: 'other' } })).toEqual({ url: `http://${other.domain}` });
  });

  test('says that a branch has none, and what is only like it', async () => {
    plantPushed('fix/other');
    await expect(bed.dnx('preview open fix/cart')).toExit(6, { says: ['No preview of fix/cart.', 'dnx preview up fix/cart'] });
    plantPreview(bed, 'fix/cart', { site: { branch: null } });
    const { domain } = previewNames(bed, 'fix/cart');
    await expect(bed.dnx('preview open fix/cart')).toExit(6, { says: [domain, 'Deploynix does not show its branch'] });
  });

  test('does not choose between two', async () => {
    const { domain } = plantPushed('fix/cart');
    bed.link(previewLink({ server: ['previews-1', 'web-2'] }));
    const twin = bed.sandbox.state.sites.at(-1);
    const web2 = bed.sandbox.state.servers.find(({ name }) => name === 'web-2')?.id ?? '';
    if (twin) bed.sandbox.state.sites.push({ ...twin, id: 'twin', server_id: web2 });
    await expect(bed.dnx('preview open fix/cart')).toExit(6, {
      says: ['fix/cart has several previews.', `dnx open ${domain} --server previews-1`, `dnx open ${domain} --server web-2`],
    });
  });
});
