import type { Context } from '../context.ts';
import { followDeployment, type Place, readReleases, readSite } from '../follow/deployment.ts';
import { DEFAULT_TIMEOUT_MS } from '../follow/follow.ts';
import { baselineOfRunning } from '../follow/judge.ts';
import { message, type View } from '../output/view.ts';
import { phaseOf, statusOf } from '../status.ts';
import { resumeCommand } from './deploy.ts';
import { type DeployResult, deployView, nameOf, siteName } from './result.ts';

/** Follows whatever deployment is under way at the site, whoever started it. */
export async function watch(
  ctx: Pick<Context, 'api' | 'clock' | 'signal' | 'progress' | 'targets'>,
  place: Place,
  timeoutMs = DEFAULT_TIMEOUT_MS,
): Promise<View> {
  const site = await readSite(ctx, place);
  const name = siteName(ctx.targets.site, site);
  const status = statusOf(site) ?? 'unknown';
  if (phaseOf(status) !== 'going') return message(`No deployment of ${name} is under way; its status is ${status}.`, site);
  const baseline = baselineOfRunning(site, await readReleases(ctx, place));
  const resume = resumeCommand(ctx, place);
  const { verdict, ...followed } = await followDeployment(ctx, place, { what: name, baseline, going: true, timeoutMs, resume });
  const result: DeployResult = {
    site: name,
    server: ctx.targets.server?.label ?? place.server,
    status: followed.status,
    outcome: verdict?.outcome ?? 'timed_out',
    started_at: verdict?.release?.created_at ?? null,
    finished_at: verdict ? new Date(ctx.clock.now()).toISOString() : null,
    duration_s: Math.round(followed.elapsedMs / 1000),
    release: nameOf(verdict?.release ?? null),
  };
  return deployView(result, { what: `The deployment of ${name}`, reason: verdict?.reason, resume });
}
