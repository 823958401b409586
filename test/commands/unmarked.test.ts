import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
  // Releases without a status or mark, and a site that shows no failure.
  bed.sandbox.faults.always({ method: 'GET', path: /\/sites/ }, (answer) => ({
    ...answer,
    body: JSON.parse(JSON.stringify(answer.body), function (key, value) {
      if ('commit_hash' in this && (key === 'status' || key === 'active')) return undefined;
      return key === 'status' && value === 'failed' ? 'active' : value;
    }),
  }));
});
afterEach(() => bed.close());

test('a failed release without a status and a mark is not a success', async () => {
  bed.sandbox.state.fail_deploys = true;
  const run = await bed.dnx('deploy shop.example.com --json');
  expect([run.code, run.json().outcome]).toEqual([1, 'unknown']);
  expect(run.stderr).toContain('is not marked as live');
});

test('a release without a status and a mark succeeded if the site was deployed', async () => {
  const run = await bed.dnx('deploy shop.example.com --json');
  expect([run.code, run.json().outcome]).toEqual([0, 'succeeded']);
});
