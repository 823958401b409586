import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect } from 'vitest';
import { openElsewhere } from '../support/elsewhere.ts';
import { type Executable, type ExecutableOptions, executableTest as test } from '../support/executable.ts';
import { leading } from '../support/volume.ts';

const SPEED = 5;

const site = { id: '1', domain: 'shop.example.com', status: 'active', last_deployed_at: null, zero_downtime_enabled: true };
const send = (response: ServerResponse, data: unknown) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ data }));

/** Repeats `work` until the connection is closed. */
function untilClosed(response: ServerResponse, work: () => void): void {
  const timer = setInterval(work, 20);
  response.on('close', () => clearInterval(timer));
}

/** Responses that never end. */
const endless: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'never responds': () => {},
  'sends one byte at a time': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    untilClosed(response, () => response.write(' '));
  },
  'sends endless 103 responses': (response) => untilClosed(response, () => response.writeEarlyHints({ link: '</a>; rel=preload' })),
  'always returns 429': (response) => response.writeHead(429, { 'Retry-After': '1' }).end(),
};

/** An API with one site that never finishes deploying. Requests that match `slow` get this endless response. */
async function endlessApi(slow: (request: { readonly method: string; readonly count: number }) => boolean, how: string) {
  let gets = 0;
  const answer: RequestListener = ({ method = '', url = '' }, response) => {
    if (method === 'GET' && url.endsWith('/sites/1')) gets += 1;
    if (slow({ method, count: gets })) return endless[how]?.(response);
    if (method === 'POST') return send(response, { message: 'Deployment started.' });
    return send(response, url.includes('/releases') ? [] : site);
  };
  const { url, requests, close } = await openElsewhere(answer);
  return { url, requests, [Symbol.asyncDispose]: close };
}

async function deploy(open: (options: ExecutableOptions) => Promise<Executable>, host: string) {
  const { dnx } = await open({ speed: SPEED });
  const since = Date.now();
  const env = { DNX_HOST: host, DNX_TOKEN: '17|secret' };
  const run = await dnx(['deploy', '1', '--server', '2', '--timeout', '6s'], { env });
  return { ...run, exitCode: run.exitCode, took: Date.now() - since };
}

/** The 6 s of --timeout take 1.2 s; the rest is for starting a process on a busy machine. */
const SOON = 3_600;

describe.each(leading(Object.keys(endless), 2))('an API that %s', (how) => {
  test.concurrent('stops polling at --timeout', async ({ open }) => {
    await using api = await endlessApi(({ method, count }) => method === 'GET' && count > 1, how);
    const { exitCode, stderr, stdout, took } = await deploy(open, api.url);
    expect([exitCode, stdout]).toEqual([124, '']);
    expect(stderr).toContain('the deployment of shop.example.com continues');
    expect(took).toBeLessThan(SOON);
    expect(api.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test.concurrent('stops the checks at --timeout and deploys nothing', async ({ open }) => {
    await using api = await endlessApi(({ method }) => method === 'GET', how);
    const { exitCode, stderr, took } = await deploy(open, api.url);
    expect([124, 9]).toContain(exitCode);
    expect(stderr).toMatch(/Timed out before the deployment of 1 started\.|Rate limited/);
    expect(took).toBeLessThan(SOON);
    expect(api.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });
});

test.concurrent.for(leading(['never responds', 'sends one byte at a time'], 1))(
  'dnx says that the request may have gone through if the API %s',
  async (how, { open }) => {
    await using api = await endlessApi(({ method }) => method === 'POST', how);
    const { exitCode, stderr, stdout, took } = await deploy(open, api.url);
    expect([exitCode, stdout]).toEqual([124, '']);
    expect(stderr).toContain('the request may have gone through');
    expect(stderr).toContain('dnx watch shop.example.com --server 2');
    expect(took).toBeLessThan(SOON);
    expect(api.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  },
);

test.concurrent('--timeout ends name lookups', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  executable.sandbox.faults.always({ path: '/servers' }, 'hang');
  const since = Date.now();
  const run = await executable.dnx(['deploy', 'shop.example.com', '--timeout', '6s']);
  expect([run.exitCode, run.stdout, Date.now() - since < SOON]).toEqual([124, '', true]);
  expect(run.stderr).toContain('Timed out before anything started. Nothing was changed.');
});

test.concurrent('a --timeout that ends before the first request is not taken for a rate limit', async ({ open }) => {
  const { dnx, sandbox } = await open({});
  const run = await dnx(['deploy', 'shop.example.com', '--timeout', '1ms']);
  expect(run).toExit(124);
  expect([run.stdout, sandbox.calls]).toEqual(['', []]);
  expect(run.stderr).toContain('Timed out before anything started. Nothing was changed.');
});

test.concurrent('--timeout ends --verify-cmd', async ({ open }) => {
  const { dnx, sandbox } = await open({ speed: 2 * SPEED });
  const run = await dnx(['deploy', 'shop.example.com', '--verify-cmd', 'echo $$; exec sleep 60', '--timeout', '30s', '--json']);
  expect(run).toExit(124);
  expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'timed_out' });
  const pid = Number(/^\d+$/m.exec(run.stderr)?.[0]);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(sandbox.calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
});
