import type { Detail, DnxError, Next } from '../../base/errors.ts';

/** One thing, as the API sent it. */
export type Item = Readonly<Record<string, unknown>>;

/** One column of a table, or one line of a record. `key` is the field's name in the API. */
export interface Column<T = Item> {
  readonly key: string;
  readonly title?: string;
  /** For a value that the generic formatting would not show well; `undefined` leaves it to that. */
  readonly cell?: (item: T) => unknown;
  /** On a narrow terminal, takes several lines instead of being cut. For sentences. */
  readonly wrap?: true;
}

/** What a command computed. How it looks is decided by the renderer alone. */
export type View =
  | {
      readonly kind: 'rows';
      readonly items: readonly Item[];
      readonly columns: readonly Column[];
      readonly empty: string;
      readonly event?: Event;
    }
  /** `done`: what was done, as the line above it. `details`: the lines under that for a person, instead of the fields. */
  | {
      readonly kind: 'record';
      readonly item: Item;
      readonly columns: readonly Column[];
      readonly event?: Event;
      readonly done?: string;
      readonly details?: readonly Detail[];
    }
  /** A sentence for a person; `data` for a script. `done`: it says what was done, with details under it. */
  | { readonly kind: 'message'; readonly text: string; readonly data: unknown; readonly done?: readonly Detail[] }
  /** Text that stands as it is: a script, a token, a value; or a log, for whoever reads it. */
  | { readonly kind: 'text'; readonly text: string; readonly data: unknown; readonly log?: true }
  /** JSON of a shape that dnx does not know: a person sees it as JSON too. */
  | { readonly kind: 'data'; readonly data: unknown }
  /** Bytes that stand as they are, written to stdout as they come, whatever the format. */
  | { readonly kind: 'stream'; readonly body: AsyncIterable<Uint8Array> }
  | { readonly kind: 'nothing' };

/** The end of a wait: with -o ndjson it follows the events as `{"type":"result",…}`; a thing of the API, which may have a type of its own, as its `data`. */
type Event = 'result' | 'data';

/** What a command came to: a view, and the outcome beside it, which is decided before anything is written. */
export interface Result {
  readonly view: View;
  /** How the command failed though it has a view, or the exit code of a child that it passes on. A record of a failure is printed only where a script reads it. */
  readonly exit?: DnxError | number | undefined;
  /** What to know when it is done, as a sentence for stderr. */
  readonly note?: string;
  /** What to run next, for stderr. */
  readonly next?: readonly Next[];
  /** What the command asked for itself, as its options would give it. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** What may be done only once stdout has taken the whole view: revoking the token whose successor was printed. */
  readonly afterwards?: () => Promise<void>;
  /**
   * For a view that must reach its reader, as a new token must: called instead of `afterwards` when stdout did not take all of it, be it a file, a
   * disk or a closed pipe. Its failure is the outcome. Without it a closed pipe changes nothing.
   */
  readonly undelivered?: (cause: unknown) => Promise<DnxError>;
  /** A value that is nowhere else: a format or query that leaves it out has not delivered it. */
  readonly secret?: string;
}

/** A view alone is the result of a command that went well. */
export const asResult = (answer: View | Result): Result => ('kind' in answer ? { view: answer } : answer);

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
/** One thing, a line for each of its fields; under a line that says what was done. `details` replace the fields for a person. */
export const record = (item: object, shown: readonly Column[], done?: string, details?: readonly Detail[]): View => ({
  kind: 'record',
  item: item as Item,
  columns: shown,
  ...(done !== undefined && { done }),
  ...(details && { details }),
});
/** A sentence for a person, and what a script gets instead. */
export const message = (sentence: string, data: unknown = { message: sentence }): View => ({ kind: 'message', text: sentence, data });
/** What was done, with a tick and details for a person, and what a script gets instead. */
export const done = (sentence: string, data: unknown = { message: sentence }, details: readonly Detail[] = []): View => ({
  kind: 'message',
  text: sentence,
  data,
  done: details,
});
/** Text that stands as it is, and what a script gets instead. */
export const text = (value: string, data: unknown): View => ({ kind: 'text', text: value, data });
/** A log, and what a script gets instead. */
export const log = (value: string, data: unknown): View => ({ kind: 'text', text: value, data, log: true });
/** JSON of a shape that dnx does not know. */
export const data = (value: unknown): View => ({ kind: 'data', data: value });
/** Bytes for stdout, as they come. */
export const stream = (body: AsyncIterable<Uint8Array>): View => ({ kind: 'stream', body });
/** Nothing to print. */
export const nothing: View = { kind: 'nothing' };
/** The same view, as the end of a wait. */
export const ending = (view: View, event: Event = 'result'): View =>
  view.kind === 'rows' || view.kind === 'record' ? { ...view, event } : view;
