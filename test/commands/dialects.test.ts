import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded, timings } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { type Dialect, speak } from '../support/platform.ts';
import { sampled } from '../support/volume.ts';

const shop = seeded.sites['shop.example.com'];
const OURS = '20260416_120003';
const MINUTE = 60_000;

const bed = perTest(openBed);

const posts = () => bed.sandbox.calls.filter(({ method }) => method === 'POST');
const releases = () => bed.sandbox.state.releases.filter(({ site_id }) => site_id === shop);
const siteOf = (id: string = shop) => bed.sandbox.state.sites.find((site) => site.id === id);
const isOurs = ({ name }: Record<string, unknown>) => name === OURS;
const until = (ms: number) => bed.clock.elapsed() < ms;
const without = (thing: Record<string, unknown>, ...keys: readonly string[]) =>
  Object.fromEntries(Object.entries(thing).filter(([key]) => !keys.includes(key)));
const reading =
  (words: Readonly<Record<string, string>>) =>
  (thing: Record<string, unknown>): Record<string, unknown> => ({ ...thing, status: words[String(thing.status)] ?? thing.status });
const building = (release: Record<string, unknown>) =>
  isOurs(release) && until(MINUTE) ? { ...release, status: 'deploying', active: false } : release;

/** API dialects in which dnx must tell success from failure. */
const dialects: readonly (readonly [string, Dialect])[] = [
  ['the site stays active while the release takes a minute', { site: reading({ deploying: 'active' }), release: building }],
  ['the site has an unknown status while the release takes a minute', { site: reading({ deploying: 'updating' }), release: building }],
  [
    'the release has an unknown status for three minutes',
    {
      site: reading({ deploying: 'active', failed: 'active' }),
      release: (release) => (isOurs(release) && until(3 * MINUTE) ? { ...release, status: 'preparing', active: false } : release),
    },
  ],
  [
    'a failed release keeps an unknown status, and only the site fails',
    { site: reading({ deploying: 'active' }), release: reading({ deploying: 'preparing', failed: 'preparing' }) },
  ],
  ['an idle site is online', { site: reading({ active: 'online', deploying: 'online', failed: 'online' }) }],
  ['an idle site is running', { site: reading({ active: 'running', failed: 'running' }) }],
  ['a site is always running', { site: reading({ active: 'running', deploying: 'running', failed: 'running' }) }],
  ['a site has no status', { site: (site) => without(site, 'status', 'updated_at', 'last_deployed_at') }],
  ['a finished release is built', { release: reading({ active: 'built' }) }],
  ['the live release is marked by is_active', { release: ({ active, ...release }) => ({ ...release, is_active: active ? '1' : '0' }) }],
  [
    'the live release is marked by state',
    { release: ({ active, ...release }) => ({ ...release, ...(active === true && { state: 'live' }) }) },
  ],
  ...['aborted', 'timed_out', 'Rejected'].map(
    (word) => [`a failed release is ${word}`, { site: reading({ failed: 'active' }), release: reading({ failed: word }) }] as const,
  ),
  ['no release is marked as live', { release: (release) => without(release, 'active') }],
  ['the release appears a minute late', { releases: (list) => list.filter((each) => !isOurs(each) || !until(MINUTE)) }],
  ['releases are listed oldest first', { releases: (list) => list.toReversed() }],
  ['ids are numbers', { release: (release) => ({ ...release, id: Number(String(release.name).replace('_', '')) }) }],
];

describe.each(sampled(dialects, 8, 9))('if %s', (_, dialect) => {
  test('reports a successful deployment', async () => {
    speak(bed, dialect);
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.json()).toMatchObject({ outcome: 'succeeded', release: OURS });
    expect(run).toExit(0);
    expect(posts()).toHaveLength(1);
  });

  test('reports a failed deployment', async () => {
    speak(bed, dialect);
    bed.sandbox.state.fail_deploys = true;
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.json()).toMatchObject({ outcome: 'failed' });
    expect(run).toExit(1);
  });
});

