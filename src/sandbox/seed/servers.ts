import type { Backup, Crontab, Daemon, Database, DatabaseUser, NetworkRule, Server, SshKey } from '../records.ts';
import { archiveSize } from '../resources/backups.ts';
import { fingerprint } from '../resources/servers.ts';
import { type Calendar, seeded, seedId } from './ids.ts';

const { 'web-1': web1, 'web-2': web2, 'db-1': db1 } = seeded.servers;
const ARTISAN = 'php8.3 /home/deploynix/shop.example.com/current/artisan';

/** The servers, and what is on them. */
export const serverRows = (days: Calendar) => ({
  servers: servers(days),
  databases: databases(days),
  database_users: databaseUsers(days),
  backups: backups(days),
  crontabs: crontabs(days),
  daemons: daemons(days),
  ssh_keys: sshKeys(days),
  network_rules: networkRules(days),
});

/** Two web servers and a database server, at two providers. */
function servers({ ago, stamps }: Calendar): Server[] {
  const common = { ssh_user: 'deploynix', webserver: 'nginx', status: 'active', monitoring_enabled: true, image: 'ubuntu-24.04' };
  const web = { ...common, type: 'app', database_type: 'mysql' };
  const database = { ...common, type: 'database', php_version: null, database_type: 'postgresql' };
  const hetzner = (size: string) => ({ provider: 'hetzner', region: 'fsn1', size });
  const ocean = { provider: 'digitalocean', region: 'fra1', size: 's-2vcpu-2gb', image: 'ubuntu-24-04-x64' };
  const times = (created: number, updated: number) => ({ provisioned_at: ago(created - 0.003), ...stamps(created, updated) });
  return [
    { id: web1, name: 'web-1', ...web, ...hetzner('cx32'), php_version: '8.3', ip_address: '203.0.113.10', ...times(365, 2) },
    { id: web2, name: 'web-2', ...web, ...ocean, php_version: '8.4', ip_address: '203.0.113.11', ...times(240, 9) },
    { id: db1, name: 'db-1', ...database, ...hetzner('cx42'), ip_address: '203.0.113.12', ...times(240, 20) },
  ];
}

function crontabs({ stamps }: Calendar): Crontab[] {
  const crontab = (n: number, server_id: string, command: string, frequency: string, days: number, user = 'deploynix'): Crontab => ({
    id: seedId('CR', n),
    server_id,
    command,
    frequency,
    user,
    status: 'active',
    ...stamps(days),
  });
  return [
    crontab(1, web1, `${ARTISAN} schedule:run`, '* * * * *', 364),
    crontab(2, web1, `${ARTISAN} orders:export --yesterday`, '15 3 * * *', 200),
    crontab(3, web2, '/usr/local/bin/rotate-logs', '0 0 * * 0', 150, 'root'),
  ];
}

function daemons({ stamps }: Calendar): Daemon[] {
  const shop = { server_id: web1, directory: '/home/deploynix/shop.example.com/current', user: 'deploynix' };
  const api = { ...shop, server_id: web2, directory: '/home/deploynix/api.example.com/current' };
  const id = (n: number): string => seedId('DM', n);
  return [
    { id: id(1), ...shop, command: `${ARTISAN} reverb:start`, processes: 1, status: 'running', ...stamps(90) },
    { id: id(2), ...shop, command: `${ARTISAN} pulse:check`, processes: 2, status: 'stopped', ...stamps(60, 4) },
    { id: id(3), ...api, command: 'node server.js', processes: 1, status: 'failed', ...stamps(30, 1) },
  ];
}

function sshKeys({ stamps }: Calendar): SshKey[] {
  const key = (n: number, server_id: string, name: string, created: number): SshKey => {
    const public_key = `ssh-ed25519 ${Buffer.from(`\0\0\0\x0bssh-ed25519\0\0\0 sandbox key ${name}`.padEnd(51, '.')).toString('base64')} ${name}`;
    return { id: seedId('KEY', n), server_id, name, public_key, fingerprint: fingerprint(public_key), ...stamps(created) };
  };
  return [
    key(1, web1, 'ada@laptop', 360),
    key(2, web1, 'grace@desktop', 120),
    key(3, web2, 'ada@laptop', 239),
    key(4, db1, 'ada@laptop', 239),
  ];
}

/** Firewall rules: HTTP is open to everyone, databases only to the web servers. */
function networkRules({ stamps }: Calendar): NetworkRule[] {
  const open = { protocol: 'tcp', action: 'allow', source: null };
  const rule = (n: number, server_id: string, name: string, port: number, rest: Partial<NetworkRule> = {}): NetworkRule => ({
    id: seedId('RV', n),
    server_id,
    name,
    port,
    ...open,
    ...stamps(239),
    ...rest,
  });
  return [
    ...[web1, web2].flatMap((server, index) => [rule(index * 2 + 1, server, 'HTTP', 80), rule(index * 2 + 2, server, 'HTTPS', 443)]),
    rule(5, web1, 'Block scanner', 22, { action: 'deny', source: '198.51.100.0/24' }),
    rule(6, db1, 'PostgreSQL from web-1', 5432, { source: '203.0.113.10' }),
    rule(7, db1, 'PostgreSQL from web-2', 5432, { source: '203.0.113.11' }),
  ];
}

const { shop, analytics, blog } = seeded.databases;

/** Databases on two servers; sizes in bytes. */
const databases = ({ stamps }: Calendar): Database[] => [
  { id: shop, server_id: db1, name: 'shop', status: 'active', size: 734_003_200, ...stamps(239) },
  { id: analytics, server_id: db1, name: 'analytics', status: 'active', size: 5_368_709_120, ...stamps(110) },
  { id: blog, server_id: web1, name: 'blog', status: 'active', size: 48_234_496, ...stamps(300) },
];

const databaseUsers = ({ stamps }: Calendar): DatabaseUser[] => [
  { id: seedId('DV', 1), database_id: shop, username: 'shop', ...stamps(239) },
  { id: seedId('DV', 2), database_id: shop, username: 'shop_readonly', ...stamps(70) },
  { id: seedId('DV', 3), database_id: analytics, username: 'metabase', ...stamps(110) },
  { id: seedId('DV', 4), database_id: blog, username: 'blog', ...stamps(300) },
];

/** Backups of both types in every status, oldest first. Pending and running ones never finish. */
function backups({ ago, stamps }: Calendar): Backup[] {
  const database = { type: 'database' as const, server_id: db1, site_id: null, database_id: shop };
  const application = { type: 'application' as const, server_id: web1, site_id: seeded.sites['shop.example.com'], database_id: null };
  const done = (id: string, days: number, status: string) => {
    const ended = days - 0.01;
    return { id, status, size: archiveSize({ id }), completed_at: ago(ended), ...stamps(days, ended) };
  };
  const open = (id: string, days: number, status: string) => ({ id, status, size: null, completed_at: null, ...stamps(days) });
  const id = (n: number): string => `01JQ8Z4T9G000000000000BK${String(n).padStart(2, '0')}`;
  return [
    { ...database, ...done(id(1), 9, 'completed') },
    { ...application, ...done(id(2), 7, 'completed') },
    { ...database, ...done(id(3), 6, 'restored') },
    { ...database, ...open(id(4), 5, 'failed') },
    { ...application, ...done(seeded.backups['shop application, completed'], 2, 'completed') },
    { ...database, ...done(seeded.backups['shop database, completed'], 1, 'completed') },
    { ...database, ...open(id(7), 0.002, 'in_progress'), database_id: analytics },
    { ...application, ...open(id(8), 0.001, 'pending') },
  ];
}
