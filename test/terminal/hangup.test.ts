import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';

const executable = perTest(openExecutable);

test.each([
  ['follows a deployment', 'deploy shop.example.com', 'started'],
  ['prompts', 'server delete web-1', "Type 'web-1'"],
])('dnx exits 129 if the terminal closes while it %s', async (_, words, shown) => {
  // The shell receives SIGHUP from its terminal and forwards it.
  const inside = `"$NODE" "$DNX" ${words} <$(tty) & trap "kill -HUP $!" HUP; wait $!; wait $!; echo $? > code`;
  const terminal = executable.shell('exec script -qfec "$INSIDE" seen', { env: { INSIDE: inside, SHELL: '/bin/bash' }, stdin: 'pipe' });
  const file = (name: string) => join(executable.directory, name);
  const read = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '');
  await expect.poll(() => read('seen')).toContain(shown);
  terminal.kill('SIGKILL');
  expect((await terminal).exitCode).toBeUndefined();
  await expect.poll(() => read('code')).toBe('129\n');
  expect(executable.sandbox.calls.some(({ method }) => method === 'DELETE')).toBe(false);
});
