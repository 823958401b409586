import { existsSync } from 'node:fs';
import { usage } from '../base/errors.ts';
import { readJson, writeText } from '../machine/files/text-file.ts';
import type * as records from './records.ts';

/** Increase it when the shape of the state file changes, so that older files are refused. */
export const STATE_VERSION = 1;

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
  failure?: records.FailureName | undefined;
  /** The release that a rollback restores; null for a deployment, which creates one. */
  rolls_back_to: string | null;
  /** The release in progress, once it is visible. */
  release_id: string | null;
}

/** The newest commit of a branch. */
export interface Head {
  commit_hash: string;
  commit_message: string;
  /** The oldest version of PHP that its composer.json allows, such as `8.4`. */
  php: string | undefined;
}

/** The kinds of scheduled changes. settle.ts has a function for each. */
export type ChangeKind =
  | 'server.provisioned'
  | 'site.installed'
  | 'site.scheduled-deploy'
  | 'deployment.begins'
  | 'deployment.ends'
  | 'certificate.issued'
  | 'database.created'
  | 'site.deleted'
  | 'database.deleted'
  | 'backup.begins'
  | 'backup.ends'
  | 'restore.begins'
  | 'restore.ends';

/** What the API reference leaves open, and another Deploynix may do. */
interface Unstated {
  /** A new site is deployed as soon as it is installed. */
  readonly deploysNewSites?: boolean;
  /** How long a new database is `creating`, in ms. */
  readonly databaseCreates?: number;
  /** How long a deleted site or database is still shown, in ms. */
  readonly deletes?: number;
}

interface DueChange {
  at: number;
  kind: ChangeKind;
  id: string;
}

/** What a path parameter stands for: `{daemon}` is a row of `daemons`. */
interface Model<R, T extends string> {
  readonly table: T;
  readonly name: string;
  /** Deleting one of these owners deletes it, too: by `server_id`, `site_id`, … */
  readonly owners: readonly string[];
  readonly row?: R;
}

const model =
  <R>() =>
  <const T extends string>(table: T, name: string, ...owners: string[]): Model<R, T> => ({ table, name, owners });

/** Every noun of the API with its rows. The nouns, the tables and the state follow from it. */
export const models = {
  server: model<records.Server>()('servers', 'Server'),
  site: model<records.SiteRow>()('sites', 'Site', 'server'),
  release: model<records.ReleaseRow>()('releases', 'Release', 'site'),
  webhook: model<records.Webhook>()('webhooks', 'Webhook', 'site'),
  variable: model<records.EnvironmentVariable>()('environment_variables', 'EnvironmentVariable', 'site'),
  queue: model<records.Queue>()('queues', 'QueueWorker', 'site'),
  redirect: model<records.Redirect>()('redirects', 'Redirect', 'site'),
  certificate: model<records.Certificate>()('certificates', 'Certificate', 'server', 'site'),
  database: model<records.Database>()('databases', 'Database', 'server'),
  user: model<records.DatabaseUser>()('database_users', 'DatabaseUser', 'database'),
  backup: model<records.Backup>()('backups', 'Backup', 'server', 'site', 'database'),
  crontab: model<records.Crontab>()('crontabs', 'Crontab', 'server'),
  daemon: model<records.Daemon>()('daemons', 'Daemon', 'server'),
  ssh_key: model<records.SshKey>()('ssh_keys', 'SshKey', 'server'),
  network_rule: model<records.NetworkRule>()('network_rules', 'NetworkRule', 'server'),
  provider: model<records.Provider>()('providers', 'Provider'),
  credential: model<records.Credential>()('credentials', 'ProviderCredential'),
  git_provider: model<records.GitProvider>()('git_providers', 'GitProvider'),
  git_repository: model<records.GitRepository>()('git_repositories', 'GitRepository', 'git_provider'),
  token: model<records.TokenRow>()('tokens', 'PersonalAccessToken'),
};

/** The name of a path parameter. */
export type Noun = keyof typeof models;

/** The row of each noun. */
export type Nouns = { [N in Noun]: (typeof models)[N] extends Model<infer R, string> ? R : never };

/** A row of any noun. */
export type AnyRow = Nouns[Noun];

type Tables = { [N in Noun as (typeof models)[N]['table']]: Nouns[N][] };

/** The complete state of the sandbox: plain JSON, and the content of the state file. */
export interface State extends Tables {
  version: number;
  /** New deployments fail, until what `failures` says fixes it. */
  fail_deploys: boolean | records.FailureName;
  /** The newest commit of each branch that was pushed to a repository of the sandbox, by `example/shop main`. */
  heads?: Record<string, Head>;
  /** What is broken on the servers: `disk SERVER` and `permission SITE`, by id. */
  damage?: readonly string[];
  /** What it does that the API reference does not state. */
  unstated?: Unstated;
  plan: Plan;
  users: records.User[];
  next_token_id: number;
  deployments: Deployment[];
  due: DueChange[];
}

/** Schedules a change to the row `id` at the time `at` (epoch ms). */
export function scheduleChange(state: State, at: number, kind: ChangeKind, id: string): void {
  state.due.push({ at, kind, id });
}

/** Cancels a scheduled change. */
export function unschedule(state: State, kind: ChangeKind, id: string): void {
  state.due = state.due.filter((change) => change.kind !== kind || change.id !== id);
}

const nouns = Object.keys(models) as Noun[];

/** The live rows of a noun. */
export const tableRows = <N extends Noun>(state: State, noun: N): Nouns[N][] => state[models[noun].table] as unknown as Nouns[N][];

/** A column whose name is known only at run time. */
export const column = (row: AnyRow, name: string): unknown => (row as unknown as Record<string, unknown>)[name];

/** The rows of a noun that belong to the row `id` of `owner`. */
export const childrenOf = <N extends Noun>(state: State, noun: N, owner: Noun, id: unknown): Nouns[N][] =>
  tableRows(state, noun).filter((row) => column(row, `${owner}_id`) === id);

/** Removes a row and everything it owns. */
export function removeRow(state: State, noun: Noun, row: AnyRow): void {
  for (const child of nouns) {
    if (!models[child].owners.includes(noun)) continue;
    for (const owned of childrenOf(state, child, noun, row.id)) removeRow(state, child, owned);
  }
  if (noun === 'git_repository') for (const site of state.sites) if (site.git_repository_id === row.id) site.git_repository_id = null;
  const rows: AnyRow[] = tableRows(state, noun);
  rows.splice(rows.indexOf(row), 1);
}

/** Keeps the state in a JSON file. Without a file, nothing is saved. */
export function createStore(file: string | undefined) {
  let written = '';
  return {
    /** The saved state, or undefined if there is none. Fails if the file is not a state of this version. */
    load(): State | undefined {
      if (file === undefined || !existsSync(file)) return undefined;
      const state = readJson<State>(file);
      if (state.version !== STATE_VERSION) throw usage(`${file} is from another version of dnx.`, 'Remove it to start over.');
      return state;
    },
    save(state: State): void {
      if (file === undefined) return;
      const text = `${JSON.stringify(state, null, 2)}\n`;
      if (text !== written) writeText(file, text);
      written = text;
    },
  };
}
