import type { Context } from '../../cli/language/command.ts';

/** `skipped`: it could not be checked, or did not need to be. */
export type CheckResult = 'ok' | 'warning' | 'failed' | 'skipped';

/** One check, and how to fix what it found. */
export interface Check {
  readonly check: string;
  readonly verdict: CheckResult;
  readonly detail: string;
  readonly fix: string | null;
}

/** What the checks read. */
export type Needs = Pick<Context, 'api' | 'tokens' | 'settings' | 'world' | 'clock' | 'signal'>;

/** Nothing to do. */
export const ok = (check: string, detail: string): Check => ({ check, verdict: 'ok', detail, fix: null });
/** Not checked; `detail` says why. */
export const skipped = (check: string, detail: string): Check => ({ check, verdict: 'skipped', detail, fix: null });
/** It works, but needs attention; `fix` is what to type or do. */
export const warning = (check: string, detail: string, fix: string): Check => ({ check, verdict: 'warning', detail, fix });
/** It does not work; `fix` is what to type or do. */
export const failed = (check: string, detail: string, fix: string): Check => ({ check, verdict: 'failed', detail, fix });
