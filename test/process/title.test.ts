import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { preloading } from '../support/program.ts';
import { leading } from '../support/volume.ts';

const executable = perSuite(openExecutable);

// On Windows, reading the title ends Node if the console has none.
test.each(
  leading(
    [
      [['sandbox', 'run', '--', 'true']],
      [['deploy', 'shop.example.com', '--no-wait']],
      [['open', 'shop.example.com']],
      [['server', 'list']],
    ],
    1,
  ),
)('dnx %j does not read the title of the process', async (args) => {
  const env = { ...preloading('test/support/untitled.cjs'), BROWSER: 'true', FORCE_COLOR: '1' };
  const { exitCode, stderr } = await executable.dnx(args, { env });
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('title')]);
});

test('that would be noticed', async () => {
  const hook = resolve('test/support/untitled.cjs');
  const { stderr } = await executable.shell(`node --require ${hook} --eval "import('node:process')"`);
  expect(stderr).toContain('title');
});
