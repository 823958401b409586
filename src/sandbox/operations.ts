import type { SandboxOperation } from './operation.ts';
import { backupBegins, backupEnds, backups, databaseCreated, databases, restoreBegins, restoreEnds } from './resources/backups.ts';
import { deploymentBegins, deploymentEnds, deployments, scheduledDeployDue, startDeployment } from './resources/deployments.ts';
import { account, gitConnections, providers } from './resources/organization.ts';
import { crontabs, daemons, networkRules, serverProvisioned, servers, sshKeys } from './resources/servers.ts';
import { certificateIssued, certificates, queues, redirects, siteInstalled, sites, variableOperations } from './resources/sites.ts';
import { type ChangeKind, removeRow, type State } from './state.ts';

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

type ChangedTable = 'servers' | 'sites' | 'deployments' | 'certificates' | 'databases' | 'backups';

/** A change to a row, unless that was deleted. */
const on =
  <T extends ChangedTable>(table: T, change: (state: State, row: State[T][number], at: number) => void) =>
  (state: State, id: string, at: number): void => {
    const row: State[T][number] | undefined = state[table].find((candidate) => candidate.id === id);
    if (row) change(state, row, at);
  };

const changes: { readonly [K in ChangeKind]: ReturnType<typeof on> } = {
  'server.provisioned': on('servers', serverProvisioned),
  'site.installed': on('sites', (state, site, at) => {
    siteInstalled(state, site, at);
    if (state.unstated?.deploysNewSites) startDeployment(state, site, at);
  }),
  'site.scheduled-deploy': on('sites', scheduledDeployDue),
  'deployment.begins': on('deployments', deploymentBegins),
  'deployment.ends': on('deployments', deploymentEnds),
  'site.deleted': on('sites', (state, site) => removeRow(state, 'site', site)),
  'database.created': on('databases', databaseCreated),
  'database.deleted': on('databases', (state, database) => removeRow(state, 'database', database)),
  'certificate.issued': on('certificates', certificateIssued),
  'backup.begins': on('backups', backupBegins),
  'backup.ends': on('backups', backupEnds),
  'restore.begins': on('backups', restoreBegins),
  'restore.ends': on('backups', restoreEnds),
};

/**
 * Applies every change due by `now` (epoch ms) in order, including changes that these schedule. Runs before every request: the
 * sandbox has no timers, so a test can skip an hour by moving its clock.
 */
export function settle(state: State, now: number): void {
  for (;;) {
    const next = state.due.reduce<State['due'][number] | undefined>(
      (first, change) => (change.at <= now && (first === undefined || change.at < first.at) ? change : first),
      undefined,
    );
    if (next === undefined) return;
    state.due.splice(state.due.indexOf(next), 1);
    changes[next.kind](state, next.id, next.at);
  }
}
