import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';

const executable = perTest(openExecutable);

const old = () => executable.sandbox.state.tokens.some(({ id }) => id === 4);

test('keeps the old token if the new one cannot be written', async () => {
  const { stderr, exitCode } = await executable.shell('dnx token rotate Grafana --yes > /dev/full');
  expect([exitCode, old()]).toEqual([1, true]);
  expect(stderr).toContain('The new token could not be printed: the disk is full. The new token was revoked.');
  expect(stderr).toContain('The old token Grafana (id 4) still works.');
  expect(executable.sandbox.state.tokens).toHaveLength(6);
});

const lines = ['token rotate Grafana --yes', 'token create ci --preset full'];
const tokens = () => executable.sandbox.state.tokens.map(({ id }) => id);

// The reader closes the pipe before dnx starts.
test.each(sampled(lines, 1, 3))('dnx %s into a closed pipe revokes the new token', async (line) => {
  const { exitCode, stderr } = await executable.shell(`exec 3> >(:); wait $!; dnx ${line} >&3`);
  expect([exitCode, tokens()]).toEqual([1, [1, 2, 3, 4, 5, 6]]);
  expect(stderr).toContain('The new token could not be printed: the output was closed. The new token was revoked.');
});

test('names a new token that can be neither printed nor revoked', async () => {
  executable.sandbox.faults.always({ method: 'DELETE', path: '/tokens/{token}' }, { status: 500 });
  const { exitCode, stderr } = await executable.shell('exec 3> >(:); wait $!; dnx token rotate Grafana --yes >&3');
  expect([exitCode, tokens()]).toEqual([1, [1, 2, 3, 4, 5, 6, 7]]);
  expect(stderr).toContain('The new token Grafana (id 7) still exists. The old token Grafana (id 4) still works.');
  expect(stderr).toContain('Revoke it with: dnx token revoke 7');
});

test.each(sampled(lines, 1, 1))('dnx %s creates no token if stdout is closed or the null device', async (line) => {
  for (const target of ['>&-', '>/dev/null']) {
    const { exitCode, stderr } = await executable.shell(`dnx ${line} ${target}`);
    expect([target, exitCode, tokens()]).toEqual([target, 2, [1, 2, 3, 4, 5, 6]]);
    expect(stderr).toContain('Use --to-file FILE.');
  }
  expect(executable.sandbox.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
});

// A file size limit of 0 acts like a full disk: the file is created but stays empty.
test.each(sampled(lines, 1, 2))('dnx %s --to-file revokes the new token if the disk is full', async (line) => {
  const { exitCode, stderr } = await executable.shell(`ulimit -f 0; dnx ${line} --to-file new.token`);
  expect([exitCode, tokens(), existsSync(join(executable.directory, 'new.token'))]).toEqual([1, [1, 2, 3, 4, 5, 6], false]);
  expect(stderr).toMatch(
    /The new token could not be written to .*new\.token: the file has reached the size limit\. The new token was revoked\./,
  );
});

test('--to-file in a read-only directory fails before a token is created', async () => {
  const { exitCode, stderr } = await executable.here(['token', 'create', 'ci', '--preset', 'full', '--to-file', '/proc/nowhere/ci.token']);
  expect([exitCode, executable.sandbox.calls]).toEqual([2, []]);
  expect(stderr).toContain('Could not write /proc/nowhere/ci.token (ENOENT).');
});
