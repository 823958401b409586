import type { Attended } from '../world.ts';
import type { Bus } from './bus.ts';
import type { MethodCall } from './dbus.ts';
import type { Value, Variant } from './dbus-values.ts';
import { noDefaultKeyring } from './keychain-failure.ts';
import { busItself, NONE, openPrompts, secrets } from './secret-prompt.ts';
import { openSession } from './secret-session.ts';

/** The keyring item of a service and account. https://specifications.freedesktop.org/secret-service-spec/latest/ */
export interface SecretItem {
  /** Says Hello to the bus, which must come first. */
  greet(): Promise<void>;
  /** Finds the default keyring; the first call to the service. */
  begin(): Promise<void>;
  read(): Promise<string | undefined>;
  write(secret: string): Promise<void>;
  /** False if there was nothing to remove. */
  remove(): Promise<boolean>;
  /** Dismisses an open prompt and disconnects. */
  leave(): void;
}

interface Options {
  readonly bus: Bus;
  readonly service: string;
  readonly account: string;
  /** Undefined: no prompt is shown. */
  readonly attended: Attended | undefined;
}

const ITEM = 'org.freedesktop.Secret.Item';
const COLLECTION = 'org.freedesktop.Secret.Collection';

/** Opens an item in GNOME Keyring, KWallet or KeePassXC. */
export function secretItem({ bus, service, account, attended }: Options): SecretItem {
  const attributes = [
    ['service', service],
    ['username', account],
  ];
  const prompts = openPrompts(bus, attended);
  let keyring = NONE;
  const call = (member: string, signature: string, args: readonly Value[], on: Partial<MethodCall> = {}) =>
    bus.call({ ...secrets, member, signature, args, ...on });
  const search = async () => (await call('SearchItems', 'a{ss}', [attributes])) as readonly (readonly string[])[];

  /** Finds the path of the item. Unlocks the default keyring first, because KeePassXC prompts on a search. */
  const find = async (): Promise<string | undefined> => {
    if (keyring !== NONE && (await isLocked(bus, keyring))) await prompts.unlock([keyring]);
    const [open = [], shut = []] = await search();
    // The item may be in another keyring.
    if (open.length > 0 || shut.length === 0) return open[0];
    await prompts.unlock(shut);
    return (await search())[0]?.[0];
  };
  const create = async (secret: string): Promise<void> => {
    if (keyring === NONE) throw noDefaultKeyring();
    const session = await openSession(bus, secrets);
    const args = [propertiesOf(attributes, `${service}: ${account}`), session.seal(secret), true];
    const [, path = NONE] = await call('CreateItem', 'a{sv}(oayays)b', args, { path: keyring, face: COLLECTION });
    await prompts.complete(String(path));
  };
  return {
    async greet() {
      await bus.call({ ...busItself, member: 'Hello' });
    },
    async begin() {
      const [path = NONE] = await call('ReadAlias', 's', ['default']);
      keyring = String(path);
    },
    async read() {
      const path = await find();
      if (path === undefined) return undefined;
      const session = await openSession(bus, secrets);
      const [sealed = []] = await call('GetSecret', 'o', [session.path], { path, face: ITEM });
      return session.unseal(sealed);
    },
    async write(secret) {
      const path = await find();
      if (path === undefined) return create(secret);
      const session = await openSession(bus, secrets);
      await call('SetSecret', '(oayays)', [session.seal(secret)], { path, face: ITEM });
    },
    async remove() {
      const path = await find();
      if (path === undefined) return false;
      const [pending = NONE] = await call('Delete', '', [], { path, face: ITEM });
      await prompts.complete(String(pending));
      return true;
    },
    leave: prompts.leave,
  };
}

const propertiesOf = (attributes: Value, label: string): Value => [
  [`${ITEM}.Attributes`, { type: 'a{ss}', value: attributes }],
  [`${ITEM}.Label`, { type: 's', value: label }],
];

async function isLocked(bus: Bus, path: string): Promise<boolean> {
  const properties = { destination: secrets.destination, path, face: 'org.freedesktop.DBus.Properties' };
  const [locked] = await bus.call({ ...properties, member: 'Get', signature: 'ss', args: [COLLECTION, 'Locked'] });
  return (locked as Variant | undefined)?.value === true;
}
