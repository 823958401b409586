import { describe, expect, test } from 'vitest';
import type { SiteReport } from '../../src/features/report/report.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { fleet, recorder } from '../support/fleet.ts';

const bed = perTest(openBed);

const SERVERS = 8;
const SITES = 40;

async function reported(line = 'report --json'): Promise<readonly SiteReport[]> {
  const run = await bed.dnx(line);
  expect(run).toExit(0, { stderr: '' });
  return run.json();
}

const of = (sites: readonly SiteReport[], domain: string) => sites.find((site) => site.domain === domain);

test('a report has a line for each site of every server', async () => {
  const sites = await reported();
  expect(sites.map(({ domain }) => domain)).toEqual(bed.sandbox.state.sites.map(({ domain }) => domain));
  expect(of(sites, 'shop.example.com')).toEqual({
    id: seeded.sites['shop.example.com'],
    domain: 'shop.example.com',
    status: 'active',
    server: 'web-1',
    server_id: seeded.servers['web-1'],
    php_version: '8.3',
    branch: 'main',
    release: '20260416_071200',
    commit_hash: expect.stringMatching(/^643deaf/),
    deployed_at: '2026-04-16T07:12:00Z',
    certificate: 'active',
    certificate_expires_at: '2026-06-25T12:00:00Z',
    workers: 3,
    workers_stopped: 0,
    backup: 'pending',
    backup_at: '2026-04-16T11:58:33Z',
    errors: {},
  });
  expect(of(sites, 'api.example.com')).toMatchObject({ status: 'failed', certificate: null, workers: 1, workers_stopped: 1, backup: null });
});

test('the live release is what serves, after a rollback and a failed deployment', async () => {
  const shop = async () => of(await reported(), 'shop.example.com');
  const before = await shop();
  await expect(bed.dnx('rollback shop.example.com --yes')).toExit(0);
  const after = await shop();
  expect(after?.release).not.toBe(before?.release);
  expect(Date.parse(after?.deployed_at ?? '')).toBeLessThan(Date.parse(before?.deployed_at ?? ''));
  const [any] = bed.sandbox.state.releases;
  if (any) bed.sandbox.state.releases.push({ ...any, id: 'R9', name: 'R9', status: 'failed', created_at: '2026-04-16T11:59:00Z' });
  expect(await shop()).toEqual(after);
});

test('a release is not called live if the live one may be on another page', async () => {
  await expect(bed.dnx('rollback shop.example.com --yes')).toExit(0);
  const { release } = of(await reported(), 'shop.example.com') ?? {};
  bed.sandbox.faults.always({ method: 'GET', path: `/servers/{server}/sites/${seeded.sites['shop.example.com']}/releases` }, (answer) => {
    const { data } = answer.body as { data: { name: string }[] };
    return { ...answer, body: { data: data.filter(({ name }) => name !== release), meta: { current_page: 1, last_page: 2 } } };
  });
  expect(of(await reported(), 'shop.example.com')).toMatchObject({ release: null, commit_hash: null, errors: {} });
});

test.each([
  [120, ['Site', 'Server', 'Live', 'Deployed', 'Certificate', 'Workers', 'Backup', 'PHP', 'Branch', 'Status']],
  [80, ['Site', 'Server', 'Live', 'Deployed', 'Certificate', 'Workers']],
  [40, ['Site', 'Server', 'Live']],
])('a terminal of %i columns shows what fits', async (columns, headings) => {
  const { stdout, stderr } = await bed.dnx('report', { columns });
  const lines = stdout.split('\n');
  expect(lines[0]?.split(/ +/)).toEqual(headings.map((heading) => heading.toUpperCase()));
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  expect(stderr).toContain('columns hidden; use --wide');
  if (columns < 120) return;
  expect(lines[1]).toMatch(/^shop\.example\.com +web-1 +643deaf +4h ago +valid for 70d +3 +pending 1m ago +8\.3 +main +● active$/);
  expect(lines[4]).toMatch(/^api\.example\.com +web-2 +c448eed +8d ago +none +1 of 1 stopped +none +8\.4 +main +● failed$/);
});

test('CSV has the values of the JSON, and Markdown days and no markup of the API', async () => {
  bed.sandbox.state.sites[0] = { ...(bed.sandbox.state.sites[0] as (typeof bed.sandbox.state.sites)[number]), branch: '[x](http://x)|' };
  const [heading = '', row = ''] = (await bed.dnx('report -o csv --fields domain,commit_hash,deployed_at,workers')).stdout.split('\n');
  expect(heading).toBe('domain,commit_hash,deployed_at,workers');
  expect(row).toMatch(/^shop\.example\.com,643deaf\w{33},2026-04-16T07:12:00Z,3$/);
  const lines = (await bed.dnx('report -o markdown')).stdout.split('\n');
  expect(lines.slice(0, 3)).toEqual([
    '| Site | Server | Live | Deployed | Certificate | Workers | Backup | PHP | Branch |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    '| shop.example.com | web-1 | 643deaf | 2026-04-16 | valid until 2026-06-25 | 3 | pending 2026-04-16 | 8.3 | &#91;x&#93;(http&#58;//x)&#124; |',
  ]);
});

test('--server and DNX_SERVER limit it to a server', async () => {
  const only = (await reported('report --server web-2 --json')).map(({ server }) => server);
  expect(only).toEqual(['web-2', 'web-2', 'web-2']);
  const { stdout } = await bed.dnx('report -o ids', { env: { DNX_SERVER: 'web-2' } });
  expect(stdout.trim().split('\n')).toHaveLength(3);
});

