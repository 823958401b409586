import type { Attended } from '../world.ts';
import { type Bus, BusError } from './bus.ts';
import type { MethodCall } from './dbus.ts';
import { dismissed, locked } from './keychain-failure.ts';

/** The Secret Service itself. */
export const secrets = {
  destination: 'org.freedesktop.secrets',
  face: 'org.freedesktop.Secret.Service',
  path: '/org/freedesktop/secrets',
} as const;
/** The bus itself. */
export const busItself = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', face: 'org.freedesktop.DBus' } as const;
/** The path of nothing: no prompt is needed, there is no such keyring. */
export const NONE = '/';

const PROMPT = 'org.freedesktop.Secret.Prompt';
const wallet = { destination: 'org.kde.kwalletd6', path: '/modules/kwalletd6', face: 'org.kde.KWallet' } as const;

/** What a keyring asks of a person. */
export interface Prompts {
  /** Unlocks keyrings or items; a failure at once where nobody is there. */
  unlock(paths: readonly string[]): Promise<void>;
  /** Runs a prompt to its end. It may end at once, without a dialog. */
  complete(path: string): Promise<void>;
  /** Takes a prompt that is still open off the screen, and hangs up. */
  leave(): void;
}

/** `attended` undefined: nobody is there, and no prompt is opened. */
export function openPrompts(bus: Bus, attended: Attended | undefined): Prompts {
  let open: string | undefined;
  const complete = async (path: string): Promise<void> => {
    if (path === NONE) return;
    open = path;
    const match = `type='signal',interface='${PROMPT}',path='${path}'`;
    await bus.call({ ...busItself, member: 'AddMatch', signature: 's', args: [match] });
    const completed = bus.signal(path, 'Completed');
    // It never comes where the prompt itself fails.
    completed.catch(() => undefined);
    await bus.call({ ...onPrompt(path), member: 'Prompt', signature: 's', args: [''] });
    const [was] = await completed;
    open = undefined;
    if (was === true) throw dismissed();
  };
  return {
    complete,
    async unlock(paths) {
      // KWallet says that it is locked until somebody unlocks it, although its wallet is open: then no dialog comes.
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

/** True where the service is KWallet, with its wallet open. */
async function isWalletOpen(bus: Bus): Promise<boolean> {
  const ownerOf = async (name: string) => (await bus.call({ ...busItself, member: 'GetNameOwner', signature: 's', args: [name] }))[0];
  try {
    if ((await ownerOf(secrets.destination)) !== (await ownerOf(wallet.destination))) return false;
    const [name = ''] = await bus.call({ ...wallet, member: 'networkWallet' });
    const [open] = await bus.call({ ...wallet, member: 'isOpen', signature: 's', args: [name] });
    return open === true;
  } catch (error) {
    // No KWallet runs here.
    if (error instanceof BusError) return false;
    throw error;
  }
}
