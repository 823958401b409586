import { createRequire } from 'node:module';
import type { Attendant } from '../world.ts';
import { type Bus, BusError, type MethodCall } from './dbus.ts';
import type { BusValue, BusVariant } from './dbus-values.ts';
import { instead, keychainFailure, keychainLocked, unlockIt } from './keychain-failure.ts';

/** The keyring item of a service and account. https://specifications.freedesktop.org/secret-service-spec/latest/ */
export type SecretItem = ReturnType<typeof secretItem>;

const ITEM = 'org.freedesktop.Secret.Item';
const COLLECTION = 'org.freedesktop.Secret.Collection';

/** Opens an item in GNOME Keyring, KWallet or KeePassXC. Without `attended`, no prompt is shown. */
export function secretItem(bus: Bus, service: string, account: string, attended: Attendant | undefined) {
  const attributes = [
    ['service', service],
    ['username', account],
  ];
  const prompts = openPrompts(bus, attended);
  let keyring = NONE;
  const call = (member: string, signature: string, args: readonly BusValue[], on: Partial<MethodCall> = {}) =>
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
    if (keyring === NONE) {
      const hint = `Create one in your desktop's password application. ${instead}`;
      throw keychainFailure('The keychain (Secret Service) has no default keyring to write to', hint);
    }
    const session = await openSession(bus);
    const args = [propertiesOf(attributes, `${service}: ${account}`), session.seal(secret), true];
    const [, path = NONE] = await call('CreateItem', 'a{sv}(oayays)b', args, { path: keyring, face: COLLECTION });
    await prompts.complete(String(path));
  };
  return {
    /** Says Hello to the bus, which must come first. */
    async greet(): Promise<void> {
      await bus.call({ ...busItself, member: 'Hello' });
    },
    /** Finds the default keyring; the first call to the service. */
    async begin(): Promise<void> {
      const [path = NONE] = await call('ReadAlias', 's', ['default']);
      keyring = String(path);
    },
    async read(): Promise<string | undefined> {
      const path = await find();
      if (path === undefined) return undefined;
      const session = await openSession(bus);
      const [sealed = []] = await call('GetSecret', 'o', [session.path], { path, face: ITEM });
      return session.unseal(sealed);
    },
    async write(secret: string): Promise<void> {
      const path = await find();
      if (path === undefined) return create(secret);
      const session = await openSession(bus);
      await call('SetSecret', '(oayays)', [session.seal(secret)], { path, face: ITEM });
    },
    /** False if there was nothing to remove. */
    async remove(): Promise<boolean> {
      const path = await find();
      if (path === undefined) return false;
      const [pending = NONE] = await call('Delete', '', [], { path, face: ITEM });
      await prompts.complete(String(pending));
      return true;
    },
    /** Dismisses an open prompt and disconnects. */
    leave: prompts.leave,
  };
}

const propertiesOf = (attributes: BusValue, label: string): BusValue => [
  [`${ITEM}.Attributes`, { type: 'a{ss}', value: attributes }],
  [`${ITEM}.Label`, { type: 's', value: label }],
];

async function isLocked(bus: Bus, path: string): Promise<boolean> {
  const properties = { destination: secrets.destination, path, face: 'org.freedesktop.DBus.Properties' };
  const [locked] = await bus.call({ ...properties, member: 'Get', signature: 'ss', args: [COLLECTION, 'Locked'] });
  return (locked as BusVariant | undefined)?.value === true;
}

const secrets = {
  destination: 'org.freedesktop.secrets',
  face: 'org.freedesktop.Secret.Service',
  path: '/org/freedesktop/secrets',
} as const;
const busItself = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', face: 'org.freedesktop.DBus' } as const;
/** The path that means none: no prompt needed, or no such keyring. */
const NONE = '/';

const PROMPT = 'org.freedesktop.Secret.Prompt';
const wallet = { destination: 'org.kde.kwalletd6', path: '/modules/kwalletd6', face: 'org.kde.KWallet' } as const;

