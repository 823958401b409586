import { type DnxError, isError } from '../../base/errors.ts';
import { NetworkFault } from '../../machine/world.ts';
import { isUnperformed } from '../../platform/api/deadline.ts';
import { liveOf, type Release } from './release.ts';
import { type Remembered, type Run, remember } from './runs.ts';
import { type DeployContext, idsOf, type SiteReference, type Snapshot, siteCommand } from './snapshot.ts';

/** The usual time between snapshot and response, in ms. In a longer gap, another deployment may have started. */
const GAP_MS = 2_000;

/** Requests a deployment and saves its run. Without a snapshot, `watch` judges it by the time of the request. */
export async function requestDeployment(ctx: DeployContext, of: SiteReference, before: Snapshot | undefined): Promise<Remembered> {
  const { clock } = ctx;
  const { server, site } = of;
  const run = remember(ctx, { kind: 'deploy', server, site, baseline: before?.baseline ?? null });
  const began = clock.elapsed();
  const { headers } = await sendOnce(run, () => ctx.api.send('POST /servers/{server}/sites/{site}/deploy', idsOf(of)));
  if (before) run.change({ asked: true, blurred: clock.elapsed() - before.at > GAP_MS });
  else run.change({ asked: true, blurred: true, ...sentAt(headers.date, clock.elapsed() - began) });
  return run;
}

/** When a request was sent that took so many ms and was answered at `date`, in whole seconds. Empty if the API does not say. */
function sentAt(date: string | undefined, tookMs: number): Pick<Run, 'sent_at'> {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? {} : { sent_at: new Date(time - Math.ceil(tookMs / 1000) * 1000).toISOString() };
}

/** Requests a rollback to a given release, because the API's "previous" could change in the meantime. */
export async function requestRollback(
  ctx: DeployContext,
  of: SiteReference,
  { baseline, releases }: Snapshot,
  target: Release,
): Promise<Remembered> {
  const { server, site } = of;
  const commit = target.commit === '' || target.commit === liveOf(releases)?.commit ? null : target.commit;
  const run = remember(ctx, { kind: 'rollback', server, site, baseline, to: target.id, commit });
  const send = () => ctx.api.send('POST /servers/{server}/sites/{site}/rollback', idsOf(of), { body: { release_id: target.sentId } });
  await sendOnce(run, send);
  run.change({ asked: true });
  return run;
}

/** Sends the request of a saved run once. A rejected request deletes the run; a lost response keeps it. */
async function sendOnce<T>(run: Remembered, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!isError(error)) throw error;
    if (!neverPerformed(error)) throw error.withHint(undefined, { command: siteCommand('watch', run.run), why: 'Check before you retry' });
    run.forget();
    throw error;
  }
}

/** True if Deploynix rejected the request or never got it. */
export function neverPerformed(error: DnxError): boolean {
  const { code, cause, status } = error;
  if (isUnperformed(error)) return true;
  if (code === 'network') return cause instanceof NetworkFault && !cause.sent;
  return status !== undefined && status < 500;
}
