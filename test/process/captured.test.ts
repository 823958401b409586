import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Executable, executableTest as test } from '../support/executable.ts';
import { leading } from '../support/volume.ts';

const ON = ['--server', seeded.servers['web-1'], '--site', seeded.sites['blog.example.com']];

const PUSH = ['env', 'push', '.env', ...ON, '--yes'];

/** Prepares a variable whose value `op` prints, and returns the environment for that. */
function printing({ directory, env }: Executable, script: string) {
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'bin/op'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  writeFileSync(join(directory, '.env'), 'KEY=op://app/db/password\n');
  return { env: { PATH: `${join(directory, 'bin')}:${env.PATH}` } };
}

/** Pushes it, in this process or another one. */
const pushHere = (executable: Executable, script: string) => executable.here(PUSH, printing(executable, script));
const push = (executable: Executable, script: string) => executable.dnx(PUSH, printing(executable, script));

const value = ({ sandbox }: Executable) => sandbox.state.environment_variables.find(({ key }) => key === 'KEY')?.value;

/** The id that a script wrote to the file `pid`. */
async function pidIn(directory: string): Promise<number> {
  const file = join(directory, 'pid');
  while (!existsSync(file) || !readFileSync(file, 'utf8').endsWith('\n')) await setTimeout(10);
  return Number(readFileSync(file, 'utf8'));
}

const isRunning = (pid: number): boolean => {
  try {
    return kill(pid, 0);
  } catch {
    return false;
  }
};

/** Resolves once a process has ended. */
async function ended(pid: number): Promise<void> {
  while (isRunning(pid)) await setTimeout(10);
}

describe('a program whose output dnx reads', () => {
  test.concurrent('may print everything, in pieces', async ({ open }) => {
    const executable = await open();
    const run = await pushHere(executable, 'for n in 1 2 3; do printf "é%s" $n; sleep 0.05; done');
    expect([run.exitCode, value(executable)]).toEqual([0, 'é1é2é3']);
  });

  test.concurrent('gets no token', async ({ open }) => {
    const executable = await open();
    const run = await pushHere(executable, 'printf "token:$DNX_TOKEN"');
    expect([run.exitCode, value(executable)]).toEqual([0, 'token:']);
  });

  test.concurrent('may not print more than 64 MB', async ({ open }) => {
    const executable = await open();
    const run = await pushHere(executable, 'head -c 80000000 /dev/zero; exec sleep 60');
    expect(run).toExit(1, { stdout: '', says: 'Error: op printed more than 64 MB.\n' });
  });

  test.concurrent('may leave a process behind that keeps the output open', async ({ open }) => {
    const executable = await open();
    const run = await push(executable, 'sleep 60 & echo $! > pid; printf secret');
    kill(await pidIn(executable.directory), 'SIGKILL');
    expect([run.exitCode, value(executable)]).toEqual([0, 'secret']);
  });

  test.concurrent('may not leave one behind that prints without end', async ({ open }) => {
    const executable = await open();
    const run = await push(executable, 'yes & echo $! > pid; printf secret');
    await ended(await pidIn(executable.directory));
    expect([run.exitCode, run.stdout, value(executable)]).toEqual([1, '', undefined]);
  });

  const signals = leading(['SIGHUP', 'SIGINT', 'SIGTERM'], 1);
  test.concurrent.for(signals)('ends with dnx at %s, even if it ignores signals', async (signal, { open }) => {
    const executable = await open();
    const child = push(executable, "trap '' INT TERM HUP; echo $$ > pid; while :; do sleep 0.05; done");
    const pid = await pidIn(executable.directory);
    child.kill(signal);
    const { exitCode, stdout } = await child;
    await ended(pid);
    expect([exitCode, stdout, value(executable)]).toEqual([{ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal], '', undefined]);
  });

  test.concurrent('ends with dnx at a second signal', async ({ open }) => {
    const executable = await open();
    const child = push(executable, "trap '' INT TERM; echo $$ > pid; while :; do sleep 0.05; done");
    const pid = await pidIn(executable.directory);
    child.kill('SIGINT');
    child.kill('SIGTERM');
    const { stdout } = await child;
    await ended(pid);
    expect([stdout, value(executable)]).toEqual(['', undefined]);
  });
});

test.concurrent('a deleted working directory is not a missing program', async ({ open }) => {
  const executable = await open();
  const run = await executable.shell(`mkdir gone; cd gone; rmdir ../gone; dnx changes ${ON.join(' ')} --json`);
  expect(run.stderr + run.stdout).toContain('Could not run git: the directory');
  expect(run.stderr + run.stdout).not.toContain('not installed');
});
