import { createServer } from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type HttpRequest, NetworkFault, type Transport } from '../../src/machine/world.ts';
import { faultOf } from '../../src/platform/api/network/unreachable.ts';
import { selfSigned } from '../support/certificate.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { listen } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const servers = { path: '/servers' };
const half: RunOptions = { random: () => 0.5 };
const host = () => new URL(bed.sandbox.url).host;
const down = { status: 503, body: { message: 'Down.' } };

/** A network on which every request fails like this, after this many ms. Counts the requests. */
function failing(fault: () => unknown, ms = 0) {
  const requests: HttpRequest[] = [];
  const through = (network: Transport): Transport => ({
    close: () => network.close(),
    async request(request) {
      requests.push(request);
      await bed.clock.sleep(ms);
      throw fault();
    },
  });
  return { requests, through };
}

/** The fault for an error with this code before anything was sent. */
const fails = (code: string) => failing(() => faultOf(Object.assign(new Error(code), { code }), false));

describe('a GET', () => {
  test.each([
    ['a 503', down, 'server error 503'],
    ['a dropped connection', 'drop', 'connection closed before the response arrived'],
    ['a truncated response', 'cut', 'connection closed in the middle of the response'],
  ] as const)('is retried after %s, with a line for each retry', async (_, reply, reason) => {
    bed.sandbox.faults.next(servers, reply, 2);
    const run = await bed.dnx('server list -o ids', half);
    const lines = [`retrying in 1s (1 of 3)\n`, `retrying in 1s (2 of 3)\n`].map((each) => `${host()}: ${reason}; ${each}`);
    expect([run.code, run.stderr, run.calls.length, run.waited]).toEqual([0, lines.join(''), 3, 1_500]);
    expect(run.stdout.trim().split('\n')).toHaveLength(3);
  });

  test.each([
    ['a server error', down, 1, 'Error: Deploynix returned 503 (“Down”).'],
    ['a dropped connection', 'drop', 13, 'Error: Could not reach'],
  ] as const)('fails after three retries of %s', async (_, reply, code, words) => {
    bed.sandbox.faults.always(servers, reply);
    const run = await bed.dnx('server list', half);
    expect([run.code, run.stdout, run.calls.length, run.waited]).toEqual([code, '', 4, 3_500]);
    expect(run.stderr).toContain(words);
    expect(run.stderr.match(/retrying in \d+s \(\d of 3\)/g)).toEqual([
      'retrying in 1s (1 of 3)',
      'retrying in 1s (2 of 3)',
      'retrying in 2s (3 of 3)',
    ]);
  });

  test.each([
    [0, 0],
    [0.25, 1_750],
    [1, 7_000],
  ])('pauses for a random part of 1, 2 and 4 seconds: %d', async (random, waited) => {
    bed.sandbox.faults.always(servers, down);
    await expect(bed.dnx('server list', { random: () => random })).toExit(1, { waited });
  });

  test('prints no line with --quiet, and the result of a retry', async () => {
    bed.sandbox.faults.next(servers, down);
    const run = await bed.dnx('server list -o ids --quiet', half);
    expect([run.code, run.stderr, run.calls.length]).toEqual([0, '', 2]);
  });

  test('prints one line if requests fail at the same time', async () => {
    bed.sandbox.faults.next({ path: /\/sites$/ }, down, 3);
    const run = await bed.dnx('site list --json', half);
    expect(run).toExit(0, { stderr: `${host()}: server error 503; retrying in 1s (1 of 3)\n` });
    expect([run.calls.length, run.waited]).toEqual([7, 500]);
  });
});

