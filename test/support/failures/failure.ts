import type { Code } from '../../../src/base/errors.ts';
import type { Bed, RunOptions } from '../dnx.ts';

/** One way to fail: what makes it so, the line, and all that the user then reads. */
export interface Failure {
  readonly name: string;
  readonly line: string;
  readonly code: Code;
  readonly given?: (bed: Bed) => RunOptions | Promise<RunOptions> | undefined;
  /** The first line on stderr that begins with `Error:`, without that. */
  readonly says: string | RegExp;
  /** What to type next. */
  readonly hint: string | RegExp | null;
  readonly status?: number;
  readonly errors?: Readonly<Record<string, readonly string[]>>;
  /** What had been sent; nothing unless it says otherwise. */
  readonly calls?: number | 'any';
}

/** The sandbox answers so, whenever it is asked this. */
export const always =
  (match: Parameters<Bed['sandbox']['faults']['always']>[0], reply: Parameters<Bed['sandbox']['faults']['always']>[1]) => (bed: Bed) => {
    bed.sandbox.faults.always(match, reply);
    return undefined;
  };
