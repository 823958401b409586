import type { Detail, DnxError, Next } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import type { ReportFormat } from '../../machine/settings/settings.ts';
import type { Style, Wrap } from './text.ts';

/** An item as the API sent it. */
export type Item = Readonly<Record<string, unknown>>;

/** A column of a table, or a line of a record. `key` is the API field. */
export interface Column<T = Item> {
  readonly key: string;
  /** The heading, if not derived from `key`. */
  readonly title?: string;
  /** Computes the displayed value; `undefined` for the field itself. CSV and TSV use it only if the field is missing or null. */
  readonly cell?: (item: T) => unknown;
  /** Wraps on a narrow terminal. For sentences and lists. */
  readonly wrap?: true;
  /** Shown with --wide, in a pipe, and where there is room; ids from 120 columns up. */
  readonly wide?: true;
  /** In CSV and TSV, but not in a table. */
  readonly data?: true;
  /** Not an API field, but of another database: a table shows its name and its values as they are, and NULL. */
  readonly verbatim?: true;
  /** Not an API field: the value comes from `cell`, or from `more` of a record. */
  readonly computed?: true;
  /** The status of a process: `running` is good, not work in progress. */
  readonly runs?: true;
  /** The color of the value, if it is not a status. */
  readonly tone?: (item: T) => keyof Style | undefined;
}

/** The cells of a column, by its key, read only if it is shown. `read` must not fail if the token lacks an ability. */
export interface LateCells {
  readonly key: string;
  readonly read: (shown: readonly Item[]) => Promise<(item: Item) => unknown>;
}

/** A title without a mark, and the lines under it. */
export interface Section {
  readonly title: string;
  readonly details: readonly Detail[];
}

/** Where people read a table. `width`: undefined without a terminal. */
export interface TablePage {
  readonly style: Style;
  readonly wrap: Wrap;
  readonly width: number | undefined;
}

/** Formats a view in other ways than as a list. */
export interface Reports extends Readonly<Partial<Record<ReportFormat, () => Promise<string>>>> {
  /** For people, instead of a table. Not with options that shape a table. */
  readonly table?: (page: TablePage) => Promise<string>;
}

declare const printed: unique symbol;
/** What a command returns. `render.ts` and `table.ts` format it. For scripts it is a `D`, as the command declares in `prints`. */
export type View<D = unknown> = AnyView & { readonly [printed]?: D };

type AnyView =
  | {
      readonly kind: 'rows';
      readonly items: readonly Item[];
      readonly columns: readonly Column[];
      readonly empty: string;
      /** Cells that take further requests. Read only by a table that shows the column. */
      readonly late?: LateCells;
      readonly first?: readonly string[];
      /** For a command with `formats`, or a table that reads badly as rows. */
      readonly reports?: Reports;
      /** What it says, for those who do not see the rows. */
      readonly sentence?: string;
      /** True for an item whose first column stands out in a table, because it has just changed. */
      readonly marked?: (item: Item) => boolean;
      readonly event?: Event;
    }
  | {
      readonly kind: 'record';
      readonly item: Item;
      readonly columns: readonly Column[];
      readonly event?: Event;
      /** The ✓ line above it. */
      readonly done?: string;
      /** A line above it without a mark, instead of `done`. */
      readonly title?: string;
      /** Marks `title` with a red ✗. */
      readonly failed?: true;
      /** It has what could be read, so people see it although the command failed. */
      readonly partial?: true;
      /** Lines under `done` or `title` for people, instead of the fields. */
      readonly details?: readonly Detail[];
      /** Titles and lines for people, instead of the fields. */
      readonly sections?: readonly Section[];
      /** Reads the values of computed columns with further requests. Called only for a table. */
      readonly more?: () => Promise<Item>;
    }
  /** A sentence for people, `data` for scripts. `done`: a ✓ sentence with these details under it. */
  | { readonly kind: 'message'; readonly text: string; readonly data: unknown; readonly done?: readonly Detail[] }
  /** Text to print unchanged: a script, a token or a value. `log`: text that only people read. */
  | { readonly kind: 'text'; readonly text: string; readonly data: unknown; readonly log?: true }
  /** Data of unknown shape, printed as JSON for people, too. */
  | { readonly kind: 'data'; readonly data: unknown }
  /** Bytes for stdout, regardless of the format; from a function, with the colors of stdout. */
  | { readonly kind: 'stream'; readonly body: AsyncIterable<Uint8Array> | ((style: Style) => AsyncIterable<Uint8Array>) }
  /** Parts of log files, printed as they are read: text for people, an item per entry for scripts. */
  | ({ readonly kind: 'lines'; readonly parts: AsyncIterable<LogPart> } & LogShape)
  /** States of something, printed as they change until a signal: in place on a terminal, one after the other elsewhere. */
  | { readonly kind: 'live'; readonly states: AsyncIterable<LiveState> }
  | { readonly kind: 'nothing' };

