import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from '../../src/sandbox/index.ts';
import { publicKey } from './ensured.ts';

/** A state file of the sandbox that creates, updates, switches and deletes. */
export const manyChanges = `repositories:
  example/blog: { auto_deploy: true }
servers:
  web-1:
    ssh_keys: { ci: ${publicKey('ci')} }
    network_rules: [8080]
    databases: { reports: { users: { reports: { password: file://password } } } }
    daemons: [{ command: php artisan horizon, processes: 2 }]
    crontabs: [{ command: date, frequency: '0 8 * * *' }]
sites:
  shop.example.com:
    server: web-1
    env: { APP_NAME: Shop, NEW: file://secret }
    secrets: [APP_KEY]
    queues: [{ queue: mails, processes: 3 }, { queue: reports }]
    redirects: [{ from: /old, to: /new }, { from: /agb, to: /terms }]
    owns: [redirects]
  blog.example.com: { server: web-1, zero_downtime: true, branch: next }
`;

/** How many requests change something in an apply of `manyChanges` with --delete. */
export const changesOfMany = 15;

/** A state file with a new site, and what a site has to have before it serves. */
export const newSite = `repositories:
  example/new: { git: GitHub }
sites:
  new.example.com:
    server: web-1
    repository: example/new
    env: { APP_NAME: New }
    queues: [default]
    certificates: true
`;

/** Writes the state file of a project, and the files of its references. */
export function writeState(directory: string, text: string): void {
  writeFileSync(join(directory, 'deploynix.yml'), text);
  writeFileSync(join(directory, 'secret'), 'hunter2\n');
  writeFileSync(join(directory, 'password'), 'correct horse\n');
}

/** The lists of a sandbox of which a state file speaks. */
const LISTS = [
  'git_repositories',
  'ssh_keys',
  'network_rules',
  'databases',
  'database_users',
  'sites',
  'environment_variables',
  'queues',
  'redirects',
  'certificates',
  'daemons',
  'crontabs',
] as const satisfies readonly (keyof State)[];

/** Fields that the server makes. */
const MADE = /^id$|_at$|^(fingerprint|status|pid|size|dotenv|deploy_key)$/;

type Row = Readonly<Record<string, unknown>>;

/** What a sandbox has of everything that a state file can say, with names for ids. */
export function statedIn(state: State): unknown {
  const rowsOf = (list: 'servers' | (typeof LISTS)[number]) => state[list] as unknown as readonly Row[];
  const named = ['servers' as const, ...LISTS].flatMap(rowsOf);
  const names = new Map(named.map((row) => [row.id, `${row.domain ?? row.name} ${row.server_id ?? ''}`]));
  const told = ([field, value]: readonly [string, unknown]) => [field, /_id$/.test(field) ? (names.get(value) ?? value) : value];
  const text = (row: Row) =>
    JSON.stringify(
      Object.entries(row)
        .filter(([field]) => !MADE.test(field))
        .map(told)
        .sort(),
    );
  return LISTS.map((list) => [list, rowsOf(list).map(text).sort()]);
}