test('a certificate of the server that covers a site is its certificate, and the PHP of the server its PHP', async () => {
  const { state } = bed.sandbox;
  const [model] = state.certificates;
  const server = seeded.servers['web-2'];
  const made = {
    ...model,
    id: 'C9',
    server_id: server,
    site_id: null,
    domain: '*.example.com',
    status: 'active',
    expires_at: '2027-01-01T00:00:00Z',
  };
  state.certificates.push(made as NonNullable<typeof model>);
  for (const site of state.sites) Object.assign(site, { php_version: null });
  const api = of(await reported(), 'api.example.com');
  expect(api).toMatchObject({ certificate_expires_at: '2027-01-01T00:00:00Z' });
  expect(api?.php_version).toBe(state.servers.find(({ id }) => id === server)?.php_version);
  bed.sandbox.faults.always({ method: 'GET', path: '/servers/{server}/certificates' }, { status: 403 });
  const blind = await bed.dnx('report --json');
  expect(of(blind.json(), 'api.example.com')?.errors).toMatchObject({ certificates: { code: 'forbidden' } });
  expect(of(blind.json(), 'shop.example.com')?.errors).toEqual({});
});

describe('what cannot be read', () => {
  const lists = [
    ['releases', '/servers/{server}/sites/{site}/releases', 'releases'],
    ['certificates', '/servers/{server}/sites/{site}/certificates', 'certificates'],
    ['queues', '/servers/{server}/sites/{site}/queues', 'workers'],
    ['backups', '/backups', 'backups'],
  ] as const;

  test.each(lists)('is unknown if the token may not read %s, which is asked for once', async (part, path, words) => {
    const stop = bed.sandbox.faults.always({ method: 'GET', path }, { status: 403, body: { message: 'Invalid ability provided.' } });
    const run = await bed.dnx('report', { columns: 200 });
    expect(run).toExit(0, { says: [`! The token cannot read ${words}, so they are unknown.`, 'dnx token create report --for report'] });
    expect(run.stdout.match(/ unknown /g)).toHaveLength(part === 'queues' ? 5 : 6);
    const json = await bed.dnx('report --json');
    const sites = json.json<SiteReport[]>().filter(({ domain }) => part !== 'queues' || domain !== 'docs.example.com');
    expect(sites.map(({ errors }) => errors[part]?.code)).toEqual(sites.map(() => 'forbidden'));
    const asked = new RegExp(`^GET ${path.replaceAll(/\{\w+\}/g, '\\w+')}$`);
    expect(json.calls.filter((call) => asked.test(call)).length).toBeLessThanOrEqual(3);
    stop();
  });

  test.each(lists)('ends with 12 if the API fails at %s, with everything else', async (part, path) => {
    bed.sandbox.faults.always({ method: 'GET', path }, { status: 500 });
    const run = await bed.dnx('report --json');
    expect(run).toExit(12, { stderr: expect.stringMatching(/[56] of 6 lines could not be read completely/) });
    const [shop] = run.json<SiteReport[]>();
    expect(shop).toMatchObject({ domain: 'shop.example.com', php_version: '8.3', errors: { [part]: { code: 'failed', status: 500 } } });
  });

  test('counts a server whose sites cannot be read as a line', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: `/servers/${seeded.servers['web-2']}/sites` }, { status: 404 });
    await expect(bed.dnx('report')).toExit(12, { says: 'Error: 1 of 4 lines could not be read completely: Not found.' });
  });

  test('has a line for a server whose sites cannot be read', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: `/servers/${seeded.servers['web-2']}/sites` }, { status: 403 });
    const run = await bed.dnx('report -o csv --fields domain,server,branch');
    expect(run).toExit(0, { says: '! The token cannot read sites, so they are unknown.' });
    expect(run.stdout.split('\n').slice(4)).toEqual(['unknown,web-2,unknown', '']);
  });
});

test('a token for report reads everything, and nothing is refused', async () => {
  const token = (await bed.dnx('token create report --for report')).stdout.trim();
  const run = await bed.dnx('report --json', { env: { DNX_TOKEN: token } });
  expect(run).toExit(0, { stderr: '' });
  expect(run.json<SiteReport[]>().flatMap(({ errors }) => Object.keys(errors))).toEqual([]);
});

describe('a fleet', () => {
  const limited = perTest(() => openBed({ rateLimit: 60 }));

  test(`of ${SERVERS} servers with ${SITES} sites takes a request for each list, within the rate limit, with progress`, async () => {
    fleet(limited, SERVERS, SITES);
    const { calls, most, through } = recorder(limited);
    const run = await limited.dnx('report --json', { through });
    expect(run).toExit(0);
    expect(run.json<SiteReport[]>()).toHaveLength(SITES);
    expect(calls).toHaveLength(2 + 2 * SERVERS + 3 * SITES);
    expect(new Set(calls.map(({ path }) => path)).size).toBe(calls.length);
    expect([calls.filter(({ status }) => status !== 200), most() <= 60]).toEqual([[], true]);
    expect(run.waited).toBeLessThan(3 * 60_000);
    expect(run.stderr).toMatch(/^Reading \d+ of 40 sites$/m);
    const stopped = await limited.dnx('report -o markdown', { columns: 80, interruptAt: 30_000 });
    expect(stopped).toExit(130, { stdout: '' });
  });
});
