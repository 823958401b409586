import { describe, expect, test } from 'vitest';
import {
  type Baseline,
  baselineOf,
  baselineOfRunning,
  type Evidence,
  judge,
  type Release,
  type Site,
} from '../../src/features/deploy/judge.ts';

const site = (status: string, more: Partial<Site> = {}): Site => ({
  id: 's',
  status,
  last_deployed_at: 'monday',
  updated_at: 'monday',
  zero_downtime_enabled: true,
  ...more,
});
const release = (id: string, status: string, active = false): Release => ({ id, status, active });
const OLD = release('old', 'active', true);
const BEFORE = baselineOf(site('active'), [OLD]);

const fresh = (more: Partial<Evidence> = {}): Evidence => ({ going: false, doubts: 0, ...more });
const look = (
  now: Site,
  releases: readonly Release[] | null,
  { before = BEFORE, evidence = fresh() }: { before?: Baseline; evidence?: Evidence } = {},
) => judge(before, evidence, now, releases);
/** The verdict once nothing changes any more, and the number of looks that it took. */
const lasting = (...[now, releases, { before = BEFORE, evidence = fresh() } = {}]: Parameters<typeof look>) => {
  for (let looks = 1; looks <= 20; looks++) {
    const verdict = judge(before, evidence, now, releases);
    if (verdict) return { looks, ...verdict };
  }
  return undefined;
};
const retired = { ...OLD, active: false };

describe('with a new release', () => {
  test.each([
    ['nothing is new', 'active', [OLD], undefined],
    ['it is on its way', 'deploying', [release('new', 'deploying'), OLD], undefined],
    ['it is live', 'active', [release('new', 'active', true), retired], 'succeeded'],
    ['it failed', 'failed', [release('new', 'failed'), OLD], 'failed'],
    ['the site still reads as before, but the release failed', 'active', [release('new', 'failed'), OLD], 'failed'],
    ['there are two', 'active', [release('newer', 'active', true), release('new', 'active'), retired], 'superseded'],
    ['there are two and one failed', 'failed', [release('newer', 'failed'), release('new', 'active', true)], 'superseded'],
    ['releases say nothing of their status', 'active', [{ id: 'new', active: true }, retired], 'succeeded'],
    ['releases do not say which is live', 'active', [{ id: 'new', status: 'Active' }, { id: 'old' }], 'succeeded'],
  ] as const)('%s', (_, status, releases, outcome) => {
    expect(look(site(status), releases)?.outcome).toBe(outcome);
  });

  test.each([
    ['the site is active and the release is not', 'active', [release('new', 'paused'), OLD], 'unknown'],
    ['the site failed and the release did not', 'failed', [release('new', 'active', true), retired], 'unknown'],
    ['the site is suspended', 'suspended', [release('new', 'active', true), retired], 'unknown'],
    ['another one is live', 'active', [release('new', 'active'), OLD], 'superseded'],
  ] as const)('a doubt must last: %s', (_, status, releases, outcome) => {
    expect(lasting(site(status), releases)).toMatchObject({ outcome, looks: 5, reason: expect.any(String) });
  });

  test('where another deployment may have come and gone before ours, the only one must stay the only one', () => {
    const releases = [release('new', 'active', true), retired];
    expect(lasting(site('active'), releases, { evidence: fresh({ blurred: true }) })).toMatchObject({ outcome: 'succeeded', looks: 6 });
    expect(lasting(site('active'), releases, { evidence: fresh({ blurred: true, going: true }) })).toMatchObject({ looks: 1 });
  });
});

describe('without a new release', () => {
  test.each([
    ['nothing changed', site('active'), undefined],
    ['an edit is no deployment', site('active', { updated_at: 'tuesday' }), undefined],
    ['it turned bad', site('failed'), 'failed'],
  ])('%s', (_, now, outcome) => expect(lasting(now, [OLD])?.outcome).toBe(outcome));

  test('an active site that keeps releases and has no new one is a doubt', () => {
    expect(lasting(site('active', { last_deployed_at: 'tuesday' }), [OLD])).toMatchObject({ outcome: 'unknown', looks: 5 });
    expect(lasting(site('active'), [OLD], { evidence: fresh({ going: true }) })).toMatchObject({ outcome: 'unknown' });
  });

  test('a site that was failed before and still is', () => {
    const before = baselineOf(site('failed'), [OLD]);
    expect(lasting(site('failed'), [OLD], { before })).toBeUndefined();
    expect(lasting(site('failed', { updated_at: 'tuesday' }), [OLD], { before })).toMatchObject({ outcome: 'unknown' });
    expect(look(site('failed'), [OLD], { before, evidence: fresh({ going: true }) })?.outcome).toBe('failed');
  });

  test('a request that left no trace was probably never performed', () => {
    expect(lasting(site('active'), [OLD], { evidence: fresh({ unsure: true }) })).toMatchObject({ outcome: 'unknown', looks: 5 });
  });
});

describe('a site that keeps no releases', () => {
  const before = baselineOf(site('active', { zero_downtime_enabled: false }), []);
  const now = (status: string, more: Partial<Site> = {}) => site(status, { zero_downtime_enabled: false, ...more });

  test.each([
    ['reads as before', now('active'), fresh(), undefined],
    ['was seen going', now('active'), fresh({ going: true }), 'succeeded'],
    ['was deployed', now('active', { last_deployed_at: 'tuesday' }), fresh(), 'succeeded'],
    ['was edited', now('active', { updated_at: 'tuesday' }), fresh(), undefined],
    ['failed', now('failed'), fresh(), 'failed'],
  ])('%s', (_, seen, evidence, outcome) => expect(look(seen, [], { before, evidence })?.outcome).toBe(outcome));

  test('where releases cannot be read, the site must do', () => {
    const blind = baselineOf(site('active'), null);
    expect(look(site('active', { last_deployed_at: 'tuesday' }), null, { before: blind })?.outcome).toBe('succeeded');
  });
});

test('of a deployment that runs already, its release counts as new', () => {
  const running = baselineOfRunning(site('deploying'), [release('theirs', 'deploying'), OLD]);
  expect(running.releases).toEqual(['old']);
  expect(look(site('active'), [release('theirs', 'active', true), retired], { before: running })?.outcome).toBe('succeeded');
});
