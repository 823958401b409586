import { join } from 'node:path';
import { isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { makeDirectory, readJson, writeJson } from '../../machine/files/text-file.ts';
import { accountName, type Identity } from '../../machine/settings/config.ts';
import type { Clock } from '../../machine/world.ts';
import { fill } from '../api/endpoint.ts';
import type { Scope } from './lookups.ts';
import { Moved, type Targets, targetIds } from './names.ts';
import { isRenamed } from './resolve.ts';

/** What is remembered of a server or a site, so that ssh need not wait for the API: where it is, and what it is called. */
const FIELDS = ['id', 'name', 'domain', 'ip_address', 'ssh_user', 'php_version'] as const;

/** How long it is used, in ms. */
const KEPT_MS = 60 * 60_000;
/** An unchanged one is written again after this many ms. */
const REFRESH_MS = 5 * 60_000;
/** The most servers and sites to keep. */
const MOST = 500;

/** Whose servers and sites they are, and where they are remembered. */
interface Account extends Identity {
  readonly directory: string;
  readonly clock: Pick<Clock, 'now'>;
}

/** The servers and sites that ssh reached within the hour, in a file for all accounts. */
interface Places {
  /** By path: `/servers/7`. */
  recall(path: string): JsonObject | undefined;
  keep(path: string, thing: JsonObject): void;
}

/** A server, and the site on it if a command names one. */
export interface Reached {
  readonly server: JsonObject;
  readonly site: JsonObject | undefined;
  /** If they are remembered: rejects with `Moved` unless they still are what they were, or with the error of the API. */
  readonly check: Promise<void> | undefined;
}

const SERVER = 'GET /servers/{server}';
const SITE = 'GET /servers/{server}/sites/{site}';

/**
 * Where a server or a site is. What ssh reached within the hour costs no request before ssh starts: the innermost of both is checked
 * beside the connection. Throws `Moved` if a name that was trusted is that of something else by now.
 */
export async function reach(targets: Targets, scope: Pick<Scope, 'api' | 'names'>, account: Account): Promise<Reached> {
  const { api, names } = scope;
  const places = openPlaces(account);
  const ids = targetIds(targets);
  const endpoints = targets.site ? ([SERVER, SITE] as const) : ([SERVER] as const);
  const read = async (endpoint: typeof SERVER | typeof SITE): Promise<JsonObject> => {
    const noun = endpoint === SITE ? 'site' : 'server';
    const { data } = await api.send<JsonObject>(endpoint, ids).catch((error: unknown) => {
      throw isError(error, 'not_found') && names.trusted.size > 0 ? new Moved() : error;
    });
    const thing = { id: ids[noun], ...data };
    if (isRenamed(thing, endpoint, targets, scope)) throw new Moved();
    places.keep(fill(endpoint, ids).path, thing);
    return thing;
  };
  const known = endpoints.flatMap((endpoint) => {
    const place = names.fresh ? undefined : places.recall(fill(endpoint, ids).path);
    return place && !isRenamed(place, endpoint, targets, scope) ? [place] : [];
  });
  const [server, site] = known;
  const innermost = endpoints.at(-1) ?? SERVER;
  if (server && known.length === endpoints.length) {
    const before = known.at(-1) ?? server;
    const check = read(innermost).then((thing) => {
      if (!isSame(thing, before)) throw new Moved();
    });
    check.catch(() => {});
    return { server, site, check };
  }
  const [fresh = {}, freshSite] = await Promise.all(endpoints.map(read));
  return { server: fresh, site: freshSite, check: undefined };
}

/** True if two readings of a server or site lead ssh to the same place. */
const isSame = (one: JsonObject, other: JsonObject): boolean => FIELDS.every((key) => wordOf(one[key]) === wordOf(other[key]));

/** Opens the file. It is read when it is needed. */
function openPlaces({ directory, clock, ...identity }: Account): Places {
  const file = join(directory, 'places.json');
  const keyOf = (path: string) => `${accountName(identity)} ${path}`;
  const read = (): JsonObject => {
    try {
      return readJson<JsonObject>(file);
    } catch {
      // It is only a cache.
      return {};
    }
  };
  const ageOf = (place: unknown) => (isObject(place) ? clock.now() - Date.parse(wordOf(place.read)) : Number.NaN);
  const isRecent = (place: unknown) => ageOf(place) >= 0 && ageOf(place) <= KEPT_MS;
  return {
    recall(path) {
      const place = read()[keyOf(path)];
      return isObject(place) && isRecent(place) ? place : undefined;
    },
    keep(path, thing) {
      const all = read();
      const known = all[keyOf(path)];
      if (isObject(known) && ageOf(known) < REFRESH_MS && isSame(known, thing)) return;
      const fields = Object.fromEntries(FIELDS.map((key) => [key, wordOf(thing[key])]).filter(([, value]) => value !== ''));
      const others = Object.entries(all).filter(([key, place]) => key !== keyOf(path) && isRecent(place));
      const place = { read: new Date(clock.now()).toISOString(), ...fields };
      try {
        makeDirectory(directory);
        writeJson(file, Object.fromEntries([[keyOf(path), place], ...others].slice(0, MOST)));
      } catch {
        // The next command asks the API.
      }
    },
  };
}
