import { afterEach, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';
import { keys, openTerminal } from '../support/terminal.ts';

let executable: Executable;
afterEach(() => executable.close());

async function open(latencyMs: number, line: string, env: Readonly<Record<string, string>> = {}) {
  executable = await openExecutable({ latencyMs });
  const { url, token } = executable.sandbox;
  return openTerminal(line.split(' '), { DNX_HOST: url, DNX_TOKEN: token, NO_COLOR: '1', ...env }, executable.directory);
}
const asked = () => executable.sandbox.calls.length > 0;
const changes = () => executable.sandbox.calls.filter(({ method }) => method !== 'GET');
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Presses keys while dnx waits for the first answer of the API. */
async function early(typed: string, type: (keys: string) => void): Promise<void> {
  while (!asked()) await pause(10);
  type(typed);
}

test.each([
  ['deploy --no-wait', '❯ shop.example.com', {}],
  ['deploy --no-wait', 'Number, or text to filter:', { TERM: 'dumb' }],
])('what is typed before a list is shown picks nothing: %s, %s', async (line, shown, env) => {
  const terminal = await open(600, line, env);
  await early(`1${keys.enter}1${keys.enter}`, terminal.type);
  await terminal.shows(shown);
  await pause(500);
  expect(changes()).toEqual([]);
  terminal.type(`blog${keys.enter}`);
  expect((await terminal.ended).code).toBe(0);
  expect(changes()).toHaveLength(1);
});

test.each([
  ['crontab delete /usr/local/bin --server web-2', '(y/N)', {}],
  ['crontab delete /usr/local/bin --server web-2', '(y/N)', { TERM: 'dumb' }],
  ['server delete web-1', "Type 'web-1'", {}],
  ['server delete web-1', "Type 'web-1'", { TERM: 'dumb' }],
])('what is typed before a confirmation is shown confirms nothing: %s, %s', async (line, shown, env) => {
  const terminal = await open(600, line, env);
  await early(line.startsWith('server') ? `web-1${keys.enter}` : `y${keys.enter}`, terminal.type);
  await terminal.shows(shown);
  await pause(500);
  terminal.type(keys.interrupt);
  expect((await terminal.ended).code).toBe(130);
  expect(changes()).toEqual([]);
});

test.each([{}, { TERM: 'dumb' }])('Ctrl-D before a question is shown ends nothing: %s', async (env: Readonly<Record<string, string>>) => {
  const terminal = await open(600, 'crontab delete /usr/local/bin --server web-2', env);
  await early('\u0004', terminal.type);
  await terminal.shows('(y/N)');
  terminal.type(`n${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect([code, text]).toEqual([1, expect.stringContaining('Cancelled; nothing was changed.')]);
});

test.each([
  ['deploy', '❯ shop.example.com'],
  ['crontab delete /usr/local/bin --server web-2', '(y/N)'],
  ['server delete web-1', "Type 'web-1'"],
  ['credential create Spare --provider hetzner', "The provider's API token"],
  ['server create web-9', '? Cloud provider:'],
  ['token create ci', 'enter to continue', keys.down.repeat(2) + keys.enter],
])('Ctrl-D at a question is Ctrl-C: %s', async (line, shown, before = '') => {
  const terminal = await open(0, line);
  if (before) await terminal.shows('navigate');
  terminal.type(before);
  await terminal.shows(shown);
  terminal.type('\u0004');
  const { text, code } = await terminal.ended;
  expect([code, text]).toEqual([130, expect.stringMatching(/\nError: Interrupted; nothing was changed\.\s+$/)]);
  expect(changes()).toEqual([]);
});
