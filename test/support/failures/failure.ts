import type { ErrorCode } from '../../../src/base/errors.ts';
import type { Bed, RunOptions } from '../dnx.ts';

/** A failure: its cause, the command line and what the user sees. */
export interface Failure {
  readonly name: string;
  readonly line: string;
  readonly code: ErrorCode;
  readonly given?: (bed: Bed) => RunOptions | Promise<RunOptions> | undefined;
  /** The first line on stderr that starts with `Error:`, without that word. After Ctrl-C, the line has no such word. */
  readonly says: string | RegExp;
  /** The message in JSON, if it differs. */
  readonly message?: string;
  /** The hint below the message. */
  readonly hint: string | RegExp | null;
  readonly status?: number;
  readonly errors?: Readonly<Record<string, readonly string[]>>;
  /** The requests; none by default. */
  readonly calls?: number | 'any';
}

/** Makes the sandbox always return this reply to these requests. */
export const always =
  (match: Parameters<Bed['sandbox']['faults']['always']>[0], reply: Parameters<Bed['sandbox']['faults']['always']>[1]) => (bed: Bed) => {
    bed.sandbox.faults.always(match, reply);
    return undefined;
  };
