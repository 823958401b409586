import { expect } from 'vitest';

/** What a run printed and requested: exact values or matchers. `says` is in stderr. */
type Printed = Partial<Record<'stdout' | 'stderr' | 'calls' | 'changes' | 'waited', unknown>> & {
  readonly says?: string | readonly string[];
};
/** A run of dnx in this process (`code`), or in another one (`exitCode`). */
type Ended = Omit<Printed, 'says'> & { readonly code?: number; readonly exitCode?: number };

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: as vitest declares it
  interface Matchers<T = any> {
    /** A run, or the promise of one, ended with this exit code, and printed this. A failure shows what else it printed. */
    toExit(code: unknown, printed?: Printed): T extends PromiseLike<unknown> ? Promise<void> : void;
  }
}

expect.extend({
  toExit(received: Ended | PromiseLike<Ended>, code: unknown, { says, ...printed }: Printed = {}) {
    const compare = (run: Ended) => {
      const missing = [says ?? []].flat().filter((words) => !String(run.stderr).includes(words));
      const keys = Object.keys(printed) as (keyof typeof printed)[];
      const actual = { code: run.code ?? run.exitCode, ...Object.fromEntries(keys.map((key) => [key, run[key]])), missing };
      const expected = { code, ...printed, missing: [] };
      const rest = (['stderr', 'stdout'] as const).filter((key) => !keys.includes(key) && run[key]);
      return {
        pass: this.equals(actual, expected),
        message: () =>
          [`The run did not ${this.isNot ? 'fail to ' : ''}end as expected.`, ...rest.map((key) => `${key}:\n${run[key]}`)].join('\n\n'),
        actual,
        expected,
      };
    };
    return 'then' in received ? Promise.resolve(received).then(compare) : compare(received);
  },
});
