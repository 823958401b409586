import { DnxError, isError } from '../../../base/errors.ts';
import { neverPerformed } from '../request.ts';
import type { Report } from '../result.ts';
import { type DeployContext, readSite, type SiteReference, type Snapshot, siteCommand } from '../snapshot.ts';
import { branchToRestore } from './auto-deploy.ts';
import { refuseQueued } from './queued.ts';
import { branchOf, putBranch, tryToRestore } from './restore.ts';
import { type HeldBranch, save, type TemporaryBranch } from './saved.ts';
import { refuseScheduled } from './scheduled.ts';
import { nowWith, stillOn, takenBy, warnStillOn, withStillOn } from './words.ts';

/** Deploys. Calls the function right before its request, which fails if that cannot be saved. */
type Deployment = (asking: () => Promise<void>) => Promise<Report>;

/** Runs a deployment of another branch: sets the branch, deploys, and restores it once the deployment is over. */
export async function onBranch(
  ctx: DeployContext,
  of: SiteReference,
  before: Snapshot,
  to: string,
  deployment: Deployment,
): Promise<Report> {
  const { site, baseline } = before;
  // A list may show less of a site.
  const known = 'branch' in site && 'git_repository_id' in site ? site : await readSite(ctx, of);
  if (branchOf(known) === to) return deployment(async () => {});
  refuseQueued(ctx, of, before);
  refuseScheduled(ctx, of, known);
  const from = await branchToRestore(ctx, of, known);
  const held = await save(ctx, { ...of, from, to, baseline });
  if (!held) throw takenBy(ctx, of);
  const attempted = await attempt(ctx, held, to, deployment);
  const { result } = attempted;
  const failure = attempted.failure ?? otherBranch(attempted, held.saved);
  const report = failure ? { ...attempted, failure } : attempted;
  if (result.finished_at === null) {
    await held.release();
    // The summary of several sites leaves out the hints of each.
    if (!failure || ctx.sites) warnStillOn(ctx, held.saved);
    return failure && !ctx.sites ? { ...report, failure: withStillOn(failure, held.saved) } : report;
  }
  const error = await tryToRestore(ctx, held);
  if (!error) return report;
  if (!failure) return { ...report, failure: notRestored(held.saved, error) };
  ctx.progress.warn(`Could not restore the branch of ${of.site.label}: ${error.message}`);
  warnStillOn(ctx, held.saved);
  return report;
}

/** Sets the branch and deploys. If nothing was deployed, restores the branch at once. */
async function attempt(ctx: DeployContext, held: HeldBranch, to: string, deployment: Deployment): Promise<Report> {
  let asked = false;
  let set = false;
  try {
    await putBranch(ctx.api, held.saved, to);
    set = true;
    ctx.progress.note(`Set the branch of ${held.saved.site.label} to ${to} for this deployment.`);
    return await deployment(async () => {
      ctx.signal.throwIfAborted();
      await held.asked();
      asked = true;
    });
  } catch (error) {
    if (!isError(error)) throw error;
    const refused = neverPerformed(error);
    if (asked && !refused) {
      await held.release();
      throw withStillOn(error, held.saved);
    }
    if (!set && refused) {
      await held.forget();
      throw error;
    }
    const problem = await tryToRestore(ctx, held);
    throw problem ? withStillOn(error, held.saved) : error;
  }
}

/** The failure after a deployment of another branch: the site's was changed before Deploynix read it. */
function otherBranch({ release }: Report, saved: TemporaryBranch): DnxError | undefined {
  const { branch = '' } = release ?? {};
  // Some platforms show refs/heads/main.
  if (branch === '' || `/${branch}`.endsWith(`/${saved.to}`)) return undefined;
  return new DnxError('failed', `Deployed ${saved.site.label} from branch '${branch}' instead of '${saved.to}'.`, {
    hint: 'The branch was changed before Deploynix read it.',
    next: [{ command: siteCommand('releases', saved), why: 'See' }],
  });
}

/** The failure after a successful deployment whose branch could not be restored. */
const notRestored = (saved: TemporaryBranch, error: DnxError): DnxError =>
  new DnxError('failed', `Deployed ${saved.site.label}, but its branch could not be restored to '${saved.from}': ${error.message}`, {
    hint: `${stillOn(saved)}.`,
    next: [nowWith(saved)],
    cause: error,
  });
