import { DnxError, isError } from '../../../base/errors.ts';
import { wordOf } from '../../../base/text.ts';
import { shownTime, timeOf } from '../../../base/time.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Api } from '../../../platform/api/api.ts';
import { neverPerformed } from '../../../platform/api/deadline.ts';
import { idIn } from '../../../platform/names/names.ts';
import { isDeploymentOver, type Site } from '../baseline.ts';
import { PATIENCE_MS } from '../evidence.ts';
import { liveRelease, yesOrNo } from '../release.ts';
import type { DeployReport } from '../result.ts';
import { baselineOfRun, recallRuns } from '../run-file.ts';
import { readSite, repositoryEndpoint, type SiteReference, siteBranch, siteCommand } from '../site.ts';
import type { DeployContext, Snapshot } from '../snapshot.ts';
import { branchTaken, nowWith, putBranch, stillOn, tryToRestore, warnStillOn, warnWith, withStillOn } from './restore.ts';
import { type HeldBranch, saveBranch, type TemporaryBranch } from './saved.ts';

/** Another branch that a site has for one deployment. */
interface BorrowedBranch {
  /** Saves that the deployment is about to be requested. Fails if that is not possible, or after Ctrl-C. */
  asked(): Promise<void>;
  /** Restores the branch once the deployment is over, and adds to the report what became of it. */
  giveBack(report: DeployReport): Promise<DeployReport>;
  /** Restores the branch after an error, unless the deployment may have started. Returns the error, with what became of the branch. */
  giveBackAfter(error: unknown): Promise<unknown>;
}

/** Saves which branch to restore, and sets another one. Undefined if the site has it already. */
export async function borrowBranch(
  ctx: DeployContext,
  of: SiteReference,
  before: Snapshot,
  to: string,
): Promise<BorrowedBranch | undefined> {
  const from = await branchBefore(ctx, of, before, to);
  if (from === undefined) return undefined;
  const held = await saveBranch(ctx, { ...of, from, to, baseline: before.baseline });
  if (!held) throw branchTaken(ctx, of);
  try {
    await putBranch(ctx.api, of, to);
  } catch (error) {
    if (!isError(error) || !neverPerformed(error)) throw await giveBackAfter(ctx, held, error);
    await held.forget();
    throw error;
  }
  ctx.progress.note(`Set the branch of ${of.site.label} to ${to} for this deployment.`);
  return {
    async asked() {
      ctx.signal.throwIfAborted();
      await held.asked();
    },
    async giveBack(report) {
      const given = await giveBack(ctx, held, report);
      warnOfOther(ctx, held.saved, before);
      return given;
    },
    giveBackAfter: (error) => giveBackAfter(ctx, held, error),
  };
}

/** The branch to restore after a deployment of another one. Undefined if the site has that already; fails if it may not be borrowed. */
export async function branchBefore(ctx: DeployContext, of: SiteReference, before: Snapshot, to: string): Promise<string | undefined> {
  const { site } = before;
  // A list may show less of a site.
  const known = 'branch' in site && 'git_repository_id' in site ? site : await readSite(ctx, of);
  if (siteBranch(known) === to) return undefined;
  refuseQueued(ctx, of, before);
  refuseScheduled(ctx, of, known);
  return branchToRestore(ctx, of, known);
}

async function giveBack(ctx: DeployContext, held: HeldBranch, given: DeployReport): Promise<DeployReport> {
  const { saved } = held;
  const failure = given.failure ?? otherBranch(given, saved);
  const report = failure ? { ...given, failure } : given;
  if (report.result.finished_at === null) {
    await held.release();
    // The summary of several sites leaves out the hints of each.
    if (!failure || ctx.sites) warnStillOn(ctx, saved);
    return failure && !ctx.sites ? { ...report, failure: withStillOn(failure, saved) } : report;
  }
  const error = await tryToRestore(ctx, held);
  if (!error) return report;
  if (!failure) return { ...report, failure: notRestored(saved, error) };
  ctx.progress.warn(`Could not restore the branch of ${saved.site.label}: ${error.message}`);
  warnStillOn(ctx, saved);
  return report;
}

/** Warns if the branch to restore may be the temporary one of another dnx: none of the releases is from it. */
function warnOfOther(ctx: DeployContext, { site, server, from }: TemporaryBranch, { releases }: Snapshot): void {
  const [newest, ...others] = releases?.filter(({ branch }) => branch !== '') ?? [];
  if (!newest || [newest, ...others].some(({ branch }) => isBranch(branch, from))) return;
  const usual = liveRelease(releases)?.branch || newest.branch;
  const what = `The branch of ${site.label} was ${from} before, but no release was from it. If another dnx deploy --branch had set it`;
  warnWith(ctx, `${what}, restore ${usual} with`, { server, site }, usual);
}

/** True for the branch of a release. Some platforms show refs/heads/main. */
const isBranch = (shown: string, name: string): boolean => `/${shown}`.endsWith(`/${name}`);

