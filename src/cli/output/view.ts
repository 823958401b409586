import type { Detail, DnxError, Next } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';

/** An item as the API sent it. */
export type Item = Readonly<Record<string, unknown>>;

/** A column of a table, or a line of a record. `key` is the field's name in the API. */
export interface Column<T = Item> {
  readonly key: string;
  /** The heading, where the one made from `key` does not fit. */
  readonly title?: string;
  /** The value for a person; `undefined` for the field's own. CSV and TSV have it where the item has no such field, or null. */
  readonly cell?: (item: T) => unknown;
  /** Takes several lines on a narrow terminal. For sentences and lists. */
  readonly wrap?: true;
  /** Shown only where there is room: with --wide, on a terminal of 120 columns or more, and in a pipe. For ids and details. */
  readonly wide?: true;
  /** Not a field of the API: the value comes from `cell`, or from `more` of a record. */
  readonly computed?: true;
  /** A status of something that runs: `running` is its good state, not work in progress. */
  readonly runs?: true;
}

/** The cells of a column, by its key, read once it is known to be shown. `read` must not fail where the token may not read them. */
export interface LateCells {
  readonly key: string;
  readonly read: (shown: readonly Item[]) => Promise<(item: Item) => unknown>;
}

/** What a command returns. Only the renderer decides how it looks. */
export type View =
  | {
      readonly kind: 'rows';
      readonly items: readonly Item[];
      readonly columns: readonly Column[];
      readonly empty: string;
      /** The cells of a column that take further requests. Only a table that shows it asks for them. */
      readonly late?: LateCells;
      /** How to create the first one. */
      readonly first?: readonly string[];
      readonly event?: Event;
    }
  | {
      readonly kind: 'record';
      readonly item: Item;
      readonly columns: readonly Column[];
      readonly event?: Event;
      /** What was done, as the line above it. */
      readonly done?: string;
      /** Lines under `done` for people, in place of the fields. */
      readonly details?: readonly Detail[];
      /** Values for computed columns that take further requests. Only a table asks for them. */
      readonly more?: () => Promise<Item>;
    }
  /** A sentence for people, `data` for scripts. `done`: the sentence is a success, with these details under it. */
  | { readonly kind: 'message'; readonly text: string; readonly data: unknown; readonly done?: readonly Detail[] }
  /** Text to print as it is: a script, a token or a value. `log`: text that only people read. */
  | { readonly kind: 'text'; readonly text: string; readonly data: unknown; readonly log?: true }
  /** JSON of an unknown shape, which people see as JSON, too. */
  | { readonly kind: 'data'; readonly data: unknown }
  /** Bytes that are written to stdout as they arrive, in any format. */
  | { readonly kind: 'stream'; readonly body: AsyncIterable<Uint8Array> }
  | { readonly kind: 'nothing' };

/** The end of a wait. -o ndjson prints it after the events as `{"type":"result",…}`, with an API object in `data` because it may have a `type` itself. */
type Event = 'result' | 'data';

/** A view and the outcome of the command, which is decided before anything is written. */
export interface Result {
  readonly view: View;
  /** The failure of a command that still has a view, or the exit code of a child process. The record of a failure is printed for scripts only. */
  readonly exit?: DnxError | number | undefined;
  /** A sentence for stderr after a success. */
  readonly note?: string;
  /** Commands to run next, for stderr. */
  readonly next?: readonly Next[];
  /** True if the profile keeps the host from now on, so that the next command needs no `--host`. */
  readonly hostKept?: boolean;
  /** Answers to the command's own questions, by option. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** Runs once the whole view is written: revokes the token that was replaced by the printed one. */
  readonly afterwards?: () => Promise<void>;
  /**
   * Runs instead of `afterwards` if the view could not be written, even to a closed pipe, and returns the outcome. For a view that must not be lost,
   * such as a new token.
   */
  readonly undelivered?: (cause: unknown) => Promise<DnxError>;
  /** A value that exists nowhere else. Printing fails if the format or query leaves it out. */
  readonly secret?: string;
}

/** A view alone is a success. */
export const asResult = (answer: View | Result): Result => ('kind' in answer ? { view: answer } : answer);

/** Columns by field name, checked against the object's type: `columns<Daemon>('id', 'command')`. */
export const columns = <T extends object>(...keys: readonly ((keyof T & string) | Column<T>)[]): readonly Column[] =>
  keys.map((key) => (typeof key === 'string' ? { key } : key)) as readonly Column[];

/** The status of something that runs. */
export const running = { key: 'status', runs: true } as const;
/** The first seven characters of a commit. */
export const shortCommit = {
  key: 'commit_hash',
  cell: ({ commit_hash }: { readonly commit_hash?: unknown }) => wordOf(commit_hash).slice(0, 7),
} as const;
/** A list. An empty one prints `empty` on stderr, and `first`, the command that creates the first item. */
export const rows = (items: readonly object[], shown: readonly Column[], empty: string, first?: readonly string[]): View => ({
  kind: 'rows',
  items: items as readonly Item[],
  columns: shown,
  empty,
  ...(first && { first }),
});
/** An item with a line per field. `done` stands above it as a success, and `details` replace the fields for people. */
export const record = (item: object, shown: readonly Column[], done?: string, details?: readonly Detail[]): View => ({
  kind: 'record',
  item: item as Item,
  columns: shown,
  ...(done !== undefined && { done }),
  ...(details && { details }),
});
/** A sentence for people, and data for scripts. */
export const message = (sentence: string, data: unknown = { message: sentence }): View => ({ kind: 'message', text: sentence, data });
/** A success with a tick and details for people, and data for scripts. */
export const done = (sentence: string, data: unknown = { message: sentence }, details: readonly Detail[] = []): View => ({
  kind: 'message',
  text: sentence,
  data,
  done: details,
});
/** Text to print as it is, and data for scripts. */
export const text = (value: string, data: unknown): View => ({ kind: 'text', text: value, data });
/** A log, and data for scripts. */
export const log = (value: string, data: unknown): View => ({ kind: 'text', text: value, data, log: true });
/** JSON of an unknown shape. */
export const data = (value: unknown): View => ({ kind: 'data', data: value });
/** Bytes for stdout. */
export const stream = (body: AsyncIterable<Uint8Array>): View => ({ kind: 'stream', body });
/** Nothing to print. */
export const nothing: View = { kind: 'nothing' };
/** The same view, as the end of a wait. */
export const ending = (view: View, event: Event = 'result'): View =>
  view.kind === 'rows' || view.kind === 'record' ? { ...view, event } : view;
