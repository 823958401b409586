import type { Context } from '../context.ts';
import { DnxError, isError } from '../errors.ts';
import { followDeployment, type Place, readReleases, readSite } from '../follow/deployment.ts';
import { DEFAULT_TIMEOUT_MS } from '../follow/follow.ts';
import { baselineOf, type Site } from '../follow/judge.ts';
import type { View } from '../output/view.ts';
import { type DeployResult, deployView, nameOf, siteName } from './result.ts';

export interface DeployOptions {
  /** True: following is demanded. False: not wanted. Undefined: followed where the token can. */
  readonly wait: boolean | undefined;
  readonly timeoutMs: number | undefined;
}

type Needs = Pick<Context, 'api' | 'clock' | 'signal' | 'progress' | 'targets'>;

/** Starts a deployment, and follows it to its end. The POST is sent once, whatever happens. */
export async function deploy(ctx: Needs, place: Place, { wait, timeoutMs = DEFAULT_TIMEOUT_MS }: DeployOptions): Promise<View> {
  const before = wait === false ? undefined : await baseline(ctx, place, wait === true);
  const name = siteName(ctx.targets.site, before?.site);
  const resume = resumeCommand(ctx, place);
  const startedAt = ctx.clock.now();
  await ctx.api.send('POST /servers/{server}/sites/{site}/deploy', place).catch((error: unknown) => {
    throw isError(error, 'network')
      ? error.withHint(`Look before you deploy again: dnx site show ${place.site} --server ${place.server}`)
      : error;
  });
  const started: DeployResult = {
    site: name,
    server: ctx.targets.server?.label ?? place.server,
    status: null,
    outcome: 'started',
    started_at: new Date(startedAt).toISOString(),
    finished_at: null,
    duration_s: null,
    release: null,
  };
  ctx.progress.note(`Deployment of ${name} started.`);
  if (!before) {
    if (wait === undefined)
      ctx.progress.warn('This token cannot read the site, so the deployment is not followed. To follow it, the token needs site:read.');
    return deployView(started, { what: `The deployment of ${name}`, resume });
  }
  const followed = await followDeployment(ctx, place, { what: name, baseline: before.baseline, timeoutMs, resume });
  const { verdict, status, elapsedMs } = followed;
  const result: DeployResult = {
    ...started,
    status,
    outcome: verdict?.outcome ?? 'timed_out',
    finished_at: verdict ? new Date(ctx.clock.now()).toISOString() : null,
    duration_s: Math.round(elapsedMs / 1000),
    release: nameOf(verdict?.release ?? null),
  };
  return deployView(result, { what: `The deployment of ${name}`, reason: verdict?.reason, resume });
}

/** The site before the request. Undefined: this token cannot read it, and following was not demanded. */
async function baseline(
  ctx: Needs,
  place: Place,
  demanded: boolean,
): Promise<{ site: Site; baseline: ReturnType<typeof baselineOf> } | undefined> {
  try {
    const site = await readSite(ctx, place);
    return { site, baseline: baselineOf(site, await readReleases(ctx, place)) };
  } catch (error) {
    if (!isError(error, 'forbidden')) throw error;
    if (!demanded) return undefined;
    throw new DnxError('forbidden', `--wait cannot follow the deployment, so nothing was deployed: ${error.message}`, {
      status: error.status,
      hint: 'Leave --wait out to deploy without following, or use a token that has site:read as well.',
    });
  }
}

/** The command that goes on following, with ids, so that it works from anywhere. */
export const resumeCommand = ({ targets }: Pick<Context, 'targets'>, place: Place): string =>
  `dnx site watch ${targets.site?.label ?? place.site} --server ${targets.server?.label ?? place.server}`;
