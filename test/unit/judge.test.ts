import { describe, expect, test } from 'vitest';
import { type Baseline, baselineOf, type Site } from '../../src/features/deploy/baseline.ts';
import type { Evidence } from '../../src/features/deploy/evidence.ts';
import { judge } from '../../src/features/deploy/judge.ts';
import { releasesOf } from '../../src/features/deploy/release.ts';

type Record = { readonly id: string; readonly [field: string]: unknown };

const site = (status: string, more: Partial<Site> = {}): Site => ({
  id: 's',
  status,
  last_deployed_at: 'monday',
  updated_at: 'monday',
  zero_downtime_enabled: true,
  ...more,
});
const release = (id: string, status: string, active = false): Record => ({ id, status, active });
const OLD = release('old', 'active', true);
const retired = { ...OLD, active: false };
const asItWas = (now: Site, releases: readonly Record[] | null = [OLD]): Baseline => baselineOf(now, releases && releasesOf(releases));
const BEFORE = asItWas(site('active'));

const fresh = (more: Partial<Evidence> = {}): Evidence => ({
  going: false,
  siteWorked: false,
  sawUnfinished: true,
  settledAt: undefined,
  ...more,
});

/** The verdict once nothing changes any more, and after how many seconds it comes. */
function lasting(
  now: Site,
  releases: readonly Record[] | null,
  { from = BEFORE, evidence = fresh() }: { from?: Baseline; evidence?: Evidence } = {},
) {
  for (let at = 0; at <= 600_000; at += 10_000) {
    const verdict = judge(from, evidence, { site: now, releases: releases && releasesOf(releases), at });
    if (verdict) return { seconds: at / 1000, ...verdict };
  }
  return undefined;
}

describe('with a new release', () => {
  test.each([
    ['it is live', 'active', [release('new', 'active', true), retired], 'succeeded'],
    ['it failed', 'failed', [release('new', 'failed'), OLD], 'failed'],
    ['the site still reads as before, but the release failed', 'active', [release('new', 'failed'), OLD], 'failed'],
    ['there are two', 'active', [release('newer', 'active', true), release('new', 'active'), retired], 'superseded'],
    ['there are two and one failed', 'failed', [release('newer', 'failed'), release('new', 'active', true)], 'superseded'],
    ['releases say nothing of their status', 'active', [{ id: 'new', active: true }, retired], 'succeeded'],
    ['releases do not say which is live', 'active', [{ id: 'new', status: 'Active' }, { id: 'old' }], 'succeeded'],
    [
      'every release has the status active',
      'active',
      [
        { id: 'new', status: 'active' },
        { id: 'old', status: 'active' },
      ],
      'succeeded',
    ],
    ['its status is not known', 'active', [release('new', 'built', true), retired], 'succeeded'],
    [
      'it is marked by is_active',
      'active',
      [
        { id: 'new', is_active: 1 },
        { id: 'old', is_active: 0 },
      ],
      'succeeded',
    ],
    [
      'it is marked by a state',
      'active',
      [
        { id: 'new', state: 'live' },
        { id: 'old', state: 'kept' },
      ],
      'succeeded',
    ],
    [
      'the mark is text',
      'active',
      [
        { id: 'new', current: '1' },
        { id: 'old', current: '0' },
      ],
      'succeeded',
    ],
  ] as const)('%s: known at once', (_, status, releases, outcome) => {
    expect(lasting(site(status), releases)).toMatchObject({ outcome, seconds: 0 });
  });

  test.each(['online', 'up', 'enabled', 'failed'])('a site that says %s before and after has settled', (word) => {
    const from = asItWas(site(word));
    expect(lasting(site(word), [release('new', 'active', true), retired], { from })).toMatchObject({ outcome: 'succeeded', seconds: 0 });
  });

  test.each([
    ['the release is on its way', 'active', release('new', 'deploying')],
    ['the release says a word that is not known', 'active', release('new', 'preparing')],
    ['the release is queued under another name', 'active', { id: 'new', state: 'QUEUED' }],
    ['the site is on its way', 'deploying', release('new', 'active', true)],
    ['the site says a word that is not known', 'updating', release('new', 'paused')],
  ] as const)('it goes on while %s', (_, status, ours) => {
    expect(lasting(site(status), [ours, OLD])).toBeUndefined();
  });

  test.each([
    [
      'the status of the release is not known, others have the same, and it is not live',
      'active',
      [release('new', 'kept'), { ...OLD, status: 'kept' }],
      'unknown',
    ],
    ['the site failed and the release did not', 'failed', [release('new', 'active', true), retired], 'unknown'],
    ['the site is suspended', 'suspended', [release('new', 'active', true), retired], 'unknown'],
    ['another one is live', 'active', [release('new', 'active'), OLD], 'superseded'],
    ['none is marked as live any more', 'active', [release('new', 'active'), retired], 'unknown'],
    ['it has neither a status nor a mark', 'active', [{ id: 'new' }, { id: 'old' }], 'unknown'],
  ] as const)('a doubt lasts 90 seconds: %s', (_, status, releases, outcome) => {
    expect(lasting(site(status), releases)).toMatchObject({ outcome, seconds: 90, reason: expect.any(String) });
  });

  test('a release that says nothing is as good as the deployment that the site went through', () => {
    const bare = [{ id: 'new' }, { id: 'old' }];
    const went = () => fresh({ going: true });
    expect(lasting(site('active'), bare, { evidence: went() })).toMatchObject({ outcome: 'succeeded', seconds: 20 });
    expect(lasting(site('failed'), bare, { evidence: went() })).toMatchObject({ outcome: 'failed', seconds: 20 });
  });

  test('a release that was never seen in progress may be one from before our request', () => {
    const releases = [release('new', 'active', true), retired];
    expect(lasting(site('active'), releases, { evidence: fresh({ sawUnfinished: false }) })).toMatchObject({
      outcome: 'succeeded',
      seconds: 20,
    });
  });

  test.each(['running', 'online'])('a site that failed before may say %s when it is well', (word) => {
    const from = asItWas(site('failed'));
    const releases = [release('new', 'built', true), retired];
    expect(lasting(site(word), releases, { from })).toMatchObject({ outcome: 'succeeded', seconds: 90 });
    expect(lasting(site(word), [OLD], { from, evidence: fresh({ going: true, siteWorked: true }) })).toMatchObject({ outcome: 'unknown' });
  });

  test('progress ends a doubt, which then begins anew', () => {
    const evidence = fresh();
    const at = (seconds: number, status: string, releases: readonly Record[]) =>
      judge(BEFORE, evidence, { site: site(status), releases: releasesOf(releases), at: seconds * 1000 })?.outcome;
    expect(at(0, 'active', [release('new', 'paused'), OLD])).toBeUndefined();
    expect(at(80, 'deploying', [release('new', 'paused'), OLD])).toBeUndefined();
    expect(at(120, 'active', [release('new', 'paused'), OLD])).toBeUndefined();
    expect(at(180, 'active', [release('new', 'active', true), retired])).toBe('succeeded');
  });

  test('if another deployment may have come and gone before ours, the only one must stay the only one', () => {
    const releases = [release('new', 'active', true), retired];
    expect(lasting(site('active'), releases, { evidence: fresh({ blurred: true }) })).toMatchObject({ outcome: 'succeeded', seconds: 90 });
    expect(lasting(site('active'), releases, { evidence: fresh({ blurred: true, going: true }) })).toMatchObject({ seconds: 0 });
  });
});

