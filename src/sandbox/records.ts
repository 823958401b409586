/** The columns of every row. */
export interface Timestamped {
  id: string;
  created_at: string;
  updated_at: string;
}

/** A member of the organization. A viewer has read-only access. */
export interface User {
  id: string;
  name: string;
  email: string;
  password: string;
  role: 'owner' | 'viewer';
}

/** An access token. As in Sanctum, only the SHA-256 of its secret is stored; `['*']` is every ability. */
export interface TokenRow {
  id: number;
  user_id: string;
  name: string;
  abilities: string[];
  hash: string;
  last_used_at: string | null;
  created_at: string;
}

/** A server, possibly still provisioning. */
export interface Server extends Timestamped {
  name: string;
  provider: string;
  type: string;
  ip_address: string | null;
  ssh_user: string;
  region: string | null;
  size: string | null;
  image: string | null;
  php_version: string | null;
  database_type: string | null;
  webserver: string;
  status: string;
  monitoring_enabled: boolean;
  provisioned_at: string | null;
}

/** A website on a server. */
export interface SiteRow extends Timestamped {
  server_id: string;
  domain: string;
  type: string;
  status: string;
  branch: string | null;
  git_repository_id: string | null;
  web_directory: string;
  php_version: string | null;
  zero_downtime_enabled: boolean;
  scheduled_deploy_at: string | null;
  last_deployed_at: string | null;
  /** The .env on the server, which `environment-variables/pull` imports. */
  dotenv: string;
}

/** Why a deployment fails. */
export type FailureName = 'build' | 'composer' | 'disk' | 'migration' | 'permission' | 'variable';

/** A release of a site; the live one is `active`. */
export interface ReleaseRow extends Timestamped {
  site_id: string;
  name: string;
  commit_hash: string;
  commit_message: string;
  branch: string;
  status: string;
  active: boolean;
  /** Why it failed, which only its log tells. */
  failure?: FailureName | undefined;
}

/** A push from a Git host. */
export interface Webhook extends Timestamped {
  site_id: string;
  commit_hash: string;
  commit_message: string;
  pusher: string;
  branch: string;
  status: string;
}

/** A variable that the next deployment writes to the .env. */
export interface EnvironmentVariable extends Timestamped {
  site_id: string;
  key: string;
  value: string;
}

/** A queue worker of a site. */
export interface Queue extends Timestamped {
  site_id: string;
  connection: string;
  queue: string;
  processes: number;
  tries: number;
  timeout: number;
  sleep: number;
  status: string;
}

/** An Nginx redirect of a site. */
export interface Redirect extends Timestamped {
  site_id: string;
  from: string;
  to: string;
  type: number;
}

/** A certificate of a site or a server: one of the two ids is null. */
export interface Certificate extends Timestamped {
  site_id: string | null;
  server_id: string | null;
  type: string;
  domain: string;
  status: string;
  reason: string | null;
  expires_at: string | null;
}

/** A database on a server; `size` in bytes. */
export interface Database extends Timestamped {
  server_id: string;
  name: string;
  status: string;
  size: number;
}

/** A database user. */
export interface DatabaseUser extends Timestamped {
  database_id: string;
  username: string;
}

/** A backup of a database or a site; `size` in bytes. */
export interface Backup extends Timestamped {
  type: 'application' | 'database';
  status: string;
  size: number | null;
  server_id: string;
  site_id: string | null;
  database_id: string | null;
  completed_at: string | null;
}

/** A cron job of a server. */
export interface Crontab extends Timestamped {
  server_id: string;
  command: string;
  frequency: string;
  user: string;
  status: string;
}

/** A process that Supervisor keeps running. */
export interface Daemon extends Timestamped {
  server_id: string;
  command: string;
  directory: string | null;
  user: string;
  processes: number;
  status: string;
}

/** A public SSH key of a server. */
export interface SshKey extends Timestamped {
  server_id: string;
  name: string;
  public_key: string;
  fingerprint: string;
}

/** A firewall rule of a server. */
export interface NetworkRule extends Timestamped {
  server_id: string;
  name: string | null;
  port: number;
  protocol: string;
  action: string;
  source: string | null;
}

/** One region, size or image of a provider. */
export interface NamedChoice {
  id: string;
  name: string;
}

/** A server size. Everything but id and name is assumed: the API reference describes neither sizes nor prices. */
export interface Size extends NamedChoice {
  vcpus: number;
  /** In MB. */
  memory: number;
  price_monthly: number;
  currency: string;
}

/** A cloud provider. */
export interface Provider extends NamedChoice {
  regions: NamedChoice[];
  sizes: Size[];
  images: NamedChoice[];
}

/** The organization's credential for a cloud provider. */
export interface Credential extends Timestamped {
  provider: string;
  name: string;
}

/** A connection to a Git host. */
export interface GitProvider extends Timestamped {
  provider: string;
  name: string;
  url: string | null;
}

/** A repository that sites deploy. */
export interface GitRepository extends Timestamped {
  git_provider_id: string;
  name: string;
  auto_deploy_enabled: boolean;
  deploy_key: string | null;
}
