import { DnxError, usage } from '../../base/errors.ts';
import type { Sight } from './before.ts';
import type { DeployValues } from './options.ts';
import { type Deploying, resumeCommand, type Spot } from './place.ts';
import { pursue, whatOf } from './pursue.ts';
import { type Ended, ended, nameOf } from './result.ts';
import { requestRollback } from './rollback.ts';
import type { Remembered } from './runs.ts';
import { type Check, verify } from './verify.ts';

/** What the options ask to be verified; undefined where nothing is. Refuses options that contradict each other. */
export function checkOf(values: DeployValues): Check | undefined {
  const { verify: path, verify_cmd: command, wait, url, rollback_on_fail: rollback = false } = values;
  if (path === undefined && command === undefined) {
    if (rollback) throw usage('--rollback-on-fail needs something to verify.', 'Give --verify PATH or --verify-cmd COMMAND.');
    return undefined;
  }
  if (wait === false) throw usage('What is not followed cannot be verified.', 'Leave --no-wait out.');
  if (url !== undefined && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw usage(`“${url}” is not the address of a site.`, 'Give it with http:// or https://.');
  }
  return {
    path,
    url,
    command,
    rollback,
    expect: values.expect ?? 200,
    body: values.expect_body,
    passes: values.for ?? 1,
    withinMs: values.within ?? 90_000,
  };
}

/** A way back must be there before anything is deployed. */
export function refuseUnverifiable({ rollback }: Check, { site, releases }: Sight, { labels }: Spot): void {
  const back = releases?.some(({ active }) => active) && site.zero_downtime_enabled !== false;
  if (rollback && !back) {
    throw usage(
      `${labels.site.label} has no release to go back to, so nothing was deployed.`,
      'A rollback needs zero-downtime releases. Leave --rollback-on-fail out, or see: dnx site enable-zero-downtime',
    );
  }
}

interface Deployed {
  readonly run: Remembered;
  readonly ended: Ended;
  readonly sight: Sight;
  readonly check: Check;
  readonly timeoutMs: number | undefined;
}

/** A deployment that succeeded, once the site itself has been asked; and the way back where that is wanted. */
export async function verified(ctx: Deploying, spot: Spot, { run, ended: done, sight, check, timeoutMs }: Deployed): Promise<Ended> {
  const name = spot.labels.site.label;
  const { result } = done;
  const began = ctx.clock.elapsed();
  const finish = (outcome: 'succeeded' | 'failed' | 'rolled_back', reason: string | null): Ended => {
    const duration = (result.duration_s ?? 0) + Math.round((ctx.clock.elapsed() - began) / 1000);
    const finished = { ...result, outcome, finished_at: new Date(ctx.clock.now()).toISOString(), duration_s: duration };
    run.change({ result: finished, reason });
    return ended(finished, { what: whatOf(run.run), resume: resumeCommand(ctx, spot), reason });
  };

  run.change({ reason: UNVERIFIED });
  const close = ctx.ci.group(`Verify ${name}`);
  const why = await stopping(done, () => verify(ctx, check, { name, release: result.release })).finally(close);
  if (typeof why === 'object') return why;
  if (why === undefined) {
    ctx.progress.note(`${name} passes verification.`);
    return finish('succeeded', null);
  }
  ctx.progress.warn(`${name} fails verification: ${why}.`);
  const back = sight.releases?.find(({ active }) => active);
  if (!check.rollback || !back) return finish('failed', `it was deployed, but fails verification: ${why}`);

  const closeRollback = ctx.ci.group(`Roll ${name} back to ${nameOf(back)}`);
  const again = await stopping(done, async () => {
    const { failure } = await pursue(ctx, await requestRollback(ctx, spot, sight, back), { timeoutMs });
    if (failure?.code === 'interrupted' || failure?.code === 'terminated') throw failure;
    if (failure) return failure.message;
    return verify(ctx, check, { name, release: nameOf(back) });
  }).finally(closeRollback);
  if (typeof again === 'object') return again;
  if (again !== undefined) return finish('failed', `it fails verification (${why}), and so does the rollback to ${nameOf(back)}: ${again}`);
  return finish('rolled_back', `to ${nameOf(back)}, for it fails verification: ${why}`);
}

/** What is said of a deployment whose verification did not come to an end. */
export const UNVERIFIED = 'it was not verified to the end';

/** Ctrl-C or a refusal while verifying: the deployment itself is done, and the command still fails. */
async function stopping(done: Ended, work: () => Promise<string | undefined>): Promise<string | undefined | Ended> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    return { result: { ...done.result, outcome: 'unknown' }, failure: error };
  }
}
