import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { type KeychainOptions, type Keyring, osKeychain } from '../../src/machine/credentials/keychain.ts';

const instead = 'Set DNX_TOKEN, or keep the token in a file that only you can read: dnx login --insecure-storage';

/** A native module whose entries answer with `outcome`, and note how they were made and called. */
const fakeKeyring = (outcome: () => Promise<unknown>) => {
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) => {
      calls.push([name, ...args]);
      return outcome();
    };
  function AsyncEntry(...args: unknown[]) {
    calls.push(['new', ...args]);
    return { getPassword: note('get'), setPassword: note('set'), deleteCredential: note('delete') };
  }
  return { calls, load: () => ({ AsyncEntry }) as unknown as Keyring };
};

const never = (_: number, signal?: AbortSignal) =>
  new Promise<void>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

const linux = process.platform === 'linux';
const keychain = (options: Partial<KeychainOptions>) => osKeychain({ env: {}, platform: 'darwin', clock: { sleep: never }, ...options });

describe('osKeychain', () => {
  it('loads nothing until it is asked', () => {
    keychain({
      load: () => {
        throw new Error('loaded');
      },
    });
  });

  it('asks for one item of one service, and on Linux never for kernel memory', async () => {
    const { calls, load } = fakeKeyring(() => Promise.resolve(null));
    expect(await keychain({ load }).read('a')).toBeUndefined();
    await keychain({ load }).write('a', '1|x');
    const entry = ['new', 'deploynix-cli', 'a', { linux: { store: 'secret-service' } }];
    expect(calls).toEqual([entry, ['get'], entry, ['set', '1|x']]);
  });

  it.each([true, false])('tells whether there was something to remove: %s', async (removed) => {
    expect(await keychain(fakeKeyring(() => Promise.resolve(removed))).remove('a')).toBe(removed);
  });

  it.each([
    ['darwin', 'the macOS Keychain'],
    ['win32', 'the Windows Credential Manager'],
  ] as const)('explains a native module that is not there: %s', async (platform, name) => {
    const load = () => {
      throw new Error('Cannot find native binding');
    };
    await expect(keychain({ platform, load }).read('a')).rejects.toMatchObject({
      code: 'failed',
      message: `There is no keychain here: the optional package @napi-rs/keyring, which speaks to ${name}, cannot be loaded`,
      hint: `Install deploynix-cli again without --omit=optional. ${instead}`,
    });
  });

  it.each([
    ['darwin', 'The macOS Keychain refused: User interaction is not allowed.'],
    ['win32', 'The Windows Credential Manager refused: User interaction is not allowed.'],
  ] as const)('names the keychain that refuses: %s', async (platform, message) => {
    const { load } = fakeKeyring(() => Promise.reject(new Error('User interaction is not allowed.')));
    await expect(keychain({ platform, load }).read('a')).rejects.toMatchObject({ code: 'failed', message, hint: instead });
  });

  it('gives a person a minute for the dialog of macOS', async () => {
    const { load } = fakeKeyring(() => never(0));
    const slept: number[] = [];
    const sleep = async (ms: number) => void slept.push(ms);
    await expect(keychain({ load, clock: { sleep } }).read('a')).rejects.toMatchObject({
      message: 'The macOS Keychain has not answered for 60 seconds',
    });
    expect(slept).toEqual([60_000]);
  });

  it('passes on the reason of an interruption', async () => {
    const { load } = fakeKeyring(() => never(0));
    const interrupt = new AbortController();
    const reading = keychain({ load, signal: interrupt.signal }).read('a');
    const reason = new Error('Ctrl-C');
    interrupt.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await expect(keychain({ load, signal: interrupt.signal }).read('a')).rejects.toBe(reason);
  });

  if (!linux) process.stderr.write('Skipped the test of a silent Secret Service: only Linux has one\n');
  it.skipIf(!linux)('hangs up on a Secret Service that keeps the native call waiting', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dnx-'));
    const path = join(folder, 'bus');
    let connections = 0;
    let hungUp = () => {};
    const left = new Promise<void>((resolve) => {
      hungUp = resolve;
    });
    // The first connection looks whether anybody is there; the second is the native module's own.
    const server = createServer((socket) => {
      connections += 1;
      if (connections === 1) {
        socket.once('data', () => socket.end('REJECTED'));
      } else {
        socket.resume().once('end', hungUp);
      }
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    // As in the native module, the descriptor is opened while the constructor blocks, and belongs to another thread.
    const turn = new Int32Array(new SharedArrayBuffer(8));
    const thread = new Worker(
      `const { workerData: { turn, path } } = require('node:worker_threads');
      const { Socket } = require('node:net');
      Atomics.wait(turn, 0, 0);
      new Socket({ allowHalfOpen: true }).connect(path);
      Atomics.store(turn, 1, 1);
      Atomics.notify(turn, 1);`,
      { eval: true, workerData: { turn, path } },
    );
    await once(thread, 'online');
    let waiting = () => {};
    const asked = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    function AsyncEntry() {
      Atomics.store(turn, 0, 1);
      Atomics.notify(turn, 0);
      Atomics.wait(turn, 1, 0);
      const getPassword = () => {
        waiting();
        return never(0);
      };
      return { getPassword };
    }
    const sleep = (ms: number, signal?: AbortSignal) => (ms === 3_000 ? asked : never(ms, signal));
    const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` };
    const load = () => ({ AsyncEntry }) as unknown as Keyring;
    await expect(keychain({ env, platform: 'linux', clock: { sleep }, load }).read('a')).rejects.toMatchObject({
      message: 'The keychain (Secret Service) has not answered for 3 seconds: it is waiting for its password, or stuck',
    });
    await left;
    await thread.terminate();
    server.close();
    await rm(folder, { recursive: true });
  });
});
