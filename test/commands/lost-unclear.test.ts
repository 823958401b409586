import { describe, expect, test } from 'vitest';
import type { Transport } from '../../src/machine/world.ts';
import { type ApiResponse, type FaultReply, seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const web1 = seeded.servers['web-1'];
const list = `GET /servers/${web1}/daemons`;
const post = `POST /servers/${web1}/daemons`;
const line = `daemon create top --processes 2 --server ${web1}`;
const daemons = () => bed.sandbox.state.daemons.filter(({ command }) => command === 'top');
const next = (reply: FaultReply) => bed.sandbox.faults.next({ method: 'POST' }, reply);
const gateway = (answer: ApiResponse): ApiResponse => ({ ...answer, status: 504, body: undefined });

/** Adds somebody else's daemon. */
function addDaemon(id: string): void {
  const [some] = bed.sandbox.state.daemons;
  if (!some) throw new Error('the seed has daemons');
  bed.sandbox.state.daemons.push({ ...some, id, server_id: web1, command: 'top', directory: null, processes: 2 });
}

describe('nothing is adopted', () => {
  test('if nothing was created, and nothing is sent again', async () => {
    next('drop');
    const run = await bed.dnx(line);
    expect(run).toExit(13, { stdout: '', calls: [list, post, list], waited: 2_000 });
    expect(run.stderr.replace(/:\d+/, '')).toBe(
      [
        'The response was lost; checking whether the daemon was created',
        'Error: No response from 127.0.0.1: connection closed before the response arrived. The request may have gone through. No new daemon was found, so it was probably not created.',
        `  Check before you retry: dnx daemon list --server ${web1}`,
        '',
      ].join('\n'),
    );
  });

  test('that existed before', async () => {
    addDaemon('7');
    next('drop');
    const run = await bed.dnx(`${line} --json`);
    expect(run).toExit(13, { stdout: '' });
    expect(JSON.parse(run.stderr.split('\n')[1] ?? '')).toEqual({
      error: {
        code: 'network',
        reason: 'answer_lost',
        human: false,
        message: expect.stringContaining('No new daemon was found, so it was probably not created.'),
        status: null,
        errors: null,
        hint: `Check before you retry: dnx daemon list --server ${web1}`,
        next: [{ command: `dnx daemon list --server ${web1}`, why: 'Check before you retry' }],
      },
    });
  });

  test('if somebody else created the same at the same time', async () => {
    next((answer) => {
      addDaemon('7');
      return gateway(answer);
    });
    const run = await bed.dnx(line);
    expect([run.code, run.stdout, run.calls, daemons().length]).toEqual([13, '', [list, post, list], 2]);
    expect(run.stderr).toMatch(/At most one of 2 new daemons is from this command \(01\w+, 7\)\.\n {2}Check before you retry:/);
  });

  test.each([
    ['a value differs', { processes: 3 }],
    ['a value that was sent is missing', { processes: undefined }],
  ])('if %s', async (_, change) => {
    next((answer) => {
      Object.assign(daemons()[0] ?? {}, change);
      return gateway(answer);
    });
    const run = await bed.dnx(line);
    expect(run).toExit(13, { stdout: '', calls: [list, post, list] });
    expect(run.stderr).toMatch(/A new daemon may be from this command \(01\w+\)\./);
  });

  test('if a field was sent that the list does not show', async () => {
    next('drop-after');
    const run = await bed.dnx('server create web-3 --provider hetzner --image ubuntu-24.04');
    expect(run).toExit(13, { stdout: '', calls: ['GET /servers', 'POST /servers', 'GET /servers'] });
    expect(run.stderr).toMatch(/A new server may be from this command \(01\w+\)\.\n {2}Check before you retry: dnx server list/);
  });

  test('if the private key of a certificate was sent, which costs no list before', async () => {
    next('drop-after');
    const run = await bed.dnx(
      'certificate create a.example.com --type custom --certificate PEM --private-key - --site shop.example.com --no-wait',
      { stdin: 'KEY' },
    );
    const certificates = run.calls.filter((call) => call.endsWith('/certificates')).map((call) => call.split(' ')[0]);
    expect([run.code, run.stdout, certificates]).toEqual([13, '', ['POST', 'GET']]);
    expect(run.stderr).toContain('One certificate like it exists');
  });
});

describe('a list that cannot be read before', () => {
  test('needs no ability: a token that can only create does so', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['daemon:create']) };
    await expect(bed.dnx(line, { env })).toExit(0, { stderr: '', calls: [list, post] });
    next('drop-after');
    const lost = await bed.dnx(line, { env });
    expect(lost).toExit(13, { stdout: '', calls: [list, post], says: 'This token cannot list daemons.\n  Check before you retry:' });
  });

  test('is not read twice by a wait', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['server:create']) };
    await expect(bed.dnx('server create web-3 --provider hetzner', { env })).toExit(0, { calls: ['GET /servers', 'POST /servers'] });
    await expect(bed.dnx('server create web-4 --provider hetzner --wait', { env })).toExit(5, { calls: ['GET /servers'] });
  });

  test.each<[string, FaultReply]>([
    ['a 503', { status: 503 }],
    ['a 404', { status: 404 }],
    ['a dropped connection', 'drop'],
    ['a web page', { status: 200, body: '<p>Welcome</p>' }],
    ['an object', { status: 200, body: { data: { id: 1 } } }],
  ])('is requested once and ignored: %s', async (_, reply) => {
    bed.sandbox.faults.next({ method: 'GET' }, reply);
    await expect(bed.dnx(line)).toExit(0, { stderr: '', calls: [list, post], waited: 0 });
    bed.sandbox.faults.next({ method: 'GET' }, reply);
    next('drop-after');
    const lost = await bed.dnx(line);
    expect(lost).toExit(13, { stdout: '', calls: [list, post, list] });
    expect(lost.stderr).toMatch(/2 daemons like it exist \(01\w+, 01\w+\), perhaps from before\./);
  });

  test('delays the create by 10 s at most', async () => {
    const slow = (network: Transport): Transport => ({
      ...network,
      async request(request) {
        if (request.method === 'GET') await bed.clock.sleep(60_000, request.signal);
        return network.request(request);
      },
    });
    await expect(bed.dnx(line, { through: slow })).toExit(0, { stderr: '', calls: [post], waited: 10_000 });
  });
});

