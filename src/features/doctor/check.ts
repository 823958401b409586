import type { Context } from '../../cli/language/command.ts';

/** `skipped`: could not or need not be checked. */
export type CheckResult = 'ok' | 'warning' | 'failed' | 'skipped';

/** A check and how to fix its problem. */
export interface Check {
  readonly check: string;
  readonly verdict: CheckResult;
  readonly detail: string;
  readonly fix: string | null;
}

/** What the checks need. */
export type Needs = Pick<Context, 'api' | 'tokens' | 'settings' | 'world' | 'clock' | 'signal'>;

/** A passed check. */
export const ok = (check: string, detail: string): Check => ({ check, verdict: 'ok', detail, fix: null });
/** A skipped check; `detail` is the reason. */
export const skipped = (check: string, detail: string): Check => ({ check, verdict: 'skipped', detail, fix: null });
/** A check that needs attention; `fix` is a command or an instruction. */
export const warning = (check: string, detail: string, fix: string): Check => ({ check, verdict: 'warning', detail, fix });
/** A failed check; `fix` is a command or an instruction. */
export const failed = (check: string, detail: string, fix: string): Check => ({ check, verdict: 'failed', detail, fix });
