import type { Context } from '../context.ts';

/** How one thing is. `skipped`: it could not be looked at, or did not need to be. */
export type Verdict = 'ok' | 'warning' | 'failed' | 'skipped';

/** One thing that was looked at, and what to do about it. */
export interface Check {
  readonly check: string;
  readonly verdict: Verdict;
  readonly detail: string;
  readonly mend: string | null;
}

export type Needs = Pick<Context, 'api' | 'tokens' | 'settings' | 'world' | 'clock' | 'signal'>;

export const ok = (check: string, detail: string): Check => ({ check, verdict: 'ok', detail, mend: null });
export const skipped = (check: string, detail: string): Check => ({ check, verdict: 'skipped', detail, mend: null });
export const warning = (check: string, detail: string, mend: string): Check => ({ check, verdict: 'warning', detail, mend });
export const failed = (check: string, detail: string, mend: string): Check => ({ check, verdict: 'failed', detail, mend });
