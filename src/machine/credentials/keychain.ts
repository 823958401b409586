import type { AsyncEntry } from '@napi-rs/keyring';
import { isError } from '../../base/errors.ts';
import type { Clock, Env, Keychain } from '../world.ts';
import { desktopKeychain } from './desktop-keychain.ts';
import { instead, keychainFailure } from './keychain-failure.ts';

/** The service name of every stored token. */
const SERVICE = 'deploynix-cli';

/** What the keychain needs. */
export interface KeychainOptions {
  readonly env: Env;
  readonly platform: NodeJS.Platform;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Makes a pending call reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Loads the native module. Throws if there is none for this platform. */
  readonly load?: () => Keyring;
}

/**
 * The keychain of the operating system: Secret Service, macOS Keychain or Windows Credential Manager. Loads nothing before the first call.
 * In a sandbox there is none, because what it stored would stay.
 */
export function osKeychain({ platform, ...options }: KeychainOptions): Keychain {
  if (options.env.DNX_SANDBOX) return { read: refuse, write: refuse, remove: refuse };
  if (platform === 'darwin' || platform === 'win32') return nativeKeychain(platform, options);
  return desktopKeychain({ ...options, service: SERVICE });
}

const refuse = (): Promise<never> => Promise.reject(keychainFailure('No keychain available: a sandbox leaves yours alone'));

/** The part of the native module that dnx uses. */
export interface Keyring {
  readonly AsyncEntry: new (service: string, account: string) => AsyncEntry;
}

/** Leaves time to type a password into a dialog of the system. */
const PATIENCE_MS = 60_000;

// Lazy, and with `require`: an ESM import of the native module takes 30 ms longer. An executable has it inside.
const loadKeyring = (): Keyring => require('@napi-rs/keyring') as Keyring;

const names = { darwin: 'the macOS Keychain', win32: 'the Windows Credential Manager' } as const;

/** The keychain of macOS or Windows, through a native module. */
function nativeKeychain(platform: keyof typeof names, { clock, signal, load = loadKeyring }: Omit<KeychainOptions, 'platform'>): Keychain {
  const name = names[platform];
  const Name = name.replace(/^t/, 'T');

  const call = async <T>(account: string, ask: (entry: AsyncEntry) => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    const done = new AbortController();
    const until = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
    const limit = async (): Promise<never> => {
      await clock.sleep(PATIENCE_MS, until);
      throw keychainFailure(`${Name} did not respond within ${PATIENCE_MS / 1000}s`);
    };
    try {
      const { AsyncEntry } = loaded(load, name);
      return await Promise.race([ask(new AsyncEntry(SERVICE, account)), limit()]);
    } catch (error) {
      if (error === signal?.reason || isError(error) || !(error instanceof Error)) throw error;
      throw keychainFailure(`${Name} failed: ${error.message}`, instead, error);
    } finally {
      done.abort();
    }
  };

  return {
    read: async (account) => (await call(account, (entry) => entry.getPassword())) ?? undefined,
    write: (account, secret) => call(account, (entry) => entry.setPassword(secret)),
    remove: (account) => call(account, (entry) => entry.deleteCredential()),
  };
}

function loaded(load: () => Keyring, name: string): Keyring {
  try {
    return load();
  } catch (cause) {
    const message = `No keychain available: the optional package @napi-rs/keyring for ${name} cannot be loaded`;
    throw keychainFailure(message, `Install deploynix-cli again without --omit=optional. ${instead}`, cause);
  }
}