describe('the look after a lost response', () => {
  test('is retried, and says why it failed', async () => {
    next((answer) => {
      bed.sandbox.faults.next({ method: 'GET' }, { status: 503 }, 2);
      return gateway(answer);
    });
    await expect(bed.dnx(line)).toExit(0, { calls: [list, post, list, list, list] });
    next((answer) => {
      bed.sandbox.faults.always({ method: 'GET' }, { status: 503 });
      return gateway(answer);
    });
    const failed = await bed.dnx(line);
    expect([failed.code, failed.stdout, failed.calls.filter((call) => call === post).length]).toEqual([13, '', 1]);
    expect(failed.stderr).toContain(
      'Error: Deploynix returned 504. Could not check whether the daemon was created: Deploynix returned 503.\n',
    );
  });

  test('ends with Ctrl-C, and says what may have happened', async () => {
    next('drop-after');
    const run = await bed.dnx(line, { interruptAt: 1_000 });
    expect(run).toExit(130, { stdout: '', waited: 1_000, calls: [list, post] });
    expect(run.stderr).toContain(`Interrupted.\n  The daemon may have been created.\n  Check before you retry: dnx daemon list`);
  });

  test('is left out at the end of --timeout', async () => {
    const silent = (network: Transport): Transport => ({
      ...network,
      async request(request) {
        const answer = await network.request(request);
        if (request.method === 'POST') await bed.clock.sleep(3_600_000, request.signal);
        return answer;
      },
    });
    const run = await bed.dnx('server create web-3 --provider hetzner --timeout 5s', { through: silent });
    expect(run).toExit(124, { calls: ['GET /servers', 'POST /servers'], waited: 5_000 });
    expect(run.stderr).toContain('the request may have gone through.\n  Check before you retry: dnx server list\n');
  });
});

test.each([502, 504, 520, 522, 524])('a %d comes from a gateway that got no response', async (status) => {
  next((answer) => ({ ...answer, status, body: undefined }));
  const run = await bed.dnx(line);
  expect([run.code, run.calls, daemons().length]).toEqual([0, [list, post, list], 1]);
});

test.each([500, 503, 521, 422, 401, 403, 404, 409])('a %d is a response: there is nothing to look for', async (status) => {
  next((answer) => ({ ...answer, status, body: { message: 'No.' } }));
  const run = await bed.dnx(line);
  expect([run.code === 0, run.calls]).toEqual([false, [list, post]]);
});

test('a 429 was not performed, so the request is sent again before its response is lost', async () => {
  next({ status: 429, headers: { 'Retry-After': '7' } });
  next('drop-after');
  const run = await bed.dnx(line);
  expect([run.code, run.calls, daemons().length]).toEqual([0, [list, post, post, list], 1]);
});

test('no response in time is a lost one', async () => {
  next('hang-after');
  const run = await bed.dnx(line, { idleMs: 300 });
  expect([run.code, run.calls, daemons().length]).toEqual([0, [list, post, list], 1]);
});

test('two of the same create at once never claim the same resource', async () => {
  bed.sandbox.faults.next({ method: 'POST' }, 'drop-after', 2);
  const runs = await Promise.all([bed.dnx(`${line} -o ids`), bed.dnx(`${line} -o ids`)]);
  expect(bed.sandbox.calls.filter(({ method }) => method === 'POST')).toHaveLength(2);
  const adopted = runs.flatMap(({ code, stdout }) => (code === 0 ? [stdout.trim()] : []));
  expect(new Set(adopted).size).toBe(adopted.length);
  expect(runs.filter(({ code }) => code === 13)).not.toEqual([]);
});

test('the warning is printed with --quiet', async () => {
  next('drop-after');
  await expect(bed.dnx(`${line} --quiet`)).toExit(0, { stderr: "! The response was lost, but daemon 'top' was created.\n" });
});
