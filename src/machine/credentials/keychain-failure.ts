import { DnxError, isError } from '../../base/errors.ts';
import { BusError } from './dbus.ts';

/** The hint for a machine without a keychain. */
export const instead = 'Set DNX_TOKEN, or store the token in a file that only you can read: dnx login --insecure-storage';

/** An error of the keychain. Its message ends with a full stop. */
export const failure = (message: string, hint: string = instead, cause?: unknown): DnxError =>
  new DnxError('failed', `${message.replace(/\.$/, '')}.`, { hint, cause });

const unlockIt = `Unlock it and try again. ${instead}`;

/** The error for a locked keyring. */
export const locked = (cause?: unknown): DnxError => failure('The keychain (Secret Service) is locked', unlockIt, cause);

/** The error for a dismissed password prompt. A desktop that cannot show one reports the same. */
export const dismissed = (): DnxError => failure('The keyring is still locked: its prompt was dismissed or could not be shown', unlockIt);

/** The error if there is no default keyring. */
export const noDefaultKeyring = (): DnxError =>
  failure(
    'The keychain (Secret Service) has no default keyring to write to',
    `Create one in your desktop's password application. ${instead}`,
  );

/** The error after `seconds` without a response. `state` is how far the call got. */
export function unanswered(state: 'connecting' | 'asking' | 'answered' | 'attended', seconds: number): DnxError {
  switch (state) {
    case 'connecting':
      return failure('The keychain is unavailable: the D-Bus session bus is not responding', `Log in to your desktop again. ${instead}`);
    case 'asking':
      return failure('The keychain (Secret Service) is not responding', `Restart it, or log in to your desktop again. ${instead}`);
    case 'answered':
      return failure(
        `The keychain (Secret Service) did not respond within ${seconds}s; it may be waiting for your approval`,
        `Look for its dialog and try again. ${instead}`,
      );
    case 'attended':
      return failure(`The keyring was not unlocked within ${seconds}s`, unlockIt);
  }
}

/** Adds advice to an error of the bus or the service. Returns other errors unchanged. */
export function explained(error: unknown): unknown {
  if (isError(error) || !(error instanceof Error)) return error;
  if (!(error instanceof BusError)) return failure(`The keychain (Secret Service) failed: ${error.message}`, instead, error);
  if (/ServiceUnknown|NameHasNoOwner|\.Spawn\./.test(error.code))
    return failure(
      'No keychain available: no Secret Service (GNOME Keyring, KWallet, KeePassXC) is running on the D-Bus session bus',
      instead,
      error,
    );
  if (/IsLocked/.test(error.code)) return locked(error);
  if (/NoReply|Timeout/i.test(error.code)) return unanswered('asking', 0);
  return failure(`The keychain (Secret Service) failed: ${error.message}`, instead, error);
}
