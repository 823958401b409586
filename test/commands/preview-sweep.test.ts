import { describe, expect, test } from 'vitest';
import { HOUR } from '../../src/base/time.ts';
import type { RemovalRow } from '../../src/features/preview/removal.ts';
import { approve, openAgent } from '../mcp/client.ts';
import type { Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leasing } from '../support/leased.ts';
import { fleetIn, outcomes, plantPreview, previewNames, whys } from '../support/planted-preview.ts';
import { withRows } from '../support/platform.ts';
import { openPreviewBed, PREVIEWS, previewLink } from '../support/preview-bed.ts';

const bed = perTest(() => openPreviewBed());
const fleet = () => fleetIn(bed);

const SWEEP = 'preview sweep --confirm shop.example.com --json';

describe('sweep', () => {
  test('removes a preview whose deadline has passed, and nothing else', async () => {
    bed.push('fix/cart');
    bed.push('fix/login');
    plantPreview(bed, 'fix/login');
    const before = fleet();
    const { domain, database } = plantPreview(bed, 'fix/cart', { left: -1000 });
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0);
    const rows = run.json<RemovalRow[]>();
    expect(outcomes(rows)).toEqual([
      `site ${domain} removed`,
      `user ${database} removed`,
      `database ${database} removed`,
      `site ${previewNames(bed, 'fix/login').domain} kept`,
    ]);
    expect(rows[0]).toMatchObject({ server: 'previews-1', branch: 'fix/cart' });
    expect(fleet()).toBe(before);
  });

  test('removes a preview whose branch is gone', async () => {
    const before = fleet();
    plantPreview(bed, 'fix/cart');
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0);
    expect(whys(run.json())).toEqual(['site: its branch is gone', 'user: its branch is gone', 'database: its branch is gone']);
    expect(fleet()).toBe(before);
  });

  test('removes a database that an interrupted up has left', async () => {
    const before = fleet();
    plantPreview(bed, 'fix/cart', { without: ['site'] });
    plantPreview(bed, 'fix/login', { without: ['site', 'user'] });
    expect(await bed.dnx(SWEEP)).toExit(0);
    expect(fleet()).toBe(before);
  });

  test('removes the previews of a branch on two servers, each with its database', async () => {
    const { state } = bed.sandbox;
    const like = state.servers.find(({ id }) => id === PREVIEWS.id);
    state.servers.push({ ...like, id: 'previews-2', name: 'previews-2' } as typeof like & object);
    bed.link(previewLink({ server: ['previews-1', 'previews-2'] }));
    const { domain, database } = plantPreview(bed, 'a');
    const second = <T extends object>(rows: T[], row: T | undefined) =>
      rows.push({ ...row, id: 'second', server_id: 'previews-2' } as never);
    second(
      state.sites,
      state.sites.find((site) => site.domain === domain),
    );
    second(
      state.databases,
      state.databases.find(({ name }) => name === database),
    );
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0);
    expect(outcomes(run.json())).toEqual([
      ...['site', 'user', 'database'].map((kind) => `${kind} ${kind === 'site' ? domain : database} removed`),
      ...['site', 'database'].map((kind) => `${kind} ${kind === 'site' ? domain : database} removed`),
    ]);
  });

  test('keeps a database whose site is on another server', async () => {
    const { state } = bed.sandbox;
    bed.push('a');
    bed.link(previewLink({ server: ['previews-1', 'web-2'] }));
    const { domain, database } = plantPreview(bed, 'a');
    const web2 = state.servers.find(({ name }) => name === 'web-2')?.id;
    for (const row of state.databases) if (row.name === database) Object.assign(row, { server_id: web2 });
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0, { changes: [] });
    expect(whys(run.json())).toContain(`database: ${domain} on previews-1 has the same mark`);
  });

  test('removes nothing without a question if nothing is to be removed', async () => {
    const run = await bed.dnx('preview sweep', { columns: 80, typed: '' });
    expect(run).toExit(0, { says: 'Nothing to remove.', changes: [] });
  });
});

