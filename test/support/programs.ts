import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, resolve } from 'node:path';
import { type RunnerTask, TestRunner } from 'vitest';
import { packageOf } from '../../scripts/test-programs.mjs';

/** Debian keeps servers in a folder that the PATH of an ordinary user lacks. */
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];

/** The path of a program or file; undefined if this machine lacks it. */
export const find = (program: string): string | undefined =>
  folders
    .map((folder) => resolve(folder, program))
    .find((file) => {
      try {
        accessSync(file, program.startsWith('/') ? constants.R_OK : constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/** Whether a missing program fails the tests instead of skipping them. */
export const required = Boolean(process.env.CI) && process.platform === 'linux';

declare module 'vitest' {
  interface TaskMeta {
    /** What this machine lacks for skipped tests: programs, files, and `root`. */
    lacks?: readonly string[];
  }
}

/**
 * The programs and files that this machine lacks; elsewhere than on Linux, all of them. `root` is lacking if another user runs the tests.
 * Call it where the tests are declared: the last line of the run (vitest.config.mts) counts those of the file, or of the `describe` around
 * the call, that are skipped.
 */
export function lacking(needs: readonly string[]): readonly string[] {
  for (const each of needs) if (each !== 'root') packageOf(each);
  const lacks = needs.filter((each) => process.platform !== 'linux' || isLacking(each));
  if (lacks.length === 0 || required) return lacks;
  const { suite, file } = TestRunner.getCurrentSuite();
  const { meta }: Pick<RunnerTask, 'meta'> = suite && suite.name !== '' ? suite : (file ?? suite);
  meta.lacks = [...(meta.lacks ?? []), ...lacks];
  return lacks;
}

const isLacking = (need: string): boolean => (need === 'root' ? process.getuid?.() !== 0 : find(need) === undefined);

/** Files of tests that have said why they skip some. */
const told = new Set<string>();

/** Skips the running test if this machine lacks a program; in CI the test fails. For hooks and helpers, which do not run side by side. */
export function need(program: string): void {
  packageOf(program);
  if (required || (process.platform === 'linux' && !isLacking(program))) return;
  const test = TestRunner.getCurrentTest();
  if (test === undefined) throw new Error(`This machine lacks ${program}.`);
  test.meta.lacks = [program];
  const line = `Skipped tests of ${test.file.name}: this machine lacks ${program}\n`;
  if (!told.has(line)) process.stderr.write(line);
  told.add(line);
  test.context.skip(`needs ${program}`);
}

/** What tests over ssh need, besides root. */
export const SSH_PROGRAMS = ['sshd', 'ssh', 'ssh-keygen', 'useradd'];

/** A loopback port that nothing listens on. Below those that the kernel gives to connections, which could take it before a server does. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** Whether a program can have its own /etc/resolv.conf here, by `unshare -m`. */
export const canIsolate = (): boolean => process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

/** A server program on loopback. */
export interface Server {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server program that ends with this signal, and resolves once it listens on this port. */
export async function startServer(
  program: string,
  args: readonly string[],
  port: number,
  end: NodeJS.Signals = 'SIGTERM',
): Promise<Server> {
  const child = spawn(find(program) ?? program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const server = { pid: child.pid ?? 0, stop: () => ended(child, end) };
  while (!(await listens(port))) {
    if (child.exitCode === null && child.signalCode === null) continue;
    throw new Error(`${program} ended: ${said}`);
  }
  return server;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('connect', () => socket.destroy());
    // The pause before the next attempt.
    socket.on('error', () => setTimeout(resolve, 20, false));
  });
