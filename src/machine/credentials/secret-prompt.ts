import type { Attended } from '../world.ts';
import { type Bus, BusError } from './bus.ts';
import type { MethodCall } from './dbus.ts';
import { dismissed, locked } from './keychain-failure.ts';

/** The Secret Service. */
export const secrets = {
  destination: 'org.freedesktop.secrets',
  face: 'org.freedesktop.Secret.Service',
  path: '/org/freedesktop/secrets',
} as const;
/** The message bus. */
export const busItself = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', face: 'org.freedesktop.DBus' } as const;
/** The path that means none: no prompt needed, or no such keyring. */
export const NONE = '/';

const PROMPT = 'org.freedesktop.Secret.Prompt';
const wallet = { destination: 'org.kde.kwalletd6', path: '/modules/kwalletd6', face: 'org.kde.KWallet' } as const;

/** The prompts of a keyring. */
export interface Prompts {
  /** Unlocks keyrings or items. Fails immediately without `attended`. */
  unlock(paths: readonly string[]): Promise<void>;
  /** Runs a prompt to its end. It may not need a dialog. */
  complete(path: string): Promise<void>;
  /** Dismisses an open prompt and disconnects. */
  leave(): void;
}

/** Opens the prompts. Without `attended`, no prompt is shown. */
export function openPrompts(bus: Bus, attended: Attended | undefined): Prompts {
  let open: string | undefined;
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
    if (was === true) throw dismissed();
  };
  return {
    complete,
    async unlock(paths) {
      // KWallet reports itself as locked until a client unlocks it. With an open wallet, that shows no dialog.
      if (!(await isWalletOpen(bus))) {
        if (attended === undefined) throw locked();
        attended.waiting();
      }
      const [, path = NONE] = await bus.call({ ...secrets, member: 'Unlock', signature: 'ao', args: [paths] });
      await complete(String(path));
    },
    leave: () => bus.leave(open === undefined ? undefined : { ...onPrompt(open), member: 'Dismiss' }),
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
