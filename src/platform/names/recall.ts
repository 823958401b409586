import { isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { isNamed } from './find-site.ts';
import { type Targets, targetOf } from './names.ts';
import type { Scope } from './scope.ts';

/** How long a remembered name is used by a single GET without a check, in ms. */
export const TRUST_MS = 60 * 60_000;

/** Checks a remembered site with a request, and looks it up again if it is gone or was renamed. Skips one that `scope` trusts. */
export async function verified(targets: Targets, lookUp: () => Promise<Targets>, { api, names, trust = -1 }: Scope): Promise<Targets> {
  const { server, site } = targets;
  const trusted = names.trusted.get(`site ${site?.id}`);
  if (!server || !site || !trusted || trusted.age <= trust) return targets;
  const now = await api
    .send<JsonObject>('GET /servers/{server}/sites/{site}', { server: server.id, site: site.id })
    .then(({ data }) => targetOf({ id: site.id, domain: site.label, ...data }, 'site'))
    .catch((error: unknown) => {
      if (isError(error, 'not_found')) return undefined;
      throw error;
    });
  if (now?.id === site.id && isNamed(trusted.word, now.id, now.label)) return { ...targets, site: now };
  names.forget();
  return lookUp();
}

/** Sends a GET. If something that was remembered is not found, looks it up again and resends. Never used for requests that change something. */
export async function askedAgain<T>(
  targets: Targets,
  lookUp: () => Promise<Targets>,
  { names }: Scope,
  ask: (targets: Targets) => Promise<T>,
): Promise<T> {
  try {
    return await ask(targets);
  } catch (error) {
    const wasTrusted = Object.entries(targets).some(([noun, { id }]) => names.trusted.has(`${noun} ${id}`));
    if (!isError(error, 'not_found') || !wasTrusted) throw error;
    names.forget();
    return ask(await lookUp());
  }
}
