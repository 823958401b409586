import { createHash } from 'node:crypto';
import { crud, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { GitProvider, GitRepository } from '../records.ts';
import { accepted } from '../response.ts';
import { exists, oneOf, patternRule, textRule, urlRule, verbatim } from '../rules.ts';
import { timestamp } from '../time.ts';

const names: Record<string, string> = { github: 'GitHub', gitlab: 'GitLab', bitbucket: 'Bitbucket', custom: 'Custom' };
const repository = showing<GitRepository>('id', 'git_provider_id', 'name', 'auto_deploy_enabled', 'deploy_key', 'created_at');

const autoDeploy = (verb: 'enable' | 'disable'): SandboxOperation =>
  operation(`POST /git-repositories/{git_repository}/${verb}-auto-deploy`, 'provider:update', ({ now }, { git_repository }) => {
    git_repository.auto_deploy_enabled = verb === 'enable';
    git_repository.updated_at = timestamp(now);
    return accepted(`Auto-deploy ${verb}d.`, repository(git_repository));
  });

/** Connections to Git hosts, and repositories. */
export const gitConnections: SandboxOperation[] = [
  ...crud({
    noun: 'git_provider',
    path: '/git-providers',
    ability: 'provider',
    present: showing<GitProvider>('id', 'provider', 'name', 'url', 'created_at'),
    fields: {
      provider: oneOf('github', 'gitlab', 'bitbucket', 'custom'),
      name: textRule().optional(),
      token: verbatim(),
      url: urlRule().nullish(),
    },
    changeable: ['name', 'token'],
    fresh: ({ provider }) => ({ name: names[provider] ?? provider, url: null }),
  }),
  ...crud({
    noun: 'git_repository',
    path: '/git-repositories',
    ability: 'provider',
    present: repository,
    fields: { git_provider_id: textRule(), name: patternRule(/^[\w.-]+(\/[\w.-]+)+$/) },
    changeable: ['name'],
    fresh: () => ({ auto_deploy_enabled: false, deploy_key: null }),
    check: ({ git_provider_id: id }, { request }) =>
      exists(id === undefined || request.state.git_providers.some((provider) => provider.id === id), 'git_provider_id'),
  }),
  operation('POST /git-repositories/{git_repository}/setup-deploy-key', 'provider:update', ({ now }, { git_repository }) => {
    git_repository.deploy_key ??= deployKey(git_repository.id);
    git_repository.updated_at = timestamp(now);
    return accepted('Deploy key set up.', repository(git_repository));
  }),
  autoDeploy('enable'),
  autoDeploy('disable'),
];

/** A realistic public key that no private key belongs to. */
export function deployKey(repositoryId: string): string {
  const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const key = Buffer.concat([part(Buffer.from('ssh-ed25519')), part(createHash('sha256').update(repositoryId).digest())]);
  return `ssh-ed25519 ${key.toString('base64')} deploynix`;
}
