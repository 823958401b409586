import type { Context } from '../../cli/language/command.ts';

/** How one thing is. `skipped`: it could not be looked at, or did not need to be. */
export type CheckResult = 'ok' | 'warning' | 'failed' | 'skipped';

/** One thing that was looked at, and what to do about it. */
export interface Check {
  readonly check: string;
  readonly verdict: CheckResult;
  readonly detail: string;
  readonly mend: string | null;
}

/** What the checks look at. */
export type Needs = Pick<Context, 'api' | 'tokens' | 'settings' | 'world' | 'clock' | 'signal'>;

/** It is as it should be. */
export const ok = (check: string, detail: string): Check => ({ check, verdict: 'ok', detail, mend: null });
/** It was not looked at; `detail` says why. */
export const skipped = (check: string, detail: string): Check => ({ check, verdict: 'skipped', detail, mend: null });
/** It works, but not as it should; `mend` is what to type or do. */
export const warning = (check: string, detail: string, mend: string): Check => ({ check, verdict: 'warning', detail, mend });
/** It stands in the way; `mend` is what to type or do. */
export const failed = (check: string, detail: string, mend: string): Check => ({ check, verdict: 'failed', detail, mend });
