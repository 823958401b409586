import { readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AsyncEntry } from '@napi-rs/keyring';
import { DnxError } from '../errors.ts';
import type { Clock, Env, Keychain } from '../world.ts';

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

// ms. Elsewhere than on the Secret Service, it is the system's own dialog that waits, for a person who is typing a password.
const patience = { bus: 2_000, secretService: 3_000, dialog: 60_000 } as const;

const instead = 'Set DNX_TOKEN, or keep the token in a file that only you can read: dnx login --insecure-storage';

const failure = (message: string, hint: string = instead, cause?: unknown): DnxError => new DnxError('failed', message, { hint, cause });

// `require`, and late: an ESM import of the native module costs 30 ms more, and node:net 2 ms at the start of commands that need neither.
const late = (module: string): unknown => createRequire(import.meta.url)(module);
const loadKeyring = (): Keyring => late('@napi-rs/keyring') as Keyring;
const loadNet = (): typeof import('node:net') => late('node:net') as typeof import('node:net');

/** The operating system's keychain: Secret Service, macOS Keychain or Windows Credential Manager. Nothing is loaded before the first call. */
export const osKeychain = (options: KeychainOptions): Keychain => {
  const { env, platform, clock, signal, load = loadKeyring } = options;
  const overBus = platform !== 'darwin' && platform !== 'win32';

  const call = async <T>(account: string, ask: (entry: AsyncEntry) => Promise<T>, writing = false): Promise<T> => {
    signal?.throwIfAborted();
    const done = new AbortController();
    const until = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
    let line: Line | undefined;
    const answer = async (): Promise<T> => {
      if (overBus) {
        await inspect(env, account, writing, () => clock.sleep(patience.bus, until));
        until.throwIfAborted();
      }
      const { AsyncEntry } = open(load, platform);
      const before = overBus ? sockets() : [];
      const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } });
      // The connection that the native module has just opened: it does so on this thread, while nothing else can open one.
      line = overBus ? sockets().find(({ identity }) => !before.some((socket) => socket.identity === identity)) : undefined;
      return await ask(entry);
    };
    const limit = async (): Promise<never> => {
      await clock.sleep(overBus ? patience.secretService : patience.dialog, until);
      throw unanswered(platform);
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
    read: async (account) => (await call(account, (entry) => entry.getPassword())) ?? undefined,
    write: (account, secret) => call(account, (entry) => entry.setPassword(secret), true),
    remove: (account) => call(account, (entry) => entry.deleteCredential()),
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

const unanswered = (platform: NodeJS.Platform): DnxError =>
  names[platform] === undefined
    ? failure(
        `The keychain (Secret Service) has not answered for ${patience.secretService / 1000} seconds: it is waiting for its password, or stuck`,
        `Unlock it in your desktop's password application and try again. ${instead}`,
      )
    : failure(`${sentence(nameOf(platform))} has not answered for ${patience.dialog / 1000} seconds`);

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
  if (/prompt was dismissed|locked/i.test(said)) {
    return locked(error);
  }
  if (/did not receive a reply|NoReply|timed out/i.test(said)) {
    return silent(error);
  }
  return failure(`The keychain (Secret Service) failed: ${said}`, instead, error);
};

const locked = (cause?: unknown): DnxError =>
  failure('The keychain (Secret Service) is locked', `Unlock it and try again. ${instead}`, cause);

const silent = (cause?: unknown): DnxError =>
  failure('The keychain (Secret Service) does not answer', `Restart it, or log in to your desktop again. ${instead}`, cause);

/**
 * Looks before the native module leaps: is there a bus, does the service answer, is the item or the keyring locked? Needed because the
 * module (2.1.2) connects on the main thread, where no timer runs, and waits for ever on a socket that accepts and says nothing; and
 * because it opens an unlock prompt that it awaits for ever in a thread, for which process.exit() then waits too.
 */
const inspect = async (env: Env, account: string, writing: boolean, patienceEnds: () => Promise<void>): Promise<void> => {
  const address = env.DBUS_SESSION_BUS_ADDRESS || (env.XDG_RUNTIME_DIR && `unix:path=${env.XDG_RUNTIME_DIR}/bus`);
  if (!address) {
    throw failure('There is no keychain here: no D-Bus session bus (neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set)');
  }
  // A list, of which libdbus takes the first that it can connect to.
  for (const one of address.split(';')) {
    const path = socketPath(one);
    // Not a socket that can be tried from here (tcp, autolaunch): left to the native module.
    if (path === undefined) {
      return;
    }
    const answers = await question(path, account, patienceEnds);
    if (answers !== undefined) {
      if (isLocked(answers, writing)) {
        throw locked();
      }
      return;
    }
  }
  throw failure(`There is no keychain here: no D-Bus session bus at ${address}`);
};

// `unix:path=/run/user/1000/bus,guid=…`, with %xx escapes; `unix:abstract=…` is a name that begins with NUL.
const socketPath = (address: string): string | undefined => {
  const [, kind, value] = /^unix:(?:.*,)?(path|abstract)=([^,]*)/.exec(address) ?? [];
  return value === undefined ? undefined : (kind === 'abstract' ? '\0' : '') + decodeURIComponent(value);
};

