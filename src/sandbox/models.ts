import type * as records from './records.ts';
import type { State } from './state.ts';

/** The model of each path parameter: `{daemon}` is a Daemon. */
export interface Nouns {
  server: records.Server;
  site: records.Site;
  release: records.Release;
  webhook: records.Webhook;
  variable: records.EnvironmentVariable;
  queue: records.Queue;
  redirect: records.Redirect;
  certificate: records.Certificate;
  database: records.Database;
  user: records.DatabaseUser;
  backup: records.Backup;
  crontab: records.Crontab;
  daemon: records.Daemon;
  ssh_key: records.SshKey;
  network_rule: records.NetworkRule;
  provider: records.Provider;
  credential: records.Credential;
  git_provider: records.GitProvider;
  git_repository: records.GitRepository;
  token: records.Token;
}

/** The name of a path parameter. */
export type Noun = keyof Nouns;

/** A row of any noun. */
export type AnyRow = Nouns[Noun];

interface Model {
  readonly table: keyof State;
  /** The class name in a 404. */
  readonly name: string;
  /** Deleting one of these owners deletes it, too: by `server_id`, `site_id`, … */
  readonly owners?: readonly Noun[];
}

/** Where the rows of a noun are stored, their class in a 404, and their owners. */
export const models: { readonly [N in Noun]: Model } = {
  server: { table: 'servers', name: 'Server' },
  site: { table: 'sites', name: 'Site', owners: ['server'] },
  release: { table: 'releases', name: 'Release', owners: ['site'] },
  webhook: { table: 'webhooks', name: 'Webhook', owners: ['site'] },
  variable: { table: 'environment_variables', name: 'EnvironmentVariable', owners: ['site'] },
  queue: { table: 'queues', name: 'QueueWorker', owners: ['site'] },
  redirect: { table: 'redirects', name: 'Redirect', owners: ['site'] },
  certificate: { table: 'certificates', name: 'Certificate', owners: ['server', 'site'] },
  database: { table: 'databases', name: 'Database', owners: ['server'] },
  user: { table: 'database_users', name: 'DatabaseUser', owners: ['database'] },
  backup: { table: 'backups', name: 'Backup', owners: ['server', 'site', 'database'] },
  crontab: { table: 'crontabs', name: 'Crontab', owners: ['server'] },
  daemon: { table: 'daemons', name: 'Daemon', owners: ['server'] },
  ssh_key: { table: 'ssh_keys', name: 'SshKey', owners: ['server'] },
  network_rule: { table: 'network_rules', name: 'NetworkRule', owners: ['server'] },
  provider: { table: 'providers', name: 'Provider' },
  credential: { table: 'credentials', name: 'ProviderCredential' },
  git_provider: { table: 'git_providers', name: 'GitProvider' },
  git_repository: { table: 'git_repositories', name: 'GitRepository', owners: ['git_provider'] },
  token: { table: 'tokens', name: 'PersonalAccessToken' },
};

const nouns = Object.keys(models) as Noun[];

/** The live rows of a noun. */
export const rowsOf = <N extends Noun>(state: State, noun: N): Nouns[N][] => state[models[noun].table] as unknown as Nouns[N][];

/** A column whose name is known only at run time. */
export const column = (row: AnyRow, name: string): unknown => (row as unknown as Record<string, unknown>)[name];

/** The rows of a noun that belong to the row `id` of `owner`. */
export const childrenOf = <N extends Noun>(state: State, noun: N, owner: Noun, id: unknown): Nouns[N][] =>
  rowsOf(state, noun).filter((row) => column(row, `${owner}_id`) === id);

/** Removes a row and everything it owns. */
export function remove(state: State, noun: Noun, row: AnyRow): void {
  for (const child of nouns) {
    if (!models[child].owners?.includes(noun)) continue;
    for (const owned of childrenOf(state, child, noun, row.id)) remove(state, child, owned);
  }
  if (noun === 'git_repository') for (const site of state.sites) if (site.git_repository_id === row.id) site.git_repository_id = null;
  const rows: AnyRow[] = rowsOf(state, noun);
  rows.splice(rows.indexOf(row), 1);
}
