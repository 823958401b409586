import { DnxError, isError, isStop, type Next } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { commandLine, nextLine } from '../../../cli/run/command-line.ts';
import type { Starting } from '../../../cli/run/perform.ts';
import type { Api } from '../../../platform/api/api.ts';
import { isLost } from '../../../platform/api/network/fault.ts';
import { isDeploymentOver, type Site, workInProgress } from '../baseline.ts';
import { LAG_MS, PATIENCE_MS } from '../evidence.ts';
import {
  readReleases,
  readSite,
  type SiteReference,
  siteBranch,
  siteCommand,
  siteIds,
  siteReference,
  siteUpdateEndpoint,
} from '../site.ts';
import { branchHolder, forgetBranch, type HeldBranch, savedBranch, type TemporaryBranch, takeOverBranch } from './saved.ts';

type Needs = Pick<Context, 'api' | 'clock' | 'progress' | 'settings'>;

/** These restore the branch at the right moment themselves. */
const OWN = ['site deploy', 'site watch'];

/**
 * Restores the branch that an interrupted deployment of `--branch` left, before the next command for that site. A command that only reads
 * warns instead. Returns what to do after a command that decides about the branch itself.
 */
export async function restoreBefore(ctx: Needs, { name, targets, body, reads }: Starting): Promise<(() => Promise<void>) | undefined> {
  const sites = targets.filter(({ site, server }) => site && server).map((each) => siteReference(each));
  const left = sites.filter((of) => savedBranch(ctx, of));
  if (left.length === 0 || OWN.includes(name)) return undefined;
  if (name === 'site delete' || (name === 'site update' && body.branch !== undefined)) {
    return async () => void (await Promise.all(left.map((of) => forgetBranch(ctx, of))));
  }
  for (const of of left) {
    if (reads) warnLeft(ctx, of);
    else await repairBranch(ctx, of);
  }
  return undefined;
}

/** Warns of a branch that nobody restores, without a request. */
function warnLeft(ctx: Needs, of: SiteReference): void {
  const saved = savedBranch(ctx, of);
  if (!saved || branchHolder(saved, ctx.clock.now())) return;
  const { site, from, to } = saved;
  const line = nextLine({ command: siteCommand('watch', of), why: 'Restore it with' }, ctx.settings);
  ctx.progress.warn(`A deployment of ${site.label} from branch '${to}' was interrupted, so its branch may not be '${from}' again. ${line}`);
}

/** What became of a temporary branch. `kept`: its deployment may still read it. `unknown`: the site could not be read or changed. */
type Repair = 'none' | 'restored' | 'kept' | 'held' | 'unknown';

/**
 * Restores the branch that an interrupted deployment left, if that deployment is over. Only warns if that fails. `over`: a deployment was
 * followed to its end.
 */
export async function repairBranch(ctx: Needs, of: SiteReference, { over = false } = {}): Promise<Repair> {
  const saved = savedBranch(ctx, of);
  if (!saved) return 'none';
  const held = branchHolder(saved, ctx.clock.now())
    ? undefined
    : await takeOverBranch(ctx, of).catch((error: unknown) => orUnknown(ctx, saved, error));
  if (held === null) return 'unknown';
  if (!held) return savedBranch(ctx, of) ? 'held' : 'none';
  try {
    const why = await reasonToKeep(ctx, saved, over);
    if (why !== undefined) {
      await held.release();
      warnStillOn(ctx, saved, `, because its interrupted deployment ${why}`);
      return 'kept';
    }
    await restoreBranch(ctx, held, `, after an interrupted deployment of ${saved.to}`);
    return 'restored';
  } catch (error) {
    await held.release();
    orUnknown(ctx, saved, error);
    return 'unknown';
  }
}

/** Warns that a branch could not be restored. Throws Ctrl-C and bugs. */
function orUnknown({ progress }: Needs, { site, from, to }: TemporaryBranch, error: unknown): null {
  if (!isError(error) || isStop(error)) throw error;
  const branch = `the branch of ${site.label} to ${from}`;
  progress.warn(`Could not restore ${branch}, after an interrupted deployment of ${to}: ${error.message}`);
  return null;
}

/** Why the deployment may still read the branch; undefined if it is over, or the site has another branch. */
async function reasonToKeep(ctx: Needs, saved: TemporaryBranch, over: boolean): Promise<string | undefined> {
  if (saved.asked_at === null) return undefined;
  const site = await readSite(ctx, saved);
  if (siteBranch(site) !== saved.to) return undefined;
  const releases = await readReleases(ctx, saved);
  if (workInProgress(site, releases) !== undefined) return 'is still in progress';
  return over || isDeploymentOver(saved.baseline, site, releases) || ctx.clock.now() - Date.parse(saved.asked_at) >= PATIENCE_MS
    ? undefined
    : 'may not have begun yet';
}

/** Fails if another process deploys another branch of the site. */
export function refuseTakenBranch(ctx: Needs, of: SiteReference): void {
  const saved = savedBranch(ctx, of);
  if (saved && branchHolder(saved, ctx.clock.now())) throw branchTaken(ctx, of);
}

/** Restores a left branch before a deployment of the site. Fails if that would deploy the wrong branch. */
export async function clearBranch(ctx: Needs, of: SiteReference): Promise<Repair> {
  const done = await repairBranch(ctx, of);
  if (done === 'held') throw branchTaken(ctx, of);
  const saved = savedBranch(ctx, of);
  const wrong = saved && (done === 'kept' || (done === 'unknown' && (await isKnownWrong(ctx, saved))));
  if (!wrong) return done;
  throw new DnxError('failed', `${of.site.label} is still on branch '${saved.to}'. Nothing was deployed.`, {
    next: [{ command: siteCommand('watch', of), why: 'Follow that deployment with' }, nowWith(saved)],
  });
}

