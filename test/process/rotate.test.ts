import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';

let executable: Executable;
beforeEach(async () => {
  executable = await openExecutable();
});
afterEach(() => executable.close());

const old = () => executable.sandbox.state.tokens.some(({ id }) => id === 4);

test('the old token is revoked once the new one has been written', async () => {
  const { stdout, exitCode } = await executable.dnx(['token', 'rotate', 'Grafana', '--yes']);
  expect([exitCode, old()]).toEqual([0, false]);
  expect(stdout).toMatch(/^7\|\w+\n$/);
});

test('a token that could not be written costs nothing: the old one still works', async () => {
  const { stderr, exitCode } = await executable.shell('dnx token rotate Grafana --yes > /dev/full');
  expect([exitCode, old()]).toEqual([1, true]);
  expect(stderr).toContain('the old one (id 4) is revoked after that');
  expect(stderr).toContain('The disk is full.');
});
