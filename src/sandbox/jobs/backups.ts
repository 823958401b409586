import { archiveSize } from '../archive.ts';
import type { Backup } from '../records.ts';
import { type State, schedule } from '../state.ts';
import { timestamp } from '../time.ts';
import { timings } from '../timings.ts';

const find = (state: State, id: string): Backup | undefined => state.backups.find((backup) => backup.id === id);

/** Starts a new backup. */
export function takeBackup(state: State, backup: Backup, now: number): void {
  schedule(state, now + timings.backupBegins, 'backup.begins', backup.id);
}

/** Moves a backup from pending to in progress. */
export function backupBegins(state: State, id: string, at: number): void {
  const backup = find(state, id);
  if (backup === undefined) return;
  enter(backup, 'in_progress', at);
  schedule(state, at + timings.backupRuns, 'backup.ends', id);
}

/** Finishes a backup. Fails if the name of its site or database contains `fail`. */
export function backupEnds(state: State, id: string, at: number): void {
  const backup = find(state, id);
  if (backup === undefined) return;
  if (sourceOf(state, backup).includes('fail')) {
    enter(backup, 'failed', at);
    return;
  }
  enter(backup, 'completed', at);
  backup.size = archiveSize(backup);
  backup.completed_at = timestamp(at);
}

/** Starts a restore. Like a deployment, it becomes visible after a moment. */
export function restoreBackup(state: State, backup: Backup, now: number): void {
  schedule(state, now + timings.restoreBegins, 'restore.begins', backup.id);
}

/** Moves a restore to in progress. */
export function restoreBegins(state: State, id: string, at: number): void {
  const backup = find(state, id);
  if (backup === undefined) return;
  enter(backup, 'in_progress', at);
  schedule(state, at + timings.restoreRuns, 'restore.ends', id);
}

/** Finishes a restore. */
export function restoreEnds(state: State, id: string, at: number): void {
  const backup = find(state, id);
  if (backup !== undefined) enter(backup, 'restored', at);
}

/** The name of the site or database in a backup. */
export const sourceOf = (state: State, backup: Backup): string =>
  state.sites.find((site) => site.id === backup.site_id)?.domain ??
  state.databases.find((database) => database.id === backup.database_id)?.name ??
  'backup';

function enter(backup: Backup, status: string, at: number): void {
  backup.status = status;
  backup.updated_at = timestamp(at);
}
