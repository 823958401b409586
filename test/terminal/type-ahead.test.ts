import { expect } from 'vitest';
import { type Executable, executableTest as test } from '../support/executable.ts';
import { keys, openTerminal } from '../support/terminal.ts';
import { leading, sampled } from '../support/volume.ts';

const start = ({ env, directory }: Executable, line: string, more: Readonly<Record<string, string>> = {}) =>
  openTerminal(line.split(' '), { ...env, NO_COLOR: '1', ...more }, directory);
const changes = ({ sandbox }: Executable) => sandbox.calls.filter(({ method }) => method !== 'GET');
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Presses keys while dnx waits for the first answer of the API. */
async function early({ sandbox }: Executable, typed: string, type: (keys: string) => void): Promise<void> {
  while (sandbox.calls.length === 0) await pause(10);
  type(typed);
}

test.concurrent.for<[string, string, Readonly<Record<string, string>>]>(
  leading(
    [
      ['deploy --no-wait', '❯ shop.example.com', {}],
      ['deploy --no-wait', 'Number, or text to filter:', { TERM: 'dumb' }],
    ],
    1,
  ),
)('what is typed before a list is shown picks nothing: %s, %s', async ([line, shown, env], { open }) => {
  const executable = await open({ latencyMs: 600 });
  const terminal = start(executable, line, env);
  await early(executable, `1${keys.enter}1${keys.enter}`, terminal.type);
  await terminal.shows(shown);
  await pause(500);
  expect(changes(executable)).toEqual([]);
  terminal.type(`blog${keys.enter}`);
  await expect(terminal.ended).toExit(0);
  expect(changes(executable)).toHaveLength(1);
});

test.concurrent.for<[string, string, Readonly<Record<string, string>>]>(
  sampled(
    [
      ['crontab delete /usr/local/bin --server web-2', '(y/N)', {}],
      ['crontab delete /usr/local/bin --server web-2', '(y/N)', { TERM: 'dumb' }],
      ['server delete web-1', "Type 'web-1'", {}],
      ['server delete web-1', "Type 'web-1'", { TERM: 'dumb' }],
    ],
    2,
    21,
  ),
)('what is typed before a confirmation is shown confirms nothing: %s, %s', async ([line, shown, env], { open }) => {
  const executable = await open({ latencyMs: 600 });
  const terminal = start(executable, line, env);
  await early(executable, line.startsWith('server') ? `web-1${keys.enter}` : `y${keys.enter}`, terminal.type);
  await terminal.shows(shown);
  await pause(500);
  terminal.type(keys.interrupt);
  await expect(terminal.ended).toExit(130);
  expect(changes(executable)).toEqual([]);
});

test.concurrent.for<Readonly<Record<string, string>>>(leading([{}, { TERM: 'dumb' }], 1))(
  'Ctrl-D before a question is shown ends nothing: %s',
  async (env, { open }) => {
    const executable = await open({ latencyMs: 600 });
    const terminal = start(executable, 'crontab delete /usr/local/bin --server web-2', env);
    await early(executable, '\u0004', terminal.type);
    await terminal.shows('(y/N)');
    terminal.type(`n${keys.enter}`);
    const { text, code } = await terminal.ended;
    expect([code, text]).toEqual([1, expect.stringContaining('Cancelled; nothing was changed.')]);
  },
);

test.concurrent.for<[string, string, string?]>(
  leading(
    [
      ['deploy', '❯ shop.example.com'],
      ['crontab delete /usr/local/bin --server web-2', '(y/N)'],
      ['server delete web-1', "Type 'web-1'"],
      ['credential create Spare --provider hetzner', "The provider's API token"],
      ['server create web-9', '? Cloud provider:'],
      ['token create ci', 'enter to continue', keys.down.repeat(2) + keys.enter],
    ],
    2,
  ),
)('Ctrl-D at a question is Ctrl-C: %s', async ([line, shown, before = ''], { open }) => {
  const executable = await open();
  const terminal = start(executable, line);
  if (before) await terminal.shows('navigate');
  terminal.type(before);
  await terminal.shows(shown);
  terminal.type('\u0004');
  const { text, code } = await terminal.ended;
  expect([code, text]).toEqual([130, expect.stringMatching(/\nInterrupted; nothing was changed\.\s+$/)]);
  expect(changes(executable)).toEqual([]);
});
