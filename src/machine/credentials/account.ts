/** One profile at one host. */
export interface Identity {
  readonly profile: string;
  readonly host: string;
}

/** Its name in the keychain and the settings: `profile@host`. */
export const accountName = ({ profile, host }: Identity): string => `${profile}@${host}`;

/** The identity behind such a name. A profile may contain `@`; a host does not. */
export function accountNamed(name: string): Identity {
  const at = name.lastIndexOf('@');
  return { profile: name.slice(0, at), host: name.slice(at + 1) };
}
