import { columns } from '../../cli/output/view.ts';

interface Site {
  readonly id: string;
  readonly server_id: string;
  readonly domain: string;
  readonly type: string;
  readonly status: string;
  readonly branch: string | null;
  readonly web_directory: string;
  readonly php_version: string;
  readonly zero_downtime_enabled: boolean;
  readonly scheduled_deploy_at: string | null;
  readonly last_deployed_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** The columns of a site list. */
export const siteColumns = columns<Site>(
  { key: 'domain', title: 'Site' },
  'status',
  'branch',
  'php_version',
  'last_deployed_at',
  { key: 'type', wide: true },
  { key: 'id', wide: true },
);

/** The columns of a single site. `siteOverview` reads the computed ones. */
export const siteDetails = columns<Site>(
  'domain',
  'status',
  { key: 'server', computed: true },
  { key: 'url', computed: true },
  { key: 'repository', computed: true },
  'branch',
  { key: 'release', computed: true, wrap: true },
  'last_deployed_at',
  { key: 'certificate', computed: true },
  'type',
  'php_version',
  'web_directory',
  'zero_downtime_enabled',
  'scheduled_deploy_at',
  'created_at',
  'id',
);
