import { isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { isNamed } from './all-sites.ts';
import { type Targets, targetOf } from './names.ts';
import type { Scope } from './resolve.ts';

/** Checks a remembered site with a request, and looks it up again if it is gone or was renamed. */
export async function verified(targets: Targets, lookUp: () => Promise<Targets>, { api, sites }: Scope): Promise<Targets> {
  const { server, site } = targets;
  const word = sites.recalled.get(site?.id ?? '');
  if (!server || !site || word === undefined) return targets;
  const now = await api
    .send<JsonObject>('GET /servers/{server}/sites/{site}', { server: server.id, site: site.id })
    .then(({ data }) => targetOf({ id: site.id, domain: site.label, ...data }, 'site'))
    .catch((error: unknown) => {
      if (isError(error, 'not_found')) return undefined;
      throw error;
    });
  if (now?.id === site.id && isNamed(word, now.id, now.label)) return { ...targets, site: now };
  await sites.forget();
  return lookUp();
}

/** Sends a GET. If a remembered site is not found, looks it up again and resends. Never used for requests that change something. */
export async function askedAgain<T>(
  targets: Targets,
  lookUp: () => Promise<Targets>,
  { sites }: Scope,
  ask: (targets: Targets) => Promise<T>,
): Promise<T> {
  try {
    return await ask(targets);
  } catch (error) {
    if (!isError(error, 'not_found') || !sites.recalled.has(targets.site?.id ?? '')) throw error;
    await sites.forget();
    return ask(await lookUp());
  }
}
