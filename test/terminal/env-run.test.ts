import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { keys, openTerminal } from '../support/terminal.ts';

const executable = perTest(openExecutable);

const start = (script: string) => {
  const { url, token } = executable.sandbox;
  const words = ['env', 'run', '--site', 'shop.example.com', '--all', '--', 'sh', '-c', script];
  return openTerminal(words, { DNX_HOST: url, DNX_TOKEN: token, NO_COLOR: '1' }, executable.directory);
};

test('Ctrl-C goes to the command alone, as often as it is typed, and dnx waits for its end', async () => {
  const terminal = start(`trap 'n=x$n; echo "caught $n."' INT; echo ready; until read enter; do :; done; echo "in all $n."; exit 3`);
  await terminal.shows('ready');
  for (const each of ['x.', 'xx.', 'xxx.']) {
    terminal.type(keys.interrupt);
    await terminal.shows(`caught ${each}`);
  }
  terminal.type(keys.enter);
  await terminal.shows('in all xxx.');
  await expect(terminal.ended).toExit(3);
});

test('Ctrl-C ends a command that does not catch it', async () => {
  const terminal = start('echo ready; while :; do sleep 0.01; done');
  await terminal.shows('ready');
  terminal.type(keys.interrupt);
  const { code, text } = await terminal.ended;
  expect([code, text]).toEqual([130, expect.not.stringContaining('Error')]);
});

test('the command has the terminal, with its size', async () => {
  const terminal = start('test -t 0 && test -t 1 && test -t 2 && stty size && echo "$APP_NAME"');
  await terminal.shows('40 120');
  await terminal.shows('Example Shop');
  await expect(terminal.ended).toExit(0);
});
