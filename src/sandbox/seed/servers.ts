import type { Crontab, Daemon, NetworkRule, Server, SshKey } from '../records.ts';
import { fingerprint } from '../resources/ssh-keys.ts';
import { type Calendar, seeded, seedId } from './ids.ts';

const { 'web-1': web1, 'web-2': web2, 'db-1': db1 } = seeded.servers;
const ARTISAN = 'php8.3 /home/deploynix/shop.example.com/current/artisan';

/** Two web servers and a database server, at two providers. */
export function seedServers({ ago, stamps }: Calendar): Server[] {
  const common = { ssh_user: 'deploynix', webserver: 'nginx', status: 'active', monitoring_enabled: true, image: 'ubuntu-24.04' };
  const web = { ...common, type: 'app', php_version: '8.3', database_type: 'mysql' };
  const hetzner = { provider: 'hetzner', region: 'fsn1' };
  const ocean = { provider: 'digitalocean', region: 'fra1', size: 's-2vcpu-2gb', image: 'ubuntu-24-04-x64' };
  const address = { web1: '203.0.113.10', web2: '203.0.113.11', db1: '203.0.113.12' };
  return [
    {
      id: web1,
      name: 'web-1',
      ...web,
      ...hetzner,
      size: 'cx32',
      ip_address: address.web1,
      provisioned_at: ago(364.997),
      ...stamps(365, 2),
    },
    {
      id: web2,
      name: 'web-2',
      ...web,
      ...ocean,
      ip_address: address.web2,
      provisioned_at: ago(239.997),
      ...stamps(240, 9),
      php_version: '8.4',
    },
    {
      id: db1,
      name: 'db-1',
      ...common,
      ...hetzner,
      size: 'cx42',
      ip_address: address.db1,
      type: 'database',
      php_version: null,
      database_type: 'postgresql',
      provisioned_at: ago(239.997),
      ...stamps(240, 20),
    },
  ];
}

/** Cron jobs of the web servers. */
export function seedCrontabs({ stamps }: Calendar): Crontab[] {
  const common = { user: 'deploynix', status: 'active' };
  return [
    { id: seedId('CR', 1), server_id: web1, command: `${ARTISAN} schedule:run`, frequency: '* * * * *', ...common, ...stamps(364) },
    {
      id: seedId('CR', 2),
      server_id: web1,
      command: `${ARTISAN} orders:export --yesterday`,
      frequency: '15 3 * * *',
      ...common,
      ...stamps(200),
    },
    {
      id: seedId('CR', 3),
      server_id: web2,
      command: '/usr/local/bin/rotate-logs',
      frequency: '0 0 * * 0',
      ...common,
      ...stamps(150),
      user: 'root',
    },
  ];
}

/** Daemons in every status. */
export function seedDaemons({ stamps }: Calendar): Daemon[] {
  const common = { directory: '/home/deploynix/shop.example.com/current', user: 'deploynix' };
  const web2Directory = '/home/deploynix/api.example.com/current';
  return [
    { id: seedId('DM', 1), server_id: web1, command: `${ARTISAN} reverb:start`, processes: 1, status: 'running', ...common, ...stamps(90) },
    {
      id: seedId('DM', 2),
      server_id: web1,
      command: `${ARTISAN} pulse:check`,
      processes: 2,
      status: 'stopped',
      ...common,
      ...stamps(60, 4),
    },
    {
      id: seedId('DM', 3),
      server_id: web2,
      command: 'node server.js',
      processes: 1,
      status: 'failed',
      ...common,
      directory: web2Directory,
      ...stamps(30, 1),
    },
  ];
}

/** Public SSH keys on the servers. */
export function seedSshKeys({ stamps }: Calendar): SshKey[] {
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
export function seedNetworkRules({ stamps }: Calendar): NetworkRule[] {
  const open = { protocol: 'tcp', action: 'allow', source: null };
  const rule = (n: number, server_id: string, name: string, port: number, rest: Partial<NetworkRule> = {}): NetworkRule => ({
    id: seedId('RV', n),
    server_id,
    name,
    port,
    ...open,
    ...rest,
    ...stamps(239),
  });
  return [
    ...[web1, web2].flatMap((server, index) => [rule(index * 2 + 1, server, 'HTTP', 80), rule(index * 2 + 2, server, 'HTTPS', 443)]),
    rule(5, web1, 'Block scanner', 22, { action: 'deny', source: '198.51.100.0/24' }),
    rule(6, db1, 'PostgreSQL from web-1', 5432, { source: '203.0.113.10' }),
    rule(7, db1, 'PostgreSQL from web-2', 5432, { source: '203.0.113.11' }),
  ];
}
