import { firstSight, type Sight, settleRunning } from './before.ts';
import { baselineOfRunning } from './judge.ts';
import type { DeployValues } from './options.ts';
import { type Deploying, resumeCommand, type Spot, spotOf } from './place.ts';
import { pursue } from './pursue.ts';
import { sendOnce } from './request.ts';
import { type Ended, resultOf } from './result.ts';
import { type Remembered, remember } from './runs.ts';
import { checkOf, refuseUnverifiable, verified } from './verified.ts';

/** Between the baseline and the answer to our request lies normally less than this; more, and somebody else's deployment may fit in between. */
const GAP_MS = 2_000;

/** Starts a deployment, follows it to its end, and verifies it where that is wanted. The POST is sent once, whatever happens. */
export async function deploy(ctx: Deploying, values: DeployValues, pace?: () => number): Promise<Ended> {
  const check = checkOf(values);
  const { wait, timeout: timeoutMs } = values;
  const given = spotOf(ctx.targets);
  const seen = wait === false ? undefined : await firstSight(ctx, given, { demanded: wait === true || check !== undefined });
  const running = seen && (await settleRunning(ctx, given, seen, values));
  const sight = running?.sight;
  const spot = spotOf(ctx.targets, sight?.site.domain);
  if (check && sight) refuseUnverifiable(check, sight, spot);

  const startedAt = ctx.clock.now();
  const run = running?.attach ? attach(ctx, spot, running.sight) : await start(ctx, spot, sight);
  if (!run) {
    if (wait === undefined)
      ctx.progress.warn('This token cannot read the site, so the deployment is not followed. To follow it, the token needs site:read.');
    return { result: resultOf(spot.labels, { started_at: new Date(startedAt).toISOString(), outcome: 'started' }) };
  }
  const ended = await pursue(ctx, run, { timeoutMs, pace });
  return check && sight && ended.result.outcome === 'succeeded' ? verified(ctx, spot, { run, ended, sight, check, timeoutMs }) : ended;
}

/** Somebody else's deployment as a run of ours; nothing is requested. */
function attach(ctx: Deploying, spot: Spot, { site, releases }: Sight): Remembered {
  ctx.progress.note(`A deployment of ${spot.labels.site.label} is under way already; following that one.`);
  const baseline = baselineOfRunning(site, releases);
  return remember(ctx, { kind: 'deploy', ...spot.labels, baseline, attached: true, asked: true });
}

/** Sends the one request. The run is written down before it, so that no end of this process can lose it. */
async function start(ctx: Deploying, spot: Spot, sight: Sight | undefined): Promise<Remembered | undefined> {
  const { site } = spot.labels;
  const run = sight && remember(ctx, { kind: 'deploy', ...spot.labels, baseline: sight.baseline });
  const look = run ? resumeCommand(ctx, spot) : `dnx site show ${spot.site} --server ${spot.server}`;
  await sendOnce(run, look, () => ctx.api.send('POST /servers/{server}/sites/{site}/deploy', spot));
  run?.change({ asked: true, blurred: ctx.clock.elapsed() - (sight?.at ?? 0) > GAP_MS });
  ctx.progress.note(`Deployment of ${site.label} started.`);
  return run;
}
