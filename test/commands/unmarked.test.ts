import { beforeEach, describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);
let words: (status: string) => string;
/** A platform that omits it, or changes it after a failure, too. */
let deployedAt: () => string | undefined;
beforeEach(() => {
  words = (status) => (status === 'failed' ? 'active' : status);
  deployedAt = () => undefined;
  // Releases without a status or mark.
  bed.sandbox.faults.always({ method: 'GET', path: /\/sites/ }, (answer) => ({
    ...answer,
    body: JSON.parse(JSON.stringify(answer.body), function (key, value) {
      if ('commit_hash' in this && (key === 'status' || key === 'active')) return undefined;
      if (key === 'status' && 'domain' in this) return words(value);
      return key === 'last_deployed_at' ? deployedAt() : value;
    }),
  }));
});

describe('a release without a status and a mark', () => {
  test.each([true, false])('has an unknown outcome if the site only returns to its status (failed: %s)', async (fails) => {
    bed.sandbox.state.fail_deploys = fails;
    const run = await bed.dnx('deploy shop.example.com --json');
    expect([run.code, run.json().outcome]).toEqual([1, 'unknown']);
    expect(run.stderr).toContain('is not marked as live');
  });

  test('has an unknown outcome if the time of the last deployment changes, because it may do so after a failure', async () => {
    bed.sandbox.state.fail_deploys = true;
    deployedAt = () => new Date(Math.floor(bed.clock.now() / 60_000) * 60_000).toISOString();
    const run = await bed.dnx('deploy shop.example.com --json');
    expect([run.code, run.json().outcome]).toEqual([1, 'unknown']);
  });

  test('succeeded if the status of the site speaks of the deployment', async () => {
    words = (status) => (status === 'active' ? 'deployed' : status);
    const run = await bed.dnx('deploy shop.example.com --json');
    expect([run.code, run.json().outcome]).toEqual([0, 'succeeded']);
  });

  test('succeeded if the site showed the failure of the deployment before', async () => {
    words = (status) => status;
    bed.sandbox.state.fail_deploys = true;
    const failed = await bed.dnx('deploy shop.example.com --json');
    expect([failed.code, failed.json().outcome]).toEqual([1, 'failed']);
    bed.sandbox.state.fail_deploys = false;
    const run = await bed.dnx('deploy shop.example.com --json');
    expect([run.code, run.json().outcome]).toEqual([0, 'succeeded']);
  });
});
