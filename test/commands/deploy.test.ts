import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const posts = (calls: readonly string[]) => calls.filter((call) => call.startsWith('POST'));

describe('deploy', () => {
  test('follows to success, although the first polls still show the previous one', async () => {
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.stderr).toContain('Deployment of shop.example.com started.');
    expect(run.json()).toMatchObject({ site: 'shop.example.com', server: 'web-1', outcome: 'succeeded', status: 'active' });
    expect(run.waited).toBeGreaterThan(8_000);
    expect(run.code).toBe(0);
    expect(posts(run.calls)).toHaveLength(1);
  });
});
