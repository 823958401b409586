import { DnxError, isError } from '../../base/errors.ts';
import { BusError } from './dbus.ts';

/** The hint for a machine without a keychain. */
export const instead = 'Set DNX_TOKEN, or store the token in a file that only you can read: dnx login --insecure-storage';

/** An error of the keychain. Its message ends with a full stop. */
export const keychainFailure = (message: string, hint: string = instead, cause?: unknown): DnxError =>
  new DnxError('failed', `${message.replace(/\.$/, '')}.`, { hint, cause });

/** The hint for a locked keyring. */
export const unlockIt = `Unlock it and try again. ${instead}`;

/** The error for a locked keyring. */
export const keychainLocked = (cause?: unknown): DnxError => keychainFailure('The keychain (Secret Service) is locked', unlockIt, cause);

/** The error after `seconds` without a response. `state` is how far the call got. */
export function keychainUnanswered(state: 'connecting' | 'asking' | 'answered' | 'attended', seconds: number): DnxError {
  const [message, hint] = {
    connecting: ['The keychain is unavailable: the D-Bus session bus is not responding', `Log in to your desktop again. ${instead}`],
    asking: ['The keychain (Secret Service) is not responding', `Restart it, or log in to your desktop again. ${instead}`],
    answered: [
      `The keychain (Secret Service) did not respond within ${seconds}s; it may be waiting for your approval`,
      `Look for its dialog and try again. ${instead}`,
    ],
    attended: [`The keyring was not unlocked within ${seconds}s`, unlockIt],
  }[state] as [string, string];
  return keychainFailure(message, hint);
}

/** Adds advice to an error of the bus or the service. Returns other errors unchanged. */
export function explainedBusError(error: unknown): unknown {
  if (isError(error) || !(error instanceof Error)) return error;
  if (!(error instanceof BusError)) return keychainFailure(`The keychain (Secret Service) failed: ${error.message}`, instead, error);
  if (/ServiceUnknown|NameHasNoOwner|\.Spawn\./.test(error.code))
    return keychainFailure(
      'No keychain available: no Secret Service (GNOME Keyring, KWallet, KeePassXC) is running on the D-Bus session bus',
      instead,
      error,
    );
  if (/IsLocked/.test(error.code)) return keychainLocked(error);
  if (/NoReply|Timeout/i.test(error.code)) return keychainUnanswered('asking', 0);
  return keychainFailure(`The keychain (Secret Service) failed: ${error.message}`, instead, error);
}
