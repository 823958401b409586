import { fstatSync, statSync } from 'node:fs';
import { DnxError } from './base/errors.ts';
import type { World } from './machine/world.ts';
import { main } from './main.ts';
import { openNetwork } from './platform/api/network.ts';

/** The world of the real process: its streams, clock, keychain and network. */
export function realWorld(process: NodeJS.Process, signal: AbortSignal): World {
  const { env, platform, stdout, stderr } = process;
  const clock: World['clock'] = {
    now: () => Date.now(),
    // `performance` would load perf_hooks.
    elapsed: () => Number(process.hrtime.bigint()) / 1e6,
    sleep: (ms, stop) =>
      new Promise((resolve, reject) => {
        const abort = () => {
          clearTimeout(timer);
          reject(stop?.reason);
        };
        const timer = setTimeout(() => {
          stop?.removeEventListener('abort', abort);
          resolve();
        }, ms);
        if (stop?.aborted) abort();
        stop?.addEventListener('abort', abort, { once: true });
      }),
  };
  const keychain = async () => (await import('./machine/credentials/keychain.ts')).osKeychain({ env, platform, clock, signal });
  return {
    env,
    platform,
    node: process.versions.node,
    self: [process.execPath, process.argv[1] ?? ''],
    // A stream on it costs two milliseconds: only for who reads it.
    get stdin() {
      return process.stdin;
    },
    stdout: Object.defineProperty(stdout, 'discards', { get: () => isNullDevice(stdout.fd) }),
    stderr,
    clock,
    signal,
    cwd: process.cwd(),
    home: env.HOME ?? env.USERPROFILE ?? '/',
    keychain: {
      read: async (...args) => (await keychain()).read(...args),
      write: async (...args) => (await keychain()).write(...args),
      remove: async (...args) => (await keychain()).remove(...args),
    },
    connect: async () => openNetwork(env),
    async spawn(child) {
      const { runChild } = await import('./machine/child.ts');
      return runChild(child, signal, process.stdin.isTTY);
    },
  };
}

function isNullDevice(fd: number): boolean {
  const known = statSync('/dev/null', { throwIfNoEntry: false });
  return known?.isCharacterDevice() === true && known.rdev === fstatSync(fd).rdev;
}

/** Runs argv in the real world and ends the process with its exit code. */
export async function run(process: NodeJS.Process): Promise<void> {
  const interruption = new AbortController();
  const stop = (reason: DnxError) => () => {
    // A second signal ends a process that does not stop by itself.
    if (interruption.signal.aborted) process.exit(reason.exitCode);
    interruption.abort(reason);
  };
  process.on('SIGINT', stop(new DnxError('interrupted', 'Interrupted.')));
  process.on('SIGTERM', stop(new DnxError('terminated', 'Terminated.')));
  // A reader that went away shows as a failed write; without a listener it would be a crash as well.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const code = await main(process.argv.slice(2), realWorld(process, interruption.signal));
  process.exit(code);
}
