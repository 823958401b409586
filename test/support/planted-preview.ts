import { DAY } from '../../src/base/time.ts';
import { databaseName, markOf, previewDomain } from '../../src/features/preview/names.ts';
import type { RemovalRow } from '../../src/features/preview/removal.ts';
import { PREVIEWS, type PreviewBed, previewSettings } from './preview-bed.ts';

/** The names of the preview of a branch. */
export function previewNames({ sandbox }: Pick<PreviewBed, 'sandbox'>, branch: string) {
  const mark = markOf({ host: sandbox.url, repository: 'example/shop', base: 'shop.example.com' }, branch);
  return { domain: previewDomain(previewSettings.domain, branch, mark), database: databaseName(mark) };
}

interface Planted {
  /** In ms; two days by default. */
  readonly age?: number;
  /** How long after now its deadline is, in ms; a day by default. Null: it has no record. */
  readonly left?: number | null;
  /** What an interrupted `up` has left. */
  readonly without?: readonly ('site' | 'database' | 'user')[];
  /** Other fields of the site. */
  readonly site?: object;
}

/** What a preview is planted in. */
export type PlantedBed = Pick<PreviewBed, 'sandbox'> & { readonly clock: { now(): number } };

/** Puts the preview of a branch on previews-1, without a request, and returns its names. */
export function plantPreview(bed: PlantedBed, branch: string, { age = 2 * DAY, left = DAY, without = [], site }: Planted = {}) {
  const { state } = bed.sandbox;
  const names = previewNames(bed, branch);
  const stamp = (ms: number) => new Date(bed.clock.now() + ms).toISOString().replace(/\.\d+Z$/, 'Z');
  const stamps = { created_at: stamp(-age), updated_at: stamp(-age) };
  const id = (kind: string) => `${kind}-${names.database}`;
  if (!without.includes('site')) {
    const like = state.sites.find(({ domain }) => domain === 'shop.example.com');
    const row = {
      ...like,
      ...stamps,
      id: id('site'),
      server_id: PREVIEWS.id,
      domain: names.domain,
      branch,
      last_deployed_at: stamp(-age),
      ...site,
    };
    state.sites.push(row as (typeof state.sites)[number]);
    const values = { ...(left !== null && { DNX_PREVIEW: `shop.example.com/${stamp(left)}` }), DB_DATABASE: names.database };
    for (const [key, value] of Object.entries(values)) plantVariable(bed, id('site'), key, value);
  }
  if (without.includes('database')) return names;
  state.databases.push({ ...stamps, id: id('database'), server_id: PREVIEWS.id, name: names.database, status: 'active', size: 0 });
  if (!without.includes('user'))
    state.database_users.push({ ...stamps, id: id('user'), database_id: id('database'), username: names.database });
  return names;
}

/** Gives a site a variable, without a request. */
export function plantVariable({ sandbox: { state }, clock }: PlantedBed, site_id: string, key: string, value: string): void {
  const now = new Date(clock.now()).toISOString();
  state.environment_variables.push({ id: `${site_id}-${key}`, site_id, key, value, created_at: now, updated_at: now });
}

/** Another site on the server of previews. */
export function plantSite({ sandbox: { state } }: PreviewBed, id = 'other', changes: object = {}): string {
  const like = state.sites.find(({ domain }) => domain === 'blog.example.com');
  state.sites.push({ ...like, id, server_id: PREVIEWS.id, domain: `${id}.example.com`, ...changes } as typeof like & object);
  return id;
}

/** What a fleet has that previews change. */
export function fleetIn({ sandbox: { state } }: PreviewBed): string {
  const { servers, sites, databases, database_users, environment_variables, releases } = state;
  return JSON.stringify({ servers, sites, databases, database_users, environment_variables, releases }, null, 1);
}

/** What became of each thing, and why. */
export const outcomes = (rows: readonly RemovalRow[]) => rows.map(({ kind, name, outcome }) => `${kind} ${name} ${outcome}`);
export const whys = (rows: readonly RemovalRow[]) => rows.map(({ kind, why }) => `${kind}: ${why}`);
