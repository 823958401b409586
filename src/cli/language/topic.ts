/** A term and what it means. */
export type Line = readonly [term: string, text: string];

/** A paragraph, a list of terms, or command lines. */
export type Block = string | readonly Line[] | { readonly run: readonly string[] };

/** A help page about more than one command: `dnx help exit-codes`. */
export interface Topic {
  readonly title: string;
  readonly body: readonly Block[];
}
