import type { Clock, Env, Keychain } from '../world.ts';
import { desktopKeychain } from './desktop-keychain.ts';
import { type Keyring, nativeKeychain } from './native-keychain.ts';

/** What the keychain needs. */
export interface KeychainOptions {
  readonly env: Env;
  readonly platform: NodeJS.Platform;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Makes a pending call reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Loads the native module. Throws if there is none for this platform. */
  readonly load?: () => Keyring;
}

/** The keychain of the operating system: Secret Service, macOS Keychain or Windows Credential Manager. Loads nothing before the first call. */
export const osKeychain = ({ platform, ...options }: KeychainOptions): Keychain =>
  platform === 'darwin' || platform === 'win32' ? nativeKeychain({ ...options, platform }) : desktopKeychain(options);
