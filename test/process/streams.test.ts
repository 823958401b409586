import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';

let executable: Executable;
beforeAll(async () => {
  executable = await openExecutable({ rateLimit: 0 });
});
afterAll(() => executable.close());

const lines = ['--version', '--help', 'server list', 'server list --json', 'server list -o ndjson', 'site webhooks --help'];

describe('stdout', () => {
  test('| head -1 gets its line, and the pipe ends well', async () => {
    const run = await executable.shell('dnx server list --no-header | head -1; exit $PIPESTATUS');
    expect([run.exitCode, run.stderr, run.stdout.split('\n').length]).toEqual([0, '', 2]);
  });

  // Nobody reads: the other end is closed before dnx begins.
  test.each(lines)('dnx %s into a closed pipe is a quiet 0', async (line) => {
    const run = await executable.shell(`exec 3> >(:); wait $!; dnx ${line} >&3`);
    expect([run.exitCode, run.stderr]).toEqual([0, '']);
  });

  test.each(lines)('dnx %s on a full disk says so and exits 1', async (line) => {
    const run = await executable.shell(`dnx ${line} > /dev/full`);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('The disk is full');
    expect(run.stderr).not.toContain('    at ');
  });

  async function deployIntoClosedPipe(options = '') {
    const failing = await openExecutable({ failDeploys: true, speed: 20 });
    onTestFinished(() => failing.close());
    const { exitCode, stdout } = await failing.shell(`dnx deploy shop.example.com ${options} | true; exit \${PIPESTATUS[0]}`);
    return [exitCode, stdout];
  }

  test('a deployment that fails exits 1, although nobody reads what it prints', async () => {
    expect(await deployIntoClosedPipe()).toEqual([1, '']);
  });

  test.each(['--json', '-o yaml', '-o ndjson'])('a deployment with %s that fails exits 1, although nobody reads it', async (options) => {
    expect(await deployIntoClosedPipe(options)).toEqual([1, '']);
  });

  test('is empty when a command fails', async () => {
    const run = await executable.dnx(['server', 'show', 'nowhere', '--json']);
    expect([run.exitCode, run.stdout]).toEqual([6, '']);
    expect(JSON.parse(run.stderr)).toMatchObject({ error: { code: 'not_found' } });
  });
});

describe('stdin and stderr', () => {
  test('a closed stdin is nobody to ask, and harms no other command', async () => {
    const list = await executable.shell('dnx server list -o ids <&-');
    expect([list.exitCode, list.stderr]).toEqual([0, '']);
    const login = await executable.shell('dnx login --with-token --insecure-storage <&-', { env: { DNX_TOKEN: '' } });
    expect([login.exitCode, login.stdout]).toEqual([2, '']);
    expect(login.stderr).toMatch(/token/i);
  });

  test('a closed stderr does not change the result', async () => {
    const run = await executable.shell(
      'exec 3> >(:); wait $!; dnx server show web-1 -o ids 2>&3; echo $?; dnx server show web-9 2>&3; echo $?',
    );
    expect(run.stdout).toMatch(/^01\w+\n0\n6\n$/);
  });
});
