import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const servers = { path: '/servers' };

test('a redirect to another origin is not followed, so the token does not go there', async () => {
  const thief = await openElsewhere((_, response) => response.end('{"data":[]}'));
  onTestFinished(() => thief.close());
  bed.sandbox.faults.always(servers, { status: 307, headers: { Location: `${thief.url}/api/v1/servers` } });
  const run = await bed.dnx('server list');
  expect(run.stderr).toContain(`The host answered 307 and points to ${thief.url}/api/v1/servers.`);
  expect([run.code, run.stdout, thief.requests]).toEqual([1, '', []]);
});

test('an answer that trickles in is read to its end', async () => {
  bed.sandbox.faults.always(servers, 'trickle');
  const run = await bed.dnx('server list -o ids');
  expect([run.code, run.stderr, run.stdout.trim().split('\n').length]).toEqual([0, '', 3]);
});

test.each([
  ['a 503', { status: 503 }],
  ['a dropped connection', 'drop'],
  ['a cut answer', 'cut'],
] as const)('%s or two do not matter to a GET', async (_, reply) => {
  bed.sandbox.faults.next(servers, reply, 2);
  const run = await bed.dnx('server list -o ids');
  expect([run.code, run.stderr, run.calls.length, run.waited]).toEqual([0, '', 3, 1_500]);
});

test('a 429 is waited for as long as it says, and then even a POST is sent again', async () => {
  bed.sandbox.faults.next({ method: 'POST' }, { status: 429, headers: { 'Retry-After': '7' }, body: 'Too Many Attempts.' });
  const run = await bed.dnx('daemon create --command top --server web-1 --json');
  expect(run.stderr).toBe('Deploynix allows no more requests now; going on in 7 s.\n');
  expect(run.calls.filter((call) => call.startsWith('POST'))).toHaveLength(2);
  expect([run.code, run.waited]).toEqual([0, 7_000]);
});

test('--debug shows each exchange, and never the token', async () => {
  bed.sandbox.faults.next(servers, { status: 503 });
  const run = await bed.dnx('server list -o ids --debug');
  expect(run.stderr.split('\n').map((line) => line.replace(/\d+ ms.*/, 'ms'))).toEqual([
    '> GET /servers',
    '< 503 GET /servers ms',
    '> GET /servers',
    '< 200 GET /servers ms',
    '',
  ]);
  expect(run.stderr).not.toContain(bed.sandbox.token);
});
