import { join } from 'node:path';
import { isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { HOUR, MINUTE } from '../../base/time.ts';
import { makeDirectory, readJson, writeJson } from '../../machine/files/text-file.ts';
import { accountName, type Identity } from '../../machine/settings/config.ts';
import type { Clock } from '../../machine/world.ts';
import { fill } from '../api/endpoint.ts';
import type { Scope } from './lookups.ts';
import { Moved, readEndpoints, type Targets, targetIds } from './names.ts';
import { isRenamed } from './resolve.ts';

/** What is remembered of a server or a site, so that ssh need not wait for the API: where it is, and what it is called. */
const FIELDS = ['id', 'name', 'domain', 'ip_address', 'ssh_user', 'php_version'] as const;

const KEPT_MS = HOUR;
/** An unchanged one is written again after this many ms. */
const REFRESH_MS = 5 * MINUTE;
const MOST = 500;

interface Account extends Identity {
  readonly directory: string;
  readonly clock: Pick<Clock, 'now'>;
}

/** A server, and the site on it if a command names one. */
export interface ReachedPlace {
  readonly server: JsonObject;
  readonly site: JsonObject | undefined;
  /** If they are remembered: rejects with `Moved` unless they still are what they were, or with the error of the API. */
  readonly check: Promise<void> | undefined;
}

/**
 * Where a server or a site is. What ssh reached within the hour costs no request before ssh starts: both are checked beside the
 * connection, because only the server tells its address. Throws `Moved` if a name that was trusted is that of something else by now.
 */
export async function reach(targets: Targets, scope: Pick<Scope, 'api' | 'names'>, account: Account): Promise<ReachedPlace> {
  const { api, names } = scope;
  const places = openPlaces(account);
  const ids = targetIds(targets);
  const nouns = targets.site ? (['server', 'site'] as const) : (['server'] as const);
  const read = async (noun: keyof typeof readEndpoints): Promise<JsonObject> => {
    const endpoint = readEndpoints[noun];
    const { data } = await api.send<JsonObject>(endpoint, ids).catch((error: unknown) => {
      throw isError(error, 'not_found') && names.trusted.size > 0 ? new Moved() : error;
    });
    const thing = { id: ids[noun], ...data };
    if (isRenamed(thing, endpoint, targets, scope)) throw new Moved();
    places.keep(fill(endpoint, ids).path, thing);
    return thing;
  };
  const known = nouns.flatMap((noun) => {
    const endpoint = readEndpoints[noun];
    const place = names.fresh ? undefined : places.recall(fill(endpoint, ids).path);
    return place && !isRenamed(place, endpoint, targets, scope) ? [place] : [];
  });
  const [server, site] = known;
  if (server && known.length === nouns.length) {
    const check = Promise.all(nouns.map(read)).then((things) => {
      if (!things.every((thing, at) => isSame(thing, known[at] ?? {}))) throw new Moved();
    });
    check.catch(() => {});
    return { server, site, check };
  }
  const [fresh = {}, freshSite] = await Promise.all(nouns.map(read));
  return { server: fresh, site: freshSite, check: undefined };
}

/** True if two readings of a server or site lead ssh to the same place. */
const isSame = (one: JsonObject, other: JsonObject): boolean => FIELDS.every((key) => wordOf(one[key]) === wordOf(other[key]));

/**
 * Opens the file of the servers and sites that ssh reached within the hour, by path: `/servers/7`. It is read only once: what another command
 * keeps meanwhile may be lost.
 */
function openPlaces({ directory, clock, ...identity }: Account) {
  const file = join(directory, 'places.json');
  let places = readPlaces(file);
  const keyOf = (path: string) => `${accountName(identity)} ${path}`;
  const ageOf = (place: JsonObject) => clock.now() - Date.parse(wordOf(place.read));
  const isRecent = (place: unknown): place is JsonObject => isObject(place) && ageOf(place) >= 0 && ageOf(place) <= KEPT_MS;
  const recall = (path: string): JsonObject | undefined => {
    const place = places[keyOf(path)];
    return isRecent(place) ? place : undefined;
  };
  return {
    recall,
    keep(path: string, thing: JsonObject): void {
      const known = recall(path);
      if (known && ageOf(known) < REFRESH_MS && isSame(known, thing)) return;
      const fields = Object.fromEntries(FIELDS.map((key) => [key, wordOf(thing[key])]).filter(([, value]) => value !== ''));
      const others = Object.entries(places).filter(([key, place]) => key !== keyOf(path) && isRecent(place));
      const place = { read: new Date(clock.now()).toISOString(), ...fields };
      places = Object.fromEntries([[keyOf(path), place], ...others].slice(0, MOST));
      try {
        makeDirectory(directory);
        writeJson(file, places);
      } catch {
        // The next command asks the API.
      }
    },
  };
}

/** What the file has; nothing if it cannot be read, because it is only a cache. */
function readPlaces(file: string): JsonObject {
  try {
    return readJson<JsonObject>(file);
  } catch {
    return {};
  }
}
