import { databaseName, markOf, type PreviewOwner, previewDomain } from '../../src/features/preview/names.ts';
import { type State, seeded } from '../../src/sandbox/index.ts';

const HOUR = 3_600_000;

interface PlantOptions {
  /** How old it is. */
  readonly hours?: number;
  /** What DNX_PREVIEW says; none without it. */
  readonly record?: string;
  readonly base?: string;
  readonly pattern?: string;
  /** The id of its server. */
  readonly server?: string;
  readonly host?: string;
}

/** A time that is so many hours away, as the record of a preview has it. */
export const hence = (now: number, hours: number): string => new Date(now + hours * HOUR).toISOString().replace(/\.\d+Z$/, 'Z');

/** Puts a preview of example/shop with its database into a sandbox, without a command. Returns its domain. */
export function putPreview(state: State, now: number, branch: string, options: PlantOptions = {}): string {
  const { hours = 2, record, base = 'shop.example.com', server = seeded.servers['web-2'] } = options;
  const { pattern = '{branch}.preview.example.com', host = 'https://deploynix.io' } = options;
  const owner: PreviewOwner = { host, repository: 'example/shop', base };
  const mark = markOf(owner, branch);
  const domain = previewDomain(pattern, branch, mark);
  const created_at = hence(now, -hours);
  const times = { created_at, updated_at: created_at };
  const like = state.sites.find(({ id }) => id === seeded.sites['shop.example.com']);
  const [database] = state.databases;
  if (!like || !database) throw new Error('The sandbox has no shop.');
  const id = (kind: string) => `01JQ8Z4T9G00${kind}${mark.toUpperCase().replaceAll(/[ILOU]/g, '0')}`;
  const settings = { status: 'active', php_version: '8.4', zero_downtime_enabled: true };
  const site = { ...like, ...times, ...settings, id: id('PS'), server_id: server, domain, branch, last_deployed_at: created_at };
  state.sites.push(site);
  state.databases.push({ ...database, ...times, id: id('PD'), server_id: server, name: databaseName(mark) });
  const variables = { APP_ENV: 'preview', ...(record !== undefined && { DNX_PREVIEW: record }) };
  for (const [key, value] of Object.entries(variables))
    state.environment_variables.push({ ...times, id: `VAR${mark}${key}`, site_id: site.id, key, value });
  return domain;
}