async function isKnownWrong(ctx: Needs, saved: TemporaryBranch): Promise<boolean> {
  try {
    return siteBranch(await readSite(ctx, saved)) === saved.to;
  } catch (error) {
    if (!isError(error)) throw error;
    return false;
  }
}

/** How long restoring a branch may take, in ms, whatever `--timeout` says: longer than a pause for the rate limit. */
const LIMIT_MS = 120_000;

/** Sets the branch of a site. Reads what became of it if the response is lost, or does not say. */
export async function putBranch(api: Api, of: SiteReference, branch: string): Promise<void> {
  try {
    const { data } = await api.send<Site>(siteUpdateEndpoint, siteIds(of), { body: { branch } });
    const now = (isSite(data) ? siteBranch(data) : undefined) ?? siteBranch(await readSite({ api }, of));
    if (now !== undefined && now !== branch) throw ignored(of, branch, now);
  } catch (error) {
    if (!isLost(error) || siteBranch(await readSite({ api }, of)) !== branch) throw error;
  }
}

const isSite = (data: unknown): data is Site => typeof data === 'object' && data !== null;

const ignored = ({ site }: SiteReference, branch: string, now: string): DnxError =>
  new DnxError('failed', `Deploynix did not change the branch of ${site.label} to '${branch}'; it is '${now}'.`);

/**
 * Restores the branch, unless someone changed it in the meantime. Ctrl-C and `--timeout` do not stop it. Throws if it is unclear whether
 * the branch was restored. `why` ends the sentence that says so.
 */
async function restoreBranch(outer: Needs, held: HeldBranch, why = ''): Promise<void> {
  const { saved } = held;
  const { clock, progress } = outer;
  if (!held.isWanted()) return;
  const api = outer.api.unstopped().until(clock.elapsed() + LIMIT_MS);
  const now = siteBranch(await readSite({ api }, saved));
  if (now === undefined) throw new DnxError('failed', `Deploynix does not say which branch ${saved.site.label} has.`);
  // A response right after the change may be stale, and setting the same branch again changes nothing.
  const stale = now === saved.from && clock.now() - Date.parse(saved.started_at) < LAG_MS;
  if (now === saved.to || stale) {
    await putBranch(api, saved, saved.from);
    progress.note(`Restored the branch of ${saved.site.label} to ${saved.from}${why}.`);
  } else if (now !== saved.from) {
    const stays = `The branch of ${saved.site.label} was changed to ${now} in the meantime, so it stays.`;
    // During a deployment, another one may have changed it, and restores what it found: our temporary branch.
    if (why === '') warnWith(outer, `${stays} Restore ${saved.from} with`, saved, saved.from);
    else progress.note(stays);
  }
  await held.forget();
}

/** Restores the branch. If that fails, leaves it to the next command and returns the error. */
export async function tryToRestore(ctx: Needs, held: HeldBranch, why?: string): Promise<DnxError | undefined> {
  try {
    await restoreBranch(ctx, held, why);
    return undefined;
  } catch (error) {
    if (!isError(error)) throw error;
    await held.release();
    return error;
  }
}

/** Warns, and ends with the command that sets a branch. */
export function warnWith(
  { progress, settings }: Pick<Context, 'progress' | 'settings'>,
  sentence: string,
  of: SiteReference,
  branch: string,
): void {
  progress.warn(`${sentence}: ${commandLine(restoring(of, branch), settings)}`);
}

/** The command that restores the branch of a site. */
const restoring = (of: SiteReference, branch: string): readonly string[] => [...siteCommand('update', of), '--branch', branch];

/** Says that a site still has its temporary branch, and how it gets the other one back. */
export const stillOn = ({ site, to }: TemporaryBranch, why = ''): string =>
  `The branch of ${site.label} is still '${to}'${why}. It is restored by the next dnx command for this site once the deployment is over`;

/** Warns that a site still has its temporary branch. */
export function warnStillOn(ctx: Pick<Context, 'progress' | 'settings'>, saved: TemporaryBranch, why?: string): void {
  warnWith(ctx, `${stillOn(saved, why)}, or now with`, saved, saved.from);
}

/** Adds that to a failure. */
export function withStillOn(failure: DnxError, saved: TemporaryBranch): DnxError {
  const hint = [failure.hint, `${stillOn(saved)}.`].filter(Boolean).join(' ');
  return failure.withHint(hint, ...failure.next, nowWith(saved));
}

/** The command that restores the branch now. */
export const nowWith = (saved: TemporaryBranch): Next => ({ command: restoring(saved, saved.from), why: 'Or restore it now with' });

/** The error if another process deploys another branch of the site. */
export function branchTaken(ctx: Pick<Context, 'clock' | 'settings'>, of: SiteReference): DnxError {
  const saved = savedBranch(ctx, of);
  const holder = saved && branchHolder(saved, ctx.clock.now());
  const who = holder ? `Process ${holder.pid} on ${holder.host}` : 'Another dnx';
  const what = saved ? `branch '${saved.to}' of ` : '';
  return new DnxError('failed', `${who} is deploying ${what}${of.site.label}. Nothing was deployed.`, {
    next: [{ command: siteCommand('watch', of), why: 'Follow it with' }],
  });
}
