import { DnxError, isError } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Api } from '../../../platform/api/api.ts';
import { isLost } from '../../../platform/api/network/fault.ts';
import type { Site } from '../baseline.ts';
import { LAG_MS } from '../evidence.ts';
import { idsOf, readSite, type SiteReference, updateEndpoint } from '../snapshot.ts';
import type { HeldBranch } from './saved.ts';

/** How long restoring a branch may take, in ms, whatever `--timeout` says: longer than a pause for the rate limit. */
const LIMIT_MS = 120_000;

type Needs = Pick<Context, 'api' | 'clock' | 'progress'>;

/** The branch of a site; undefined if the API does not say. */
export const branchOf = ({ branch }: Site): string | undefined => (typeof branch === 'string' && branch !== '' ? branch : undefined);

/** Sets the branch of a site. Reads what became of it if the response is lost, or does not say. */
export async function putBranch(api: Api, of: SiteReference, branch: string): Promise<void> {
  try {
    const { data } = await api.send<Site>(updateEndpoint, idsOf(of), { body: { branch } });
    const now = (isSite(data) ? branchOf(data) : undefined) ?? branchOf(await readSite({ api }, of));
    if (now !== undefined && now !== branch) throw ignored(of, branch, now);
  } catch (error) {
    if (!isLost(error) || branchOf(await readSite({ api }, of)) !== branch) throw error;
  }
}

const isSite = (data: unknown): data is Site => typeof data === 'object' && data !== null;

const ignored = ({ site }: SiteReference, branch: string, now: string): DnxError =>
  new DnxError('failed', `Deploynix did not change the branch of ${site.label} to '${branch}'; it is '${now}'.`);

/**
 * Restores the branch, unless someone changed it in the meantime. Ctrl-C and `--timeout` do not stop it. Throws if it is unclear whether
 * the branch was restored. `why` ends the sentence that says so.
 */
export async function restore(outer: Needs, held: HeldBranch, why = ''): Promise<void> {
  const { saved } = held;
  const { clock, progress } = outer;
  if (!held.isWanted()) return;
  const api = outer.api.unstopped().until(clock.elapsed() + LIMIT_MS);
  const now = branchOf(await readSite({ api }, saved));
  if (now === undefined) throw new DnxError('failed', `Deploynix does not say which branch ${saved.site.label} has.`);
  // A response right after the change may be stale, and setting the same branch again changes nothing.
  const stale = now === saved.from && clock.now() - Date.parse(saved.started_at) < LAG_MS;
  if (now === saved.to || stale) {
    await putBranch(api, saved, saved.from);
    progress.note(`Restored the branch of ${saved.site.label} to ${saved.from}${why}.`);
  } else if (now !== saved.from) {
    progress.note(`The branch of ${saved.site.label} was changed to ${now} in the meantime, so it stays.`);
  }
  await held.forget();
}

/** Restores the branch. If that fails, leaves it to the next command and returns the error. */
export async function tryToRestore(ctx: Needs, held: HeldBranch, why?: string): Promise<DnxError | undefined> {
  try {
    await restore(ctx, held, why);
    return undefined;
  } catch (error) {
    if (!isError(error)) throw error;
    await held.release();
    return error;
  }
}
