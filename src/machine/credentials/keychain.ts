import type { AsyncEntry } from '@napi-rs/keyring';
import { attempt, isError } from '../../base/errors.ts';
import { absoluteIn } from '../settings/directories.ts';
import type { Attendant, Clock, Env, Keychain } from '../world.ts';
import { type Bus, openBus } from './dbus.ts';
import { explainedBusError, instead, keychainFailure, keychainUnanswered } from './keychain-failure.ts';
import { type SecretItem, secretItem } from './secret-service.ts';

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
export function osKeychain(options: KeychainOptions): Keychain {
  const { env, platform } = options;
  if (env.DNX_SANDBOX) return { read: refuse, write: refuse, remove: refuse };
  return platform === 'darwin' || platform === 'win32' ? nativeKeychain(platform, options) : desktopKeychain(options);
}

const refuse = (): Promise<never> => Promise.reject(keychainFailure('No keychain available: a sandbox leaves yours alone'));

/** Makes a call of the keychain, which ends with the signal or when `limit` rejects. */
async function limited<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
  limit: (until: AbortSignal) => Promise<never>,
  explained: (error: unknown) => unknown,
): Promise<T> {
  signal?.throwIfAborted();
  const done = new AbortController();
  const until = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
  try {
    return await Promise.race([work(), limit(until)]);
  } catch (error) {
    throw error === signal?.reason ? error : explained(error);
  } finally {
    done.abort();
  }
}

/** Time limits for the service to respond and for a user to type a password into a dialog, in ms. */
const patience = { answer: 3_000, person: 60_000 } as const;

/** The part of the native module that dnx uses. */
export interface Keyring {
  readonly AsyncEntry: new (service: string, account: string) => AsyncEntry;
}

// Lazy, and with `require`: an ESM import of the native module takes 30 ms longer. An executable has it inside.
const loadKeyring = (): Keyring => require('@napi-rs/keyring') as Keyring;

const names = { darwin: 'the macOS Keychain', win32: 'the Windows Credential Manager' } as const;

function nativeKeychain(platform: keyof typeof names, { clock, signal, load = loadKeyring }: KeychainOptions): Keychain {
  const name = names[platform];
  const Name = name.replace(/^t/, 'T');
  const call = <T>(account: string, ask: (entry: AsyncEntry) => Promise<T>): Promise<T> =>
    limited(
      signal,
      async () => ask(new (loaded(load, name).AsyncEntry)(SERVICE, account)),
      async (until) => {
        await clock.sleep(patience.person, until);
        throw keychainFailure(`${Name} did not respond within ${patience.person / 1000}s`);
      },
      (error) =>
        isError(error) || !(error instanceof Error) ? error : keychainFailure(`${Name} failed: ${error.message}`, instead, error),
    );
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

/** The keyring of a Linux desktop, over D-Bus. Libraries wait in a thread that Ctrl-C cannot interrupt. */
function desktopKeychain({ env, clock, signal }: KeychainOptions): Keychain {
  const call = <T>(account: string, attended: Attendant | undefined, work: (item: SecretItem) => Promise<T>): Promise<T> => {
    let item: SecretItem | undefined;
    let state: 'connecting' | 'asking' | 'answered' = 'connecting';
    const answer = async (): Promise<T> => {
      const bus = await openSessionBus(env);
      item = secretItem(bus, SERVICE, account, attended);
      await item.greet();
      state = 'asking';
      await item.begin();
      state = 'answered';
      return work(item);
    };
    const limit = async (until: AbortSignal): Promise<never> => {
      await clock.sleep(patience.answer, until);
      if (attended === undefined || state !== 'answered') throw keychainUnanswered(state, patience.answer / 1000);
      // KeePassXC may ask for approval even if it is unlocked.
      attended.waiting();
      await clock.sleep(patience.person - patience.answer, until);
      throw keychainUnanswered('attended', patience.person / 1000);
    };
    return limited(signal, answer, limit, explainedBusError).finally(() => item?.leave());
  };
  return {
    read: (account, attended) => call(account, attended, (item) => item.read()),
    write: (account, secret, attended) => call(account, attended, (item) => item.write(secret)),
    remove: (account, attended) => call(account, attended, (item) => item.remove()),
  };
}

async function openSessionBus(env: Env): Promise<Bus> {
  const runtime = absoluteIn(env, 'XDG_RUNTIME_DIR');
  const address = env.DBUS_SESSION_BUS_ADDRESS || (runtime && `unix:path=${runtime}/bus`);
  if (!address)
    throw keychainFailure('No keychain available: no D-Bus session bus (neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set)');
  // Uses the first address that accepts a connection. Only Unix sockets are supported.
  for (const path of address.split(';').map(socketPath)) {
    const bus = path ? await openBus(path) : undefined;
    if (bus) return bus;
  }
  throw keychainFailure(`No keychain available: no D-Bus session bus at ${address}`);
}

/** `unix:path=/run/user/1000/bus,guid=…`, with %xx escapes; `unix:abstract=…` is a name that begins with NUL. */
function socketPath(address: string): string | undefined {
  const [, kind, value = ''] = /^unix:(?:.*,)?(path|abstract)=([^,]*)/.exec(address) ?? [];
  const path = attempt(() => decodeURIComponent(value));
  return path && (kind === 'abstract' ? '\0' : '') + path;
}
