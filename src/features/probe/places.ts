import { type DnxError, isError } from '../../base/errors.ts';
import { type JsonObject, own } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { parameters, segment } from '../../platform/api/endpoint.ts';
import { mislinked } from '../../platform/names/linked.ts';
import { type Lookup, type LookupWords, lookupsFor } from '../../platform/names/lookups.ts';
import { choices, idIn, isId, isIdOf, resourceName } from '../../platform/names/names.ts';
import { onlyOne } from '../../platform/names/resolve.ts';
import { brokenSetting } from '../../platform/names/unresolved.ts';
import { PAGE, type ProbeRead } from './reads.ts';

/** How many servers are tried for one that has sites, or the site that was named. */
const MOST_SERVERS = 3;

const SITES = '/servers/{server}/sites';

/** The ids for the paths of the reads, from the responses to the reads before. */
export function openPlaces(words: LookupWords, settings: Settings) {
  const lookups = lookupsIn(words, settings);
  const [server, site] = ['server', 'site'].map((name) => lookups.find((lookup) => lookup.name === name));
  const ids: Record<string, string> = {};
  let servers: readonly string[] = [];
  let missing: DnxError | undefined;

  function learn(name: string, id: string | undefined): void {
    if (id === undefined) return;
    ids[name] = id;
    const none = impossibleId(id);
    // Other kinds of resources may have ids of another form.
    if (none !== undefined && (name === 'server' || ids.none === undefined)) ids.none = none;
  }

  function takeServers(rows: readonly JsonObject[]): void {
    const first = server && chosen(server, rows);
    const others = !server || site?.how.endsWith('anywhere') ? usefulFirst(rows).flatMap((row) => pathId(row) ?? []) : [];
    servers = [...new Set([...(first === undefined ? [] : [first]), ...others])].slice(0, MOST_SERVERS);
    learn('server', servers[0]);
  }

  function takeSites(rows: readonly JsonObject[]): void {
    missing = undefined;
    try {
      learn('site', site ? chosen(site, rows) : pathId(usefulFirst(rows)[0]));
    } catch (error) {
      if (!isError(error, 'not_found')) throw error;
      missing = error;
    }
    const current = rows.find(({ id }) => idIn(id) === ids.site);
    const others = rows.filter((row) => pathId(row) !== undefined && row !== current);
    const other = others.find(({ status }) => statusKey(status) !== statusKey(current?.status)) ?? others[0];
    learn('other_site', pathId(other));
  }

  // Their lists may be forbidden.
  for (const { name, word, how } of lookups) if (how === 'id') learn(name, word);
  if (ids.server !== undefined) servers = [ids.server];

  return {
    /** The path of a read with its query, for one server after the other until one has the site. None if an id was not seen. */
    *paths({ path, query = {} }: ProbeRead): Generator<string, void> {
      const words = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
      for (const id of path === SITES ? servers : [ids.server]) {
        learn('server', id);
        if (parameters(path).some((name) => own(ids, name) === undefined)) return;
        const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => segment(ids[name] ?? ''));
        yield words.length > 0 ? `${filled}?${new URLSearchParams(words)}` : filled;
        if (ids.site !== undefined && !missing) return;
      }
      if (missing) throw missing;
    },
    /** Takes the ids of a response. */
    learn({ path, query = {} }: ProbeRead, rows: readonly JsonObject[]): void {
      if (path === '/user') learn('user', firstId(rows));
      if (path === '/servers' && query.page === 1 && query.per_page === PAGE) takeServers(rows);
      if (path === SITES) takeSites(rows);
      if (path === '/servers/{server}/databases') learn('database', firstId(rows));
      if (path === '/providers') learn('provider', firstId(rows, choices.provider?.key));
    },
  };
}

/** What the command line, the environment, the link file or the profile chose. A default site is not on a server that was named. */
function lookupsIn(words: LookupWords, settings: Settings): readonly Lookup[] {
  const isServerAlone = words.server !== undefined && words.site === undefined;
  const lookups = lookupsFor(['server', 'site'], words, isServerAlone ? { ...settings, site: undefined } : settings);
  for (const { name, how } of lookups) {
    const broken = how === 'missing' && !isServerAlone ? brokenSetting(name, settings) : undefined;
    if (broken) throw broken;
  }
  return lookups.filter(({ how }) => how !== 'missing');
}

/** The id of what was chosen. Undefined if its list cannot be read; throws if it is not in there. */
function chosen({ name, word = '', label, how }: Lookup, rows: readonly JsonObject[]): string | undefined {
  const known = rows.filter((row) => pathId(row) !== undefined && resourceName(row, name) !== undefined);
  const isUnreadable = rows.length > 0 && known.length === 0;
  const isListed = known.some(({ id }) => idIn(id)?.toLowerCase() === word.toLowerCase());
  if (isIdOf(name, word) && (isUnreadable || isListed || rows.length >= PAGE)) return word;
  if (isUnreadable) return undefined;
  try {
    return onlyOne(name, known, word).id;
  } catch (error) {
    if (!isError(error, 'not_found') || error.meant) throw error;
    if (label !== undefined) throw mislinked(name, { id: word, label }, undefined);
    if (name === 'server') throw error.withHint(`Only the first ${PAGE} servers are read. Use its id.`);
    throw how.endsWith('anywhere') ? error.withHint('Name its server with --server.') : error;
  }
}

/** Servers that have sites, and what is not being made or has failed, come first. */
const usefulFirst = (rows: readonly JsonObject[]): readonly JsonObject[] =>
  rows.filter((row) => pathId(row) !== undefined).toSorted((one, other) => usefulness(other) - usefulness(one));

const usefulness = ({ sites_count: sites, status }: JsonObject): number =>
  (typeof sites === 'number' && sites > 0 ? 2 : 0) + (phaseOf(status) === 'good' ? 1 : 0);

/** The id of a resource, if it can stand in a path as it is. */
function pathId(resource: JsonObject | undefined, key = 'id'): string | undefined {
  const id = idIn(resource?.[key]);
  return id !== undefined && /^[\w-]+$/.test(id) ? id : undefined;
}

const firstId = (rows: readonly JsonObject[], key?: string): string | undefined => rows.flatMap((row) => pathId(row, key) ?? [])[0];

/** An id of the same form that no resource has, so that no database refuses it. */
function impossibleId(id: string): string | undefined {
  if (!isId(id)) return undefined;
  if (/^\d+$/.test(id)) return '0';
  if (id.includes('-')) return 'ffffffff-ffff-4fff-bfff-ffffffffffff';
  const none = '7ZZZZZZZZZZZZZZZZZZZZZZZZZ';
  return id === id.toLowerCase() ? none.toLowerCase() : none;
}
