import { expect } from 'vitest';
import { type Executable, executableTest as test } from '../support/executable.ts';
import { keys, openTerminal } from '../support/terminal.ts';

/** Half a second is a second, so that the terminal still shows each. */
const SPEED = 2;

const ERASE_LINE = '\u001b[0K';
const SHOW_CURSOR = '\u001b[?25h';

const start = ({ env, directory }: Executable, ...words: string[]) => openTerminal(words, { ...env, NO_COLOR: '1' }, directory);
/** Makes a response this slow, for dnx. */
const slow = (ms: number) => ({ speed: SPEED, latencyMs: ms / SPEED });
const hostOf = ({ sandbox }: Executable) => new URL(sandbox.url).host;

test.concurrent('a slow request shows the host and the seconds until the result', async ({ open }) => {
  const executable = await open(slow(2_000));
  const terminal = start(executable, 'server', 'list', '-o', 'ids');
  const host = hostOf(executable);
  await terminal.shows(`Waiting for ${host}`);
  await terminal.shows(`Waiting for ${host}  1s`);
  const { code, raw } = await terminal.ended;
  expect(code).toBe(0);
  // The spinner is erased and the cursor is visible before the first id.
  const [erased = '', ids = ''] = raw.slice(raw.lastIndexOf(host) + host.length).split(SHOW_CURSOR);
  expect(erased).toContain(ERASE_LINE);
  expect(ids.trim().split('\r\n')).toEqual(executable.sandbox.state.servers.map(({ id }) => id));
});

test.concurrent('the seconds count from the first slow request of the command', async ({ open }) => {
  const executable = await open(slow(1_200));
  const terminal = start(executable, 'site', 'show', 'shop.example.com', '--server', 'web-1', '--json');
  for (const seconds of [1, 2, 3]) await terminal.shows(`Waiting for ${hostOf(executable)}  ${seconds}s`);
  await expect(terminal.ended).toExit(0);
});

test.concurrent('several live lines have a glyph each, and their states are aligned', async ({ open }) => {
  const executable = await open();
  const terminal = start(executable, 'deploy', 'staging.example.com', 'blog.example.com', '--server', 'web-1');
  const [staging, blog] = ['staging\\.example\\.com {2}started \\d+s', 'blog\\.example\\.com {5}started \\d+s'];
  // Both start at the same time, in either order.
  await terminal.shows(new RegExp(`(\\S) ${staging}\\s+\\1 ${blog}|(\\S) ${blog}\\s+\\2 ${staging}`));
  terminal.type(keys.interrupt);
  await expect(terminal.ended).toExit(130);
});

test.concurrent('a retry counts down', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  const terminal = start(executable, 'server', 'list', '-o', 'ids');
  executable.sandbox.faults.next({}, { status: 503, headers: { 'Retry-After': '2' } });
  const host = hostOf(executable);
  await terminal.shows(/: server error 503; retrying in [23]s \(1 of 3\)/);
  await terminal.shows(`${host}: server error 503; retrying in 1s (1 of 3)`);
  const { code, text } = await terminal.ended;
  expect([code, text.includes('\n'.concat(host))]).toEqual([0, false]);
});

test.concurrent('a slow request clears its spinner before a prompt', async ({ open }) => {
  const executable = await open(slow(600));
  const terminal = start(executable, 'server', 'create', 'web-3', '--size', 'cx32', '--no-wait');
  await terminal.shows(hostOf(executable));
  await terminal.shows('? Cloud provider:');
  await terminal.shows('navigate');
  terminal.type(keys.interrupt);
  const { code, text } = await terminal.ended;
  expect(code).toBe(130);
  expect(text.slice(text.lastIndexOf('? Cloud provider:'))).not.toContain('127.0.0.1');
});

test.concurrent('the seconds of a slow request leave out the wait for the rate limit', async ({ open }) => {
  const executable = await open(slow(1_200));
  const terminal = start(executable, 'server', 'list', '-o', 'ids');
  executable.sandbox.faults.next({}, { status: 429, headers: { 'Retry-After': '3' }, body: 'Too Many Attempts.' });
  const { code, raw } = await terminal.ended;
  expect([code, raw.includes('Rate limited; retrying in 1s')]).toEqual([0, true]);
  expect(raw).not.toMatch(/Waiting for \S+ {2}[3-9]s/);
});

test.concurrent('a wait for the rate limit counts down, and the line disappears', async ({ open }) => {
  const executable = await open({ rateLimit: 2, rateWindowMs: 8_000, speed: SPEED });
  const { sandbox, dnx } = executable;
  for (const line of ['server list', 'server list']) await expect(dnx(line.split(' '))).toExit(0);
  const terminal = start(executable, 'server', 'list', '-o', 'ids');
  await terminal.shows(/Waiting for the rate limit: [2-8]s/);
  await terminal.shows('Waiting for the rate limit: 1s');
  const { code, raw } = await terminal.ended;
  expect(code).toBe(0);
  const [erased = '', ids = ''] = raw.slice(raw.lastIndexOf('rate limit')).split(SHOW_CURSOR);
  expect(erased).toContain(ERASE_LINE);
  expect(ids.trim().split('\r\n')).toEqual(sandbox.state.servers.map(({ id }) => id));
  expect(sandbox.calls.filter(({ status }) => status === 429)).toEqual([]);
});
