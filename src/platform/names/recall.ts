import { isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { isId, type Targets, targetOf } from './names.ts';
import type { Scope } from './resolve.ts';

/** Targets of which nothing is left to memory: a site that was remembered is read, and looked up again where it is gone or has another name. */
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
  if (now && (isId(word) || now.label.toLowerCase() === word.toLowerCase())) return { ...targets, site: now };
  await sites.forget();
  return lookUp();
}

/** Asks for something of these targets. Where a remembered site is not found, it is looked up again and asked once more; that is for what changes nothing. */
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
