type Columns<T, Name extends string> = { [N in Name]: T };

/** The columns of every row. */
export type Timestamped = Columns<string, 'id' | 'created_at' | 'updated_at'>;

/** A member of the organization. A viewer has read-only access. */
export type User = Columns<string, 'id' | 'name' | 'email' | 'password'> & { role: 'owner' | 'viewer' };

/** An access token. As in Sanctum, only the SHA-256 of its secret is stored; `['*']` is every ability. */
export type TokenRow = Columns<string, 'user_id' | 'name' | 'hash' | 'created_at'> & {
  id: number;
  abilities: string[];
  last_used_at: string | null;
};

/** A server, possibly still provisioning. */
export type Server = Timestamped &
  Columns<string, 'name' | 'provider' | 'type' | 'ssh_user' | 'webserver' | 'status'> &
  Columns<string | null, 'ip_address' | 'region' | 'size' | 'image' | 'php_version' | 'database_type' | 'provisioned_at'> & {
    monitoring_enabled: boolean;
  };

/** A website on a server. `dotenv` is the .env on the server, which `environment-variables/pull` imports. */
export type SiteRow = Timestamped &
  Columns<string, 'server_id' | 'domain' | 'type' | 'status' | 'web_directory' | 'dotenv'> &
  Columns<string | null, 'branch' | 'git_repository_id' | 'php_version' | 'scheduled_deploy_at' | 'last_deployed_at'> & {
    zero_downtime_enabled: boolean;
  };

/** Why a deployment fails. */
export type FailureName = 'build' | 'composer' | 'disk' | 'migration' | 'permission' | 'variable';

/** A release of a site; the live one is `active`. Only the log of a release tells why it failed. */
export type ReleaseRow = Timestamped &
  Columns<string, 'site_id' | 'name' | 'commit_hash' | 'commit_message' | 'branch' | 'status'> & {
    active: boolean;
    failure?: FailureName | undefined;
  };

/** A push from a Git host. */
export type Webhook = Timestamped & Columns<string, 'site_id' | 'commit_hash' | 'commit_message' | 'pusher' | 'branch' | 'status'>;

/** A variable that the next deployment writes to the .env. */
export type EnvironmentVariable = Timestamped & Columns<string, 'site_id' | 'key' | 'value'>;

/** A queue worker of a site. */
export type Queue = Timestamped &
  Columns<string, 'site_id' | 'connection' | 'queue' | 'status'> &
  Columns<number, 'processes' | 'tries' | 'timeout' | 'sleep'>;

/** An Nginx redirect of a site. */
export type Redirect = Timestamped & Columns<string, 'site_id' | 'from' | 'to'> & { type: number };

/** A certificate of a site or a server: one of the two ids is null. */
export type Certificate = Timestamped &
  Columns<string, 'type' | 'domain' | 'status'> &
  Columns<string | null, 'site_id' | 'server_id' | 'reason' | 'expires_at'>;

/** A database on a server; `size` in bytes. */
export type Database = Timestamped & Columns<string, 'server_id' | 'name' | 'status'> & { size: number };

/** A database user. */
export type DatabaseUser = Timestamped & Columns<string, 'database_id' | 'username'>;

/** A backup of a database or a site; `size` in bytes. */
export type Backup = Timestamped &
  Columns<string, 'status' | 'server_id'> &
  Columns<string | null, 'site_id' | 'database_id' | 'completed_at'> & { type: 'application' | 'database'; size: number | null };

/** A cron job of a server. */
export type Crontab = Timestamped & Columns<string, 'server_id' | 'command' | 'frequency' | 'user' | 'status'>;

/** A process that Supervisor keeps running. */
export type Daemon = Timestamped &
  Columns<string, 'server_id' | 'command' | 'user' | 'status'> & { directory: string | null; processes: number };

/** A public SSH key of a server. */
export type SshKey = Timestamped & Columns<string, 'server_id' | 'name' | 'public_key' | 'fingerprint'>;

/** A firewall rule of a server. */
export type NetworkRule = Timestamped &
  Columns<string, 'server_id' | 'protocol' | 'action'> &
  Columns<string | null, 'name' | 'source'> & { port: number };

/** One region, size or image of a provider. */
export type NamedChoice = Columns<string, 'id' | 'name'>;

/** A server size; `memory` in MB. Everything but id and name is assumed: the API reference describes neither sizes nor prices. */
export type Size = NamedChoice & Columns<number, 'vcpus' | 'memory' | 'price_monthly'> & { currency: string };

/** A cloud provider. */
export type Provider = NamedChoice & Columns<NamedChoice[], 'regions' | 'images'> & { sizes: Size[] };

/** The organization's credential for a cloud provider. */
export type Credential = Timestamped & Columns<string, 'provider' | 'name'>;

/** A connection to a Git host. */
export type GitProvider = Timestamped & Columns<string, 'provider' | 'name'> & { url: string | null };

/** A repository that sites deploy. */
export type GitRepository = Timestamped &
  Columns<string, 'git_provider_id' | 'name'> & { auto_deploy_enabled: boolean; deploy_key: string | null };
