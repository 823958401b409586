/** Every way a command can fail, and its exit code. The key is the `code` of a JSON error. */
export const exits = {
  failed: 1,
  bug: 1,
  cancelled: 1,
  usage: 2,
  unauthenticated: 4,
  forbidden: 5,
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
export type Code = keyof typeof exits;

/** The API's own field map of a 422: field name -> messages, untouched. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** How the command line takes a field of the API, and the values it knows for it. */
export interface FieldLabel {
  /** `--php-version`, or `<name>` for an argument. */
  readonly name: string;
  readonly known?: readonly string[] | undefined;
}

/** A command worth running next: its words after `dnx`, unquoted, and why. */
export interface Next {
  readonly command: readonly string[];
  readonly why: string;
}

/** A label and a text, as in `url  https://shop.example.com`. */
export type Detail = readonly [label: string, text: string];

/** What is known about a failure besides its code and message. */
export interface ErrorDetails {
  /** What to do about it, in one line. */
  readonly hint?: string | undefined;
  /** Commands that help. */
  readonly next?: readonly Next[] | undefined;
  /** The HTTP status, if the API answered. */
  readonly status?: number | undefined;
  readonly errors?: FieldErrors | undefined;
  /** Labels for the fields in `errors`, for a person; without one, a field goes by the API's name. */
  readonly labels?: Readonly<Record<string, FieldLabel>> | undefined;
  /** The ability that the token most likely lacks. */
  readonly lacks?: string | undefined;
  /** Lines under the message for a person, each a label and a text: `live`, `20261125_030925  90c27bf Fix rounding`. */
  readonly details?: readonly Detail[] | undefined;
  readonly cause?: unknown;
}

/** An expected failure: what failed in the user's words, its code, and what to type next. Any other error is a bug. */
export class DnxError extends Error {
  override readonly name = 'DnxError';
  readonly code: Code;
  readonly hint: string | undefined;
  readonly next: readonly Next[];
  readonly status: number | undefined;
  readonly errors: FieldErrors | undefined;
  readonly labels: Readonly<Record<string, FieldLabel>>;
  readonly lacks: string | undefined;
  readonly details: readonly Detail[];

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.next = details.next ?? [];
    this.status = details.status;
    this.errors = details.errors;
    this.labels = details.labels ?? {};
    this.lacks = details.lacks;
    this.details = details.details ?? [];
  }

  get exitCode(): number {
    return exits[this.code];
  }

  /** The same failure with this changed: whoever knows what the user was doing knows what to add. */
  with(changes: ErrorDetails): DnxError {
    const { code, message, hint, next, status, errors, labels, lacks, details, cause } = this;
    return new DnxError(code, message, { hint, next, status, errors, labels, lacks, details, cause, ...changes });
  }

  /** The same failure with other advice. */
  withHint(hint: string | undefined, ...next: readonly Next[]): DnxError {
    return this.with({ hint, next });
  }
}

/** The command line is wrong, or input is missing and dnx cannot prompt for it. */
export const usage = (message: string, hint?: string, ...next: readonly Next[]): DnxError => new DnxError('usage', message, { hint, next });

/** What a person reads above the fields that the API rejected. */
export const REJECTED = 'Deploynix rejected the request.';

/** The user answered no. */
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
  EIO: 'the device or terminal is not responding',
  ENAMETOOLONG: 'the name is too long',
};

/** Why the operating system refuses to write, as a clause. */
export const reasonOf = (code: string | undefined): string | undefined => (code === undefined ? undefined : reasons[code]);

/** True for a failure with one of these codes. */
export const isError = (error: unknown, ...codes: readonly Code[]): error is DnxError =>
  error instanceof DnxError && (codes.length === 0 || codes.includes(error.code));

/** True for the error of a signal: the user or the system ended the command. */
export const isStop = (error: unknown): boolean => isError(error, 'interrupted', 'terminated', 'hangup');
