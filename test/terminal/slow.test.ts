import { afterEach, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';
import { keys, openTerminal } from '../support/terminal.ts';

let executable: Executable;
afterEach(() => executable.close());

const ERASE_LINE = '\u001b[0K';
const SHOW_CURSOR = '\u001b[?25h';

async function open(latencyMs: number, ...words: string[]) {
  executable = await openExecutable({ latencyMs });
  const { url, token } = executable.sandbox;
  return openTerminal(words, { DNX_HOST: url, DNX_TOKEN: token, NO_COLOR: '1' }, executable.directory);
}

test('a slow request shows the host and the seconds until the result', async () => {
  const terminal = await open(2_000, 'server', 'list', '-o', 'ids');
  const { host } = new URL(executable.sandbox.url);
  await terminal.shows(`Waiting for ${host}`);
  await terminal.shows(`Waiting for ${host}  1s`);
  const { code, raw } = await terminal.ended;
  expect(code).toBe(0);
  // The spinner is erased and the cursor is visible before the first id.
  const [erased = '', ids = ''] = raw.slice(raw.lastIndexOf(host) + host.length).split(SHOW_CURSOR);
  expect(erased).toContain(ERASE_LINE);
  expect(ids.trim().split('\r\n')).toEqual(executable.sandbox.state.servers.map(({ id }) => id));
});

test('the seconds count from the first slow request of the command', async () => {
  const terminal = await open(1_200, 'site', 'show', 'shop.example.com', '--server', 'web-1', '--json');
  for (const seconds of [1, 2, 3]) await terminal.shows(`Waiting for ${new URL(executable.sandbox.url).host}  ${seconds}s`);
  expect((await terminal.ended).code).toBe(0);
});

test('several live lines have a glyph each, and their states are aligned', async () => {
  const terminal = await open(0, 'deploy', 'staging.example.com', 'blog.example.com', '--server', 'web-1');
  const [staging, blog] = ['staging\\.example\\.com {2}started 0s', 'blog\\.example\\.com {5}started 0s'];
  // Both start at the same time, in either order.
  await terminal.shows(new RegExp(`(\\S) ${staging}\\s+\\1 ${blog}|(\\S) ${blog}\\s+\\2 ${staging}`));
  terminal.type(keys.interrupt);
  expect((await terminal.ended).code).toBe(130);
});

test('a retry counts down', async () => {
  const terminal = await open(0, 'server', 'list', '-o', 'ids');
  executable.sandbox.faults.next({}, { status: 503, headers: { 'Retry-After': '2' } });
  const { host } = new URL(executable.sandbox.url);
  await terminal.shows(/: server error 503; retrying in [23]s \(1 of 3\)/);
  await terminal.shows(`${host}: server error 503; retrying in 1s (1 of 3)`);
  const { code, text } = await terminal.ended;
  expect([code, text.includes('\n'.concat(host))]).toEqual([0, false]);
});

test('a slow request shows nothing with --quiet', async () => {
  const terminal = await open(1_000, 'server', 'list', '-o', 'ids', '--quiet');
  const { code, raw } = await terminal.ended;
  expect([code, raw.trim().split('\r\n')]).toEqual([0, executable.sandbox.state.servers.map(({ id }) => id)]);
});

test('a slow request clears its spinner before a prompt', async () => {
  const terminal = await open(600, 'server', 'create', 'web-3', '--size', 'cx32', '--no-wait');
  await terminal.shows(new URL(executable.sandbox.url).host);
  await terminal.shows('? Cloud provider:');
  await terminal.shows('navigate');
  terminal.type(keys.interrupt);
  const { code, text } = await terminal.ended;
  expect(code).toBe(130);
  expect(text.slice(text.lastIndexOf('? Cloud provider:'))).not.toContain('127.0.0.1');
});

test('the rate limit counts down', async () => {
  const terminal = await open(0, 'server', 'list', '-o', 'ids');
  executable.sandbox.faults.next({}, { status: 429, headers: { 'Retry-After': '3' }, body: 'Too Many Attempts.' });
  for (const seconds of [3, 2, 1]) await terminal.shows(`Rate limited; retrying in ${seconds}s`);
  expect((await terminal.ended).code).toBe(0);
});

test('the seconds of a slow request leave out the wait for the rate limit', async () => {
  const terminal = await open(1_200, 'server', 'list', '-o', 'ids');
  executable.sandbox.faults.next({}, { status: 429, headers: { 'Retry-After': '3' }, body: 'Too Many Attempts.' });
  const { code, raw } = await terminal.ended;
  expect([code, raw.includes('Rate limited; retrying in 1s')]).toEqual([0, true]);
  expect(raw).not.toMatch(/Waiting for \S+ {2}[3-9]s/);
});

test('a wait for the rate limit counts down, and the line disappears', async () => {
  executable = await openExecutable({ rateLimit: 2, rateWindowMs: 4_000 });
  const { sandbox, directory, dnx } = executable;
  for (const line of ['server list', 'server list']) expect((await dnx(line.split(' '))).exitCode).toBe(0);
  const env = { DNX_HOST: sandbox.url, DNX_TOKEN: sandbox.token, NO_COLOR: '1', DNX_RATE_LIMIT: '2/4s' };
  const terminal = openTerminal(['server', 'list', '-o', 'ids'], env, directory);
  await terminal.shows(/Waiting for the rate limit: [234]s/);
  await terminal.shows('Waiting for the rate limit: 1s');
  const { code, raw } = await terminal.ended;
  expect(code).toBe(0);
  const [erased = '', ids = ''] = raw.slice(raw.lastIndexOf('rate limit')).split(SHOW_CURSOR);
  expect(erased).toContain(ERASE_LINE);
  expect(ids.trim().split('\r\n')).toEqual(sandbox.state.servers.map(({ id }) => id));
  expect(sandbox.calls.filter(({ status }) => status === 429)).toEqual([]);
});
