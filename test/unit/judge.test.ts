import { describe, expect, test } from 'vitest';
import { type Baseline, baselineOf, type Site } from '../../src/features/deploy/baseline.ts';
import type { Evidence } from '../../src/features/deploy/judge.ts';
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
const baselineFrom = (now: Site, releases: readonly Record[] | null = [OLD]): Baseline => baselineOf(now, releases && releasesOf(releases));
const BEFORE = baselineFrom(site('active'));

const fresh = (more: Partial<Evidence> = {}): Evidence => ({
  going: false,
  siteWorked: false,
  sawUnfinished: true,
  settledAt: undefined,
  ...more,
});

/** The verdict if nothing changes any more, and after how many seconds. */
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

describe('judge with a new release', () => {
  test.each([
    ['it is live', 'active', [release('new', 'active', true), retired], 'succeeded'],
    ['it failed', 'failed', [release('new', 'failed'), OLD], 'failed'],
    ['the site is unchanged, but the release failed', 'active', [release('new', 'failed'), OLD], 'failed'],
    ['there are two', 'active', [release('newer', 'active', true), release('new', 'active'), retired], 'superseded'],
    ['there are two and one failed', 'failed', [release('newer', 'failed'), release('new', 'active', true)], 'superseded'],
    ['releases have no status', 'active', [{ id: 'new', active: true }, retired], 'succeeded'],
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
    ['its status is unknown', 'active', [release('new', 'built', true), retired], 'succeeded'],
    [
      'is_active marks it as live',
      'active',
      [
        { id: 'new', is_active: 1 },
        { id: 'old', is_active: 0 },
      ],
      'succeeded',
    ],
    [
      'its state is live',
      'active',
      [
        { id: 'new', state: 'live' },
        { id: 'old', state: 'kept' },
      ],
      'succeeded',
    ],
    [
      'the live mark is text',
      'active',
      [
        { id: 'new', current: '1' },
        { id: 'old', current: '0' },
      ],
      'succeeded',
    ],
  ] as const)('decides immediately if %s', (_, status, releases, outcome) => {
    expect(lasting(site(status), releases)).toMatchObject({ outcome, seconds: 0 });
  });

  test.each(['online', 'up', 'enabled', 'failed'])('decides immediately if the site is %s before and after', (word) => {
    const from = baselineFrom(site(word));
    expect(lasting(site(word), [release('new', 'active', true), retired], { from })).toMatchObject({ outcome: 'succeeded', seconds: 0 });
  });

  test.each([
    ['the release is deploying', 'active', release('new', 'deploying')],
    ['the release has an unknown status', 'active', release('new', 'preparing')],
    ['the release is queued under another name', 'active', { id: 'new', state: 'QUEUED' }],
    ['the site is deploying', 'deploying', release('new', 'active', true)],
    ['the site has an unknown status', 'updating', release('new', 'paused')],
  ] as const)('continues while %s', (_, status, ours) => {
    expect(lasting(site(status), [ours, OLD])).toBeUndefined();
  });

  test.each([
    [
      'the release has the same unknown status as others and is not live',
      'active',
      [release('new', 'kept'), { ...OLD, status: 'kept' }],
      'unknown',
    ],
    ['the site failed and the release did not', 'failed', [release('new', 'active', true), retired], 'unknown'],
    ['the site is suspended', 'suspended', [release('new', 'active', true), retired], 'unknown'],
    ['another release is live', 'active', [release('new', 'active'), OLD], 'superseded'],
    ['no release is marked as live any more', 'active', [release('new', 'active'), retired], 'unknown'],
    ['it has neither a status nor a live mark', 'active', [{ id: 'new' }, { id: 'old' }], 'unknown'],
  ] as const)('waits 90 seconds if %s', (_, status, releases, outcome) => {
    expect(lasting(site(status), releases)).toMatchObject({ outcome, seconds: 90, reason: expect.any(String) });
  });

  test('uses the progress of the site if the release has no status', () => {
    const bare = [{ id: 'new' }, { id: 'old' }];
    const wentThrough = () => fresh({ going: true });
    const later = { last_deployed_at: 'tuesday' };
    expect(lasting(site('succeeded', later), bare, { evidence: wentThrough() })).toMatchObject({ outcome: 'succeeded', seconds: 20 });
    // A platform may have that status and that time after a failure, too.
    expect(lasting(site('active', later), bare, { evidence: wentThrough() })).toMatchObject({ outcome: 'unknown', seconds: 90 });
    expect(lasting(site('succeeded'), bare, { evidence: wentThrough() })).toMatchObject({ outcome: 'unknown', seconds: 90 });
    const from = baselineFrom(site('failed'));
    expect(lasting(site('active', later), bare, { from, evidence: wentThrough() })).toMatchObject({ outcome: 'succeeded', seconds: 20 });
    expect(lasting(site('failed'), bare, { evidence: wentThrough() })).toMatchObject({ outcome: 'failed', seconds: 20 });
  });

  test('waits 20 seconds if the release was never seen in progress', () => {
    const releases = [release('new', 'active', true), retired];
    expect(lasting(site('active'), releases, { evidence: fresh({ sawUnfinished: false }) })).toMatchObject({
      outcome: 'succeeded',
      seconds: 20,
    });
  });

  test.each(['running', 'online'])('accepts %s as the good status of a site that was failed before', (word) => {
    const from = baselineFrom(site('failed'));
    const releases = [release('new', 'built', true), retired];
    expect(lasting(site(word), releases, { from })).toMatchObject({ outcome: 'succeeded', seconds: 90 });
    expect(lasting(site(word), [OLD], { from, evidence: fresh({ going: true, siteWorked: true }) })).toMatchObject({ outcome: 'unknown' });
  });

  test('restarts the 90 seconds after progress', () => {
    const evidence = fresh();
    const at = (seconds: number, status: string, releases: readonly Record[]) =>
      judge(BEFORE, evidence, { site: site(status), releases: releasesOf(releases), at: seconds * 1000 })?.outcome;
    expect(at(0, 'active', [release('new', 'paused'), OLD])).toBeUndefined();
    expect(at(80, 'deploying', [release('new', 'paused'), OLD])).toBeUndefined();
    expect(at(120, 'active', [release('new', 'paused'), OLD])).toBeUndefined();
    expect(at(180, 'active', [release('new', 'active', true), retired])).toBe('succeeded');
  });

  test('waits 90 seconds if another deployment may have ended before ours', () => {
    const releases = [release('new', 'active', true), retired];
    expect(lasting(site('active'), releases, { evidence: fresh({ blurred: true }) })).toMatchObject({ outcome: 'succeeded', seconds: 90 });
    expect(lasting(site('active'), releases, { evidence: fresh({ blurred: true, going: true }) })).toMatchObject({ seconds: 0 });
  });
});