/** How to print log files. */
export interface LogShape {
  /** They are followed. */
  readonly endless: boolean;
  /** There are several, so each gets a heading. */
  readonly headings: boolean;
  /** The sites, if there are several: each line begins with its own. */
  readonly sites?: readonly string[];
  /** Elsewhere than on a terminal, byte for byte. */
  readonly whole: boolean;
  /** With their traces, not only their lengths. */
  readonly traces: boolean;
  /** Joins their lines to entries. `decoded`: the text of a line. */
  readonly entries: (batches: AsyncIterable<LogBatch>, decoded: (text: string) => string) => AsyncIterable<readonly LogEntry[]>;
}

/** Some bytes of a log file. */
export interface LogPart extends Pick<LogLine, 'site' | 'source' | 'file'> {
  /** Differs once another file has that path. */
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Nothing follows for now, so the last entry of each file of the site is complete. `begun`: all that there was has been read. */
  readonly pause?: 'begun' | 'quiet';
}

/** A line of a log file. */
export interface LogLine {
  /** Its domain; null for the log of a server. */
  readonly site: string | null;
  /** Null for a file that the user has named. */
  readonly source: string | null;
  readonly file: string;
  readonly line: string;
}

/** Whole lines, and whether something follows. */
export interface LogBatch {
  readonly lines: readonly LogLine[];
  readonly pause?: { readonly of: LogPart['pause']; readonly site: string | null };
}

/** An entry of a log file: what its program wrote at once. */
export interface LogEntry extends LogLine {
  /** In UTC; null if it has none. */
  readonly time: string | null;
  /** Such as `error`. */
  readonly level: string | null;
  /** The lines that say where in the code it was. */
  readonly trace: string | null;
}

/** One state of a live view. `changed`: it differs from the one before, so it is also printed elsewhere than on a terminal. */
export interface LiveState {
  readonly view: View;
  readonly changed: boolean;
  /** A line above the view that says when it was read. */
  readonly heading?: string;
  /** Why something could not be read again: above the view on a terminal, a warning elsewhere. */
  readonly problem?: string | undefined;
  /** The ids of rows that are gone since the state before. */
  readonly gone?: readonly unknown[];
}

/** The result of a wait: `{"type":"result",…}` with -o ndjson. `data` nests an API object, which may have a `type` itself. */
type Event = 'result' | 'data';

/** A view and the outcome of the command, decided before anything is printed. */
export interface Result<D = unknown> {
  readonly view: View<D>;
  /** The failure of a command that still has a view (printed for scripts only, if a record without a title or sections), or the exit code of a child process. */
  readonly exit?: DnxError | number | undefined;
  /** A sentence for stderr after a success. */
  readonly note?: string;
  readonly next?: readonly Next[];
  /** True if the profile now stores the host, so that the next command needs no `--host`. */
  readonly hostKept?: boolean;
  /** Answers to prompts of the command itself, by option. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** Runs once the whole view was written. `token rotate` revokes the old token here. */
  readonly afterwards?: () => Promise<void>;
  /**
   * Runs instead of `afterwards` if the view could not be written, even to a closed pipe, and returns the error. For views that
   * must not be lost, such as a new token.
   */
  readonly undelivered?: (cause: unknown) => Promise<DnxError>;
  /** A value that exists nowhere else. Printing fails if the format or query leaves it out. */
  readonly secret?: Secret;
}

