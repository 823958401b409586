import { createRequire } from 'node:module';
import { DnxError } from '../../base/errors.ts';
import type { Env } from '../world.ts';
import { type Answers, methodCall, pad, pair, parse, uint32 } from './dbus.ts';

// Late: node:net costs 2 ms at the start of commands that do not need it.
const loadNet = (): typeof import('node:net') => createRequire(import.meta.url)('node:net') as typeof import('node:net');

/** What to do without a keychain. */
export const instead = 'Set DNX_TOKEN, or keep the token in a file that only you can read: dnx login --insecure-storage';

/** A keychain that cannot be used, in the user's words. */
export const failure = (message: string, hint: string = instead, cause?: unknown): DnxError =>
  new DnxError('failed', message, { hint, cause });

/** The service runs, and its keyring wants a password first. */
export const locked = (cause?: unknown): DnxError =>
  failure('The keychain (Secret Service) is locked', `Unlock it and try again. ${instead}`, cause);

/** The service runs, and says nothing. */
export const silent = (cause?: unknown): DnxError =>
  failure('The keychain (Secret Service) does not answer', `Restart it, or log in to your desktop again. ${instead}`, cause);

/**
 * Looks before the native module leaps: is there a bus, does the service answer, is the item or the keyring locked? Needed because the
 * module (2.1.2) connects on the main thread, where no timer runs, and waits for ever on a socket that accepts and says nothing; and
 * because it opens an unlock prompt that it awaits for ever in a thread, for which process.exit() then waits too.
 */
export const inspect = async (
  env: Env,
  service: string,
  account: string,
  writing: boolean,
  patienceEnds: () => Promise<void>,
): Promise<void> => {
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
    const answers = await question(path, service, account, patienceEnds);
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

/** Sends both questions to the bus in one go. Undefined when nobody listens; what the peer said until then when it hangs up. */
const question = async (
  path: string,
  service: string,
  account: string,
  patienceEnds: () => Promise<void>,
): Promise<Answers | undefined> => {
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
    socket.connect(path, () => socket.write(questions(service, account)));
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

const questions = (service: string, account: string): Buffer => {
  const secrets = '/org/freedesktop/secrets';
  const entries = Buffer.concat([pad(pair('service', service), 8), pair('username', account)]);
  const attributes = Buffer.concat([uint32(entries.length), Buffer.alloc(4), entries]);
  const property = pair('org.freedesktop.Secret.Collection', 'Locked');
  return Buffer.concat([
    // The kernel tells the bus who we are.
    Buffer.from('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n'),
    methodCall(calls.hello, 'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'Hello'),
    methodCall(calls.search, 'org.freedesktop.secrets', secrets, 'org.freedesktop.Secret.Service', 'SearchItems', 'a{ss}', attributes),
    methodCall(
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
