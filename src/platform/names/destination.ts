import { type DnxError, isError } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import { survey } from './all-sites.ts';
import { findSite, isNamed, KEPT_MS } from './find-site.ts';
import type { Scope } from './lookups.ts';
import { idIn, nameOf } from './names.ts';
import { namings } from './namings.ts';
import { matching } from './resolve.ts';
import { type Known, notFoundAtAll } from './unresolved.ts';

const SERVERS = 'GET /servers';

/** True if a server has this name, and no site that is remembered. Without a remembered server of the name, it sends no request. */
export async function isServerName(word: string, scope: Scope): Promise<boolean> {
  const servers = await scope.names.recall(SERVERS, {}, KEPT_MS);
  if (!namings.server || matching(servers?.items ?? [], word, namings.server).length === 0) return false;
  try {
    const { listed } = await survey(scope, KEPT_MS, word);
    return !listed.some(({ site }) => isNamed(word, wordOf(site.id), wordOf(site.domain)));
  } catch (error) {
    if (isError(error, 'forbidden')) return true;
    throw error;
  }
}

/** The error for a word that names neither a server nor a site, with the nearest name that is known without a request. */
export async function neither(word: string, { names }: Scope): Promise<DnxError> {
  const servers = (await names.recall(SERVERS, {}, KEPT_MS))?.items ?? [];
  const lists = servers.map(async (server): Promise<readonly Known[]> => {
    const place = nameOf(server, 'server') ?? '';
    const sites = await names.recall('GET /servers/{server}/sites', { server: idIn(server.id) ?? '' }, KEPT_MS);
    const domains = (sites?.items ?? []).flatMap((site) => nameOf(site, 'site') ?? []);
    return [{ name: place }, ...domains.map((name) => ({ name, place }))];
  });
  return notFoundAtAll(word, (await Promise.all(lists)).flat());
}

/** The site that has this id; undefined if none has, or if the token cannot tell. */
export const siteWithId = (id: string, scope: Scope) =>
  findSite(id, scope).catch((error: unknown) => {
    if (!isError(error, 'not_found', 'forbidden')) throw error;
    return undefined;
  });
