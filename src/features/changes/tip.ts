import { isError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { PlannedDeployment } from '../../cli/plan/deployment.ts';
import { deployable } from './branch.ts';
import type { Changes } from './changes.ts';
import { commitIn, openClone, Unknowable } from './clone.ts';
import { commitAtRemote } from './fetch.ts';

type Needs = Pick<Context, 'ask' | 'progress' | 'settings' | 'world'>;

/** The commit that a plan holds a deployment to. Null if it is not of a remote, or of another one for all that is known, or the branch is a guess. */
export function pinned({ target, commits }: Changes): Pick<PlannedDeployment, 'commit' | 'branch' | 'repository'> {
  const isKnown = target && target.remote !== null && !target.checked_out && (target.repository !== null || commits !== null);
  if (!isKnown) return { commit: null, branch: null, repository: null };
  return { commit: target.commit, branch: target.branch, repository: target.repository };
}

/** What is not as in the plan: the branch is at another commit now. If that cannot be known, warns. */
export async function movedBranch(ctx: Needs, { commit, branch, repository }: PlannedDeployment): Promise<readonly string[]> {
  if (commit === null || branch === null) return [];
  try {
    const now = await tipOf(ctx, { commit, branch, repository });
    if (now === commit) return [];
    return [now === undefined ? `${branch} is gone` : `${branch} is at ${now.slice(0, 7)} now, not ${commit.slice(0, 7)}`];
  } catch (error) {
    if (!(error instanceof Unknowable) && !isError(error, 'timed_out')) throw error;
    ctx.progress.warn(`The branch was not compared with the plan: ${error.message.replace(/\.$/, '')}.`);
    return [];
  }
}

/** The commit of a branch at its remote. */
async function tipOf(
  ctx: Needs,
  { commit, branch, repository }: { readonly commit: string; readonly branch: string; readonly repository: string | null },
): Promise<string | undefined> {
  const clone = await openClone(ctx.world, ctx.settings.link?.file);
  const wanted = { branch, fetch: false, strict: true, repository: async () => repository ?? undefined };
  const { remote } = await deployable(ctx, clone, wanted);
  if (repository === null && (await commitIn(clone, commit)) === undefined)
    throw new Unknowable('this may be a clone of another repository');
  if (remote === null) throw new Unknowable('this clone has no remote');
  return commitAtRemote(ctx, clone, remote, branch);
}
