import type { DnxError } from '../../base/errors.ts';

/** One thing, as the API sent it. */
export type Item = Readonly<Record<string, unknown>>;

/** One column of a table, or one line of a record. `key` is the field's name in the API. */
export interface Column<T = Item> {
  readonly key: string;
  readonly title?: string;
  /** For a value that the generic formatting would not show well; `undefined` leaves it to that. */
  readonly cell?: (item: T) => unknown;
}

/** What a command computed. How it looks is decided by the renderer alone. */
export type View = (
  | { readonly kind: 'rows'; readonly items: readonly Item[]; readonly columns: readonly Column[]; readonly empty: string }
  | { readonly kind: 'record'; readonly item: Item; readonly columns: readonly Column[] }
  /** A sentence for a person; `data` for a script. */
  | { readonly kind: 'message'; readonly text: string; readonly data: unknown }
  /** Text that stands as it is: a log, a script, a token. */
  | { readonly kind: 'text'; readonly text: string; readonly data: unknown }
  /** JSON of a shape that dnx does not know: a person sees it as JSON too. */
  | { readonly kind: 'data'; readonly data: unknown }
  /** Bytes that stand as they are, written to stdout as they come, whatever the format. */
  | { readonly kind: 'stream'; readonly body: AsyncIterable<Uint8Array> }
  | { readonly kind: 'nothing' }
) & {
  /** The command came to a result and yet failed. A record is then printed only where a script reads it. */
  readonly failure?: DnxError | undefined;
  /** What may be done only once the view has been written: revoking the token whose successor was printed. */
  readonly finish?: () => Promise<void>;
  /** The end of a wait: with -o ndjson it follows the events as `{"type":"result",…}`; a thing of the API, which may have a type of its own, as its `data`. */
  readonly waited?: 'result' | 'data';
  /** What the command asked for itself, as its options would give it. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** A child's own exit code, passed on. */
  readonly exitCode?: number;
};

/** Columns by field name, checked against the object's type: `columns<Daemon>('id', 'command')`. */
export const columns = <T extends object>(...keys: readonly ((keyof T & string) | Column<T>)[]): readonly Column[] =>
  keys.map((key) => (typeof key === 'string' ? { key } : key)) as readonly Column[];

/** A list. `empty` is said on stderr where there is nothing in it. */
export const rows = (items: readonly object[], shown: readonly Column[], empty: string): View => ({
  kind: 'rows',
  items: items as readonly Item[],
  columns: shown,
  empty,
});
/** One thing, a line for each of its fields. */
export const record = (item: object, shown: readonly Column[]): View => ({ kind: 'record', item: item as Item, columns: shown });
/** A sentence for a person, and what a script gets instead. */
export const message = (sentence: string, data: unknown = { message: sentence }): View => ({ kind: 'message', text: sentence, data });
/** Text that stands as it is, and what a script gets instead. */
export const text = (value: string, data: unknown): View => ({ kind: 'text', text: value, data });
/** JSON of a shape that dnx does not know. */
export const data = (value: unknown): View => ({ kind: 'data', data: value });
/** Bytes for stdout, as they come. */
export const stream = (body: AsyncIterable<Uint8Array>): View => ({ kind: 'stream', body });
/** Nothing to print. */
export const nothing: View = { kind: 'nothing' };
/** Nothing to print, and the exit code of a child. */
export const exiting = (exitCode: number): View => ({ kind: 'nothing', exitCode });
/** The same view, as the end of a wait. */
export const waited = (view: View, as: 'result' | 'data' = 'result'): View => ({ ...view, waited: as });
/** The same view, from a command that failed; with `undefined`, from one that did not. */
export const failing = (view: View, failure: DnxError | undefined): View => ({ ...view, failure });
