import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';

const executable = perTest(openExecutable);

/** An `op` that is not signed in and asks for the password, as 1Password's does. */
const op = `#!/bin/sh
stty -echo
printf 'Enter the password for ada@example.com at my.1password.com: ' >&2
read -r password
stty echo
echo >&2
[ "$password" = correct ] || { echo '[ERROR] 2026/05/01 10:00:00 wrong password' >&2; exit 1; }
printf 'the secret of %s' "$3"
`;

function push(): Terminal {
  const { directory, sandbox } = executable;
  writeFileSync(join(directory, 'op'), op);
  chmodSync(join(directory, 'op'), 0o755);
  writeFileSync(join(directory, '.env'), 'API_KEY=op://app/api/key\n');
  const env = { DNX_HOST: sandbox.url, DNX_TOKEN: sandbox.token, PATH: `${directory}:${process.env.PATH}` };
  return openTerminal(['env', 'push', '.env', '--site', 'blog.example.com', '--server', 'web-1'], env, directory);
}

const sent = () => executable.sandbox.calls.filter(({ method }) => method !== 'GET');
const values = () => executable.sandbox.state.environment_variables.map(({ value }) => value);

test('op asks for a password on the terminal, and then dnx asks before it sends', async () => {
  const terminal = push();
  await terminal.shows('Enter the password for ada@example.com');
  terminal.type(`correct${keys.enter}`);
  await terminal.shows('Push 1 variable to blog.example.com');
  expect(sent()).toEqual([]);
  terminal.type(`y${keys.enter}`);
  await terminal.shows('Pushed 1 variable to blog.example.com. Deploy now?');
  terminal.type(`n${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect(code, text).toBe(0);
  expect(text).not.toMatch(/correct|the secret/);
  expect(values()).toContain('the secret of op://app/api/key');
});

test('a wrong password shows what op says, and sends nothing', async () => {
  const terminal = push();
  await terminal.shows('Enter the password for ada@example.com');
  terminal.type(`wrong${keys.enter}`);
  await terminal.shows('wrong password');
  await terminal.shows('Could not resolve API_KEY (op://app/api/key): op ended with exit code 1.');
  expect([(await terminal.ended).code, sent()]).toEqual([1, []]);
});

test('Ctrl-C while op asks ends both, and sends nothing', async () => {
  const terminal = push();
  await terminal.shows('Enter the password for ada@example.com');
  terminal.type(keys.interrupt);
  expect([(await terminal.ended).code, sent()]).toEqual([130, []]);
});
