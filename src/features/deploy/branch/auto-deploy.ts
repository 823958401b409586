import { DnxError, isError } from '../../../base/errors.ts';
import { wordOf } from '../../../base/text.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Api } from '../../../platform/api/api.ts';
import { idIn } from '../../../platform/names/names.ts';
import type { Site } from '../baseline.ts';
import { yesOrNo } from '../release.ts';
import { repositoryEndpoint, type SiteReference } from '../snapshot.ts';
import { branchOf } from './restore.ts';

interface Repository {
  readonly name?: unknown;
  readonly auto_deploy_enabled?: unknown;
}

const NOTHING = 'Nothing was deployed.';

/**
 * The branch to restore after a deployment of another one. Fails if it is unknown, or if a push could deploy in the meantime: a webhook is
 * assumed to deploy the branch that the site has when it arrives.
 */
export async function branchToRestore({ api }: Pick<Context, 'api'>, of: SiteReference, site: Site): Promise<string> {
  const { label } = of.site;
  const branch = branchOf(site);
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
