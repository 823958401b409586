import { join } from 'node:path';
import { isError } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { readJson, writeJson } from '../../machine/files/json-file.ts';
import type { Waiting } from '../../machine/files/lock.ts';
import type { Api } from '../api/api.ts';
import { idIn, isId, isTarget, type Target, targetOf } from './names.ts';

/** A site, and the server that it is on. */
export type Located = Readonly<Record<'server' | 'site', Target>>;

/** Where a site is, by its domain or id, over all servers. What was found once is remembered, and checked on use. */
export interface SiteIndex {
  find(site: string, api: Pick<Api, 'list'>): Promise<readonly Located[]>;
  /** The sites that it answered from memory, by id, with the word for each: they may go by another name now. */
  readonly recalled: ReadonlyMap<string, string>;
  /** The name of a server or site that was seen before; undefined if it was not. */
  nameOf(id: unknown): string | undefined;
  /** Forgets what it remembers, so that the next answer is of now. */
  forget(): Promise<void>;
}

/** What the index needs, and whose it is. */
interface Options extends Waiting {
  readonly directory: string;
  readonly account: string;
}

type Sites = Readonly<Record<string, Located>>;

/** So long, in ms, another dnx is waited for before a name is not remembered. */
const PATIENCE_MS = 1_000;

/** The index of one account, kept in `directory`. */
export function openSiteIndex({ directory, account, clock, signal }: Options): SiteIndex {
  const file = join(directory, 'sites.json');
  const recalled = new Map<string, string>();
  // The file may be one that cannot be written.
  let forgotten = false;
  let everywhere: Promise<readonly Listed[]> | undefined;
  let names: ReadonlyMap<string, string> | undefined;

  const change = async (sites: (known: Sites) => Sites) => {
    try {
      const { locked } = await import('../../machine/files/lock.ts');
      await locked(file, { clock, signal, patienceMs: PATIENCE_MS }, () => {
        const index = readIndex(file);
        writeJson(file, { ...index, [account]: sites(sitesIn(index[account])) });
      });
    } catch {
      // A cache that cannot be written costs requests, not correctness.
    }
  };

  return {
    async find(site, api) {
      const hit = forgotten ? undefined : own(sitesIn(readIndex(file)[account]), site);
      if (hit) {
        recalled.set(hit.site.id, site);
        return [hit];
      }
      everywhere ??= everySite(api);
      const all = await everywhere;
      const found = all.filter((each) => isNamed(each.site, site)).map(located);
      // The search has passed every site, so whoever is asked for next need not be searched again.
      const unique = uniqueIn(all).map((each) => [each.site.label, each] as const);
      const [only] = found;
      await change((now) => ({ ...now, ...Object.fromEntries(unique), ...(only && found.length === 1 && { [site]: only }) }));
      return found;
    },
    recalled,
    nameOf(id) {
      names ??= namesIn(sitesIn(readIndex(file)[account]));
      return typeof id === 'string' ? names.get(id) : undefined;
    },
    async forget() {
      forgotten = true;
      everywhere = undefined;
      await change(() => ({}));
    },
  };
}

/** A site as the API sent it, and the server that it is on. */
interface Listed {
  readonly server: Target;
  readonly site: JsonObject;
}

async function everySite(api: Pick<Api, 'list'>): Promise<readonly Listed[]> {
  const everywhere: Listed[] = [];
  for (const each of await api.list<JsonObject>('GET /servers')) {
    const server = targetOf(each, 'server');
    for (const site of await api.list<JsonObject>('GET /servers/{server}/sites', { server: server.id })) everywhere.push({ server, site });
  }
  return everywhere;
}

const located = ({ server, site }: Listed): Located => ({ server, site: targetOf(site, 'site') });

const isNamed = ({ id, domain }: JsonObject, name: string): boolean => same(wordOf(isId(name) ? id : domain), name);

/** The sites whose domain no other has. */
function uniqueIn(everywhere: readonly Listed[]): readonly Located[] {
  const sites = everywhere.filter(({ site }) => idIn(site.id) !== undefined).map(located);
  const times = new Map<string, number>();
  for (const { site } of sites) times.set(site.label.toLowerCase(), (times.get(site.label.toLowerCase()) ?? 0) + 1);
  return sites.filter(({ site }) => times.get(site.label.toLowerCase()) === 1);
}

/** Every account's sites, as they lie in the file; nothing where it cannot be read. */
function readIndex(file: string): JsonObject {
  try {
    return readJson(file);
  } catch (error) {
    if (isError(error)) return {};
    throw error;
  }
}

/** The sites in one account's entry that are whole. */
const sitesIn = (entry: unknown): Sites =>
  isObject(entry) ? Object.fromEntries(Object.entries(entry).filter((each): each is [string, Located] => isLocated(each[1]))) : {};

/** The names of sites and servers by their ids. A site that was found by its id has no name here. */
const namesIn = (sites: Sites): ReadonlyMap<string, string> =>
  new Map(
    Object.values(sites).flatMap(({ server, site }) => [server, site].flatMap(({ id, label }) => (label === id ? [] : [[id, label]]))),
  );

const isLocated = (value: unknown): value is Located => isObject(value) && isTarget(value.server) && isTarget(value.site);

/** The things one of whose keys holds this name. Names are compared without regard to case, as host names are. */
export const matching = (things: readonly JsonObject[], name: string, keys: readonly string[]): JsonObject[] =>
  things.filter((each) => keys.some((key) => same(wordOf(each[key]), name)));

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
