import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leading } from '../support/volume.ts';
import { blocksIn, serverIn, shopIn, withoutServer } from '../support/watched.ts';

const web2 = seeded.servers['web-2'];
const MINUTE = 60_000;

const bed = perTest(openBed);

const watch = (line: string, interruptAt = MINUTE) => bed.dnx(`${line} --watch`, { interruptAt });
const server = (name: string) => serverIn(bed, name);
const site = () => shopIn(bed);

describe('goes on', () => {
  test.each(
    leading(
      [
        ['a dropped connection', 'drop', 3],
        ['a 503', { status: 503 }, 3],
        ['HTML', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }, 3],
        ['a 429 of ten minutes', { status: 429, headers: { 'retry-after': '600' } }, 12],
      ] as const,
      2,
    ),
  )('after %s, and says once that it is reconnecting', async (_, reply, minutes) => {
    bed.clock.at(20_000, () => void bed.sandbox.faults.always({ path: '/servers' }, reply));
    bed.clock.at(MINUTE, () => {
      bed.sandbox.faults.clear();
      server('web-1').status = 'failed';
    });
    const run = await watch('server list', minutes * MINUTE);
    expect(run).toExit(130);
    expect(run.stderr.match(/^! Reconnecting\. /gm)).toHaveLength(1);
    expect(blocksIn(run.stdout).map((block) => /^web-1 +(\w+)/m.exec(block)?.[1])).toEqual(['active', 'failed']);
  });

  test('a single dropped connection is not worth a word', async () => {
    bed.clock.at(20_000, () => bed.sandbox.faults.next({ path: '/servers' }, 'drop'));
    await expect(watch('server list')).toExit(130, { stderr: '' });
  });

  test('more and more slowly while nothing can be read', async () => {
    bed.clock.at(20_000, () => void bed.sandbox.faults.always({}, { status: 503 }));
    const run = await watch('server list', 10 * MINUTE);
    // About 100 without a pause.
    expect([run.code, run.calls.length >= 12 && run.calls.length <= 20], `${run.calls.length}`).toEqual([130, true]);
  });

  test.each(leading([500, 403], 1))('with the other servers if one returns %d, and keeps its sites', async (status) => {
    bed.clock.at(20_000, () => void bed.sandbox.faults.always({ path: `/servers/${web2}/sites` }, { status, body: { message: 'No.' } }));
    bed.clock.at(MINUTE, () => (site().branch = 'next'));
    const run = await watch('site list', 2 * MINUTE);
    expect(run).toExit(130);
    expect(run.stderr.match(/^! The sites on server web-2 cannot be read\. /gm)).toHaveLength(1);
    const last = blocksIn(run.stdout).at(-1);
    expect(last).toMatch(/^shop\.example\.com +web-1 +active +next/m);
    expect(last).toMatch(/^api\.example\.com +web-2/m);
  });

  test('without the sites of a server that is gone, and with those of a new one', async () => {
    bed.clock.at(20_000, () => {
      withoutServer(bed, 'web-2');
      bed.sandbox.state.servers.push({ ...server('web-1'), id: '01JQ8Z4T9G00000000000WEB09', name: 'web-9' });
      bed.sandbox.state.sites.push({
        ...site(),
        id: '01JQ8Z4T9G0000000000NEWS1',
        server_id: '01JQ8Z4T9G00000000000WEB09',
        domain: 'new.example.com',
      });
    });
    const run = await watch('site list', 2 * MINUTE);
    expect(run).toExit(130, { stderr: '' });
    const last = blocksIn(run.stdout).at(-1);
    expect(last).not.toContain('web-2');
    expect(last).toMatch(/^new\.example\.com +web-9/m);
  });
});

describe('ends', () => {
  test.each([
    ['server list', 401, 4, /DNX_TOKEN was rejected/],
    ['server list', 403, 5, /server:read/],
    ['site list', 401, 4, /DNX_TOKEN was rejected/],
    ['site list', 403, 5, /site:read/],
    ['site list --server web-1', 404, 6, /not found/i],
  ])('%s after a %d with its code', async (line, status, code, says) => {
    bed.clock.at(20_000, () => void bed.sandbox.faults.always({ method: 'GET' }, { status, body: { message: 'No.' } }));
    const run = await watch(line, 15 * MINUTE);
    expect([run.code, run.waited < 3 * MINUTE], run.stderr).toEqual([code, true]);
    expect(run.stderr).toMatch(says);
    expect(run.stdout.match(/^Checked /gm)).toHaveLength(1);
  });

  test.each(['server list', 'site list'])('%s if the first reading fails', async (line) => {
    bed.sandbox.faults.always({}, 'drop');
    await expect(watch(line, 15 * MINUTE)).toExit(13, { stdout: '' });
  });
});