describe('Retry-After of a server error', () => {
  test.each([
    ['in seconds', () => '7'],
    ['as a date', () => new Date(bed.clock.now() + 7_000).toUTCString()],
  ])('is waited for, %s', async (_, after) => {
    bed.sandbox.faults.next(servers, { ...down, headers: { 'Retry-After': after() } });
    const run = await bed.dnx('server list -o ids');
    expect(run).toExit(0, { waited: 7_000, stderr: `${host()}: server error 503; retrying in 7s (1 of 3)\n` });
  });

  test('fails immediately if it is longer than the total', async () => {
    bed.sandbox.faults.always(servers, { ...down, headers: { 'Retry-After': '31' } });
    const run = await bed.dnx('server list');
    expect([run.code, run.waited, run.calls.length]).toEqual([1, 0, 1]);
    expect(run.stderr).not.toContain('retrying');
  });

  test('counts towards the total', async () => {
    bed.sandbox.faults.always(servers, { ...down, headers: { 'Retry-After': '20' } });
    const run = await bed.dnx('server list');
    expect([run.code, run.waited, run.calls.length]).toEqual([1, 20_000, 2]);
  });
});

test.each([
  [10_000, 4, 43_500],
  [20_000, 3, 61_500],
  [40_000, 2, 80_500],
])('no retry starts 30 s after the first failure: requests fail after %d ms', async (ms, requests, waited) => {
  const network = failing(() => new NetworkFault('connection closed', { sent: true, reason: 'ECONNRESET' }), ms);
  const run = await bed.dnx('server list', { ...half, through: network.through });
  expect([run.code, network.requests.length, run.waited]).toEqual([13, requests, waited]);
});

describe('a fault that would only repeat is not retried:', () => {
  test.each([
    'ENOTFOUND',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'EPROTO',
    'HPE_INVALID_CONSTANT',
  ])('%s', async (code) => {
    const network = fails(code);
    const run = await bed.dnx('server list', { through: network.through });
    expect([run.code, run.stdout, network.requests.length]).toEqual([13, '', 1]);
    expect(run.stderr).toMatch(/^Error: Could not reach /);
  });

  test('a self-signed certificate', async () => {
    let connections = 0;
    const server = await listen(
      createServer(selfSigned).on('connection', () => {
        connections += 1;
      }),
      'https',
    );
    onTestFinished(() => server.close());
    const run = await bed.dnx('server list', { env: { DNX_HOST: server.url } });
    expect([run.code, connections]).toEqual([13, 1]);
    expect(run.stderr).toMatch(/^Error: Could not reach .* certificate/);
  });
});

test.each(['EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH'])('a temporary fault is retried: %s', async (code) => {
  const network = fails(code);
  await expect(bed.dnx('server list', { through: network.through })).toExit(13);
  expect(network.requests).toHaveLength(4);
});

describe('a pause', () => {
  test.each([
    ['Ctrl-C', 130, { interruptAt: 200 }],
    ['SIGTERM', 143, { terminateAt: 200 }],
    ['SIGHUP', 129, { hangUpAt: 200 }],
  ])('ends immediately with %s', async (_, code, signal) => {
    bed.sandbox.faults.always(servers, down);
    const run = await bed.dnx('server list', { ...half, ...signal });
    expect([run.code, run.stdout, run.calls.length, run.waited]).toEqual([code, '', 1, 200]);
  });

  test('ends with --timeout, before anything was sent', async () => {
    bed.sandbox.faults.always({ method: 'GET' }, down);
    const run = await bed.dnx('deploy shop.example.com --server web-1 --timeout 1s', half);
    expect([run.code, run.waited, run.calls.filter((call) => call.startsWith('POST'))]).toEqual([124, 1_000, []]);
    expect(run.stderr).toContain('Timed out before anything started. Nothing was changed.');
  });
});

describe('a request that changes something', () => {
  const create = 'database create reports --server db-1';

  test.each(['drop', 'drop-after', 'cut', down, { status: 500 }] as const)('is sent once: %j', async (reply) => {
    bed.sandbox.faults.always({ method: 'POST' }, reply);
    const run = await bed.dnx(create, half);
    expect(run.calls.filter((call) => call.startsWith('POST'))).toHaveLength(1);
    expect(run.stderr).not.toContain('retrying');
  });

  test('is rejected by the status alone, if the rest of the response is lost', async () => {
    bed.sandbox.faults.next({ method: 'POST' }, 'cut');
    await expect(bed.dnx('database create 9 --server db-1')).toExit(7, { stderr: 'Error: Deploynix rejected the request.\n' });
  });
});