describe('a deployment', () => {
  test('waits for a release that is marked as live a minute late', async () => {
    const [old] = releases().filter(({ active }) => active);
    speak(bed, { release: (release) => (until(MINUTE) ? { ...release, active: release.id === old?.id } : release) });
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.json()).toMatchObject({ outcome: 'succeeded', release: OURS });
    expect(run.waited).toBeLessThan(80_000);
  });

  test('is unknown if its release has neither a status nor a live mark, unless the site says so', async () => {
    const bare = (release: Record<string, unknown>) => without(release, 'status', 'active');
    const stop = speak(bed, { site: reading({ deploying: 'active' }), release: bare });
    const run = await bed.dnx('deploy shop.example.com --json');
    expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'unknown' })]);
    expect(run.waited).toBeLessThan(110_000);
    stop();
    speak(bed, { site: reading({ active: 'succeeded' }), release: bare });
    expect((await bed.dnx('deploy shop.example.com --json')).json()).toMatchObject({ outcome: 'succeeded' });
  });

  test('is unknown if the site was only edited', async () => {
    speak(bed, { site: (site) => without(site, 'last_deployed_at') });
    bed.sandbox.faults.always({ method: 'POST', path: /\/deploy$/ }, { status: 202, body: { message: 'Deployment started.' } });
    const blog = siteOf(seeded.sites['blog.example.com']);
    bed.clock.at(5_000, () => blog && Object.assign(blog, { updated_at: '2026-04-16T12:00:05Z' }));
    const run = await bed.dnx('deploy blog.example.com --json');
    expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'unknown' })]);
    expect(run.stderr).toContain('the site changed, but shows no new deployment');
  });

  test('is not over because of one stale response', async () => {
    bed.sandbox.state.fail_deploys = true;
    const lags = () => !until(9_000) && until(12_000);
    speak(bed, { site: (site) => (lags() ? { ...site, status: 'active' } : site) });
    const run = await bed.dnx('deploy blog.example.com --json');
    expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'failed' })]);
  });

  test('does not claim an old release that one response omitted', async () => {
    const [old] = releases().filter(({ active }) => active);
    speak(bed, { releases: (list) => (posts().length === 0 ? list.filter(({ id }) => id !== old?.id) : list) });
    const run = await bed.dnx('deploy shop.example.com --json');
    expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'superseded' })]);
  });

  test('follows a deployment that only its release shows, and sends nothing', async () => {
    speak(bed, { site: reading({ deploying: 'active' }) });
    bed.sandbox.deployElsewhere(shop);
    expect((await bed.dnx('deploy shop.example.com --json')).json()).toMatchObject({ outcome: 'succeeded', release: '20260416_120000' });
    expect(posts()).toEqual([]);
  });

  test('is not followed to the time limit for the status of a release that another one has replaced', async () => {
    bed.sandbox.state.releases = [];
    speak(bed, {
      site: reading({ deploying: 'active' }),
      release: ({ active, status: _, ...release }) => ({ ...release, state: active ? 'live' : 'kept' }),
    });
    const elsewhere = { env: { DNX_STATE_DIR: join(bed.directory, 'elsewhere') } };
    await expect(bed.dnx('deploy shop.example.com --no-wait', elsewhere)).toExit(0);
    const run = await bed.dnx('deploy shop.example.com --json');
    expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'superseded' })]);
    expect(run.waited).toBeLessThan(2 * MINUTE);
  });

  test('starts although an old release is stuck in pending', async () => {
    const [oldest] = releases();
    speak(bed, { release: (release) => (release.id === oldest?.id ? { ...release, status: 'pending' } : release) });
    expect((await bed.dnx('deploy shop.example.com --json')).json()).toMatchObject({ outcome: 'succeeded', release: OURS });
    expect(posts()).toHaveLength(1);
  });
});

