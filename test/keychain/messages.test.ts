import { describe, expect, it } from 'vitest';
import { type KeychainOptions, type Keyring, osKeychain } from '../../src/machine/credentials/keychain.ts';

const instead = 'Set DNX_TOKEN, or store the token in a file that only you can read: dnx login --insecure-storage';

/** A native module whose entries return `outcome` and record every call. */
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

const keychain = (options: Partial<KeychainOptions>) => osKeychain({ env: {}, platform: 'darwin', clock: { sleep: never }, ...options });

describe('osKeychain', () => {
  it('loads the native module only when it is used', () => {
    const load = () => {
      throw new Error('loaded');
    };
    expect(() => keychain({ load })).not.toThrow();
  });

  it('uses one entry per account of one service', async () => {
    const { calls, load } = fakeKeyring(() => Promise.resolve(null));
    expect(await keychain({ load }).read('a')).toBeUndefined();
    await keychain({ load }).write('a', '1|x');
    const entry = ['new', 'deploynix-cli', 'a'];
    expect(calls).toEqual([entry, ['get'], entry, ['set', '1|x']]);
  });

  it.each([true, false])('returns whether a token was removed: %s', async (removed) => {
    expect(await keychain(fakeKeyring(() => Promise.resolve(removed))).remove('a')).toBe(removed);
  });

  it.each([
    ['darwin', 'the macOS Keychain'],
    ['win32', 'the Windows Credential Manager'],
  ] as const)('explains a missing native module: %s', async (platform, name) => {
    const load = () => {
      throw new Error('Cannot find native binding');
    };
    await expect(keychain({ platform, load }).read('a')).rejects.toMatchObject({
      code: 'failed',
      message: `No keychain available: the optional package @napi-rs/keyring for ${name} cannot be loaded.`,
      hint: `Install deploynix-cli again without --omit=optional. ${instead}`,
    });
  });

  it.each([
    ['darwin', 'The macOS Keychain failed: User interaction is not allowed.'],
    ['win32', 'The Windows Credential Manager failed: User interaction is not allowed.'],
  ] as const)('names the keychain that fails: %s', async (platform, message) => {
    const { load } = fakeKeyring(() => Promise.reject(new Error('User interaction is not allowed.')));
    await expect(keychain({ platform, load }).read('a')).rejects.toMatchObject({ code: 'failed', message, hint: instead });
  });

  it('waits a minute for the macOS dialog', async () => {
    const { load } = fakeKeyring(() => never(0));
    const slept: number[] = [];
    const sleep = async (ms: number) => void slept.push(ms);
    await expect(keychain({ load, clock: { sleep } }).read('a')).rejects.toMatchObject({
      message: 'The macOS Keychain did not respond within 60s.',
    });
    expect(slept).toEqual([60_000]);
  });

  it('rejects with the reason of the signal', async () => {
    const { load } = fakeKeyring(() => never(0));
    const interrupt = new AbortController();
    const reading = keychain({ load, signal: interrupt.signal }).read('a');
    const reason = new Error('Ctrl-C');
    interrupt.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await expect(keychain({ load, signal: interrupt.signal }).read('a')).rejects.toBe(reason);
  });
});
