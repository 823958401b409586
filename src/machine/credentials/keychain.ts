import type { Clock, Env, Keychain } from '../world.ts';
import { desktopKeychain } from './desktop-keychain.ts';
import { type Keyring, nativeKeychain } from './native-keychain.ts';

/** What the keychain is given. */
export interface KeychainOptions {
  readonly env: Env;
  readonly platform: NodeJS.Platform;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Ends a pending call, which rejects with the reason. */
  readonly signal?: AbortSignal | undefined;
  /** Loads the native module; throws if there is none for this machine. */
  readonly load?: () => Keyring;
}

/** The operating system's keychain: Secret Service, macOS Keychain or Windows Credential Manager. Nothing is loaded before the first call. */
export const osKeychain = ({ platform, ...options }: KeychainOptions): Keychain =>
  platform === 'darwin' || platform === 'win32' ? nativeKeychain({ ...options, platform }) : desktopKeychain(options);
