/** A profile and a host. */
export interface Identity {
  readonly profile: string;
  readonly host: string;
}

/** The account name in the keychain and the settings: `profile@host`. */
export const accountName = ({ profile, host }: Identity): string => `${profile}@${host}`;

/** Parses an account name. A profile may contain `@`, a host does not. */
export function accountNamed(name: string): Identity {
  const at = name.lastIndexOf('@');
  return { profile: name.slice(0, at), host: name.slice(at + 1) };
}
