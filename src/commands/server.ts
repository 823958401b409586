import { group } from '../cli/command.ts';
import { list, resource, show } from '../cli/crud.ts';
import { columns } from '../output/view.ts';

interface Server {
  readonly id: string;
  readonly name: string;
  readonly type?: string;
  readonly provider: string;
  readonly ip_address: string | null;
  readonly ssh_user: string;
  readonly region: string;
  readonly size: string;
  readonly php_version: string;
  readonly database_type: string;
  readonly webserver: string;
  readonly status: string;
  readonly monitoring_enabled: boolean;
  readonly provisioned_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly sites_count: number;
}

const servers = resource({
  noun: 'server',
  path: '/servers',
  columns: columns<Server>('name', 'status', 'ip_address', 'provider', 'region', 'php_version', 'sites_count', 'id'),
  details: columns<Server>(
    'id',
    'name',
    'type',
    'status',
    'provider',
    'region',
    'size',
    'ip_address',
    'ssh_user',
    'php_version',
    'database_type',
    'webserver',
    'monitoring_enabled',
    'sites_count',
    'provisioned_at',
    'created_at',
    'updated_at',
  ),
  example: { target: 'web-1' },
});

export default group({
  name: 'server',
  noun: 'server',
  summary: 'Servers',
  commands: [list(servers), show(servers)],
});
