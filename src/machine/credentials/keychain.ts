import { readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AsyncEntry } from '@napi-rs/keyring';
import { DnxError } from '../../base/errors.ts';
import type { Attended, Clock, Env, Keychain } from '../world.ts';
import { failure, instead, isLocked, locked, silent } from './secret-service.ts';

/** The part of the native module that is used. Its type alone is imported: loading it is for the first call. */
export interface Keyring {
  readonly AsyncEntry: new (service: string, account: string, options: { linux: { store: 'secret-service' } }) => AsyncEntry;
}

/** What the keychain is given. `env` is the process's own: the native code reads the bus's address from the real environment. */
export interface KeychainOptions {
  readonly env: Env;
  readonly platform: NodeJS.Platform;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Gives up a pending call, and rejects with the reason. */
  readonly signal?: AbortSignal | undefined;
  /** Loads the native module; throws where there is none for this machine. */
  readonly load?: () => Keyring;
}

const service = 'deploynix-cli';

// ms. `person`: for somebody who types a password in a dialog of the system.
const patience = { bus: 2_000, secretService: 3_000, person: 60_000 } as const;

// `require`, and late: an ESM import of the native module costs 30 ms more, and node:net 2 ms at the start of commands that need neither.
const late = (module: string): unknown => createRequire(import.meta.url)(module);
const loadKeyring = (): Keyring => late('@napi-rs/keyring') as Keyring;
const loadNet = (): typeof import('node:net') => late('node:net') as typeof import('node:net');

/** The operating system's keychain: Secret Service, macOS Keychain or Windows Credential Manager. Nothing is loaded before the first call. */
export const osKeychain = (options: KeychainOptions): Keychain => {
  const { env, platform, clock, signal, load = loadKeyring } = options;
  const overBus = platform !== 'darwin' && platform !== 'win32';

  const call = async <T>(account: string, attended: Attended | undefined, ask: (entry: AsyncEntry) => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    const done = new AbortController();
    const until = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
    let line: Line | undefined;
    const answer = async (): Promise<T> => {
      if (overBus) {
        if (await isLocked(env, { service, account }, () => clock.sleep(patience.bus, until))) {
          if (attended === undefined) {
            throw locked();
          }
          attended.waiting();
        }
        until.throwIfAborted();
      }
      const { AsyncEntry } = open(load, platform);
      const before = overBus ? sockets() : [];
      const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } });
      // The connection that the native module has just opened: it does so on this thread, while nothing else can open one.
      line = overBus ? sockets().find(({ identity }) => !before.some((socket) => socket.identity === identity)) : undefined;
      try {
        return await ask(entry);
      } finally {
        line = undefined;
      }
    };
    const limit = async (): Promise<never> => {
      let left: number = patience.person;
      if (overBus) {
        await clock.sleep(patience.secretService, until);
        if (attended === undefined) {
          throw unanswered(platform, false);
        }
        // KeePassXC may want a person's consent although it is unlocked, and says so nowhere.
        attended.waiting();
        left -= patience.secretService;
      }
      await clock.sleep(left, until);
      throw unanswered(platform, true);
    };
    try {
      return await Promise.race([answer(), limit()]);
    } catch (error) {
      // The native call may still be waiting in a thread, for which even process.exit() waits.
      if (line !== undefined) {
        await hangUp(line);
      }
      throw error === signal?.reason ? error : explain(error, platform);
    } finally {
      done.abort();
    }
  };

  return {
    read: async (account, attended) => (await call(account, attended, (entry) => entry.getPassword())) ?? undefined,
    write: (account, secret, attended) => call(account, attended, (entry) => entry.setPassword(secret)),
    remove: (account, attended) => call(account, attended, (entry) => entry.deleteCredential()),
  };
};

const names: Partial<Record<NodeJS.Platform, string>> = { darwin: 'the macOS Keychain', win32: 'the Windows Credential Manager' };

