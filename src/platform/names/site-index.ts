import { join } from 'node:path';
import { isError } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { readJson, writeJson } from '../../machine/files/json-file.ts';
import { locked, type Waiting } from '../../machine/files/lock.ts';
import type { Api } from '../api/api.ts';
import { type Everywhere, everySite, hiddenFrom, isNamed, type Located, located, uniqueIn } from './all-sites.ts';
import { idIn, isId, isTarget } from './names.ts';

/** Finds sites on all servers by domain or id. Remembers them on disk; `recall.ts` verifies a remembered site. */
export interface SiteIndex {
  find(site: string, api: Pick<Api, 'list' | 'send'>): Promise<readonly Located[]>;
  /** The sites of every server, read now. */
  everywhere(api: Pick<Api, 'list'>): Promise<Everywhere>;
  /** The sites that `find` took from disk, by id, with the word given for each. They may have been renamed. */
  readonly recalled: ReadonlyMap<string, string>;
  /** The name of a remembered server or site. */
  nameOf(noun: string, id: unknown): string | undefined;
  /** Makes the next `find` ask the API. */
  forget(): Promise<void>;
}

interface Options extends Waiting {
  readonly directory: string;
  readonly account: string;
}

type Sites = Readonly<Record<string, Located>>;

/** How long to wait for the lock, in ms; after that the update is skipped. */
const PATIENCE_MS = 1_000;

/** The index of one account, kept in `directory`. */
export function openSiteIndex({ directory, account, clock, signal }: Options): SiteIndex {
  const file = join(directory, 'sites.json');
  const recalled = new Map<string, string>();
  // In memory, because the file may be read-only.
  let forgotten = false;
  let everywhere: Promise<Everywhere> | undefined;
  let names: ReadonlyMap<string, string> | undefined;

  const read = (): Sites => sitesIn(readIndex(file)[account]);
  const change = (sites: (known: Sites) => Sites) => rewrite(file, account, sites, { clock, signal });

  /** Reads every site, and remembers those with a unique domain. */
  const search = async (api: Pick<Api, 'list'>): Promise<Everywhere> => {
    const all = await everySite(api);
    const unique = all.unread.length > 0 ? [] : uniqueIn(all.listed).map((each) => [each.site.label, each] as const);
    if (unique.length > 0) await change((now) => ({ ...now, ...Object.fromEntries(unique) }));
    return all;
  };

  const everySiteOnce = (api: Pick<Api, 'list'>): Promise<Everywhere> => {
    everywhere ??= search(api);
    return everywhere;
  };

  return {
    async find(site, api) {
      const hit = forgotten ? undefined : own(read(), site);
      if (hit && isNamed(site, hit.site.id, hit.site.label)) {
        recalled.set(hit.site.id, site);
        return [hit];
      }
      const all = await everySiteOnce(api);
      const found = all.listed.filter((each) => isNamed(site, wordOf(each.site.id), wordOf(each.site.domain))).map(located);
      const hidden = isId(site) && found.length > 0 ? undefined : await hiddenFrom(all, site, api);
      if (hidden) throw hidden;
      const [only] = found;
      if (only && found.length === 1 && only.site.label !== site) await change((now) => ({ ...now, [site]: only }));
      return found;
    },
    everywhere: everySiteOnce,
    recalled,
    nameOf(noun, id) {
      names ??= namesIn(read());
      return names.get(`${noun} ${idIn(id)}`);
    },
    async forget() {
      forgotten = true;
      everywhere = undefined;
      await change(() => ({}));
    },
  };
}

/** Writes the sites of one account. A cache that cannot be written costs requests, not correctness. */
async function rewrite(file: string, account: string, sites: (known: Sites) => Sites, waiting: Waiting): Promise<void> {
  try {
    await locked(file, { ...waiting, patienceMs: PATIENCE_MS }, () => {
      const index = readIndex(file);
      writeJson(file, { ...index, [account]: sites(sitesIn(index[account])) });
    });
  } catch {
    // The next search starts over.
  }
}

/** The sites of all accounts; empty if the file is broken. */
function readIndex(file: string): JsonObject {
  try {
    return readJson(file);
  } catch (error) {
    if (isError(error)) return {};
    throw error;
  }
}

/** The valid sites of one account. */
const sitesIn = (entry: unknown): Sites =>
  isObject(entry) ? Object.fromEntries(Object.entries(entry).filter((each): each is [string, Located] => isLocated(each[1]))) : {};

/** The names of sites and servers by noun and id: `site 7`. A site that was found by id has no known name. */
const namesIn = (sites: Sites): ReadonlyMap<string, string> =>
  new Map(
    Object.values(sites).flatMap((each) =>
      (['server', 'site'] as const).flatMap((noun) =>
        each[noun].label === each[noun].id ? [] : [[`${noun} ${each[noun].id}`, each[noun].label]],
      ),
    ),
  );

const isLocated = (value: unknown): value is Located => isObject(value) && isTarget(value.server) && isTarget(value.site);
