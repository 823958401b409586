import { type DnxError, isError, isStop } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { neverPerformed } from '../../platform/api/deadline.ts';
import type { Located } from '../../platform/names/names.ts';
import { isDeploymentOver, timesOf } from './baseline.ts';
import { LAG_MS } from './judge.ts';
import { liveRelease, type Release } from './release.ts';
import { baselineOfRun, type Run, recallRuns, rememberRun, type SavedRun } from './run-file.ts';
import { type DeployContext, type Snapshot, siteCommand, siteIds } from './site.ts';

/** The usual time between snapshot and response, in ms. In a longer gap, another deployment may have started. */
const GAP_MS = 2_000;

/** How long a deployment usually waits before it begins, and until its end shows, in ms. */
const QUEUED_MS = 4_000;

/** Requests a deployment and saves its run. Without a snapshot, `watch` judges it by the time of the request. */
export async function requestDeployment(
  ctx: DeployContext,
  siteRef: Located,
  before: Snapshot | undefined,
  { planned, mostDelayMs }: { readonly planned?: string | undefined; readonly mostDelayMs?: number | undefined },
): Promise<SavedRun> {
  const { clock } = ctx;
  const { server, site } = siteRef;
  const saved = rememberRun(ctx, {
    kind: 'deploy',
    server,
    site,
    baseline: before?.baseline ?? null,
    ...usualOf(before),
    ...(planned && { planned }),
  });
  ctx.sites?.begin(siteRef);
  const began = clock.elapsed();
  const { headers } = await sendOnce(saved, () =>
    ctx.api.send('POST /servers/{server}/sites/{site}/deploy', siteIds(siteRef), { mostDelayMs }),
  );
  const blurred = before !== undefined && clock.elapsed() - before.at > GAP_MS;
  if (before) saved.change({ asked: true, blurred, ...(blurred && requestedAt(headers.date)) });
  else saved.change({ asked: true, blurred: true, ...sentAt(headers.date, clock.elapsed() - began) });
  return saved;
}

/** How long the last deployment of the site took, as the API says. After a rollback, the site has the time of that. */
function usualOf(before: Snapshot | undefined): Pick<Run, 'usual_ms'> {
  const [newest] = before?.releases ?? [];
  const times = before && newest?.live && timesOf(newest, before.site);
  return times ? { usual_ms: QUEUED_MS + times.ended - times.began } : {};
}

/** When the API got a request that it answered at `date`. Empty if it does not say. */
function requestedAt(date: string | undefined): Pick<Run, 'requested_at'> {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? {} : { requested_at: new Date(time - GAP_MS).toISOString() };
}

/** When a request was sent that took so many ms and was answered at `date`, in whole seconds. Empty if the API does not say. */
function sentAt(date: string | undefined, tookMs: number): Pick<Run, 'sent_at'> {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? {} : { sent_at: new Date(time - Math.ceil(tookMs / 1000) * 1000).toISOString() };
}

/**
 * Requests a rollback to a given release, because the API's "previous" could change in the meantime. With `lost`, it gets the error of a
 * request that may have gone through, and the run can be followed.
 */
export async function requestRollback(
  ctx: DeployContext,
  siteRef: Located,
  { baseline, releases }: Snapshot,
  target: Release,
  lost?: (error: DnxError) => void,
): Promise<SavedRun> {
  const { server, site } = siteRef;
  const commit = target.commit === '' || target.commit === liveRelease(releases)?.commit ? null : target.commit;
  const saved = rememberRun(ctx, { kind: 'rollback', server, site, baseline, to: target.id, commit });
  try {
    await sendOnce(saved, () => sendRollback(ctx.api, siteRef, target));
    saved.change({ asked: true });
  } catch (error) {
    if (!lost || !isError(error) || isStop(error) || error.code === 'timed_out' || neverPerformed(error)) throw error;
    lost(error);
  }
  return saved;
}

/** The request itself. */
export const sendRollback = (api: Context['api'], siteRef: Located, { sentId }: Release) =>
  api.send('POST /servers/{server}/sites/{site}/rollback', siteIds(siteRef), { body: { release_id: sentId } });

/** True if another process on this machine requested a deployment of the site so recently that the API may not show it yet. */
export function isRequested(ctx: DeployContext, siteRef: Located, now: Snapshot): boolean {
  const last = unfinishedRun(ctx, siteRef, now)?.run;
  return last !== undefined && ctx.clock.now() - Date.parse(last.started_at) <= LAG_MS;
}

/** The run of a deployment in progress: the last one of this machine if it may be that, or else someone else's. Sends nothing. */
export function attachToRunning(ctx: DeployContext, siteRef: Located, now: Snapshot): SavedRun {
  const { server, site } = siteRef;
  const theirs = () => rememberRun(ctx, { kind: 'deploy', server, site, baseline: now.baseline, attached: true, asked: true, going: true });
  return unfinishedRun(ctx, siteRef, now) ?? theirs();
}

/** The last run of a site, if this machine requested it and it may not have ended. */
function unfinishedRun(ctx: DeployContext, { site }: Located, now: Snapshot): SavedRun | undefined {
  const last = recallRuns(ctx).find(({ run }) => run.host === ctx.settings.host && run.site.id === site.id);
  const isOurs = last?.run.kind === 'deploy' && !last.run.attached && !last.run.result;
  return isOurs && !isDeploymentOver(baselineOfRun(last.run, now), now.site, now.releases) ? last : undefined;
}

/** Sends the request of a saved run once. A rejected request deletes the run; a lost response keeps it. */
async function sendOnce<T>(saved: SavedRun, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!isError(error)) throw error;
    if (!neverPerformed(error))
      throw error.withHint(undefined, { command: siteCommand('watch', saved.run), why: 'Check before you retry' });
    saved.forget();
    throw error;
  }
}
