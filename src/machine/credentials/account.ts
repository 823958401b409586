/** Whose token it is: one profile at one host. */
export interface Identity {
  readonly profile: string;
  readonly host: string;
}

/** How the keychain and the settings name it: `profile@host`. */
export const accountName = ({ profile, host }: Identity): string => `${profile}@${host}`;

/** The identity behind such a name. A host holds no `@`, while a profile may. */
export function accountNamed(name: string): Identity {
  const at = name.lastIndexOf('@');
  return { profile: name.slice(0, at), host: name.slice(at + 1) };
}