function openPrompts(bus: Bus, attended: Attendant | undefined) {
  let open: string | undefined;
  // A prompt may not need a dialog.
  const complete = async (path: string): Promise<void> => {
    if (path === NONE) return;
    open = path;
    const match = `type='signal',interface='${PROMPT}',path='${path}'`;
    await bus.call({ ...busItself, member: 'AddMatch', signature: 's', args: [match] });
    const completed = bus.signal(path, 'Completed');
    // If the prompt itself fails, nothing awaits this signal.
    completed.catch(() => undefined);
    await bus.call({ ...onPrompt(path), member: 'Prompt', signature: 's', args: [''] });
    const [was] = await completed;
    open = undefined;
    // A desktop that cannot show it reports the same.
    if (was === true) throw keychainFailure('The keyring is still locked: its prompt was dismissed or could not be shown', unlockIt);
  };
  return {
    complete,
    async unlock(paths: readonly string[]): Promise<void> {
      // KWallet reports itself as locked until a client unlocks it. With an open wallet, that shows no dialog.
      if (!(await isWalletOpen(bus))) {
        if (attended === undefined) throw keychainLocked();
        attended.waiting();
      }
      const [, path = NONE] = await bus.call({ ...secrets, member: 'Unlock', signature: 'ao', args: [paths] });
      await complete(String(path));
    },
    leave: (): void => bus.leave(open === undefined ? undefined : { ...onPrompt(open), member: 'Dismiss' }),
  };
}

const onPrompt = (path: string): Omit<MethodCall, 'member'> => ({ destination: secrets.destination, path, face: PROMPT });

/** True if the service is KWallet and its wallet is open. */
async function isWalletOpen(bus: Bus): Promise<boolean> {
  const ownerOf = async (name: string) => (await bus.call({ ...busItself, member: 'GetNameOwner', signature: 's', args: [name] }))[0];
  try {
    if ((await ownerOf(secrets.destination)) !== (await ownerOf(wallet.destination))) return false;
    const [name = ''] = await bus.call({ ...wallet, member: 'networkWallet' });
    const [open] = await bus.call({ ...wallet, member: 'isOpen', signature: 's', args: [name] });
    return open === true;
  } catch (error) {
    // KWallet is not running.
    if (error instanceof BusError) return false;
    throw error;
  }
}

// Lazy: only the keychain needs it.
const loadCrypto = (): typeof import('node:crypto') => createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto');

const CIPHER = 'aes-128-cbc';
/** The second Oakley group of RFC 2409. Not by its name, because Bun has none as short. */
const PRIME =
  `ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374f
e1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff`.replace(
    '\n',
    '',
  );

/** Opens a session, which encrypts secrets if the service supports it. https://specifications.freedesktop.org/secret-service-spec/latest/transfer-secrets.html */
async function openSession(bus: Bus) {
  const open = (algorithm: string, input: BusVariant) =>
    bus.call({ ...secrets, member: 'OpenSession', signature: 'sv', args: [algorithm, input] });
  const { createCipheriv, createDecipheriv, createDiffieHellman, hkdfSync, randomBytes } = loadCrypto();
  const exchange = createDiffieHellman(PRIME, 'hex', 2);
  let answer: readonly BusValue[];
  try {
    answer = await open('dh-ietf1024-sha256-aes128-cbc-pkcs7', { type: 'ay', value: exchange.generateKeys() });
  } catch (error) {
    // KWallet supports encryption only with a plugin.
    if (!(error instanceof BusError) || error.code === 'closed') throw error;
    const [, path = ''] = (await open('plain', { type: 's', value: '' })) as readonly [BusVariant, string];
    return {
      path,
      seal: (secret: string): BusValue => [path, Buffer.alloc(0), Buffer.from(secret), 'text/plain'],
      unseal: (sealed: BusValue) => bytesIn(sealed, 2).toString(),
    };
  }
  const [output, path] = answer as readonly [BusVariant, string];
  const key = Buffer.from(hkdfSync('sha256', exchange.computeSecret(output.value as Buffer), '', '', 16));
  return {
    path,
    /** Encodes a secret as `(oayays)`. */
    seal(secret: string): BusValue {
      const iv = randomBytes(16);
      const cipher = createCipheriv(CIPHER, key, iv);
      return [path, iv, Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]), 'text/plain'];
    },
    unseal(sealed: BusValue) {
      const decipher = createDecipheriv(CIPHER, key, bytesIn(sealed, 1));
      return Buffer.concat([decipher.update(bytesIn(sealed, 2)), decipher.final()]).toString();
    },
  };
}

const bytesIn = (sealed: BusValue, index: number): Buffer => (sealed as readonly Buffer[])[index] ?? Buffer.alloc(0);
