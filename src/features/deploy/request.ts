import { type DnxError, isError } from '../../base/errors.ts';
import { NetworkFault } from '../../machine/world.ts';
import { isUnperformed } from '../../platform/api/deadline.ts';
import { liveOf, type Release } from './release.ts';
import { type Remembered, remember } from './runs.ts';
import { type DeployContext, idsOf, type SiteReference, type Snapshot, siteCommand } from './snapshot.ts';

/** The usual time between snapshot and response, in ms. In a longer gap, another deployment may have started. */
const GAP_MS = 2_000;

/** Requests a deployment and saves its run. Without a snapshot there is no run, because it could not be judged. */
export async function requestDeployment(
  ctx: DeployContext,
  of: SiteReference,
  before: Snapshot | undefined,
): Promise<Remembered | undefined> {
  const { server, site } = of;
  const run = before && remember(ctx, { kind: 'deploy', server, site, baseline: before.baseline });
  const check = run ? siteCommand('watch', of) : siteCommand('show', of);
  await sendOnce(run, check, () => ctx.api.send('POST /servers/{server}/sites/{site}/deploy', idsOf(of)));
  run?.change({ asked: true, blurred: ctx.clock.elapsed() - (before?.at ?? 0) > GAP_MS });
  return run;
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
  await sendOnce(run, siteCommand('watch', of), send);
  run.change({ asked: true });
  return run;
}

/** Sends the request of a saved run once. A rejected request deletes the run; a lost response keeps it. */
async function sendOnce(run: Remembered | undefined, check: readonly string[], send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!isError(error)) throw error;
    if (!neverPerformed(error)) throw error.withHint(undefined, { command: check, why: 'Check before you retry' });
    run?.forget();
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
