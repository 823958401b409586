import { expect, onTestFinished, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { leasedTokens } from '../support/leased.ts';
import { keys, openTerminal } from '../support/terminal.ts';

test('the command of a lease has the terminal and its Ctrl-C, and the token is revoked after it', async () => {
  const executable = await openExecutable();
  onTestFinished(() => executable.close());
  const script = `trap 'n=x$n; echo "caught $n."' INT; echo ready; until read enter; do :; done; exit 3`;
  const terminal = openTerminal(['agent', 'run', '--', 'sh', '-c', script], executable.env, executable.directory);
  await terminal.shows('ready');
  expect(leasedTokens(executable)).toHaveLength(1);
  terminal.type(keys.interrupt);
  await terminal.shows('caught x.');
  terminal.type(keys.enter);
  expect([(await terminal.ended).code, leasedTokens(executable)]).toEqual([3, []]);
});
