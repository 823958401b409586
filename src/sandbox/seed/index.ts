import { STATE_VERSION, type State } from '../state.ts';
import { calendar } from './ids.ts';
import { gitProviders, gitRepositories, seedCredentials, seedProviders, tokens, users } from './organization.ts';
import {
  databaseUsers,
  seedBackups,
  seedCrontabs,
  seedDaemons,
  seedDatabases,
  seedNetworkRules,
  seedServers,
  seedSshKeys,
} from './servers.ts';
import { environmentVariables, seedCertificates, seedQueues, seedRedirects, seedReleases, seedSites, seedWebhooks } from './sites.ts';

/** A realistic organization at `now` (epoch ms); only its timestamps vary. */
export function seed(now: number): State {
  const days = calendar(now);
  const all = seedSites(days);
  const released = seedReleases(all);
  const issued = tokens(days);
  return {
    version: STATE_VERSION,
    fail_deploys: false,
    plan: { name: 'Professional', api_access: true, max_servers: 10 },
    users: users(),
    tokens: issued,
    next_token_id: issued.length + 1,
    servers: seedServers(days),
    sites: all,
    releases: released,
    webhooks: seedWebhooks(all, released),
    environment_variables: environmentVariables(days),
    queues: seedQueues(days),
    redirects: seedRedirects(days),
    certificates: seedCertificates(days),
    databases: seedDatabases(days),
    database_users: databaseUsers(days),
    backups: seedBackups(days),
    crontabs: seedCrontabs(days),
    daemons: seedDaemons(days),
    ssh_keys: seedSshKeys(days),
    network_rules: seedNetworkRules(days),
    providers: seedProviders(),
    credentials: seedCredentials(days),
    git_providers: gitProviders(days),
    git_repositories: gitRepositories(days),
    deployments: [],
    due: [],
  };
}
