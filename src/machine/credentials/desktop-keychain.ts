import { absoluteIn } from '../settings/directories.ts';
import type { Attended, Clock, Env, Keychain } from '../world.ts';
import { type Bus, openBus } from './dbus.ts';
import { explainedBusError, keychainFailure, keychainUnanswered } from './keychain-failure.ts';
import { type SecretItem, secretItem } from './secret-service.ts';

interface Options {
  /** The service name of every item. */
  readonly service: string;
  readonly env: Env;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal?: AbortSignal | undefined;
}

/** Time limits for the service to respond and for a user to unlock a keyring, in ms. */
const patience = { answer: 3_000, person: 60_000 } as const;

/** The keyring of a Linux desktop, over D-Bus. Libraries wait in a thread that Ctrl-C cannot interrupt. */
export function desktopKeychain({ service, env, clock, signal }: Options): Keychain {
  const call = async <T>(account: string, attended: Attended | undefined, work: (item: SecretItem) => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    const done = new AbortController();
    const until = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
    let item: SecretItem | undefined;
    let state: 'connecting' | 'asking' | 'answered' = 'connecting';
    const answer = async (): Promise<T> => {
      const bus = await openSessionBus(env);
      item = secretItem({ bus, service, account, attended });
      await item.greet();
      state = 'asking';
      await item.begin();
      state = 'answered';
      return work(item);
    };
    const limit = async (): Promise<never> => {
      await clock.sleep(patience.answer, until);
      if (attended === undefined || state !== 'answered') throw keychainUnanswered(state, patience.answer / 1000);
      // KeePassXC may ask for approval even if it is unlocked.
      attended.waiting();
      await clock.sleep(patience.person - patience.answer, until);
      throw keychainUnanswered('attended', patience.person / 1000);
    };
    try {
      return await Promise.race([answer(), limit()]);
    } catch (error) {
      throw error === signal?.reason ? error : explainedBusError(error);
    } finally {
      done.abort();
      item?.leave();
    }
  };

  return {
    read: (account, attended) => call(account, attended, (item) => item.read()),
    write: (account, secret, attended) => call(account, attended, (item) => item.write(secret)),
    remove: (account, attended) => call(account, attended, (item) => item.remove()),
  };
}

/** Connects to the session bus of the desktop; throws if there is none. */
async function openSessionBus(env: Env): Promise<Bus> {
  const runtime = absoluteIn(env, 'XDG_RUNTIME_DIR');
  const address = env.DBUS_SESSION_BUS_ADDRESS || (runtime && `unix:path=${runtime}/bus`);
  if (!address)
    throw keychainFailure('No keychain available: no D-Bus session bus (neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set)');
  // Uses the first address that accepts a connection. Only Unix sockets are supported.
  for (const path of address.split(';').map(socketPath)) {
    const bus = path === undefined ? undefined : await openBus(path);
    if (bus) return bus;
  }
  throw keychainFailure(`No keychain available: no D-Bus session bus at ${address}`);
}

/** `unix:path=/run/user/1000/bus,guid=…`, with %xx escapes; `unix:abstract=…` is a name that begins with NUL. */
function socketPath(address: string): string | undefined {
  const [, kind, value = ''] = /^unix:(?:.*,)?(path|abstract)=([^,]*)/.exec(address) ?? [];
  try {
    return value === '' ? undefined : (kind === 'abstract' ? '\0' : '') + decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
