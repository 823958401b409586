import { toJson } from './json.ts';

/** Every way a command can fail, and its exit code. The key is the `code` of a JSON error. */
export const exits = {
  failed: 1,
  bug: 1,
  cancelled: 1,
  usage: 2,
  unauthenticated: 4,
  forbidden: 5,
  read_only: 5,
  not_found: 6,
  ambiguous: 6,
  invalid: 7,
  rate_limited: 9,
  differences: 10,
  rolled_back: 11,
  partial: 12,
  network: 13,
  timed_out: 124,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** The `code` of a JSON error. */
export type ErrorCode = keyof typeof exits;

/** Why a command failed, more closely than its code: the `reason` of a JSON error. True if only a person can go on. */
export const errorReasons = {
  ability_missing: true,
  role_insufficient: true,
  subscription_insufficient: true,
  token_rejected: true,
  signed_out: true,
  confirmation_missing: false,
  name_to_type: true,
  person_required: true,
  terminal_missing: true,
  target_missing: false,
  name_unknown: false,
  name_ambiguous: false,
  host_unreachable: false,
  answer_lost: false,
  guard_stopped: true,
  deployment_running: false,
  changed_on_both_sides: true,
  plan_moved: false,
  plan_invalid: false,
  change_unknown: true,
  undo_impossible: false,
} as const;

/** The `reason` of a JSON error. Without one, it is the code. */
export type ErrorReason = keyof typeof errorReasons;

/** Codes without a closer reason after which only a person can go on. */
export const humanCodes: readonly ErrorCode[] = ['unauthenticated', 'forbidden', 'read_only', 'cancelled', 'interrupted'];

/** The API's own field map of a 422: field name -> messages, untouched. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** The command-line name of an API field, and its known values. */
export interface FieldLabel {
  /** `--php-version`, or `<name>` for an argument. */
  readonly name: string;
  readonly known?: readonly string[] | undefined;
  readonly example?: string | undefined;
}

/** A command worth running next: its words after `dnx`, unquoted, and why. */
export interface Next {
  readonly command: readonly string[];
  readonly why: string;
  /** After a failure, people see it among the details, under this label. */
  readonly label?: string;
  /** Only a person decides on it: not in JSON. */
  readonly personal?: true;
}

/** A label and a text, as in `url  https://shop.example.com`. */
export type Detail = readonly [label: string, text: string];

/** What a word may have meant that names nothing, or more than one thing. */
export interface Meant {
  readonly noun: string;
  readonly word: string;
  readonly choices: readonly {
    /** As it stands in a list. */
    readonly name: string;
    /** What to type instead of the word. */
    readonly word: string;
    /** What it is, by path parameter, if that is known. */
    readonly targets?: Readonly<Record<string, { readonly id: string; readonly label: string }>>;
  }[];
}

/** Everything about a failure except its code and message. */
export interface ErrorDetails {
  readonly hint?: string | undefined;
  readonly next?: readonly Next[] | undefined;
  readonly status?: number | undefined;
  readonly errors?: FieldErrors | undefined;
  /** Display names for the fields in `errors`. A field without one is shown by its API name. */
  readonly labels?: Readonly<Record<string, FieldLabel>> | undefined;
  readonly reason?: ErrorReason | undefined;
  readonly lacks?: string | undefined;
  /** On a terminal, dnx asks which one was meant. */
  readonly meant?: Meant | undefined;
  /** Lines printed under the message: `live  20261125_030925  90c27bf Fix rounding`. */
  readonly details?: readonly Detail[] | undefined;
  readonly cause?: unknown;
}

/** An expected failure: what failed in the user's words, its code, and what to type next. Any other error is a bug. */
export class DnxError extends Error {
  override readonly name = 'DnxError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly next: readonly Next[];
  readonly status: number | undefined;
  readonly errors: FieldErrors | undefined;
  readonly labels: Readonly<Record<string, FieldLabel>>;
  readonly reason: ErrorReason | undefined;
  readonly lacks: string | undefined;
  readonly meant: Meant | undefined;
  readonly details: readonly Detail[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.next = details.next ?? [];
    this.status = details.status;
    this.errors = details.errors;
    this.labels = details.labels ?? {};
    this.reason = details.reason;
    this.lacks = details.lacks;
    this.meant = details.meant;
    this.details = details.details ?? [];
  }

  get exitCode(): number {
    return exits[this.code];
  }

  /** True if only a person can go on. */
  get isHuman(): boolean {
    return this.reason === undefined ? humanCodes.includes(this.code) : errorReasons[this.reason];
  }

  /** A copy with some details replaced, for callers that know what the user was doing. */
  with(changes: ErrorDetails): DnxError {
    return new DnxError(this.code, this.message, { ...this, cause: this.cause, ...changes });
  }

  withHint(hint: string | undefined, ...next: readonly Next[]): DnxError {
    return this.with({ hint, next });
  }
}

/** The command line is wrong, or input is missing and dnx cannot prompt for it. */
export const usage = (message: string, hint?: string, ...next: readonly Next[]): DnxError => new DnxError('usage', message, { hint, next });

/** The headline above a list of rejected fields. */
export const REJECTED = 'Deploynix rejected the request.';

/** The user declined a confirmation. */
export const cancelled = (): DnxError => new DnxError('cancelled', 'Cancelled; nothing was changed.');

/** The code of an operating system error, such as `ENOENT`. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is exceeded',
  EFBIG: 'the file has reached the size limit',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EBUSY: 'another program is using it',
  EIO: 'the device or terminal is not responding',
  ENAMETOOLONG: 'the name is too long',
};

/** Why the operating system refuses to write, as a clause. */
export const reasonOf = (code: string | undefined): string | undefined => (code === undefined ? undefined : reasons[code]);

/** Why the operating system refused something: a clause, or else the code of its error. */
export const systemReason = (error: unknown): string | undefined => reasonOf(systemCode(error)) ?? systemCode(error);

/** True for a failure with one of these codes. */
export const isError = (error: unknown, ...codes: readonly ErrorCode[]): error is DnxError =>
  error instanceof DnxError && (codes.length === 0 || codes.includes(error.code));

/** The result of a request; undefined if it fails with one of these codes. */
export const unlessError = <T>(request: Promise<T>, ...codes: readonly ErrorCode[]): Promise<T | undefined> =>
  request.catch((error: unknown) => {
    if (isError(error, ...codes)) return undefined;
    throw error;
  });

/** The result of a request, or why it failed. */
export const orError = <T>(request: Promise<T>): Promise<T | DnxError> =>
  request.catch((error: unknown) => {
    if (!isError(error) || isStop(error)) throw error;
    return error;
  });

/** What a call returns; undefined if it throws. For what may be gone, unreadable or malformed, where that tells no more than that it is missing. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    // As said above: the caller takes it for missing.
    return undefined;
  }
}

/** Ends a dry run where a request would be sent, and nothing can be taken for its response. Not a failure. */
export class Planned extends Error {
  override readonly name = 'Planned';
}

/** True for the error of a signal: the user or the system ended the command. */
export const isStop = (error: unknown): boolean => isError(error, 'interrupted', 'terminated', 'hangup');

/** Formats a next command for a shell. */
export type NextFormat = (next: Next) => string;

/** A token of the API. One that was typed as an argument would otherwise be repeated, in a CI log too. */
const TOKEN = /\b\d+\|\w{32,}/g;
export const withoutTokens = (text: string): string => text.replace(TOKEN, '***');

/** The hint, then a line for each next command. */
export function adviceOf({ hint, next }: Pick<DnxError, 'hint' | 'next'>, line: NextFormat): string | undefined {
  const advice = [hint, ...next.map((each) => `${each.why}: ${line(each)}`)].filter(Boolean);
  return advice.length > 0 ? advice.join('\n') : undefined;
}

/** An error for scripts: that of a command, or of one of the things that it acts on. */
export function errorObject(error: DnxError, line: NextFormat) {
  const next = error.next.filter(({ personal }) => !personal);
  const fields = {
    code: error.code,
    reason: error.reason ?? error.code,
    human: error.isHuman,
    message: error.message,
    status: error.status ?? null,
    errors: error.errors ?? null,
    hint: adviceOf({ ...error, next }, line) ?? null,
    next: next.map((each) => ({ command: line(each), why: each.why })),
  };
  return JSON.parse(withoutTokens(toJson(fields))) as typeof fields;
}
