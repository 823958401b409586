import { DnxError, isError } from '../../base/errors.ts';
import { BusError } from './bus.ts';

/** What to do without a keychain. */
export const instead = 'Set DNX_TOKEN, or keep the token in a file that only you can read: dnx login --insecure-storage';

/** A keychain that cannot be used, in the user's words. */
export const failure = (message: string, hint: string = instead, cause?: unknown): DnxError =>
  new DnxError('failed', message, { hint, cause });

const unlockIt = `Unlock it and try again. ${instead}`;

/** The service runs, and its keyring wants a password first. */
export const locked = (cause?: unknown): DnxError => failure('The keychain (Secret Service) is locked', unlockIt, cause);

/** Somebody was asked for the password, and gave none; a desktop that cannot ask says the same. */
export const dismissed = (): DnxError => failure('The keyring is still locked: its prompt was dismissed, or could not be shown', unlockIt);

/** There is nowhere to store anything. */
export const noDefaultKeyring = (): DnxError =>
  failure(
    'The keychain (Secret Service) has no default keyring to write to',
    `Create one in your desktop's password application. ${instead}`,
  );

/** Nothing has come for `seconds`. `state` is how far it got. */
export function unanswered(state: 'connecting' | 'asking' | 'answered' | 'attended', seconds: number): DnxError {
  switch (state) {
    case 'connecting':
      return failure('The keychain cannot be reached: the D-Bus session bus does not answer', `Log in to your desktop again. ${instead}`);
    case 'asking':
      return failure('The keychain (Secret Service) does not answer', `Restart it, or log in to your desktop again. ${instead}`);
    case 'answered':
      return failure(
        `The keychain (Secret Service) has not answered for ${seconds} seconds: it is waiting for your consent, or stuck`,
        `Look for its dialog and try again. ${instead}`,
      );
    case 'attended':
      return failure(`The keyring was not unlocked within ${seconds} seconds`, unlockIt);
  }
}

/** An error of the bus or of the service, in the user's words. What cannot be decoded or decrypted is one, too. */
export function explained(error: unknown): unknown {
  if (isError(error) || !(error instanceof Error)) return error;
  if (!(error instanceof BusError)) return failure(`The keychain (Secret Service) failed: ${error.message}`, instead, error);
  if (/ServiceUnknown|NameHasNoOwner|\.Spawn\./.test(error.code))
    return failure(
      'There is no keychain here: no Secret Service (GNOME Keyring, KWallet, KeePassXC) runs on the D-Bus session bus',
      instead,
      error,
    );
  if (/IsLocked/.test(error.code)) return locked(error);
  if (/NoReply|Timeout/i.test(error.code)) return unanswered('asking', 0);
  return failure(`The keychain (Secret Service) failed: ${error.message}`, instead, error);
}
