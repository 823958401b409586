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

/** Increase it when the shape of the state file changes, so that older files are refused. */
export const STATE_VERSION = 1;

/** The plan of the organization. Tests change its limits. */
interface Plan {
  name: string;
  api_access: boolean;
  max_servers: number;
}

/** A deployment or rollback. Only the first one of a site is in progress; the others are queued. */
export interface Deployment {
  id: string;
  site_id: string;
  fails: boolean;
  /** The release that a rollback restores; null for a deployment, which creates one. */
  rolls_back_to: string | null;
  /** The release in progress, once it is visible. */
  release_id: string | null;
}

/** The kinds of scheduled changes. settle.ts has a function for each. */
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

/** A change to the row `id` at the time `at` (epoch ms). */
interface DueChange {
  at: number;
  kind: ChangeKind;
  id: string;
}

/** The complete state of the sandbox: plain JSON, and the content of the state file. */
export interface State {
  version: number;
  /** New deployments fail. */
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

/** Schedules a change to the row `id` at the time `at` (epoch ms). */
export function schedule(state: State, at: number, kind: ChangeKind, id: string): void {
  state.due.push({ at, kind, id });
}

/** Cancels a scheduled change. */
export function unschedule(state: State, kind: ChangeKind, id: string): void {
  state.due = state.due.filter((change) => change.kind !== kind || change.id !== id);
}
