import type {
  Backup,
  Certificate,
  Credential,
  Crontab,
  Daemon,
  Database,
  DatabaseUser,
  EnvironmentVariable,
  GitProvider,
  GitRepository,
  NetworkRule,
  Provider,
  Queue,
  Redirect,
  Release,
  Server,
  Site,
  SshKey,
  Token,
  User,
  Webhook,
} from './records.ts';

/** Raised when the shape of the state file changes, so that an old file is refused instead of half understood. */
export const STATE_VERSION = 1;

/** What the organization pays for; tests take `api_access` away or lower a cap. */
interface Plan {
  name: string;
  api_access: boolean;
  max_servers: number;
}

/** A deployment or rollback of a site on its way; only the first one of a site is under way, the others wait. */
export interface Deployment {
  id: string;
  site_id: string;
  fails: boolean;
  /** The release a rollback returns to; null for a deployment, which makes a new one. */
  rolls_back_to: string | null;
  /** The release being built, from the moment it is visible. */
  release_id: string | null;
}

/** What can become due: each kind has its function in settle.ts. */
export type ChangeKind =
  | 'server.provisioned'
  | 'site.installed'
  | 'site.scheduled-deploy'
  | 'deployment.begins'
  | 'deployment.ends'
  | 'certificate.issued'
  | 'backup.begins'
  | 'backup.ends'
  | 'restore.begins'
  | 'restore.ends';

/** A change that happens to the row `id` at the moment `at` (epoch ms). */
interface DueChange {
  at: number;
  kind: ChangeKind;
  id: string;
}

/** Everything the sandbox knows: plain JSON, the state file is this value. */
export interface State {
  version: number;
  /** Every deployment accepted from now on fails. */
  fail_deploys: boolean;
  plan: Plan;
  users: User[];
  tokens: Token[];
  next_token_id: number;
  servers: Server[];
  sites: Site[];
  releases: Release[];
  webhooks: Webhook[];
  environment_variables: EnvironmentVariable[];
  queues: Queue[];
  redirects: Redirect[];
  certificates: Certificate[];
  databases: Database[];
  database_users: DatabaseUser[];
  backups: Backup[];
  crontabs: Crontab[];
  daemons: Daemon[];
  ssh_keys: SshKey[];
  network_rules: NetworkRule[];
  providers: Provider[];
  credentials: Credential[];
  git_providers: GitProvider[];
  git_repositories: GitRepository[];
  deployments: Deployment[];
  due: DueChange[];
}

/** Lets `kind` happen to the row `id` at the moment `at` (epoch ms). */
export function schedule(state: State, at: number, kind: ChangeKind, id: string): void {
  state.due.push({ at, kind, id });
}

/** Takes a change back that has not happened yet. */
export function unschedule(state: State, kind: ChangeKind, id: string): void {
  state.due = state.due.filter((change) => change.kind !== kind || change.id !== id);
}
