import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { writeState } from '../support/state-bed.ts';
import { keys, openTerminal } from '../support/terminal.ts';

const executable = perTest(openExecutable);

test('an apply does not wait for the question of another one, which sends nothing a second time', async () => {
  const { directory, sandbox } = executable;
  writeState(directory, 'servers:\n  web-1:\n    daemons: [node a.js]\n');
  const env = { DNX_HOST: sandbox.url, DNX_TOKEN: sandbox.token, DNX_STATE_DIR: join(directory, 'state') };
  const terminal = openTerminal(['apply'], env, directory);
  await terminal.shows('Apply 1 change?');
  await expect(executable.here(['apply', '--yes'], { env })).toExit(0);
  terminal.type(`y${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect(code, text).toBe(0);
  expect(sandbox.state.daemons.filter(({ command }) => command === 'node a.js')).toHaveLength(1);
});