const nameOf = (platform: NodeJS.Platform): string => names[platform] ?? 'the keychain (Secret Service)';

const open = (load: () => Keyring, platform: NodeJS.Platform): Keyring => {
  try {
    return load();
  } catch (cause) {
    const message = `There is no keychain here: the optional package @napi-rs/keyring, which speaks to ${nameOf(platform)}, cannot be loaded`;
    throw failure(message, `Install deploynix-cli again without --omit=optional. ${instead}`, cause);
  }
};

const unanswered = (platform: NodeJS.Platform, attended: boolean): DnxError => {
  if (names[platform] !== undefined) {
    return failure(`${sentence(nameOf(platform))} has not answered for ${patience.person / 1000} seconds`);
  }
  return attended
    ? failure(`The keyring was not unlocked within ${patience.person / 1000} seconds`, `Unlock it and try again. ${instead}`)
    : failure(
        `The keychain (Secret Service) has not answered for ${patience.secretService / 1000} seconds: it is waiting for its password, or stuck`,
        `Unlock it in your desktop's password application and try again. ${instead}`,
      );
};

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

// The native module gives every failure the same code; only its words, which are those of D-Bus, tell them apart.
const explain = (error: unknown, platform: NodeJS.Platform): unknown => {
  if (error instanceof DnxError || !(error instanceof Error)) {
    return error;
  }
  const said = error.message;
  if (names[platform] !== undefined) {
    return failure(`${sentence(nameOf(platform))} refused: ${said}`, instead, error);
  }
  if (/not provided by any \.service|no owner|ServiceUnknown|NameHasNoOwner/i.test(said)) {
    return failure(
      'There is no keychain here: no Secret Service (GNOME Keyring, KWallet, KeePassXC) runs on the D-Bus session bus',
      instead,
      error,
    );
  }
  if (/no result found/i.test(said)) {
    return failure(
      'The keychain (Secret Service) has no default keyring to write to',
      `Create one in your desktop's password application. ${instead}`,
      error,
    );
  }
  if (/prompt was dismissed/i.test(said)) {
    return failure(
      'The keyring is still locked: its prompt was dismissed, or could not be shown',
      `Unlock it and try again. ${instead}`,
      error,
    );
  }
  if (/locked/i.test(said)) {
    return locked(error);
  }
  if (/did not receive a reply|NoReply|timed out/i.test(said)) {
    return silent(error);
  }
  return failure(`The keychain (Secret Service) failed: ${said}`, instead, error);
};

/** An open socket of this process; `identity` outlives a reuse of the number. */
interface Line {
  readonly fd: string;
  readonly identity: string;
}

const identityOf = (fd: string): string | undefined => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
};

// Every open socket; none where there is no /proc. Trap: the listing has the descriptor of the listing itself.
const sockets = (): readonly Line[] => {
  try {
    return readdirSync('/proc/self/fd').flatMap((fd) => {
      const identity = identityOf(fd);
      return identity?.startsWith('socket:') ? { fd, identity } : [];
    });
  } catch {
    return [];
  }
};

/**
 * Ends the connection from our side. The bus then closes its own, which wakes the native call out of its wait (for an unlock prompt it
 * has no time limit) and takes the prompt off the screen. Resolves once the kernel has been told: before that, process.exit() would hang.
 */
const hangUp = async ({ fd, identity }: Line): Promise<void> => {
  if (identityOf(fd) !== identity) {
    return;
  }
  await new Promise<void>((resolve) => {
    try {
      // Half open and never read to its end, so that Node does not close a descriptor that the other thread still uses.
      const socket = new (loadNet().Socket)({ fd: Number(fd), allowHalfOpen: true });
      socket.on('error', () => resolve()).end(() => resolve());
      socket.unref();
    } catch {
      // The descriptor is not Node's to take; the failure that led here matters more.
      resolve();
    }
  });
};
