import type { Context } from '../context.ts';
import { DnxError } from '../errors.ts';
import { type Place, readReleases, readSite } from '../follow/deployment.ts';
import { DEFAULT_TIMEOUT_MS } from '../follow/follow.ts';
import { baselineOf, type Release } from '../follow/judge.ts';
import { followRollback } from '../follow/rollback.ts';
import type { View } from '../output/view.ts';
import { phaseOf } from '../status.ts';
import { resumeCommand } from './deploy.ts';
import { type DeployResult, deployView, nameOf, siteName } from './result.ts';

export interface RollbackOptions {
  /** A release's name or id; the one before the live one when left out. */
  readonly to: string | undefined;
  readonly wait: boolean | undefined;
  readonly timeoutMs: number | undefined;
}

/** Makes an earlier release live and follows until it is. The release is chosen here, so that "previous" cannot mean another one meanwhile. */
export async function rollback(
  ctx: Pick<Context, 'api' | 'clock' | 'signal' | 'progress' | 'targets'>,
  place: Place,
  options: RollbackOptions,
): Promise<View> {
  const site = await readSite(ctx, place);
  const name = siteName(ctx.targets.site, site);
  const releases = (await readReleases(ctx, place)) ?? [];
  const live = releases.find(({ active }) => active);
  const target = choose(releases, live, options.to, name);
  const baseline = baselineOf(site, releases);
  const startedAt = ctx.clock.now();
  await ctx.api.send('POST /servers/{server}/sites/{site}/rollback', place, { body: { release_id: target.id } });
  ctx.progress.note(`Rolling ${name} back from ${nameOf(live ?? null) ?? 'nothing'} to ${nameOf(target)}.`);
  const resume = resumeCommand(ctx, place);
  const started: DeployResult = {
    site: name,
    server: ctx.targets.server?.label ?? place.server,
    status: null,
    outcome: 'started',
    started_at: new Date(startedAt).toISOString(),
    finished_at: null,
    duration_s: null,
    release: nameOf(target),
  };
  const what = `The rollback of ${name}`;
  if (options.wait === false) return deployView(started, { what, resume });
  const { verdict, status, elapsedMs } = await followRollback(ctx, place, {
    what: name,
    baseline,
    to: String(target.id),
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    resume,
  });
  if (live && verdict?.outcome === 'succeeded') ctx.progress.note(`To undo it: dnx rollback ${name} --to ${nameOf(live)}`);
  const result: DeployResult = {
    ...started,
    status,
    outcome: verdict?.outcome ?? 'timed_out',
    finished_at: verdict ? new Date(ctx.clock.now()).toISOString() : null,
    duration_s: Math.round(elapsedMs / 1000),
  };
  return deployView(result, { what, reason: verdict?.reason, resume });
}

function choose(releases: readonly Release[], live: Release | undefined, to: string | undefined, name: string): Release {
  const usable = releases.filter(({ status }) => phaseOf(status) !== 'bad' && phaseOf(status) !== 'going');
  const chosen =
    to === undefined ? usable[live ? usable.indexOf(live) + 1 : 0] : releases.find(({ id, name }) => String(id) === to || name === to);
  if (chosen && chosen !== live) return chosen;
  const message =
    to === undefined
      ? `${name} keeps no release before the live one.`
      : chosen
        ? `Release ${to} is live already.`
        : `${name} keeps no release ${to}.`;
  throw new DnxError(to === undefined || !chosen ? 'not_found' : 'differences', message, {
    hint: `See which there are with: dnx site releases ${name}`,
  });
}
