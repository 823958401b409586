/** A token as the API lists it; its plain text is never among this. */
export interface Token {
  readonly id: number | string;
  readonly name: string;
  readonly abilities?: readonly string[];
  readonly last_used_at?: string | null;
  readonly created_at?: string;
}

/** The id of a plain-text token: stock tokens look like `17|abc…`. Undefined for any other kind. */
export const idOf = (plain: string): string | undefined => /^(\w+)\|/.exec(plain)?.[1];
