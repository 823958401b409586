/** Every way a command can end other than well, and its exit code. The key is the `code` of a JSON error. */
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

/** The word for a way to fail, as `code` in a JSON error says it. */
export type Code = keyof typeof exits;

/** The API's own field map of a 422: field name -> messages, untouched. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** A command worth running next: its words after `dnx`, unquoted, and why. */
export interface Next {
  readonly command: readonly string[];
  readonly why: string;
}

/** A label and a text, as in `url  https://shop.example.com`. */
export type Detail = readonly [label: string, text: string];

/** What is known of a failure beside its code and message. */
export interface ErrorDetails {
  /** What to do about it, as a sentence. */
  readonly hint?: string | undefined;
  /** Commands that help. */
  readonly next?: readonly Next[] | undefined;
  /** HTTP status, when the API said it. */
  readonly status?: number | undefined;
  readonly errors?: FieldErrors | undefined;
  /** The ability that the token most likely lacks. */
  readonly lacks?: string | undefined;
  /** Lines under the message for a person, each a label and a text: `live`, `20261125_030925  90c27bf Fix rounding`. */
  readonly details?: readonly Detail[] | undefined;
  readonly cause?: unknown;
}

/** An expected failure: what failed in the user's words, its code, and what to type next. Anything else that is thrown is a bug. */
export class DnxError extends Error {
  override readonly name = 'DnxError';
  readonly code: Code;
  readonly hint: string | undefined;
  readonly next: readonly Next[];
  readonly status: number | undefined;
  readonly errors: FieldErrors | undefined;
  readonly lacks: string | undefined;
  readonly details: readonly Detail[];

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.next = details.next ?? [];
    this.status = details.status;
    this.errors = details.errors;
    this.lacks = details.lacks;
    this.details = details.details ?? [];
  }

  get exitCode(): number {
    return exits[this.code];
  }

  /** The same failure with other advice: the place that knows what the user was doing knows what to do next. */
  withHint(hint: string | undefined, ...next: readonly Next[]): DnxError {
    const { code, message, status, errors, lacks, details, cause } = this;
    return new DnxError(code, message, { hint, next, status, errors, lacks, details, cause });
  }
}

/** The command line itself is wrong, or a question has nobody to answer it. */
export const usage = (message: string, hint?: string, ...next: readonly Next[]): DnxError => new DnxError('usage', message, { hint, next });

/** The user answered no. */
export const cancelled = (): DnxError => new DnxError('cancelled', 'Cancelled; nothing was changed.');

/** The code of an error of the operating system, such as `ENOENT`. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file has reached the size limit',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EIO: 'the device or terminal does not answer',
  ENAMETOOLONG: 'the name is too long',
};

/** Why the system refuses to write, as a clause. */
export const reasonOf = (code: string | undefined): string | undefined => (code === undefined ? undefined : reasons[code]);

/** True for a failure with one of these codes. */
export const isError = (error: unknown, ...codes: readonly Code[]): error is DnxError =>
  error instanceof DnxError && (codes.length === 0 || codes.includes(error.code));

/** True for the reason of a signal: the user or the system ends the command. */
export const isStop = (error: unknown): boolean => isError(error, 'interrupted', 'terminated', 'hangup');
