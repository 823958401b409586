import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { openFleet } from '../support/fleet.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];
const HOUR = 60 * 60_000;

const bed = perTest(() => openBed({ rateLimit: 60 }));
beforeEach(() => openFleet(bed));

/** The requests of a command that succeeds without being rate limited. */
async function costOf(line: string, options: RunOptions = {}): Promise<number> {
  const before = bed.sandbox.calls.length;
  const run = await bed.dnx(line, options);
  expect([run.code, run.stderr.includes('Rate limited')], run.stderr).toEqual([0, false]);
  expect(bed.sandbox.calls.slice(before).filter(({ status }) => status === 429)).toEqual([]);
  return run.calls.length;
}
const nextMinute = () => bed.clock.sleep(60_000);

describe('on 50 servers with 500 sites, within 60 requests a minute', () => {
  test('a deployment costs 1 request with ids, 52 with an unknown domain, and 2 with a known one', async () => {
    expect(await costOf(`deploy ${shop} --server ${web1} --no-wait`)).toBe(1);
    expect(await costOf('deploy shop.example.com --no-wait')).toBe(52);
    await nextMinute();
    expect(await costOf('deploy site-250.example.com --no-wait')).toBe(2);
    await bed.clock.sleep(20 * HOUR);
    expect(await costOf('deploy shop.example.com --no-wait')).toBe(2);
  });

  test('a list of all sites costs 51, and every site is known afterwards', async () => {
    expect(await costOf('site list --json')).toBe(51);
    expect(await costOf('site show site-498.example.com --json')).toBe(1);
    expect(await costOf('deploy site-7.example.com --no-wait')).toBe(2);
  });

  test('a typo costs 51 requests', async () => {
    const { code, calls, stderr } = await bed.dnx('site show shop.exmaple.com');
    expect([code, calls.length]).toEqual([6, 51]);
    expect(stderr).toContain("Error: Site 'shop.exmaple.com' not found. Did you mean 'shop.example.com' (web-1)?\n");
  });

  test('a variable and a daemon of a known site and server are read without looking those up', async () => {
    await costOf('site list --json');
    await costOf('daemon list --server web-1 --json');
    await nextMinute();
    expect(await costOf('env get APP_DEBUG --site shop.example.com')).toBe(2);
    const [daemon] = bed.sandbox.state.daemons;
    expect(await costOf(`daemon show "${daemon?.command}" --server web-1 --json`)).toBe(1);
  });

  test('only the server that changed is read again', async () => {
    await costOf('site list --json');
    await nextMinute();
    expect(await costOf('site create new.example.com --server app-3 --type laravel --no-wait')).toBeLessThan(5);
    const found = await bed.dnx('site show new.example.com --json');
    expect(found.calls).toEqual([expect.stringMatching(/\/sites$/), expect.stringMatching(/\/sites\/\w+$/)]);
    expect(await costOf('site show new.example.com --json')).toBe(1);
  });

  test('a cold search says how many servers it reads, unless it is quiet', async () => {
    expect((await bed.dnx('site show site-9.example.com --json')).stderr).toBe('Searching 50 servers for site-9.example.com\n');
    expect((await bed.dnx('site show site-9.example.com --json')).stderr).toBe('');
    await nextMinute();
    expect((await bed.dnx('-q --no-cache site show site-9.example.com --json')).stderr).toBe('');
  });
});
