import type { SandboxOperation } from './operation.ts';
import { account } from './resources/account.ts';
import { backups } from './resources/backups.ts';
import { certificates } from './resources/certificates.ts';
import { crontabs } from './resources/crontabs.ts';
import { daemons } from './resources/daemons.ts';
import { databases } from './resources/databases.ts';
import { deployments } from './resources/deployments.ts';
import { variableOperations } from './resources/environment.ts';
import { gitConnections } from './resources/git.ts';
import { networkRules } from './resources/network-rules.ts';
import { providers } from './resources/providers.ts';
import { queues } from './resources/queues.ts';
import { redirects } from './resources/redirects.ts';
import { servers } from './resources/servers.ts';
import { sites } from './resources/sites.ts';
import { sshKeys } from './resources/ssh-keys.ts';

/** Every operation of the API reference. */
export const sandboxOperations: readonly SandboxOperation[] = [
  ...account,
  ...servers,
  ...sites,
  ...deployments,
  ...variableOperations,
  ...queues,
  ...redirects,
  ...certificates,
  ...databases,
  ...backups,
  ...crontabs,
  ...daemons,
  ...sshKeys,
  ...networkRules,
  ...providers,
  ...gitConnections,
];

/** The served routes, such as `GET /servers/{server}`, sorted. */
export const routes: readonly string[] = sandboxOperations.map((served) => served.route).sort();