describe('without a new release', () => {
  test.each([
    ['nothing changed', site('active'), 'unknown', 90],
    ['an edit is no deployment', site('active', { updated_at: 'tuesday' }), 'unknown', 90],
    ['it turned bad', site('failed'), 'failed', 20],
    ['it was deployed, but keeps releases', site('active', { last_deployed_at: 'tuesday' }), 'unknown', 90],
  ])('%s', (_, now, outcome, seconds) => expect(lasting(now, [OLD])).toMatchObject({ outcome, seconds }));

  test('a site that was failed before and still is', () => {
    const from = asItWas(site('failed'));
    expect(lasting(site('failed'), [OLD], { from })).toMatchObject({ outcome: 'unknown', seconds: 90 });
    expect(lasting(site('failed'), [OLD], { from, evidence: fresh({ going: true }) })).toMatchObject({ outcome: 'failed', seconds: 20 });
  });

  test('a request that left no trace was probably never performed', () => {
    expect(lasting(site('active'), [OLD], { evidence: fresh({ maybeNotSent: true }) })).toMatchObject({ outcome: 'unknown', seconds: 90 });
  });
});

describe('a site that keeps no releases', () => {
  const plain = (status: string, more: Partial<Site> = {}) => site(status, { zero_downtime_enabled: false, ...more });
  const from = asItWas(plain('active'), []);

  test.each([
    ['reads as before', plain('active'), fresh(), 'unknown', 90],
    ['was seen going', plain('active'), fresh({ going: true }), 'succeeded', 20],
    ['was deployed', plain('active', { last_deployed_at: 'tuesday' }), fresh(), 'succeeded', 20],
    ['was seen going and deployed', plain('active', { last_deployed_at: 'tuesday' }), fresh({ going: true }), 'succeeded', 0],
    ['was edited', plain('active', { updated_at: 'tuesday' }), fresh(), 'unknown', 90],
    ['was edited, and does not say when it was deployed', { id: 's', status: 'active', updated_at: 'tuesday' }, fresh(), 'unknown', 90],
    ['failed', plain('failed'), fresh(), 'failed', 20],
  ])('%s', (_, now, evidence, outcome, seconds) => expect(lasting(now, [], { from, evidence })).toMatchObject({ outcome, seconds }));

  test('is judged alone if releases cannot be read', () => {
    const blind = asItWas(site('active'), null);
    expect(lasting(site('active', { last_deployed_at: 'tuesday' }), null, { from: blind })).toMatchObject({ outcome: 'succeeded' });
  });

  test('goes back to its own word, whatever that is', () => {
    const running = asItWas(plain('running'), []);
    expect(lasting(plain('running'), [], { from: running, evidence: fresh({ going: true }) })).toMatchObject({ outcome: 'succeeded' });
  });
});

test('of a deployment that is in progress already, its release counts as new', () => {
  const running = asItWas(site('deploying'), [release('theirs', 'deploying'), OLD]);
  expect(running.releases).toEqual(['old']);
  const evidence = fresh({ going: true });
  const releases = [release('theirs', 'active', true), retired];
  expect(lasting(site('active'), releases, { from: running, evidence })).toMatchObject({ outcome: 'succeeded', seconds: 0 });
});

test('the good end of an installation is no deployment', () => {
  const from = asItWas(site('installing', { zero_downtime_enabled: false }), []);
  const evidence = fresh({ going: true, foreign: true });
  expect(lasting(site('active'), [], { from, evidence })).toMatchObject({ outcome: 'unknown', seconds: 90 });
});
