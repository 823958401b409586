import type { Backup, Database, DatabaseUser } from '../records.ts';
import { archiveSize } from '../resources/backups.ts';
import { type Calendar, seeded, seedId } from './ids.ts';

const { servers, sites, databases: ids } = seeded;

/** Databases on two servers; sizes in bytes. */
export const seedDatabases = ({ stamps }: Calendar): Database[] => [
  { id: ids.shop, server_id: servers['db-1'], name: 'shop', status: 'active', size: 734_003_200, ...stamps(239) },
  { id: ids.analytics, server_id: servers['db-1'], name: 'analytics', status: 'active', size: 5_368_709_120, ...stamps(110) },
  { id: ids.blog, server_id: servers['web-1'], name: 'blog', status: 'active', size: 48_234_496, ...stamps(300) },
];

/** Users of the databases. */
export const databaseUsers = ({ stamps }: Calendar): DatabaseUser[] => [
  { id: seedId('DV', 1), database_id: ids.shop, username: 'shop', ...stamps(239) },
  { id: seedId('DV', 2), database_id: ids.shop, username: 'shop_readonly', ...stamps(70) },
  { id: seedId('DV', 3), database_id: ids.analytics, username: 'metabase', ...stamps(110) },
  { id: seedId('DV', 4), database_id: ids.blog, username: 'blog', ...stamps(300) },
];

/** Backups of both types in every status, oldest first. Pending and running ones never finish. */
export function seedBackups({ ago, stamps }: Calendar): Backup[] {
  const database = { type: 'database' as const, server_id: servers['db-1'], site_id: null, database_id: ids.shop };
  const application = { type: 'application' as const, server_id: servers['web-1'], site_id: sites['shop.example.com'], database_id: null };
  const done = (id: string, days: number, status: string) => ({
    id,
    status,
    size: archiveSize({ id }),
    completed_at: ago(days - 0.01),
    ...stamps(days, days - 0.01),
  });
  const open = (id: string, days: number, status: string) => ({ id, status, size: null, completed_at: null, ...stamps(days) });
  const id = (n: number): string => `01JQ8Z4T9G000000000000BK${String(n).padStart(2, '0')}`;
  return [
    { ...database, ...done(id(1), 9, 'completed') },
    { ...application, ...done(id(2), 7, 'completed') },
    { ...database, ...done(id(3), 6, 'restored') },
    { ...database, ...open(id(4), 5, 'failed') },
    { ...application, ...done(seeded.backups['shop application, completed'], 2, 'completed') },
    { ...database, ...done(seeded.backups['shop database, completed'], 1, 'completed') },
    { ...database, ...open(id(7), 0.002, 'in_progress'), database_id: ids.analytics },
    { ...application, ...open(id(8), 0.001, 'pending') },
  ];
}
