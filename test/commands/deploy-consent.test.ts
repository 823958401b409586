import { describe, expect, test } from 'vitest';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const terminal = (keys: string): RunOptions => ({ columns: 80, keys, env: { NO_COLOR: '1' } });
const posts = (calls: readonly string[]) => calls.filter((call) => call.startsWith('POST'));

describe('dnx deploy --all', () => {
  const LINE = 'deploy --server web-1 --all --no-wait';

  test('shows the sites and asks on a terminal', async () => {
    const no = await bed.dnx(LINE, terminal('n\r'));
    expect(no).toExit(1, { changes: [], says: 'Every site of web-1:\n  shop.example.com\n  blog.example.com\n  staging.example.com\n' });
    expect(no.stderr).toContain('Deploy all 3 sites of web-1?');
    const yes = await bed.dnx(LINE, terminal('y\r'));
    expect([yes.code, posts(yes.calls).length]).toEqual([0, 3]);
  });

  test('needs --yes without a terminal', async () => {
    const refused = await bed.dnx(LINE);
    expect(refused).toExit(2, { stdout: '', changes: [] });
    expect(refused.stderr).toBe(
      'Error: --all would deploy 3 sites of web-1: shop.example.com, blog.example.com, staging.example.com. Nothing was changed.\n  Use --yes.\n',
    );
    const run = await bed.dnx(`${LINE} --yes`);
    expect([run.code, posts(run.calls).length, run.stderr.includes('Every site')]).toEqual([0, 3, false]);
    await expect(bed.dnx(`${LINE} --dry-run`)).toExit(0);
  });
});
