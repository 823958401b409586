import { join } from 'node:path';
import { isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { readJson, writeJson } from '../../machine/files/json-file.ts';
import type { Api } from '../api/client.ts';
import { isId, type Target, targetOf } from './names.ts';

/** A site, and the server that it is on. */
export type Located = Readonly<Record<'server' | 'site', Target>>;

/** Where a site is, by its domain or id, over all servers. What was found once is remembered, and checked on use. */
export interface SiteIndex {
  find(site: string): Promise<readonly Located[]>;
  /** The sites that it answered from memory, by id, with the word for each: they may go by another name now. */
  readonly recalled: ReadonlyMap<string, string>;
  /** Forgets what it remembers, so that the next answer is of now. */
  forget(): void;
}

/** The index of one account, kept in `directory`. */
export function openSiteIndex({ api, directory, account }: { api: Pick<Api, 'list'>; directory: string; account: string }): SiteIndex {
  const file = join(directory, 'sites.json');
  const recalled = new Map<string, string>();

  const remembered = (): Record<string, Record<string, Located>> => {
    try {
      return readJson(file);
    } catch (error) {
      if (isError(error)) return {};
      throw error;
    }
  };

  const remember = (known: Record<string, Located>) => {
    try {
      writeJson(file, { ...remembered(), [account]: known });
    } catch {
      // A cache that cannot be written costs requests, not correctness.
    }
  };

  return {
    async find(site) {
      const known = remembered()[account] ?? {};
      const hit = known[site];
      if (hit) {
        recalled.set(hit.site.id, site);
        return [hit];
      }
      const everywhere: Located[] = [];
      for (const server of await api.list<JsonObject>('GET /servers')) {
        const sites = await api.list<JsonObject>('GET /servers/{server}/sites', { server: String(server.id) });
        everywhere.push(...sites.map((each) => ({ server: targetOf(server, 'server'), site: targetOf(each, 'site') })));
      }
      const named = (name: string) => everywhere.filter((each) => same(isId(name) ? each.site.id : each.site.label, name));
      // The search has passed every site, so whoever is asked for next need not be searched again.
      const unique = everywhere.filter(({ site: { label } }) => named(label).length === 1).map((each) => [each.site.label, each] as const);
      const found = named(site);
      const [only] = found;
      remember({ ...known, ...Object.fromEntries(unique), ...(only && found.length === 1 && { [site]: only }) });
      return found;
    },
    recalled,
    forget() {
      recalled.clear();
      remember({});
    },
  };
}

/** The things one of whose keys holds this name. Names are compared without regard to case, as host names are. */
export const matching = (things: readonly JsonObject[], name: string, keys: readonly string[]): JsonObject[] =>
  things.filter((each) => keys.some((key) => same(String(each[key] ?? ''), name)));

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
