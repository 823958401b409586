import { type DnxError, isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import type { Endpoint } from '../api/endpoint.ts';
import { isNamed } from './find-site.ts';
import type { Scope } from './lookups.ts';
import { isIdOf, nameOf, type Target, type Targets, targetOf } from './names.ts';
import { namings } from './namings.ts';
import { matching } from './resolve.ts';

const SITE = 'GET /servers/{server}/sites/{site}';

/** How long a remembered name is used by a single GET without a check, in ms. */
export const TRUST_MS = 60 * 60_000;

/** Checks a site that was found in memory with a request, and looks it up again if it is gone or was renamed. Skips one that `scope` trusts. */
export async function verified(targets: Targets, lookUp: () => Promise<Targets>, scope: Scope): Promise<Targets> {
  const trusted = scope.names.trusted.get(`site ${targets.site?.id}`);
  if (!trusted || trusted.age <= (scope.trust ?? -1)) return targets;
  const site = await current(targets, trusted.word, scope);
  if (site) return { ...targets, site };
  scope.names.forget();
  return lookUp();
}

/** The site as it is now; undefined if it is gone or has another name. */
async function current({ server, site }: Targets, word: string, { api }: Scope): Promise<Target | undefined> {
  if (!server || !site) return undefined;
  const now = await api
    .send<JsonObject>(SITE, { server: server.id, site: site.id })
    .then(({ data }) => targetOf({ id: site.id, domain: site.label, ...data }, 'site'))
    .catch((error: unknown) => {
      if (isError(error, 'not_found')) return undefined;
      throw error;
    });
  return now?.id === site.id && isNamed(word, now.id, now.label) ? now : undefined;
}

/** A GET and what it was asked about. */
interface Asked<T> {
  readonly endpoint: Endpoint;
  readonly ask: (targets: Targets) => Promise<T>;
  /** What the response shows, if it is one resource. */
  readonly shown?: (answer: T) => unknown;
}

/**
 * Sends a GET. If something from memory may be what is not found, or has another name by now, looks it up again and resends. Never used
 * for requests that change something.
 */
export async function askedAgain<T>(
  targets: Targets,
  lookUp: () => Promise<Targets>,
  scope: Scope,
  { endpoint, ask, shown = () => undefined }: Asked<T>,
): Promise<T> {
  const { names } = scope;
  const trusted = Object.entries(targets).flatMap(([noun, { id }]) => names.trusted.get(`${noun} ${id}`) ?? []);
  let missing: DnxError | undefined;
  try {
    const answer = await ask(targets);
    if (!isRenamed(shown(answer), endpoint, targets, scope)) return answer;
  } catch (error) {
    if (!isError(error, 'not_found') || trusted.length === 0) throw error;
    missing = error;
  }
  for (const { list } of trusted) if (list !== undefined) names.forget(list);
  const searched = trusted.find(({ list }) => list === undefined);
  // Checking a site costs one request, searching for it one per server.
  const stays = searched && endpoint !== SITE && (await current(targets, searched.word, scope)) !== undefined;
  if (missing && stays && trusted.length === 1) throw missing;
  if (searched && !stays) names.forget();
  return ask(await lookUp());
}

/** True if the resource at an endpoint was trusted by a name that it no longer has. */
function isRenamed(thing: unknown, endpoint: Endpoint, targets: Targets, { names }: Scope): boolean {
  const noun = /\{(\w+)\}$/.exec(endpoint)?.[1] ?? '';
  const naming = namings[noun];
  const word = names.trusted.get(`${noun} ${targets[noun]?.id}`)?.word;
  if (!isObject(thing) || !naming || word === undefined || isIdOf(noun, word)) return false;
  const isNamedInFull = nameOf(thing, noun) !== undefined && naming.keys.every((key) => Object.hasOwn(thing, key));
  return isNamedInFull && matching([thing], word, naming).length === 0;
}