describe('a rollback', () => {
  const previous = () => releases().at(-2);
  const live = () => releases().find(({ active }) => active);

  test.each<[string, Dialect]>([
    ['is_active', { release: ({ active, ...release }) => ({ ...release, is_active: active ? '1' : '0' }) }],
    ['a state', { release: ({ active, ...release }) => ({ ...release, state: active ? 'live' : 'kept' }) }],
    [
      'current, oldest first',
      { release: ({ active, ...release }) => ({ ...release, current: active ? 1 : 0 }), releases: (list) => list.toReversed() },
    ],
    [
      'active, in no order, with times in seconds',
      {
        release: (release) => ({ ...release, created_at: Date.parse(String(release.created_at)) / 1000 }),
        releases: (list) => list.toSorted((one, other) => String(one.commit_hash).localeCompare(String(other.commit_hash))),
      },
    ],
    ['active, ordered only by name', { release: (release) => without(release, 'created_at'), releases: (list) => list.toReversed() }],
  ])('finds the release before the live one by %s', async (_, dialect) => {
    const target = previous();
    speak(bed, dialect);
    expect((await bed.dnx('rollback shop.example.com --yes --json')).json()).toMatchObject({ outcome: 'succeeded', release: target?.name });
    expect(live()).toBe(target);
  });

  test.each<[string, Dialect]>([
    ['no release is marked as live', { release: (release) => without(release, 'active') }],
    [
      'the order is unknown',
      { release: (release) => ({ ...without(release, 'created_at'), name: `v${String(release.commit_hash).slice(0, 5)}` }) },
    ],
  ])('needs --to if %s', async (_, dialect) => {
    speak(bed, dialect);
    const run = await bed.dnx('rollback shop.example.com --yes');
    expect(run).toExit(2, { stdout: '', says: ['Nothing was rolled back.', 'Choose a release with --to.'] });
    expect(posts()).toEqual([]);
    const target = previous();
    expect((await bed.dnx(`rollback shop.example.com --yes --to ${target?.id} --json`)).json()).toMatchObject({ outcome: 'succeeded' });
    expect(live()).toBe(target);
  });

  test('succeeds if it creates a new release of the old commit', async () => {
    const [target, old, site] = [previous(), live(), siteOf()];
    if (!target || !old || !site) throw new Error('The seed has no releases.');
    bed.sandbox.faults.always({ method: 'POST', path: /rollback$/ }, { status: 202, body: { message: 'Rollback started.' } });
    const copy = {
      ...target,
      id: '01J0000000000000000000C0PY',
      name: '20260416_120002',
      status: 'deploying',
      active: false,
    } as typeof target;
    bed.clock.at(2_000, () => {
      site.status = 'deploying';
      bed.sandbox.state.releases.push({ ...copy, created_at: '2026-04-16T12:00:02Z' });
    });
    bed.clock.at(8_000, () => {
      site.status = 'active';
      old.active = false;
      for (const each of releases()) if (each.id === copy.id) Object.assign(each, { status: 'active', active: true });
    });
    expect((await bed.dnx('rollback shop.example.com --yes --json')).json()).toMatchObject({ outcome: 'succeeded', release: copy.name });
  });

  test.each([
    ['nothing changes', () => {}],
    ['only the site changes', () => Object.assign(siteOf() ?? {}, { updated_at: '2026-04-16T12:00:03Z' })],
  ])('is unknown after 90 seconds if %s', async (_, happens) => {
    bed.sandbox.faults.always({ method: 'POST', path: /rollback$/ }, { status: 202, body: { message: 'Rollback started.' } });
    bed.clock.at(3_000, happens);
    const run = await bed.dnx('rollback shop.example.com --yes --json');
    expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'unknown' })]);
    expect(run.waited).toBe(92_000);
  });

  test('is followed while it is in progress', async () => {
    speak(bed, { site: (site) => (until(3 * MINUTE) && posts().length > 0 ? { ...site, status: 'deploying' } : site) });
    const run = await bed.dnx('rollback shop.example.com --yes --json');
    expect(run.json()).toMatchObject({ outcome: 'succeeded' });
    expect(run.waited).toBeGreaterThan(3 * MINUTE - timings.rollbackRuns);
  });
});
