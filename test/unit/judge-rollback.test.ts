import { expect, test } from 'vitest';
import { baselineOf, type Site } from '../../src/features/deploy/baseline.ts';
import type { Evidence } from '../../src/features/deploy/judge.ts';
import { judgeRollback } from '../../src/features/deploy/judge.ts';
import { releasesOf } from '../../src/features/deploy/release.ts';

type Record = { readonly id: string; readonly [field: string]: unknown };

const site = (status: string, more: Partial<Site> = {}): Site => ({ id: 's', status, updated_at: 'monday', ...more });
const fresh = (more: Partial<Evidence> = {}): Evidence => ({
  going: false,
  siteWorked: false,
  sawUnfinished: true,
  settledAt: undefined,
  ...more,
});
const baselineFrom = (now: Site, releases: readonly Record[]) => baselineOf(now, releasesOf(releases));
const goal = { to: 'old', commit: 'c0ffee' };
const made = (id: string, more: object = {}): Record => ({ id, status: 'active', ...more });
const marked = [made('bad', { active: true, commit_hash: 'bad' }), made('old', { active: false, commit_hash: 'c0ffee' })];
const unmarked = marked.map(({ active: _, ...each }): Record => each);
const roll = (now: Site, releases: readonly Record[], evidence = fresh(), from = baselineFrom(site('active'), marked)) => {
  for (let at = 0; at <= 600_000; at += 10_000) {
    const verdict = judgeRollback(from, goal, evidence, { site: now, releases: releasesOf(releases), at });
    if (verdict) return { seconds: at / 1000, ...verdict };
  }
  return undefined;
};
const swap = (on: unknown, off: unknown, mark: string) => [made('bad', { [mark]: off }), made('old', { [mark]: on })];

test.each([
  ['active', true, false],
  ['is_active', '1', '0'],
  ['state', 'live', 'kept'],
  ['current', 1, 0],
])('a rollback succeeds once %s marks the release as live', (mark, on, off) => {
  expect(roll(site('active'), swap(on, off, mark))).toMatchObject({ outcome: 'succeeded', seconds: 0, release: { id: 'old' } });
});

test('a rollback succeeds once a new release of the old commit is live', () => {
  const copy = made('copy', { active: true, commit_hash: 'c0ffee' });
  const off = marked.map((each) => ({ ...each, active: false }));
  expect(roll(site('active'), [copy, ...off])).toMatchObject({ outcome: 'succeeded', release: { id: 'copy' } });
  expect(roll(site('active'), [{ ...copy, status: 'deploying', active: false }, ...marked])).toBeUndefined();
});

test('a rollback is judged by the status of the site if no release is marked as live', () => {
  const from = baselineFrom(site('active'), unmarked);
  const wentThrough = () => fresh({ going: true });
  expect(roll(site('active'), unmarked, wentThrough(), from)).toMatchObject({ outcome: 'succeeded', seconds: 20, release: { id: 'old' } });
  expect(roll(site('failed'), unmarked, wentThrough(), from)).toMatchObject({ outcome: 'failed', seconds: 20 });
  expect(roll(site('active', { updated_at: 'tuesday' }), unmarked, fresh(), from)).toMatchObject({ outcome: 'unknown', seconds: 90 });
});

test.each([
  ['nothing changed', site('active'), marked, 'unknown'],
  ['the site was edited', site('active', { updated_at: 'tuesday' }), marked, 'unknown'],
  [
    'another deployment is live',
    site('active'),
    [made('new', { active: true }), ...marked.map((each) => ({ ...each, active: false }))],
    'superseded',
  ],
] as const)('a rollback is unclear for 90 seconds if %s', (_, now, releases, outcome) => {
  expect(roll(now, releases)).toMatchObject({ outcome, seconds: 90 });
});

test('a rollback continues while the site is deploying', () => {
  expect(roll(site('deploying'), marked)).toBeUndefined();
});
