import { DnxError, isError, isStop } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { isOver, progressOf } from '../baseline.ts';
import { PATIENCE_MS } from '../evidence.ts';
import { readReleases, readSite, type SiteReference, siteCommand } from '../snapshot.ts';
import { branchOf, restore } from './restore.ts';
import { holderOf, savedFor, type TemporaryBranch, takeOver } from './saved.ts';
import { nowWith, takenBy, warnStillOn } from './words.ts';

type Needs = Pick<Context, 'api' | 'clock' | 'progress' | 'settings'>;

/** What became of a temporary branch. `kept`: its deployment may still read it. `unknown`: the site could not be read or changed. */
export type Repair = 'none' | 'restored' | 'kept' | 'held' | 'unknown';

/**
 * Restores the branch that an interrupted deployment left, if that deployment is over. Only warns if that fails. `over`: a deployment was
 * followed to its end.
 */
export async function repair(ctx: Needs, of: SiteReference, { over = false } = {}): Promise<Repair> {
  const saved = savedFor(ctx, of);
  if (!saved) return 'none';
  const held = holderOf(saved, ctx.clock.now())
    ? undefined
    : await takeOver(ctx, of).catch((error: unknown) => orUnknown(ctx, saved, error));
  if (held === null) return 'unknown';
  if (!held) return savedFor(ctx, of) ? 'held' : 'none';
  try {
    const why = await reasonToKeep(ctx, saved, over);
    if (why !== undefined) {
      await held.release();
      warnStillOn(ctx, saved, `, because its interrupted deployment ${why}`);
      return 'kept';
    }
    await restore(ctx, held, `, after an interrupted deployment of ${saved.to}`);
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
  if (branchOf(site) !== saved.to) return undefined;
  const releases = await readReleases(ctx, saved);
  if (progressOf(site, releases) !== undefined) return 'is still in progress';
  return over || isOver(saved.baseline, site, releases) || ctx.clock.now() - Date.parse(saved.asked_at) >= PATIENCE_MS
    ? undefined
    : 'may not have begun yet';
}

/** Fails if another process deploys another branch of the site. */
export function refuseTaken(ctx: Needs, of: SiteReference): void {
  const saved = savedFor(ctx, of);
  if (saved && holderOf(saved, ctx.clock.now())) throw takenBy(ctx, of);
}

/** Restores a left branch before a deployment of the site. Fails if that would deploy the wrong branch. */
export async function clearFor(ctx: Needs, of: SiteReference): Promise<Repair> {
  const done = await repair(ctx, of);
  if (done === 'held') throw takenBy(ctx, of);
  const saved = savedFor(ctx, of);
  const wrong = saved && (done === 'kept' || (done === 'unknown' && (await isKnownWrong(ctx, saved))));
  if (!wrong) return done;
  throw new DnxError('failed', `${of.site.label} is still on branch '${saved.to}'. Nothing was deployed.`, {
    next: [{ command: siteCommand('watch', of), why: 'Follow that deployment with' }, nowWith(saved)],
  });
}

async function isKnownWrong(ctx: Needs, saved: TemporaryBranch): Promise<boolean> {
  try {
    return branchOf(await readSite(ctx, saved)) === saved.to;
  } catch (error) {
    if (!isError(error)) throw error;
    return false;
  }
}
