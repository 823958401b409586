import type { Api } from '../api/api.ts';
import type { Settled } from './lookups.ts';
import type { NameIndex } from './name-index.ts';
import type { Targets } from './names.ts';

/** What names are looked up with. */
export interface Scope {
  readonly api: Pick<Api, 'list' | 'send'>;
  readonly settings: Settled;
  readonly names: NameIndex;
  /** How old a name may be that is used without a check, in ms. None if missing: only this command's own lists count. */
  readonly trust?: number;
  /** Shows a search of this many servers, for a site if a word is given. */
  readonly searching: (servers: number, word: string | undefined) => Searching;
  /** What was picked from lists, which is not looked up again. */
  readonly picked?: Targets;
}

/** The progress of a search. */
export interface Searching {
  /** A server was read. */
  next(): void;
  end(): void;
}
