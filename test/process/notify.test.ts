import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Executable, said, executableTest as test } from '../support/executable.ts';
import { openReceiver } from '../support/receiver.ts';

const FAST = { speed: 20 };

const deploy = ['deploy', 'shop.example.com', '--server', 'web-1', '--json'];
/** Puts a program into a directory of PATH, and returns that PATH. */
function program({ directory }: Executable, name: string, script: string): string {
  const bin = join(directory, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return `${bin}:${process.env.PATH}`;
}

describe('a command', () => {
  test.concurrent('gets the result and no token, and writes to stderr', async ({ open }) => {
    const executable = await open(FAST);
    const command = 'env > env.txt; printf %s "$DNX_RESULT" > result.json; echo told';
    const run = await executable.dnx([...deploy, '--notify', command]);
    expect(run).toExit(0, { stderr: expect.stringMatching(/\ntold\n$/) });
    expect(JSON.parse(readFileSync(join(executable.directory, 'result.json'), 'utf8'))).toEqual(JSON.parse(run.stdout));
    const env = readFileSync(join(executable.directory, 'env.txt'), 'utf8');
    expect(env).toContain('DNX_OUTCOME=succeeded\n');
    expect(env).not.toMatch(/DNX_TOKEN|DNX_NOTIFY/);
    expect(env).not.toContain(executable.sandbox.token);
  });

  test.concurrent('is a name on PATH', async ({ open }) => {
    const executable = await open(FAST);
    const PATH = program(executable, 'tell-team', 'echo "team: $DNX_EXIT_CODE"');
    const run = await executable.dnx([...deploy, '--notify', 'tell-team'], { env: { PATH } });
    expect(run).toExit(0, { stderr: expect.stringMatching(/\nteam: 0\n$/) });
  });

  test.concurrent('is stopped after 60s', async ({ open }) => {
    const executable = await open(FAST);
    const run = await executable.dnx([...deploy, '--notify', 'exec sleep 1000']);
    expect([run.exitCode, JSON.parse(run.stdout).outcome]).toEqual([0, 'succeeded']);
    expect(run.stderr).toMatch(/\n! Could not notify: the command took longer than 1m\.\n$/);
  });

  test.concurrent('is stopped by Ctrl-C, which keeps the exit code', async ({ open }) => {
    const executable = await open(FAST);
    executable.sandbox.state.fail_deploys = true;
    const command = 'trap "echo stopped > stopped.txt; exit 7" INT; echo telling; while :; do sleep 0.1; done';
    const child = executable.dnx([...deploy, '--notify', command]);
    await said(child, 'telling');
    child.kill('SIGINT');
    const run = await child;
    expect([run.exitCode, existsSync(join(executable.directory, 'stopped.txt'))]).toEqual([1, true]);
    expect(run.stderr).not.toContain('Could not notify');
  });

  test.concurrent('does not take part in the result if stdout is closed', async ({ open }) => {
    const executable = await open(FAST);
    const run = await executable.shell(`dnx ${deploy.join(' ')} --notify 'echo told' | true; echo "exit \${PIPESTATUS[0]}"`);
    expect([run.stdout, run.stderr]).toEqual(['exit 0\n', expect.stringMatching(/told\n$/)]);
  });
});

test.concurrent('a webhook that does not respond is given up after 10s', async ({ open }) => {
  const executable = await open(FAST);
  const receiver = await openReceiver();
  receiver.answer = 'never';
  const run = await executable.dnx([...deploy, '--notify', `${receiver.url}/s3cr3t`]);
  await receiver.close();
  expect([run.exitCode, JSON.parse(run.stdout).outcome, receiver.bodies.length]).toEqual([0, 'succeeded', 1]);
  expect(run.stderr).toMatch(/\n! Could not notify: 127\.0\.0\.1:\d+ did not respond in 10s\.\n$/);
  expect(run.stderr).not.toContain('s3cr3t');
});