describe('a failure', () => {
  test('of a site leaves its database, and the others are removed', async () => {
    const before = fleet();
    const { domain, database } = plantPreview(bed, 'a');
    plantPreview(bed, 'b');
    bed.sandbox.faults.next({ method: 'DELETE', path: /\/sites\// }, { status: 500 });
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(12, { says: '1 of 5 not removed' });
    const rows = run.json<RemovalRow[]>();
    expect(outcomes(rows).slice(0, 2)).toEqual([`site ${domain} failed`, `database ${database} kept`]);
    expect(rows[0]?.error).toMatchObject({ code: 'failed', status: 500 });
    expect(rows[1]?.why).toBe('its site is still there');
    expect(rows.slice(2).map(({ outcome }) => outcome)).toEqual(['removed', 'removed', 'removed']);
    expect(await bed.dnx(SWEEP)).toExit(0);
    expect(fleet()).toBe(before);
  });

  test.each([
    ['a user', /\/users\//, 422, 12],
    ['a database', /\/databases\/[^/]+$/, 500, 12],
    ['a user that the API cannot delete', /\/users\//, 405, 0],
    ['a user that is gone', /\/users\//, 404, 0],
  ])('%s', async (_, path, status, code) => {
    const before = fleet();
    plantPreview(bed, 'a');
    bed.sandbox.faults.next({ method: 'DELETE', path }, { status });
    expect(await bed.dnx(SWEEP)).toExit(code);
    if (code > 0) expect(await bed.dnx(SWEEP)).toExit(0);
    expect(fleet()).toBe(before);
  });

  test.each([404, 405, 500])('to list the users of a database keeps it, and the rest is removed: %s', async (status) => {
    const { database } = plantPreview(bed, 'a');
    plantPreview(bed, 'b');
    bed.sandbox.faults.always({ method: 'GET', path: `/servers/${PREVIEWS.id}/databases/database-${database}/users` }, { status });
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(12, { says: '1 of 5 not removed' });
    expect(outcomes(run.json()).filter((row) => !row.endsWith(' removed'))).toEqual([`database ${database} failed`]);
    expect(run.changes).toHaveLength(4);
  });

  test('to list anything ends it before a question', async () => {
    plantPreview(bed, 'a');
    bed.sandbox.faults.always({ method: 'GET', path: `/servers/${PREVIEWS.id}/databases` }, { status: 403 });
    expect(await bed.dnx(SWEEP)).toExit(5, { changes: [] });
  });

  test.each(['missing', 'main'])('the branch of the base site is %s: what is overdue goes only if it is there', async (branch) => {
    const shop = bed.sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com');
    Object.assign(shop ?? {}, { branch });
    plantPreview(bed, 'a', { left: -1000 });
    const run = await bed.dnx(SWEEP);
    expect([run.code === 0, run.changes.length]).toEqual(branch === 'main' ? [true, 3] : [false, 0]);
  });
});

/** Lists a site as long as `isThere`, although it was deleted. */
function linger(isThere: () => boolean): void {
  const site = bed.sandbox.state.sites.at(-1);
  bed.sandbox.faults.always({ method: 'GET', path: `/servers/${PREVIEWS.id}/sites` }, (answer) =>
    withRows(answer, (rows) => (isThere() && !rows.some(({ id }) => id === site?.id) ? [...rows, { ...site }] : rows)),
  );
}

describe('a site that is listed while it is removed', () => {
  test('is waited for before its database goes', async () => {
    const before = fleet();
    plantPreview(bed, 'a');
    const gone = bed.clock.elapsed() + 30_000;
    linger(() => bed.clock.elapsed() < gone);
    const run = await bed.dnx(SWEEP);
    expect(run).toExit(0);
    expect(run.waited).toBeGreaterThanOrEqual(30_000);
    expect(fleet()).toBe(before);
  });

  test('keeps its database if it takes longer than --timeout', async () => {
    const { database } = plantPreview(bed, 'a');
    linger(() => true);
    const run = await bed.dnx(`${SWEEP} --timeout 1m`);
    expect(run).toExit(12, { says: '1 of 2 not removed' });
    expect(run.json<RemovalRow[]>().map(({ error }) => error?.code)).toEqual(['timed_out', undefined]);
    expect(bed.sandbox.state.databases.map(({ name }) => name)).toContain(database);
  });

  test('takes no time from the others', async () => {
    const { database } = plantPreview(bed, 'a');
    plantPreview(bed, 'b');
    bed.sandbox.faults.always({ method: 'DELETE', path: new RegExp(`/sites/site-${database}$`) }, { status: 202 });
    const run = await bed.dnx(`${SWEEP} --timeout 1m`);
    expect(run).toExit(12, { says: '1 of 5 not removed' });
    expect(run.json<RemovalRow[]>().map(({ error }) => error?.code)[0]).toBe('timed_out');
    expect(bed.sandbox.state.databases.map(({ name }) => name).filter((name) => name.startsWith('pv_'))).toEqual([database]);
  });

  test.each([202, 404])('is not removed if it is a database: %s', async (status) => {
    plantPreview(bed, 'a');
    bed.sandbox.faults.always({ method: 'DELETE', path: /\/databases\/[^/]+$/ }, { status });
    const run = await bed.dnx(`${SWEEP} --timeout 1m`);
    expect(run).toExit(12, { says: '1 of 3 not removed' });
    expect(run.json<RemovalRow[]>().map(({ error }) => error?.code)).toEqual([undefined, undefined, 'timed_out']);
  });

  test('an interruption reports what was done, and the next sweep does the rest', async () => {
    const before = fleet();
    const [a, b] = [plantPreview(bed, 'a'), plantPreview(bed, 'b')];
    const until = bed.clock.elapsed() + 60_000;
    const site = bed.sandbox.state.sites.find(({ domain }) => domain === a.domain);
    bed.sandbox.faults.always({ method: 'GET', path: `/servers/${PREVIEWS.id}/sites` }, (answer) =>
      withRows(answer, (rows) => (bed.clock.elapsed() < until && !rows.some(({ id }) => id === site?.id) ? [...rows, { ...site }] : rows)),
    );
    const run = await bed.dnx(SWEEP, { interruptAt: 20_000 });
    expect(run).toExit(130);
    const rows = run.json<RemovalRow[]>();
    expect(outcomes(rows)).toEqual([
      `site ${a.domain} failed`,
      `database ${a.database} failed`,
      `site ${b.domain} failed`,
      `database ${b.database} failed`,
    ]);
    expect(rows.map(({ error }) => error?.code)).toEqual(['interrupted', 'partial', 'partial', 'partial']);
    expect(run.changes).toHaveLength(1);
    await bed.clock.sleep(HOUR);
    expect(await bed.dnx(SWEEP)).toExit(0);
    expect(fleet()).toBe(before);
  });
});

describe('a dry run', () => {
  test('says what would go and what is like it, needs no consent, and is what then happens', async () => {
    bed.push('alive');
    plantPreview(bed, 'alive');
    plantPreview(bed, 'like', { site: { git_repository_id: null }, without: ['database'] });
    plantPreview(bed, 'gone');
    const before = fleet();
    const dry = await bed.dnx('preview sweep --dry-run --json');
    expect(dry).toExit(0, { changes: [], says: 'Nothing was removed.' });
    expect(fleet()).toBe(before);
    const rows = dry.json<RemovalRow[]>();
    expect(rows.map(({ outcome }) => outcome)).toEqual(['would_remove', 'would_remove', 'would_remove', 'kept', 'kept']);
    expect(whys(rows).slice(3)).toEqual(['site: Deploynix does not show its repository', expect.stringMatching(/^site: until 2026-/)]);
    const run = await bed.dnx(SWEEP);
    expect(outcomes(run.json())).toEqual(outcomes(rows).map((row) => row.replace('would_remove', 'removed')));
  });

  test('works where only GET requests are allowed, and without the abilities to delete', async () => {
    plantPreview(bed, 'gone');
    expect(await bed.dnx('preview sweep --dry-run', { env: { DNX_READ_ONLY: '1' } })).toExit(0, { changes: [] });
    expect(await bed.dnx('preview sweep --confirm shop.example.com', { env: { DNX_READ_ONLY: '1' } })).toExit(5, { calls: [] });
    const abilities = async (line: string) => (await bed.dnx(['token', 'abilities', '--for', line, '--json'])).stdout;
    expect(await abilities('preview sweep --dry-run')).not.toContain(':delete');
    for (const ability of ['site:delete', 'database:delete']) expect(await abilities('preview sweep')).toContain(ability);
  });

  test('cannot be saved as a plan', async () => {
    expect(await bed.dnx('preview sweep --dry-run --out plan.json')).toExit(2, { calls: [] });
  });
});

describe('consent', () => {
  test.each([
    ['preview sweep', 'Use --confirm with the name of the base site'],
    ['preview sweep --yes', '--yes is not enough'],
    ['preview down a', 'Use --confirm with the name of the base site'],
  ])('%s sends nothing without a terminal', async (line, says) => {
    plantPreview(bed, 'a');
    expect(await bed.dnx(line)).toExit(2, { says, calls: [] });
  });

  test('takes the name of the base site alone', async () => {
    const { domain } = plantPreview(bed, 'a');
    for (const name of [domain, 'blog.example.com', 'a'])
      expect(await bed.dnx(['preview', 'sweep', '--confirm', name])).toExit(2, { says: 'Nothing was removed.', changes: [] });
    expect(await bed.dnx('preview sweep --confirm SHOP.example.com')).toExit(0);
  });

  test('is asked for once on a terminal, after what would go', async () => {
    const { domain } = plantPreview(bed, 'a');
    plantPreview(bed, 'b');
    const wrong = await bed.dnx('preview sweep', { columns: 100, typed: 'a\n', env: { TERM: 'dumb' } });
    expect(wrong).toExit(2, { changes: [], says: `a: its branch is gone\n  ${domain} and its database on previews-1\n` });
    const run = await bed.dnx('preview sweep', { columns: 140, typed: 'shop.example.com\n', env: { TERM: 'dumb' } });
    expect(run).toExit(0, {
      says: 'This deletes 2 sites, 2 databases and 2 users of previews of shop.example.com. This cannot be undone.',
    });
    expect(run.changes).toHaveLength(6);
  });
});

describe('an agent', () => {
  const whole = () => ({ ...bed.bed, dnx: bed.dnx });

  test('cannot confirm in a session', async () => {
    plantPreview(bed, 'a');
    const inside: Run[] = [];
    const line = 'agent run --ability site:delete --ability database:delete';
    const session = await leasing(whole(), line, async (dnx) => {
      for (const words of ['preview sweep --confirm shop.example.com', 'preview down a --confirm shop.example.com'])
        inside.push(await dnx(words));
      expect(await dnx('preview sweep --dry-run')).toExit(0, { changes: [] });
    });
    expect(session).toExit(0);
    for (const run of inside)
      expect(run).toExit(2, { changes: [], says: ['nothing confirms this', 'A person can run it in another terminal'] });
  });

  test('of an MCP client gets what would go, and asks the user', async () => {
    const { domain } = plantPreview(bed, 'a');
    const agent = await openAgent(whole(), '', { fill: approve });
    const read = await agent.read('preview', 'sweep', '--dry-run');
    const change = await agent.change('preview', 'sweep');
    const confirmed = await agent.change('preview', 'down', 'a', '--confirm', 'shop.example.com');
    expect(await agent.end()).toExit(0);
    expect(read.text).toContain(domain);
    expect(change.text).toContain(domain);
    expect(change.text).toContain('Nothing was changed. Ask the user to review it and run, in a terminal: dnx preview sweep');
    expect(confirmed.text).toContain('Nothing was changed. Ask the user');
    expect(agent.forms).toEqual([]);
    expect(bed.sandbox.state.sites.map((site) => site.domain)).toContain(domain);
  });
});

test('undo cannot bring back what was removed', async () => {
  plantPreview(bed, 'a');
  expect(await bed.dnx(SWEEP)).toExit(0);
  const run = await bed.dnx('undo --dry-run');
  expect(run.code).toBe(1);
  expect(run.changes).toEqual([]);
});