async function giveBackAfter(ctx: DeployContext, held: HeldBranch, error: unknown): Promise<unknown> {
  const { saved } = held;
  if (!isError(error)) {
    await held.release();
    return error;
  }
  if (saved.asked_at !== null && !neverPerformed(error)) {
    await held.release();
    return withStillOn(error, saved);
  }
  return (await tryToRestore(ctx, held)) ? withStillOn(error, saved) : error;
}

/** The failure after a deployment of another branch: the site's was changed before Deploynix read it. */
function otherBranch({ release }: DeployReport, saved: TemporaryBranch): DnxError | undefined {
  const { branch = '' } = release ?? {};
  if (branch === '' || isBranch(branch, saved.to)) return undefined;
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

interface Repository {
  readonly name?: unknown;
  readonly auto_deploy_enabled?: unknown;
}

const NOTHING = 'Nothing was deployed.';

/**
 * The branch to restore after a deployment of another one. Fails if it is unknown, or if a push could deploy in the meantime: a webhook is
 * assumed to deploy the branch that the site has when it arrives.
 */
async function branchToRestore({ api }: Pick<Context, 'api'>, of: SiteReference, site: Site): Promise<string> {
  const { label } = of.site;
  const branch = siteBranch(site);
  if (branch === undefined) {
    throw new DnxError('failed', `Deploynix does not say which branch ${label} has, so it could not be restored. ${NOTHING}`);
  }
  const { git_repository_id: repository } = site;
  // Without a repository there is no webhook.
  if (repository !== null) await refuseAutoDeploy(api, of, repository);
  return branch;
}

async function refuseAutoDeploy(api: Api, { site }: SiteReference, repository: unknown): Promise<void> {
  const id = idIn(repository);
  const unknown = `It is unknown whether a push deploys ${site.label}`;
  if (id === undefined) throw new DnxError('failed', `${unknown}: Deploynix does not say which repository it uses. ${NOTHING}`);
  const data = await read(api, id, unknown);
  const pushes = yesOrNo(data?.auto_deploy_enabled);
  if (pushes === undefined) throw new DnxError('failed', `${unknown}: Deploynix does not say whether auto-deploy is on. ${NOTHING}`);
  if (!pushes) return;
  const name = wordOf(data?.name) || id;
  throw new DnxError(
    'differences',
    `Auto-deploy is on for ${name}, so a push could deploy ${site.label} from the wrong branch. ${NOTHING}`,
    {
      hint: 'Turning it off affects every site that uses the repository.',
      next: [{ command: ['git-repository', 'disable-auto-deploy', name], why: 'Turn it off with' }],
    },
  );
}

async function read(api: Api, id: string, unknown: string): Promise<Repository | undefined> {
  try {
    return (await api.send<Repository>(repositoryEndpoint, { git_repository: id })).data;
  } catch (error) {
    if (!isError(error, 'forbidden', 'not_found')) throw error;
    const { code, status, hint, next, lacks } = error;
    throw new DnxError(code, `${unknown}: ${error.message} ${NOTHING}`, { status, hint, next, lacks, cause: error });
  }
}

/** Fails if a deployment that this machine requested may begin with the new branch. Those of others are not known before they begin. */
function refuseQueued(ctx: Pick<Context, 'clock' | 'progress' | 'settings'>, of: SiteReference, before: Snapshot): void {
  const last = recallRuns(ctx).find(({ run }) => run.host === ctx.settings.host && run.site.id === of.site.id)?.run;
  if (!last || last.kind === 'rollback' || last.result || isDeploymentOver(baselineOfRun(last, before), before.site, before.releases))
    return;
  if (ctx.clock.now() - Date.parse(last.started_at) >= PATIENCE_MS) return;
  throw new DnxError('differences', `The last deployment of ${of.site.label} may not have begun yet. Nothing was deployed.`, {
    next: [{ command: siteCommand('watch', of), why: 'Follow it with' }],
  });
}

/** How far ahead a scheduled deployment counts at least, in ms: an interrupted deployment keeps its branch longer than its wait. */
const AHEAD_MS = 3_600_000;

/** Fails if a scheduled deployment could begin while the site has another branch. */
function refuseScheduled(ctx: Pick<DeployContext, 'clock' | 'deadline'>, of: SiteReference, site: Site): void {
  const { scheduled_deploy_at: value } = site;
  const at = timeOf(value);
  if (wordOf(value).trim() === '') return;
  const left = Math.max(ctx.deadline - ctx.clock.elapsed(), AHEAD_MS);
  // A time that has passed may just be late.
  if (at !== undefined && (at < ctx.clock.now() - PATIENCE_MS || at > ctx.clock.now() + left)) return;
  throw new DnxError(
    'differences',
    `A deployment of ${of.site.label} is scheduled for ${shownTime(value)}, and could deploy the wrong branch. Nothing was deployed.`,
    {
      next: [{ command: siteCommand('unschedule', of), why: 'Cancel it with' }],
    },
  );
}