describe('judge without a new release', () => {
  test.each([
    ['nothing changed', site('active'), 'unknown', 90],
    ['the site was only edited', site('active', { updated_at: 'tuesday' }), 'unknown', 90],
    ['it changed to failed', site('failed'), 'failed', 20],
    ['it was deployed but lists no new release', site('active', { last_deployed_at: 'tuesday' }), 'unknown', 90],
  ])('decides by the site: %s', (_, now, outcome, seconds) => expect(lasting(now, [OLD])).toMatchObject({ outcome, seconds }));

  test('needs progress to report that a failed site failed again', () => {
    const from = baselineFrom(site('failed'));
    expect(lasting(site('failed'), [OLD], { from })).toMatchObject({ outcome: 'unknown', seconds: 90 });
    expect(lasting(site('failed'), [OLD], { from, evidence: fresh({ going: true }) })).toMatchObject({ outcome: 'failed', seconds: 20 });
  });

  test('is unknown if a lost request left no trace', () => {
    expect(lasting(site('active'), [OLD], { evidence: fresh({ maybeNotSent: true }) })).toMatchObject({ outcome: 'unknown', seconds: 90 });
  });
});

describe('a site without releases', () => {
  const plain = (status: string, more: Partial<Site> = {}) => site(status, { zero_downtime_enabled: false, ...more });
  const from = baselineFrom(plain('active'), []);

  test.each([
    ['did not change', plain('active'), fresh(), 'unknown', 90],
    ['was seen deploying', plain('active'), fresh({ going: true }), 'succeeded', 20],
    ['was deployed', plain('active', { last_deployed_at: 'tuesday' }), fresh(), 'succeeded', 20],
    ['was seen deploying and deployed', plain('active', { last_deployed_at: 'tuesday' }), fresh({ going: true }), 'succeeded', 0],
    ['was edited', plain('active', { updated_at: 'tuesday' }), fresh(), 'unknown', 90],
    ['was edited and has no deployment time', { id: 's', status: 'active', updated_at: 'tuesday' }, fresh(), 'unknown', 90],
    ['failed', plain('failed'), fresh(), 'failed', 20],
  ])('%s', (_, now, evidence, outcome, seconds) => expect(lasting(now, [], { from, evidence })).toMatchObject({ outcome, seconds }));

  test('is used alone if releases cannot be read', () => {
    const blind = baselineFrom(site('active'), null);
    expect(lasting(site('active', { last_deployed_at: 'tuesday' }), null, { from: blind })).toMatchObject({ outcome: 'succeeded' });
  });

  test('is idle again once it has its earlier status', () => {
    const running = baselineFrom(plain('running'), []);
    expect(lasting(plain('running'), [], { from: running, evidence: fresh({ going: true }) })).toMatchObject({ outcome: 'succeeded' });
  });
});

test('the release of a deployment already in progress counts as new', () => {
  const running = baselineFrom(site('deploying'), [release('theirs', 'deploying'), OLD]);
  expect(running.releases).toEqual(['old']);
  const evidence = fresh({ going: true });
  const releases = [release('theirs', 'active', true), retired];
  expect(lasting(site('active'), releases, { from: running, evidence })).toMatchObject({ outcome: 'succeeded', seconds: 0 });
});

test('the end of an installation is not a successful deployment', () => {
  const from = baselineFrom(site('installing', { zero_downtime_enabled: false }), []);
  const evidence = fresh({ going: true, foreign: true });
  expect(lasting(site('active'), [], { from, evidence })).toMatchObject({ outcome: 'unknown', seconds: 90 });
});
