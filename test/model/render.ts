import type { Dialect } from './dialect.ts';
import type { Platform, Row } from './platform.ts';

/** A row in a response. */
export type Shown = Record<string, unknown>;

/** A time as the dialect writes it. */
const time = (value: unknown, { times }: Dialect): unknown => {
  if (typeof value !== 'string' || times === 'Z') return value;
  return times === 'bare' ? value.slice(0, 19).replace('T', ' ') : value.replace('Z', '+00:00');
};

const timed = (row: Shown, dialect: Dialect): Shown =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key, /_at$/.test(key) ? time(value, dialect) : value]));

/** A site in a dialect. `fields` are those of the sandbox. */
export function siteIn(dialect: Dialect, site: Shown, fields: readonly string[]): Shown {
  const { field, idle, going, failed, lacks } = dialect;
  const words: Record<string, string | null> = {
    active: idle,
    deploying: going === 'idle' ? idle : going,
    failed: failed === 'idle' ? idle : failed,
  };
  const word = words[String(site.status)] === undefined ? site.status : words[String(site.status)];
  const shown = timed(Object.fromEntries(fields.map((key) => [key, site[key]])), dialect);
  delete shown.status;
  if (field !== 'none') Object.assign(shown, field === 'status' ? {} : { status: 'active' }, { [field]: word });
  if (lacks === 'last_deployed_at' || lacks === 'both times of a site') delete shown.last_deployed_at;
  if (lacks === 'updated_at' || lacks === 'both times of a site') delete shown.updated_at;
  return shown;
}

/** The releases of a site in a dialect, at a time. */
export function releasesIn(dialect: Dialect, siteId: string, platform: Pick<Platform, 'viewAt'>, at: number): Shown[] {
  const of = (moment: number) => platform.viewAt(moment).releases.filter(({ site_id }) => site_id === siteId);
  const visible = new Set(of(at - dialect.lateRelease).map(({ id }) => id));
  const live = new Set(of(at - dialect.lateMark).flatMap(({ id, active }) => (active === true ? [id] : [])));
  const kept = of(at).filter(({ id, status }) => visible.has(id) && (status !== 'failed' || dialect.bad !== 'gone'));
  const shown = kept.map((release) => releaseIn(dialect, release, live.has(release.id)));
  if (dialect.order === 'oldest first') return shown;
  if (dialect.order === 'newest first') return shown.reverse();
  const [from, to] = dialect.order === 'shuffled' ? [0, 20] : [20, 40];
  const key = ({ commit_hash, id }: Shown) => `${String(commit_hash).slice(from, to)}${id}`;
  // Sorted by commit, which is unrelated to time.
  return shown.sort((a, b) => key(a).localeCompare(key(b)));
}

const fields = ['id', 'name', 'commit_hash', 'commit_message', 'branch', 'created_at'];

function releaseIn(dialect: Dialect, release: Row, live: boolean): Shown {
  const { good, made, bad, mark, lacks } = dialect;
  const shown = timed(Object.fromEntries(fields.map((key) => [key, release[key]])), dialect);
  const words: Record<string, string | null> = { active: good, deploying: made, failed: bad };
  const word = words[String(release.status)];
  if (word) shown.status = word;
  if (lacks === 'created_at of releases') delete shown.created_at;
  if (lacks === 'names of releases') delete shown.name;
  return Object.assign(shown, markOf(mark, live, String(release.status)));
}

function markOf(mark: Dialect['mark'], live: boolean, status: string): Shown {
  switch (mark) {
    case 'active: true':
      return { active: live };
    case 'active: 1':
      return { active: live ? 1 : 0 };
    case 'active: "1"':
      return { active: live ? '1' : '0' };
    case 'is_active':
      return { is_active: live };
    case 'live':
      return { live };
    case 'current':
      return { current: live };
    case 'state: live':
      return { state: live ? 'live' : 'kept' };
    case 'status: live':
      return status === 'active' ? { status: live ? 'live' : 'archived' } : {};
    case 'none':
      return {};
  }
}
