import { STATE_VERSION, type State } from '../state.ts';
import { tokens, users } from './account.ts';
import { credentials, gitProviders, gitRepositories, providers } from './catalogue.ts';
import { certificates } from './certificates.ts';
import { backups, databases, databaseUsers } from './databases.ts';
import { releases, webhooks } from './history.ts';
import { crontabs, daemons, networkRules, servers, sshKeys } from './servers.ts';
import { environmentVariables, queues, redirects } from './site-parts.ts';
import { sites } from './sites.ts';
import { calendar } from './stamp.ts';

/** A realistic organization at `now` (epoch ms); only its timestamps vary. */
export function seed(now: number): State {
  const days = calendar(now);
  const all = sites(days);
  const released = releases(all);
  const issued = tokens(days);
  return {
    version: STATE_VERSION,
    fail_deploys: false,
    plan: { name: 'Professional', api_access: true, max_servers: 10 },
    users: users(),
    tokens: issued,
    next_token_id: issued.length + 1,
    servers: servers(days),
    sites: all,
    releases: released,
    webhooks: webhooks(all, released),
    environment_variables: environmentVariables(days),
    queues: queues(days),
    redirects: redirects(days),
    certificates: certificates(days),
    databases: databases(days),
    database_users: databaseUsers(days),
    backups: backups(days),
    crontabs: crontabs(days),
    daemons: daemons(days),
    ssh_keys: sshKeys(days),
    network_rules: networkRules(days),
    providers: providers(),
    credentials: credentials(days),
    git_providers: gitProviders(days),
    git_repositories: gitRepositories(days),
    deployments: [],
    due: [],
  };
}
