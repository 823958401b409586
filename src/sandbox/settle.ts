import { backupBegins, backupEnds, restoreBegins, restoreEnds } from './resources/backups.ts';
import { certificateIssued } from './resources/certificates.ts';
import { deploymentBegins, deploymentEnds, scheduledDeployDue } from './resources/deployments.ts';
import { serverProvisioned } from './resources/servers.ts';
import { siteInstalled } from './resources/sites.ts';
import type { ChangeKind, State } from './state.ts';

/** The function for each kind of change. They skip deleted rows. */
const changes: { readonly [K in ChangeKind]: (state: State, id: string, at: number) => void } = {
  'server.provisioned': serverProvisioned,
  'site.installed': siteInstalled,
  'site.scheduled-deploy': scheduledDeployDue,
  'deployment.begins': deploymentBegins,
  'deployment.ends': deploymentEnds,
  'certificate.issued': certificateIssued,
  'backup.begins': backupBegins,
  'backup.ends': backupEnds,
  'restore.begins': restoreBegins,
  'restore.ends': restoreEnds,
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
