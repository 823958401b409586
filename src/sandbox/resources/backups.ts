import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { ulid } from 'ulid';
import { crud, listResponse, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { Backup } from '../records.ts';
import { accepted, createdResponse, unprocessable } from '../response.ts';
import { exists, oneOf, textRule } from '../rules.ts';
import { type State, scheduleChange } from '../state.ts';
import { timestamp, timings } from '../time.ts';

const present = showing<Backup>('id', 'type', 'status', 'size', 'server_id', 'site_id', 'database_id', 'created_at', 'completed_at');
const filters = {
  status: oneOf('pending', 'in_progress', 'completed', 'failed', 'restored').optional(),
  type: oneOf('application', 'database').optional(),
};

/** Backups of databases and applications, in one list per organization. */
export const backups: SandboxOperation[] = [
  ...crud({
    noun: 'backup',
    path: '/servers/{server}/databases/{database}/backups',
    ability: 'database',
    verbs: ['list', 'create'],
    newestFirst: true,
    present,
    fresh: (_input, _request, { server }) => ({
      type: 'database' as const,
      status: 'pending',
      size: null,
      server_id: String(server?.id),
      site_id: null,
      completed_at: null,
    }),
    afterCreate: (backup, { state, now }) => takeBackup(state, backup, now),
  }),
  operation(
    'GET /backups',
    'database:read',
    (request) => {
      const { status, type } = request.filters;
      const wanted = (backup: Backup): boolean =>
        (status === undefined || backup.status === status) && (type === undefined || backup.type === type);
      return listResponse(request, request.state.backups.filter(wanted).reverse(), present);
    },
    { query: filters, paged: true },
  ),
  operation(
    'POST /backups/application',
    'database:create',
    ({ state, now, input: { site_id } }) => {
      const site = state.sites.find((row) => row.id === site_id);
      exists(site !== undefined, 'site_id');
      const at = timestamp(now);
      const backup: Backup = {
        id: ulid(now),
        type: 'application',
        status: 'pending',
        size: null,
        server_id: site?.server_id ?? '',
        site_id,
        database_id: null,
        completed_at: null,
        created_at: at,
        updated_at: at,
      };
      state.backups.push(backup);
      takeBackup(state, backup, now);
      return createdResponse(present(backup));
    },
    { body: { site_id: textRule() } },
  ),
  operation(
    'GET /backups/{backup}/download',
    'database:read',
    ({ state }, { backup }) => {
      refuseUnfinished(backup, 'downloaded');
      const name = `${sourceOf(state, backup)}-${backup.created_at.replace(/[-:]/g, '').replace('T', '-').replace('Z', '')}`;
      const file = `${name}.${backup.type === 'database' ? 'sql' : 'tar'}.gz`;
      const headers = { 'Content-Type': 'application/gzip', 'Content-Disposition': `attachment; filename="${file}"` };
      return { status: 200, headers, body: archive(backup) };
    },
    { limit: 'backup-download' },
  ),
  operation('POST /backups/{backup}/restore', 'database:update', ({ state, now }, { backup }) => {
    refuseUnfinished(backup, 'restored');
    startRestore(state, backup, now);
    return accepted('Restore started.', present(backup));
  }),
  operation('POST /backups/{backup}/verify', 'database:read', (_request, { backup }) => {
    refuseUnfinished(backup, 'verified');
    return { status: 200, headers: {}, body: { message: 'The backup is intact.', data: present(backup) } };
  }),
];

function refuseUnfinished(backup: Backup, action: string): void {
  if (backup.status !== 'completed' && backup.status !== 'restored') throw unprocessable(`Only completed backups can be ${action}.`);
}

const find = (state: State, id: string): Backup | undefined => state.backups.find((backup) => backup.id === id);

/** Starts a new backup. */
function takeBackup(state: State, backup: Backup, now: number): void {
  scheduleChange(state, now + timings.backupBegins, 'backup.begins', backup.id);
}

/** Moves a backup from pending to in progress. */
export function backupBegins(state: State, id: string, at: number): void {
  const backup = find(state, id);
  if (backup === undefined) return;
  enter(backup, 'in_progress', at);
  scheduleChange(state, at + timings.backupRuns, 'backup.ends', id);
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
function startRestore(state: State, backup: Backup, now: number): void {
  scheduleChange(state, now + timings.restoreBegins, 'restore.begins', backup.id);
}

/** Moves a restore to in progress. */
export function restoreBegins(state: State, id: string, at: number): void {
  const backup = find(state, id);
  if (backup === undefined) return;
  enter(backup, 'in_progress', at);
  scheduleChange(state, at + timings.restoreRuns, 'restore.ends', id);
}

/** Finishes a restore. */
export function restoreEnds(state: State, id: string, at: number): void {
  const backup = find(state, id);
  if (backup !== undefined) enter(backup, 'restored', at);
}

/** The name of the site or database in a backup. */
const sourceOf = (state: State, backup: Backup): string =>
  state.sites.find((site) => site.id === backup.site_id)?.domain ??
  state.databases.find((database) => database.id === backup.database_id)?.name ??
  'backup';

function enter(backup: Backup, status: string, at: number): void {
  backup.status = status;
  backup.updated_at = timestamp(at);
}

const BASE_SIZE = 192 * 1024;

/**
 * The content of a backup: a valid gzip file of 192 to 448 KiB, derived from the backup's id. Level 0 makes the size independent
 * of the zlib version.
 */
export function archive({ id }: Pick<Backup, 'id'>): Uint8Array {
  const size = BASE_SIZE + createHash('sha256').update(id).digest().readUInt16BE(0) * 4;
  const content = createHash('shake256', { outputLength: size }).update(id).digest();
  return gzipSync(content, { level: 0 });
}

const sizes = new Map<string, number>();

/** The size of a backup's archive in bytes. Cached, because creating the archive takes 2 ms. */
export function archiveSize(backup: Pick<Backup, 'id'>): number {
  const size = sizes.get(backup.id) ?? archive(backup).length;
  sizes.set(backup.id, size);
  return size;
}
