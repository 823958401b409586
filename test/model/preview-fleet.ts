import fc from 'fast-check';
import { DAY, HOUR, MINUTE } from '../../src/base/time.ts';
import { databaseName, markInDomain, markOf, type PreviewOwner, previewDomain } from '../../src/features/preview/names.ts';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed } from '../support/dnx.ts';
import { objects, type Row } from '../support/variants.ts';
import { branchNames } from './preview-branches.ts';

/** How far an `up` came before something killed it, or how much a `down` left. */
const stages = ['database', 'user', 'site', 'record', 'variables', 'site alone'] as const;

const DOMAIN = '{branch}.preview.example.com';
/** How long a preview stays without a record that says otherwise: the `ttl` of the link file. */
const TTL = 3 * DAY;
const MOST_PREVIEWS = 20;

const idOf = (kind: string, number: number): string => `01JQ8Z4T9G${`${kind}${String(number).padStart(4, '0')}`.padStart(16, '0')}`;

const linkedId = (number: number): string => idOf('NKED', number);
const linked = (number: number) => ({
  server: { name: 'previews-1' },
  site: { id: linkedId(number), name: `linked-${number}.example.com` },
});
/** Environments of the link file: sites that no preview is, whatever they look like. */
export const linkedEnvironments = Object.fromEntries(
  Array.from({ length: MOST_PREVIEWS }, (_, number) => [`linked-${number}`, linked(number)]),
);

/** A site as it was planted: what the API has, what it shows instead, and the variables. */
interface Planted {
  readonly number: number;
  readonly mark: string;
  readonly row: Row;
  readonly shown: Row;
  readonly variables: Map<string, string>;
}

/** What makes a site no preview that is certainly ours. */
const flaws: Readonly<Record<string, (planted: Planted, owner: PreviewOwner, branch: string) => void>> = {
  'another branch': ({ row }) => Object.assign(row, { branch: 'release/1' }),
  'a branch of another case': ({ row }, _, branch) =>
    Object.assign(row, { branch: branch === branch.toUpperCase() ? `${branch} ` : branch.toUpperCase() }),
  'no branch': ({ row }) => Object.assign(row, { branch: null }),
  'a hidden branch': ({ shown }) => Object.assign(shown, { branch: undefined }),
  'another repository': ({ row }) => Object.assign(row, { git_repository_id: seeded.gitRepositories['example/blog'] }),
  'no repository': ({ row }) => Object.assign(row, { git_repository_id: null }),
  'a hidden repository': ({ shown }) => Object.assign(shown, { git_repository_id: undefined }),
  'an alias': ({ shown }) => Object.assign(shown, { aliases: ['www.example.com'] }),
  'a link': ({ row, number }) => Object.assign(row, { id: linkedId(number) }),
  'the record of another owner': ({ variables }) => variables.set('DNX_PREVIEW', 'blog.example.com/2026-04-01T00:00:00Z'),
  'a record that says nothing': ({ variables }) => variables.set('DNX_PREVIEW', 'true'),
  'the mark of another owner': ({ row }, owner, branch) =>
    Object.assign(row, { domain: previewDomain(DOMAIN, branch, markOf({ ...owner, base: 'blog.example.com' }, branch)) }),
  'the mark of another host': ({ row }, owner, branch) =>
    Object.assign(row, { domain: previewDomain(DOMAIN, branch, markOf({ ...owner, host: 'deploynix.io' }, branch)) }),
  'a mark inside of its label': ({ row, mark }) => Object.assign(row, { domain: `shop-${mark}-2.preview.example.com` }),
  'a mark in another label': ({ row, mark }) => Object.assign(row, { domain: `www.shop-${mark}.preview.example.com` }),
  'a mark alone': ({ row, mark }) => Object.assign(row, { domain: `${mark}.preview.example.com` }),
  'the branch of production': ({ row }, owner) =>
    Object.assign(row, { branch: 'main', domain: previewDomain(DOMAIN, 'main', markOf(owner, 'main')) }),
};

/** What is unusual about a site that is ours all the same. */
const oddities: Readonly<Record<string, (planted: Planted) => void>> = {
  'capital letters': ({ row }) => Object.assign(row, { domain: String(row.domain).toUpperCase() }),
  'an earlier pattern': ({ row, mark }) => Object.assign(row, { domain: `old-${mark}.branches.example.org` }),
  'no slug': ({ row, mark }) => Object.assign(row, { domain: `branch-${mark}.preview.example.com` }),
};

/** What keeps a database that has our name. */
const uses = ['DB_DATABASE', 'DATABASE_URL', 'EXPORTS'] as const;

const servers = ['previews-1', 'previews-2', 'web-1'] as const;
export type Server = (typeof servers)[number];
/** web-1 has production, and no preview may be there. */
const isAllowed = (server: Server): boolean => server !== 'web-1';

