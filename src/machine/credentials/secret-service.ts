import { DnxError } from '../../base/errors.ts';
import type { Env } from '../world.ts';
import { type Bus, openBus } from './bus.ts';
import { pad, pair, text, uint32 } from './dbus.ts';

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

/** The item that is about to be read or written. */
export interface Item {
  readonly service: string;
  readonly account: string;
}

/**
 * True where the keyring has to be unlocked first. Asked before the native module (2.1.2), because that one connects on the main thread,
 * where no timer runs, and waits for ever on a socket that accepts and says nothing; and because it opens an unlock prompt that it awaits
 * for ever in a thread, for which process.exit() then waits too. Nothing here opens a prompt.
 */
export const isLocked = async (env: Env, item: Item, patienceEnds: () => Promise<void>): Promise<boolean> => {
  const address = env.DBUS_SESSION_BUS_ADDRESS || (env.XDG_RUNTIME_DIR && `unix:path=${env.XDG_RUNTIME_DIR}/bus`);
  if (!address) {
    throw failure('There is no keychain here: no D-Bus session bus (neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set)');
  }
  // A list, of which libdbus takes the first that it can connect to.
  for (const one of address.split(';')) {
    const path = socketPath(one);
    // Not a socket that can be tried from here (tcp, autolaunch): left to the native module.
    if (path === undefined) {
      return false;
    }
    const bus = await openBus(path);
    if (bus !== undefined) {
      return ask(bus, item, patienceEnds).finally(bus.close);
    }
  }
  throw failure(`There is no keychain here: no D-Bus session bus at ${address}`);
};

// `unix:path=/run/user/1000/bus,guid=…`, with %xx escapes; `unix:abstract=…` is a name that begins with NUL.
const socketPath = (address: string): string | undefined => {
  const [, kind, value] = /^unix:(?:.*,)?(path|abstract)=([^,]*)/.exec(address) ?? [];
  return value === undefined ? undefined : (kind === 'abstract' ? '\0' : '') + decodeURIComponent(value);
};

const ask = async (bus: Bus, item: Item, patienceEnds: () => Promise<void>): Promise<boolean> => {
  let greeted = false;
  const answer = async (): Promise<boolean> => {
    await bus.call({ destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', face: 'org.freedesktop.DBus', member: 'Hello' });
    greeted = true;
    // First: KeePassXC opens a prompt when a locked database is searched.
    const shut = (await isDefaultLocked(bus)) || (await isItemLocked(bus, item));
    // KWallet says that it is locked until somebody unlocks it, although its wallet is open.
    return shut && !(await isWalletOpen(bus));
  };
  const late = patienceEnds().then(() => {
    throw greeted
      ? silent()
      : failure('The keychain cannot be reached: the D-Bus session bus does not answer', `Log in to your desktop again. ${instead}`);
  });
  return Promise.race([answer(), late]);
};

const secrets = { destination: 'org.freedesktop.secrets', path: '/org/freedesktop/secrets' } as const;
const wallet = { destination: 'org.kde.kwalletd6', path: '/modules/kwalletd6', face: 'org.kde.KWallet', start: false } as const;

/** The keyring that new items go to. One that does not exist is not locked. */
const isDefaultLocked = async (bus: Bus): Promise<boolean> => {
  const reply = await bus.call({
    ...secrets,
    path: `${secrets.path}/aliases/default`,
    face: 'org.freedesktop.DBus.Properties',
    member: 'Get',
    signature: 'ss',
    body: pair('org.freedesktop.Secret.Collection', 'Locked'),
  });
  // `v` with a boolean.
  return reply?.readUInt32LE(4) === 1;
};

/** The item itself: it may be in another keyring than the default one. */
const isItemLocked = async (bus: Bus, { service, account }: Item): Promise<boolean> => {
  const entries = Buffer.concat([pad(pair('service', service), 8), pair('username', account)]);
  const attributes = Buffer.concat([uint32(entries.length), Buffer.alloc(4), entries]);
  const face = 'org.freedesktop.Secret.Service';
  const found = await bus.call({ ...secrets, face, member: 'SearchItems', signature: 'a{ss}', body: attributes });
  // `aoao`: the unlocked and the locked items that match.
  return found !== undefined && found.readUInt32LE(0) === 0 && found.readUInt32LE(4) > 0;
};

const isWalletOpen = async (bus: Bus): Promise<boolean> => {
  const name = await bus.call({ ...wallet, member: 'networkWallet' });
  if (name === undefined) {
    return false;
  }
  const length = name.readUInt32LE(0);
  const body = text(name.toString('utf8', 4, 4 + length));
  return (await bus.call({ ...wallet, member: 'isOpen', signature: 's', body }))?.readUInt32LE(0) === 1;
};
