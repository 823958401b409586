import { afterEach, beforeEach, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { openFleet } from '../support/fleet.ts';
import { leading } from '../support/volume.ts';

const MINUTE = 60_000;

let bed: Bed;
beforeEach(async () => {
  bed = await openBed({ rateLimit: 60 });
});
afterEach(() => bed.close());

const refused = () => bed.sandbox.calls.filter(({ status }) => status === 429);

test.each(['server list', 'site list --server web-1'])('%s sends 10 requests a minute', async (line) => {
  const run = await bed.dnx(`${line} --watch`, { interruptAt: 3 * MINUTE });
  expect(run).toExit(130);
  expect(run.calls.length).toBeGreaterThan(28);
  expect(run.calls.length).toBeLessThanOrEqual(34);
});

test('the sites of three servers take at most 20 requests a minute and are read every 9 seconds', async () => {
  const run = await bed.dnx('site list --watch', { interruptAt: 4 * MINUTE });
  const perServer = ['web-1', 'web-2', 'db-1'].map((name) => {
    const id = seeded.servers[name as 'web-1'];
    return run.calls.filter((call) => call === `GET /servers/${id}/sites`).length;
  });
  expect([run.code, Math.min(...perServer) >= 24], `${perServer}`).toEqual([130, true]);
  expect(run.calls.filter((call) => call === 'GET /servers').length).toBeLessThanOrEqual(5);
  expect(run.calls.length).toBeLessThanOrEqual(88);
});

test('the sites of 12 servers take at most 20 requests a minute after the first reading, and each server is read about every 39 seconds', async () => {
  openFleet(bed, 12);
  const run = await bed.dnx('site list --watch', { interruptAt: 3 * MINUTE });
  expect([run.code, refused()]).toEqual([130, []]);
  expect(run.calls.length - 13).toBeLessThanOrEqual(20 * 3);
  const counts = new Map<string, number>();
  for (const call of run.calls) counts.set(call, (counts.get(call) ?? 0) + 1);
  expect(counts.size).toBe(13);
  expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(3);
  expect(run.stdout).toContain(', every 39s\n');
});

test.each(
  leading(
    [
      ['server list', 10],
      ['site list', 10],
      ['site list', 20],
    ],
    2,
  ),
)('%s keeps to a third of %i requests a minute, so that nothing is refused', async (line, rateLimit) => {
  await bed.close();
  bed = await openBed({ rateLimit });
  const run = await bed.dnx(`${line} --watch`, { interruptAt: 6 * MINUTE, env: { DNX_RATE_LIMIT: String(rateLimit) } });
  expect([run.code, refused()]).toEqual([130, []]);
  expect(run.calls.length).toBeLessThanOrEqual(4 + (rateLimit / 3) * 6);
});

test('two at once and a command in between are not refused', async () => {
  openFleet(bed, 12);
  const one = bed.dnx('site list --watch', { interruptAt: 3 * MINUTE });
  const other = bed.dnx('site list --watch', { interruptAt: 3 * MINUTE });
  await bed.clock.sleep(2 * MINUTE);
  const before = bed.clock.elapsed();
  const between = await bed.dnx('server list --json');
  expect([between.code, bed.clock.elapsed() - before < 1_000]).toEqual([0, true]);
  expect([(await one).code, (await other).code, refused()]).toEqual([130, 130, []]);
});

test('without a limit, every list is read every 6 seconds', async () => {
  await bed.close();
  bed = await openBed();
  openFleet(bed, 12);
  const run = await bed.dnx('site list --watch', { interruptAt: MINUTE / 2 });
  expect([run.code, run.calls.filter((call) => call === `GET /servers/${seeded.servers['web-1']}/sites`).length]).toEqual([130, 5]);
});

test('many pages are read less often', async () => {
  const [web] = bed.sandbox.state.servers;
  if (!web) throw new Error('the seed has a server');
  bed.sandbox.state.servers = Array.from({ length: 450 }, (_, n) => ({
    ...web,
    id: `01J0000000000000000000${String(n).padStart(4, '0')}`,
    name: `w${n}`,
  }));
  const run = await bed.dnx('server list --watch', { interruptAt: 2 * MINUTE });
  expect([run.code, run.stdout.includes(', every 15s\n')]).toEqual([130, true]);
  expect(run.calls.length).toBeLessThanOrEqual(5 + 20 * 2);
});
