import { ulid } from 'ulid';
import { archive } from '../archive.ts';
import { resource, showing } from '../crud.ts';
import { listed } from '../http/paging.ts';
import { unprocessable } from '../http/refusal.ts';
import { accepted, created } from '../http/response.ts';
import { restoreBackup, sourceOf, takeBackup } from '../jobs/backups.ts';
import { type Operation, operation } from '../operation.ts';
import type { Backup } from '../records.ts';
import { exists, oneOf, text } from '../rules.ts';
import { timestamp } from '../time.ts';

const present = showing<Backup>('id', 'type', 'status', 'size', 'server_id', 'site_id', 'database_id', 'created_at', 'completed_at');
const filters = {
  status: oneOf('pending', 'in_progress', 'completed', 'failed', 'restored').optional(),
  type: oneOf('application', 'database').optional(),
};

/** Backups of databases and applications, in one list per organization. */
export const backups: Operation[] = [
  ...resource({
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
      return listed(request, request.state.backups.filter(wanted).reverse(), present);
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
      return created(present(backup));
    },
    { body: { site_id: text() } },
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
    restoreBackup(state, backup, now);
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
