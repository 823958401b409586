import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { crud, listResponse, showing } from '../crud.ts';
import { operation, type Request, type SandboxOperation } from '../operation.ts';
import type { Backup, Database, DatabaseUser, SiteRow } from '../records.ts';
import { accepted, unprocessable } from '../response.ts';
import { exists, oneOf, patternRule, textRule, unique } from '../rules.ts';
import { type State, scheduleChange } from '../state.ts';
import { timestamp, timings, touch } from '../time.ts';

const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** Databases of a server, and their users. */
export const databases: SandboxOperation[] = [
  ...crud({
    noun: 'database',
    path: '/servers/{server}/databases',
    ability: 'database',
    verbs: ['list', 'show', 'create', 'delete'],
    present: showing<Database>('id', 'name', 'status', 'size', 'created_at'),
    fields: { name: patternRule(IDENTIFIER, 64) },
    fresh: (_, { state }) => ({ status: state.unstated?.databaseCreates === undefined ? 'active' : 'creating', size: 0 }),
    afterCreate({ id }, { state, now }) {
      const ms = state.unstated?.databaseCreates;
      if (ms !== undefined) scheduleChange(state, now + ms, 'database.created', id);
    },
    deleted: 'database.deleted',
    check: ({ name }, { siblings }) => unique(siblings, 'name', name),
  }),
  ...crud({
    noun: 'user',
    path: '/servers/{server}/databases/{database}/users',
    ability: 'database',
    present: showing<DatabaseUser>('id', 'username', 'created_at'),
    fields: { username: patternRule(IDENTIFIER, 32), password: textRule().optional() },
    changeable: ['password'],
    check: ({ username }, { siblings }) => unique(siblings, 'username', username),
    // A generated password is shown only once (assumed).
    shownOnce: ({ password }) => (password === undefined ? { password: randomBytes(12).toString('hex') } : {}),
  }),
];

/** Finishes the creation of a database. */
export function databaseCreated(_: State, database: Database, at: number): void {
  touch(database, at, { status: 'active' });
}

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
    fresh: (_input, _request, { server }) => ({ ...pending('database'), server_id: String(server?.id), site_id: null }),
    afterCreate: schedule,
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
  ...crud({
    noun: 'backup',
    path: '/backups/application',
    ability: 'database',
    verbs: ['create'],
    present,
    fields: { site_id: textRule() },
    check: ({ site_id }, { request }) => exists(siteOf(request.state, site_id) !== undefined, 'site_id'),
    fresh: ({ site_id }, { state }) => {
      const server_id = siteOf(state, site_id)?.server_id ?? '';
      return { ...pending('application'), server_id, database_id: null };
    },
    afterCreate: schedule,
  }),
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
    scheduleChange(state, now + timings.restoreBegins, 'restore.begins', backup.id);
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

const pending = <T extends Backup['type']>(type: T) => ({ type, status: 'pending', size: null, completed_at: null });

function schedule({ id }: Backup, { state, now }: Request): void {
  scheduleChange(state, now + timings.backupBegins, 'backup.begins', id);
}

const siteOf = (state: State, id: unknown): SiteRow | undefined => state.sites.find((site) => site.id === id);

/** Moves a backup from pending to in progress. */
export const backupBegins = (state: State, backup: Backup, at: number): void => begin(state, backup, at, 'backup');

/** Moves a restore to in progress. Like a deployment, it becomes visible after a moment. */
export const restoreBegins = (state: State, backup: Backup, at: number): void => begin(state, backup, at, 'restore');

function begin(state: State, backup: Backup, at: number, work: 'backup' | 'restore'): void {
  touch(backup, at, { status: 'in_progress' });
  scheduleChange(state, at + timings[`${work}Runs`], `${work}.ends`, backup.id);
}

/** Finishes a backup. Fails if the name of its site or database contains `fail`. */
export function backupEnds(state: State, backup: Backup, at: number): void {
  if (sourceOf(state, backup).includes('fail')) touch(backup, at, { status: 'failed' });
  else touch(backup, at, { status: 'completed', size: archiveSize(backup), completed_at: timestamp(at) });
}

/** Finishes a restore. */
export function restoreEnds(_: State, backup: Backup, at: number): void {
  touch(backup, at, { status: 'restored' });
}

const sourceOf = (state: State, backup: Backup): string =>
  siteOf(state, backup.site_id)?.domain ?? state.databases.find((database) => database.id === backup.database_id)?.name ?? 'backup';

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