/** The bodies of successful replies, by the number of the call. Undefined where the reply is an error, which the native module will meet itself. */
type Answers = ReadonlyMap<number, Buffer | undefined>;

/** Sends both questions to the bus in one go. Undefined when nobody listens; what the peer said until then when it hangs up. */
const question = async (path: string, account: string, patienceEnds: () => Promise<void>): Promise<Answers | undefined> => {
  const socket = new (loadNet().Socket)();
  let received = Buffer.alloc(0);
  const answered = new Promise<Answers | undefined>((resolve) => {
    socket
      .on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        const answers = parse(received);
        if (answers.has(calls.search) && answers.has(calls.locked)) {
          resolve(answers);
        }
      })
      .once('close', (failed) => resolve(failed && received.length === 0 ? undefined : parse(received)))
      .on('error', () => {});
    socket.connect(path, () => socket.write(questions(account)));
  });
  const late = patienceEnds().then(() => {
    throw received.length > 0
      ? silent()
      : failure('The keychain cannot be reached: the D-Bus session bus does not answer', `Log in to your desktop again. ${instead}`);
  });
  try {
    return await Promise.race([answered, late]);
  } finally {
    socket.destroy();
  }
};

// Serial numbers of the calls.
const calls = { hello: 1, search: 2, locked: 3 } as const;

const questions = (account: string): Buffer => {
  const secrets = '/org/freedesktop/secrets';
  const entries = Buffer.concat([pad(pair('service', service), 8), pair('username', account)]);
  const attributes = Buffer.concat([uint32(entries.length), Buffer.alloc(4), entries]);
  const property = pair('org.freedesktop.Secret.Collection', 'Locked');
  return Buffer.concat([
    // The kernel tells the bus who we are.
    Buffer.from('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n'),
    message(calls.hello, 'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'Hello'),
    message(calls.search, 'org.freedesktop.secrets', secrets, 'org.freedesktop.Secret.Service', 'SearchItems', 'a{ss}', attributes),
    message(
      calls.locked,
      'org.freedesktop.secrets',
      `${secrets}/aliases/default`,
      'org.freedesktop.DBus.Properties',
      'Get',
      'ss',
      property,
    ),
  ]);
};

// `aoao`: the unlocked and the locked items that match. `v` with a boolean: the keyring that new items go to.
const isLocked = (answers: Answers, writing: boolean): boolean => {
  const found = answers.get(calls.search);
  const unlocked = found?.readUInt32LE(0) ?? 0;
  const items = found !== undefined && unlocked === 0 && found.readUInt32LE(4) > 0;
  return items || (writing && unlocked === 0 && answers.get(calls.locked)?.readUInt32LE(4) === 1);
};

// The D-Bus wire format, little endian: https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol
const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const pad = (bytes: Buffer, boundary: number): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & (boundary - 1))]);
const text = (value: string): Buffer => Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(`${value}\0`)]);
const pair = (first: string, second: string): Buffer => Buffer.concat([pad(text(first), 4), text(second)]);
const field = (code: number, type: string, value: Buffer): Buffer =>
  pad(Buffer.concat([Buffer.of(code, 1), Buffer.from(`${type}\0`), value]), 8);

const message = (
  serial: number,
  destination: string,
  path: string,
  face: string,
  member: string,
  signature = '',
  body: Buffer = Buffer.alloc(0),
): Buffer => {
  // The signature stands last and fills its eight bytes badly: the length of the fields does not count the padding after them.
  const last = Buffer.concat([Buffer.of(8, 1), Buffer.from('g\0'), Buffer.of(signature.length), Buffer.from(`${signature}\0`)]);
  const names = [field(1, 'o', text(path)), field(2, 's', text(face)), field(3, 's', text(member)), field(6, 's', text(destination))];
  const fields = Buffer.concat([...names, last]);
  // Little endian, a method call, no flags, version 1.
  return Buffer.concat([Buffer.of(0x6c, 1, 0, 1), uint32(body.length), uint32(serial), uint32(fields.length), pad(fields, 8), body]);
};

/** What has arrived whole: the lines of the authentication, then messages. */
const parse = (received: Buffer): Answers => {
  const answers = new Map<number, Buffer | undefined>();
  const greeting = /OK [^\r]*\r\n/.exec(received.toString('latin1'));
  let rest = received.subarray(greeting === null ? received.length : greeting.index + greeting[0].length);
  while (rest.length >= 16) {
    const start = 16 + ((rest.readUInt32LE(12) + 7) & ~7);
    const end = start + rest.readUInt32LE(4);
    if (rest.length < end) {
      break;
    }
    // Field 5, a uint32: the serial number that this replies to. Fields begin at multiples of eight.
    for (let at = 16; at < start; at += 8) {
      if (rest.readUInt32BE(at) === 0x05017500) {
        answers.set(rest.readUInt32LE(at + 4), rest[1] === 2 ? rest.subarray(start, end) : undefined);
      }
    }
    rest = rest.subarray(end);
  }
  return answers;
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
