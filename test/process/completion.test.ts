import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scriptFiles, shells } from '../../src/features/completion/shells.ts';
import { type Executable, openExecutable } from '../support/executable.ts';

let built: Executable;
beforeAll(async () => {
  built = await openExecutable();
});
afterAll(() => built.close());

test.each(shells)('completion %s prints the shipped script', async (shell) => {
  const { exitCode, stdout, stderr } = await built.dnx(['completion', shell]);
  expect([exitCode, stderr, stdout]).toEqual([0, '', readFileSync(`completions/${scriptFiles[shell]}`, 'utf8')]);
});

test('completion scripts can be read in part, and fail on a full disk', async () => {
  const piped = await built.shell('set -o pipefail; dnx completion zsh | head -1; echo $?');
  expect([piped.stdout, piped.stderr]).toEqual(['#compdef dnx deploynix deploynix-cli\n0\n', '']);
  const full = await built.shell('dnx completion bash >/dev/full');
  expect(full.exitCode).toBe(1);
  expect(full.stderr).toMatch(/^Error: /);
});

test('completion scripts keep the other formats, options and errors', async () => {
  const json = await built.dnx(['completion', 'bash'], { env: { DNX_OUTPUT: 'json' } });
  expect(JSON.parse(json.stdout)).toEqual({ shell: 'bash', script: readFileSync('completions/dnx.bash', 'utf8') });
  const help = await built.dnx(['completion', 'bash', '--help']);
  expect([help.exitCode, help.stdout]).toEqual([0, expect.stringMatching(/^Print the completion script for bash\n/)]);
  const wrong = await built.dnx(['completion', 'tcsh']);
  expect([wrong.exitCode, wrong.stdout]).toEqual([2, '']);
});