const age = fc.constantFrom(0, 10 * MINUTE, 50 * MINUTE, 70 * MINUTE, 5 * HOUR, TTL - HOUR, TTL + HOUR, TTL + HOUR, 30 * DAY, 30 * DAY);
const rarely = <T>(value: fc.Arbitrary<T>, weight = 1): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 4 }, { arbitrary: value, weight });

const preview = fc.record({
  branch: branchNames,
  isAlive: fc.constantFrom(true, false, false),
  server: fc.constantFrom<Server>(...(['previews-1', 'previews-1', 'previews-1', 'previews-2', 'previews-2', 'web-1'] as const)),
  stage: fc.constantFrom(...stages),
  age,
  deployed: fc.option(age, { nil: undefined }),
  record: fc.constantFrom('future', 'future', 'past', 'hidden', undefined),
  flaw: rarely(fc.constantFrom(...Object.keys(flaws)), 4),
  oddity: rarely(fc.constantFrom(...Object.keys(oddities))),
  isAgeHidden: rarely(fc.constant(true)),
  use: rarely(fc.constantFrom(...uses)),
});

/** Previews in every state, and what is like them. */
export const fleets = fc.record({
  previews: fc.uniqueArray(preview, { selector: ({ branch }) => branch, minLength: 1, maxLength: MOST_PREVIEWS, size: 'max' }),
  /** A server with a site whose variables the API hides. */
  hides: rarely(fc.constantFrom<Server>('previews-1', 'previews-2')),
});

export type Fleet = typeof fleets extends fc.Arbitrary<infer Value> ? Value : never;
type Preview = Fleet['previews'][number];

/** What a fleet has become: the ids that a sweep removes, and the branches that there are. */
export interface PlantedFleet {
  readonly doomed: Set<string>;
  /** Those of databases without a site that is certainly theirs, which may go or stay. */
  readonly unclear: ReadonlySet<string>;
  /** Those of databases that go with their site, but are too young to go once it is gone, or may be. */
  readonly young: ReadonlySet<string>;
  readonly branches: readonly string[];
  /** The ids of the databases and users of each site that is swept. */
  readonly databases: ReadonlyMap<string, readonly string[]>;
}

/** Adds the servers of previews to a bed, without any preview. */
export function addPreviewServers({ sandbox: { state } }: Bed): Readonly<Record<Server, string>> {
  const ids = { 'previews-1': idOf('PVS', 1), 'previews-2': idOf('PVS', 2), 'web-1': seeded.servers['web-1'] };
  const [web] = state.servers;
  for (const name of ['previews-1', 'previews-2'] as const) if (web) state.servers.push({ ...web, id: ids[name], name });
  return ids;
}

/** Plants a fleet in a bed that has the servers. */
export function plantFleet(bed: Bed, owner: PreviewOwner, fleet: Fleet, ids: Readonly<Record<Server, string>>): PlantedFleet {
  const [doomed, unclear, young] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const databases = new Map<string, readonly string[]>();
  const shown = new Map<string, Row>();
  const planting = { bed, owner, doomed, unclear, young, databases, shown, ids, hides: fleet.hides };
  for (const [number, each] of fleet.previews.entries()) plantPreview(planting, each, number);
  if (fleet.hides !== undefined) {
    const [site] = bed.sandbox.state.sites;
    const id = idOf('H1D', 1);
    bed.sandbox.state.sites.push({ ...site, id, server_id: ids[fleet.hides], domain: 'hidden.example.com' } as typeof site & object);
    plantVariables(bed, id, 900, new Map([['DB_DATABASE', 'shop']]), shown, 'DB_DATABASE');
  }
  objects(undefined, (row) => visible({ ...row, ...shown.get(String(row.id)) }))(bed);
  return { doomed, unclear, young, databases, branches: fleet.previews.filter(({ isAlive }) => isAlive).map(({ branch }) => branch) };
}

const visible = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));

interface Planting {
  readonly bed: Bed;
  readonly owner: PreviewOwner;
  readonly doomed: Set<string>;
  readonly unclear: Set<string>;
  readonly young: Set<string>;
  readonly databases: Map<string, readonly string[]>;
  readonly shown: Map<string, Row>;
  readonly ids: Readonly<Record<Server, string>>;
  readonly hides: Server | undefined;
}

function plantPreview(planting: Planting, preview: Preview, number: number): void {
  const { doomed, unclear, young, databases, shown, hides, bed, owner } = planting;
  const { stage, server, use, branch } = preview;
  const hasSite = stage !== 'database' && stage !== 'user';
  const isOver = isSwept(preview, bed.clock.now(), hasSite);
  const planted = hasSite ? plantSite(planting, preview, number) : undefined;
  if (planted) shown.set(String(planted.row.id), planted.shown);
  if (planted && isOver) doomed.add(String(planted.row.id));
  if (stage === 'site alone') return;
  const ids = plantDatabase(planting, preview, number);
  if (planted) databases.set(String(planted.row.id), ids);
  const isFree = use === undefined && hides !== server;
  if (isOver && isFree) for (const id of ids) doomed.add(id);
  if (isOver && (preview.age < HOUR || preview.isAgeHidden)) for (const id of ids) young.add(id);
  const hasOther = planted !== undefined && markInDomain(String(planted.row.domain)) !== markOf(owner, branch);
  if (!isOver && isFree && hasOther && stage !== 'variables') for (const id of ids) unclear.add(id);
}

