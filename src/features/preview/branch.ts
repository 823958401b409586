import { usage } from '../../base/errors.ts';
import { git } from '../../machine/git.ts';
import type { Env, World } from '../../machine/world.ts';

/** Where GitHub, GitLab and Bitbucket name the branch of a job: of a pull request its own, although the checkout is a merge of it. */
const CI_BRANCHES = ['GITHUB_HEAD_REF', 'CI_COMMIT_REF_NAME', 'BITBUCKET_BRANCH'];

const branchOfJob = (env: Env): string | undefined => CI_BRANCHES.map((name) => env[name]).find(Boolean);

/** The branch of a command: the one that is given, else that of the CI job, else that of the checkout. */
export async function branchOf(world: Pick<World, 'env' | 'cwd' | 'capture'>, given: string | undefined): Promise<string> {
  if (given === '') throw usage('The branch is empty.');
  const branch = given ?? branchOfJob(world.env) ?? (await checkedOut(world));
  if (branch === undefined) throw usage('No branch given, and no branch is checked out here.', 'Name the branch.');
  return branch;
}

async function checkedOut(world: Pick<World, 'env' | 'cwd' | 'capture'>): Promise<string | undefined> {
  const head = await git(world, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  return head?.code === 0 ? head.stdout.trim() || undefined : undefined;
}
