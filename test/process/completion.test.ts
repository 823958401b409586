import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { scriptFiles, shells } from '../../src/features/completion/install.ts';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { onlyOnNode, preloading } from '../support/program.ts';
import { leading } from '../support/volume.ts';

const built = perSuite(openExecutable);

test.each(leading(shells, 1))('completion %s prints the shipped script', async (shell) => {
  const { exitCode, stdout, stderr } = await built.dnx(['completion', shell]);
  expect([exitCode, stderr, stdout]).toEqual([0, '', readFileSync(`completions/${scriptFiles[shell]}`, 'utf8')]);
});

test('completion scripts can be read in part, and fail on a full disk', async () => {
  const piped = await built.shell('set -o pipefail; dnx completion zsh | head -1; echo $?');
  expect([piped.stdout, piped.stderr]).toEqual(['#compdef dnx deploynix deploynix-cli\n0\n', '']);
  await expect(built.shell('dnx completion bash >/dev/full')).toExit(1, { stderr: expect.stringMatching(/^Error: /) });
});

test('completion scripts keep the other formats, options and errors', async () => {
  const json = await built.dnx(['completion', 'bash'], { env: { DNX_OUTPUT: 'json' } });
  expect(JSON.parse(json.stdout)).toEqual({ shell: 'bash', script: readFileSync('completions/dnx.bash', 'utf8') });
  const help = await built.dnx(['completion', 'bash', '--help']);
  expect(help).toExit(0, { stdout: expect.stringMatching(/^Print the completion script for bash\n/) });
  await expect(built.dnx(['completion', 'tcsh'])).toExit(2, { stdout: '' });
});

test.skipIf(onlyOnNode('which files a Tab loads'))('a Tab loads no more than the help of the named group, also for a name', async () => {
  const hook = resolve('test/support/loaded.cjs');
  const file = join(built.directory, 'loaded.json');
  const filesOf = async (...args: readonly string[]) => {
    const { exitCode, stderr } = await built.dnx(args, { env: { ...preloading(hook), DNX_TEST_LOADED: file } });
    expect([exitCode, stderr]).toEqual([0, '']);
    const { files } = JSON.parse(readFileSync(file, 'utf8')) as { files: readonly string[] };
    return files.map((each) => basename(each).replace(/-.{8}\.js$/, ''));
  };
  await expect(built.here(['server', 'list'])).toExit(0);
  const group = await filesOf('server', '--help');
  const atFirst = await filesOf('__complete', 'bash', 'dnx dep');
  expect(atFirst.filter((each) => !group.includes(each))).toEqual([]);
  // No group is loaded before one is named.
  expect(atFirst).not.toContain('run');
  expect((await filesOf('__complete', 'bash', 'dnx server show web')).filter((each) => !group.includes(each))).toEqual([]);
});