/** What a sweep must do, told by how the preview was made. */
function isSwept(preview: Preview, now: number, hasSite: boolean): boolean {
  const { server, flaw, isAlive, record, deployed, isAgeHidden } = preview;
  const ageMs = isAgeHidden ? undefined : preview.age;
  if (!isAllowed(server)) return false;
  if (!hasSite) return ageMs !== undefined && ageMs > HOUR;
  if (flaw !== undefined) return false;
  if (!isAlive && ageMs !== undefined && ageMs > HOUR) return true;
  if (hasRecord(preview) && (record === 'future' || record === 'past')) return record === 'past';
  const since = [ageMs, deployed].filter((ms) => ms !== undefined);
  return since.length > 0 && now - Math.min(...since) + TTL < now;
}

const hasRecord = ({ stage, record }: Preview): boolean => stage !== 'site' && stage !== 'site alone' && record !== undefined;

const timesOf = (now: number, { age: ms, deployed, isAgeHidden }: Preview) => ({
  row: {
    created_at: stamp(now - ms),
    updated_at: stamp(now - ms),
    last_deployed_at: deployed === undefined ? null : stamp(now - deployed),
  },
  shown: isAgeHidden ? { created_at: undefined, updated_at: undefined } : {},
});

const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function plantSite({ bed, owner, shown, ids }: Planting, preview: Preview, number: number): Planted {
  const { branch, server, record, flaw = '', oddity = '', stage } = preview;
  const { state } = bed.sandbox;
  const now = bed.clock.now();
  const mark = markOf(owner, branch);
  const times = timesOf(now, preview);
  const row: Row = {
    ...state.sites.find(({ id }) => id === seeded.sites['shop.example.com']),
    ...{ id: idOf('PVW', number), server_id: ids[server], domain: previewDomain(DOMAIN, branch, mark), branch },
    ...{ git_repository_id: seeded.gitRepositories['example/shop'], ...times.row },
  };
  const variables = new Map<string, string>();
  const deadline = now + (record === 'past' ? -1 : 1) * HOUR;
  if (hasRecord(preview)) variables.set('DNX_PREVIEW', `${owner.base}/${stamp(deadline)}`);
  if (stage === 'variables') variables.set('DB_DATABASE', databaseName(mark));
  const planted = { number, mark, row, shown: times.shown as Row, variables };
  oddities[oddity]?.(planted);
  flaws[flaw]?.(planted, owner, branch);
  state.sites.push(row as unknown as (typeof state.sites)[number]);
  plantVariables(
    bed,
    String(row.id),
    number,
    variables,
    shown,
    record === 'hidden' && !flaw.includes('record') ? 'DNX_PREVIEW' : undefined,
  );
  return planted;
}

function plantVariables(
  { sandbox: { state } }: Bed,
  site_id: string,
  number: number,
  variables: ReadonlyMap<string, string>,
  shown: Map<string, Row>,
  /** The key whose value the API does not show. */
  hiddenKey?: string,
): void {
  for (const [index, [key, value]] of [...variables].entries()) {
    const id = idOf('VA', number * 10 + index);
    state.environment_variables.push({ id, site_id, key, value, created_at: '2026-04-01T00:00:00Z', updated_at: '2026-04-01T00:00:00Z' });
    if (key === hiddenKey) shown.set(id, { value: undefined });
  }
}

/** The ids of a database and its user. Another site of the server may name the database. */
function plantDatabase({ bed, owner, shown, ids }: Planting, preview: Preview, number: number): readonly string[] {
  const { branch, server, stage, use } = preview;
  const { state } = bed.sandbox;
  const name = databaseName(markOf(owner, branch));
  const { row, shown: hidden } = timesOf(bed.clock.now(), preview);
  const { created_at, updated_at } = row;
  const [database, user] = [idOf('PVD', number), idOf('PVV', number)];
  state.databases.push({ id: database, server_id: ids[server], name, status: 'active', size: 0, created_at, updated_at });
  shown.set(database, hidden);
  if (stage !== 'database') state.database_users.push({ id: user, database_id: database, username: name, created_at, updated_at });
  if (use !== undefined) {
    const site = state.sites.find(({ id }) => id === seeded.sites['shop.example.com']);
    const id = idOf('VSE', number);
    state.sites.push({ ...site, id, server_id: ids[server], domain: `other-${number}.example.com` } as typeof site & object);
    const value = { DB_DATABASE: name, DATABASE_URL: `mysql://u:p@127.0.0.1:3306/${name}?a=1`, EXPORTS: `a,${name},b` }[use];
    plantVariables(bed, id, 500 + number, new Map([[use, value]]), shown);
  }
  return stage === 'database' ? [database] : [database, user];
}
