/** What a difference is about. */
export type Kind = 'server' | 'operation' | 'deprecated' | 'required' | 'field' | 'type' | 'values' | 'response' | 'status' | 'ability';

/** One difference of one operation. Equal ones are reported once: see `groups.ts`. */
export interface Finding {
  /** Whether dnx assumed it, or the API reference states it. */
  readonly basis: 'assumed' | 'stated';
  readonly kind: Kind;
  /** As in the API reference: `POST /servers`. A path alone is a whole resource. */
  readonly operation: string;
  readonly name: string | null;
  readonly text: string;
  /** The commands that it concerns. */
  readonly commands: readonly string[];
  /** Operations of a whole resource. */
  readonly operations?: readonly string[];
}

/** The basis of something that dnx knows. */
export const basisOf = ({ assumed }: { readonly assumed: boolean }): Finding['basis'] => (assumed ? 'assumed' : 'stated');

const MOST_WORDS = 12;

/** Words for a sentence, which a hostile document could make endless. */
export const several = (words: readonly string[]): string =>
  words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS).join(', ')} and ${words.length - MOST_WORDS} more` : words.join(', ');
