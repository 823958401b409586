import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Executable, openExecutable, said } from '../support/executable.ts';
import { volume } from '../support/volume.ts';

const AT_A_TIME = volume(20, 4);
const COMMANDS = volume(200, 8);
/** Requests per window: fewer than the commands send in it. */
const LIMIT = volume(60, 3);
const WINDOW_MS = volume(5_000, 1_000);

const lines = [
  ['server', 'list', '--json'],
  ['api', 'GET', '/user'],
  ['site', 'list', '--server', 'web-1', '-o', 'ids'],
  ['whoami', '--json'],
];

async function open(options: Parameters<typeof openExecutable>[0]): Promise<Executable> {
  const executable = await openExecutable(options);
  onTestFinished(() => executable.close());
  return executable;
}

const refusalsOf = ({ sandbox }: Executable) => sandbox.calls.filter(({ status }) => status === 429).length;

test(`${COMMANDS} commands, ${AT_A_TIME} at a time, all succeed within the rate limit`, async () => {
  const executable = await open({ rateLimit: LIMIT, rateWindowMs: WINDOW_MS });
  const ends: { readonly exitCode?: number; readonly stdout: string }[] = [];
  let next = 0;
  const worker = async () => {
    while (next < COMMANDS) {
      const line = lines[next++ % lines.length] ?? [];
      ends.push(await executable.dnx(line));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  expect(ends.filter(({ exitCode, stdout }) => exitCode !== 0 || stdout === '')).toEqual([]);
  expect(ends).toHaveLength(COMMANDS);
  expect(refusalsOf(executable)).toBeLessThanOrEqual(volume(5, 1));
  const state = join(executable.directory, '.local/state/dnx');
  // budget.json only after a 429. Nothing is left of a lock or a partial copy.
  expect(readdirSync(state).filter((name) => name !== 'budget.json')).toEqual(['budget']);
  // The times of a period and the next, and of what was booked for later.
  expect(readdirSync(join(state, 'budget')).length).toBeLessThanOrEqual(4);
}, 120_000);

test(`of ${AT_A_TIME} processes at once, no more send a request than the limit allows`, async () => {
  const limit = AT_A_TIME / 2;
  const executable = await open({ rateLimit: limit, rateWindowMs: 60_000 });
  const env = { DNX_RATE_LIMIT: `${limit}` };
  const line = ['server', 'list', '-o', 'ids', '--max-wait', '0'];
  const ends = await Promise.all(Array.from({ length: AT_A_TIME }, () => executable.dnx(line, { env })));
  expect(ends.filter(({ exitCode }) => exitCode === 0)).toHaveLength(limit);
  expect(ends.filter(({ exitCode }) => exitCode === 9)).toHaveLength(AT_A_TIME - limit);
  expect(refusalsOf(executable)).toBe(0);
});

test('a 429 of one process makes the others wait, until Ctrl-C', async () => {
  const executable = await open({});
  executable.sandbox.faults.next({}, { status: 429, headers: { 'Retry-After': '30' }, body: 'Too Many Attempts.' });
  const first = executable.dnx(['server', 'list', '-o', 'ids']);
  await said(first, 'Rate limited; retrying in 30s');
  const second = executable.dnx(['site', 'list', '--server', 'web-1', '-o', 'ids']);
  await said(second, 'Waiting for the rate limit: ');
  expect(executable.sandbox.calls).toHaveLength(1);
  const since = Date.now();
  for (const each of [first, second]) {
    each.kill('SIGINT');
    await expect(each).toExit(130, { stdout: '' });
  }
  expect(Date.now() - since).toBeLessThan(5_000);
  expect([executable.sandbox.calls.length, refusalsOf(executable)]).toEqual([1, 1]);
});

test('a disk that is full does not stop a command', async () => {
  const executable = await open({});
  const run = await executable.shell("trap '' XFSZ; ulimit -f 0; dnx server list -o ids | wc -l; exit $PIPESTATUS");
  expect([run.exitCode, run.stdout.trim(), run.stderr]).toEqual([0, '3', '']);
  expect(existsSync(join(executable.directory, '.local/state/dnx/budget.json'))).toBe(false);
});
