import type { Attended } from '../world.ts';
import { type Bus, BusError } from './bus.ts';
import type { MethodCall } from './dbus.ts';
import type { Value, Variant } from './dbus-values.ts';
import { dismissed, locked, noDefaultKeyring } from './keychain-failure.ts';
import { openSession } from './secret-session.ts';

/** The Secret Service on a bus, for the items of one service and account. https://specifications.freedesktop.org/secret-service-spec/latest/ */
export interface SecretService {
  /** The bus's own greeting, without which it answers nothing. */
  greet(): Promise<void>;
  /** Finds the default keyring; the first call of all to the service. */
  begin(): Promise<void>;
  read(): Promise<string | undefined>;
  write(secret: string): Promise<void>;
  /** False when there was nothing to remove. */
  remove(): Promise<boolean>;
  /** Takes a prompt that is still open off the screen. */
  leave(): void;
}

interface Options {
  readonly bus: Bus;
  readonly service: string;
  readonly account: string;
  /** Undefined: nobody is there, and no prompt is opened. */
  readonly attended: Attended | undefined;
}

const ROOT = '/org/freedesktop/secrets';
const NONE = '/';
const names = { destination: 'org.freedesktop.secrets', face: 'org.freedesktop.Secret.Service', path: ROOT } as const;
const ITEM = 'org.freedesktop.Secret.Item';
const COLLECTION = 'org.freedesktop.Secret.Collection';
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const PROMPT = 'org.freedesktop.Secret.Prompt';
const dbus = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', face: 'org.freedesktop.DBus' } as const;
const wallet = { destination: 'org.kde.kwalletd6', path: '/modules/kwalletd6', face: 'org.kde.KWallet' } as const;

/** GNOME Keyring, KWallet or KeePassXC. */
export function secretService({ bus, service, account, attended }: Options): SecretService {
  const attributes = [
    ['service', service],
    ['username', account],
  ];
  const call = (member: string, signature: string, args: readonly Value[], more: Partial<MethodCall> = {}) =>
    bus.call({ ...names, member, signature, args, ...more });
  let prompt: string | undefined;
  let collection = NONE;

  /** Runs a prompt to its end. It may end at once, without a dialog. */
  const complete = async (path: string): Promise<void> => {
    if (path === NONE) return;
    prompt = path;
    await bus.call(matching(path));
    const completed = bus.signal(path, 'Completed');
    // It never comes where the prompt itself fails.
    completed.catch(() => undefined);
    await call('Prompt', 's', [''], { path, face: PROMPT });
    const [was] = await completed;
    prompt = undefined;
    if (was === true) throw dismissed();
  };
  const unlock = async (paths: readonly string[]): Promise<void> => {
    // KWallet says that it is locked until somebody unlocks it, although its wallet is open: then no dialog comes.
    if (!(await isWalletOpen(bus))) {
      if (attended === undefined) throw locked();
      attended.waiting();
    }
    const [, path = NONE] = await call('Unlock', 'ao', [paths]);
    await complete(String(path));
  };
  /** Unlocks the keyring that new items go to. First: KeePassXC asks for a password when it is searched. */
  const openDefault = async (): Promise<void> => {
    if (collection === NONE) return;
    const [shut] = (await call('Get', 'ss', [COLLECTION, 'Locked'], { path: collection, face: PROPERTIES })) as readonly Variant[];
    if (shut?.value === true) await unlock([collection]);
  };
  const find = async (): Promise<string | undefined> => {
    const search = async () => (await call('SearchItems', 'a{ss}', [attributes])) as readonly (readonly string[])[];
    const [open = [], shut = []] = await search();
    // It may be in another keyring than the default one.
    if (open.length > 0 || shut.length === 0) return open[0];
    await unlock(shut);
    return (await search())[0]?.[0];
  };
  const create = async (secret: string): Promise<void> => {
    const properties = [
      [`${ITEM}.Attributes`, { type: 'a{ss}', value: attributes }],
      [`${ITEM}.Label`, { type: 's', value: `${service}: ${account}` }],
    ];
    const session = await openSession(bus, names);
    const args = [properties, session.seal(secret), true];
    const [, path = NONE] = await call('CreateItem', 'a{sv}(oayays)b', args, { path: collection, face: COLLECTION });
    await complete(String(path));
  };
  return {
    async greet() {
      await bus.call({ ...dbus, member: 'Hello' });
    },
    async begin() {
      const [path = NONE] = await call('ReadAlias', 's', ['default']);
      collection = String(path);
    },
    async read() {
      await openDefault();
      const path = await find();
      if (path === undefined) return undefined;
      const session = await openSession(bus, names);
      const [sealed = []] = await call('GetSecret', 'o', [session.path], { path, face: ITEM });
      return session.unseal(sealed);
    },
    async write(secret) {
      await openDefault();
      const path = await find();
      if (path !== undefined) {
        const session = await openSession(bus, names);
        await call('SetSecret', '(oayays)', [session.seal(secret)], { path, face: ITEM });
        return;
      }
      if (collection === NONE) throw noDefaultKeyring();
      await create(secret);
    },
    async remove() {
      await openDefault();
      const path = await find();
      if (path === undefined) return false;
      const [pending = NONE] = await call('Delete', '', [], { path, face: ITEM });
      await complete(String(pending));
      return true;
    },
    leave: () => bus.leave(prompt === undefined ? undefined : { ...names, path: prompt, face: PROMPT, member: 'Dismiss' }),
  };
}

const matching = (path: string): MethodCall => ({
  ...dbus,
  member: 'AddMatch',
  signature: 's',
  args: [`type='signal',interface='${PROMPT}',path='${path}'`],
});

/** True where the service is KWallet, with its wallet open. */
async function isWalletOpen(bus: Bus): Promise<boolean> {
  const ownerOf = async (name: string) => (await bus.call({ ...dbus, member: 'GetNameOwner', signature: 's', args: [name] }))[0];
  try {
    if ((await ownerOf(names.destination)) !== (await ownerOf(wallet.destination))) return false;
    const [name = ''] = await bus.call({ ...wallet, member: 'networkWallet' });
    const [open] = await bus.call({ ...wallet, member: 'isOpen', signature: 's', args: [name] });
    return open === true;
  } catch (error) {
    // No KWallet runs here.
    if (error instanceof BusError) return false;
    throw error;
  }
}