/** A token or password that is shown once. `hint`: what to do without it. */
export interface Secret {
  readonly name: string;
  readonly value: string;
  readonly hint: string;
}

/** Wraps a plain view as a successful result. */
export const asResult = <D>(answer: View<D> | Result<D>): Result<D> => ('kind' in answer ? { view: answer } : answer);

/** Columns by field name: `columns('id', 'command')`. With a type, they are checked against it. */
export const columns = <T extends object = Item>(...keys: readonly NoInfer<(keyof T & string) | Column<T>>[]): readonly Column[] =>
  keys.map((key) => (typeof key === 'string' ? { key } : key)) as readonly Column[];

/** The status column of a process. */
export const running = { key: 'status', runs: true } as const;
/** The first seven characters of a commit. */
export const shortCommit = {
  key: 'commit_hash',
  cell: ({ commit_hash }: { readonly commit_hash?: unknown }) => wordOf(commit_hash).slice(0, 7),
} as const;
/** A list. If it is empty, `empty` and the command `first` are printed on stderr. */
export const rows = <T extends object>(
  items: readonly T[],
  shown: readonly Column[],
  empty: string,
  first?: readonly string[],
): View<readonly T[]> & { readonly kind: 'rows' } => ({
  kind: 'rows',
  items: items as readonly object[] as readonly Item[],
  columns: shown,
  empty,
  ...(first && { first }),
});
type RecordView<T> = View<T> & { readonly kind: 'record' };
const recordWith = <T extends object>(item: T, shown: readonly Column[], parts: Partial<RecordView<T>>): RecordView<T> => ({
  kind: 'record',
  item: item as object as Item,
  columns: shown,
  ...parts,
});
/** A record with a line per field. `done` is the ✓ line above it; `details` replace the fields for people. */
export const record = <const T extends object>(item: T, shown: readonly Column[], done?: string, details?: readonly Detail[]) =>
  recordWith<T>(item, shown, { ...(done !== undefined && { done }), ...(details && { details }) });
/** A record that people see as a title and details. */
export const overview = <T extends object>(item: T, shown: readonly Column[], title: string, details: readonly Detail[]) =>
  recordWith<T>(item, shown, { title, details });
/** A record that people see as titles and details. */
export const sections = <T extends object>(item: T, shown: readonly Column[], parts: readonly Section[]) =>
  recordWith<T>(item, shown, { sections: parts });
/** A sentence for people, and data for scripts. */
export const message = <const D>(sentence: string, data: D): View<D> => ({ kind: 'message', text: sentence, data });
/** A ✓ sentence with details for people, and data for scripts. */
export const done = <const D>(sentence: string, data: D, details: readonly Detail[] = []): View<D> => ({
  kind: 'message',
  text: sentence,
  data,
  done: details,
});
/** Text to print unchanged, and data for scripts. */
export const textView = <const D>(value: string, data: D): View<D> => ({ kind: 'text', text: value, data });
/** A log, and data for scripts. */
export const log = <D>(value: string, data: D): View<D> => ({ kind: 'text', text: value, data, log: true });
/** JSON of an unknown shape. */
export const data = <D>(value: D): View<D> => ({ kind: 'data', data: value });
/** Bytes for stdout. */
export const stream = (body: AsyncIterable<Uint8Array>): View<never> => ({ kind: 'stream', body });
/** Log files. */
export const logView = (parts: AsyncIterable<LogPart>, shape: LogShape): View<readonly LogEntry[]> => ({ kind: 'lines', parts, ...shape });
/** Nothing to print. */
export const nothing: View<never> = { kind: 'nothing' };
/** The data of a view, as `--json` prints it. */
export const dataIn = (view: View): unknown =>
  view.kind === 'rows' ? view.items : view.kind === 'record' ? view.item : 'data' in view ? view.data : undefined;
/** The sentence of a view. */
export const sentenceIn = (view: View): string | undefined =>
  view.kind === 'message' ? view.text : view.kind === 'record' ? view.done : view.kind === 'rows' ? view.sentence : undefined;
/** Marks a view as the result of a wait. */
export const ending = <D>(view: View<D>, event: Event = 'result'): View<D> =>
  view.kind === 'rows' || view.kind === 'record' ? { ...view, event } : view;
