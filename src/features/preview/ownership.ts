import { isObject, type JsonObject } from '../../base/json.ts';
import { isMask, quotedName, wordOf } from '../../base/text.ts';
import { timeOf } from '../../base/time.ts';
import { idIn, isId, type Located, type Target } from '../../platform/names/names.ts';
import type { Lookalike, Preview, PreviewDatabase, PreviewProject, PreviewRecord } from './model.ts';
import { isOwned, markInDatabase, markInDomain, markOf, ownerMark, type PreviewOwner } from './names.ts';
import { RECORD, recordIn } from './record.ts';

/** True for the name of anything that may be of a preview of this owner, to be judged. */
export const isLikeOwned = (name: unknown, owner: PreviewOwner): name is string =>
  typeof name === 'string' && name.toLowerCase().includes(ownerMark(owner));

/** Whether a site on a server of previews is one of the project: only if everything that tells is shown and agrees. */
export function judgeSite(
  project: PreviewProject,
  place: Located,
  site: JsonObject,
  variables: readonly JsonObject[],
): Preview | Lookalike {
  const lookalike = (why: string): Lookalike => ({ kind: 'site', server: place.server, target: place.site, why });
  const { owner, settings } = project;
  const { branch, domain } = site;
  const mark = markInDomain(wordOf(domain));
  if (!isOwned(mark, owner)) return lookalike('its domain is not one that dnx makes');
  if (!isShown(branch)) return lookalike('Deploynix does not show its branch');
  const record = recordIn(variables, owner);
  if (record === undefined) return lookalike(`its ${RECORD} is not one of ${owner.base}`);
  const why = placeDoubt(project, place, site) ?? branchDoubt(project, mark, branch) ?? repositoryDoubt(project, site);
  if (why !== undefined) return lookalike(why);
  if (hasAlias(site)) return lookalike('it has an alias');
  return { branch, mark, place, site, record, createdAt: timeOf(site.created_at), deadline: deadlineOf(record, site, settings.ttlMs) };
}

function placeDoubt({ base, isLinked }: PreviewProject, place: Located, { id, domain, server_id }: JsonObject): string | undefined {
  const { server, site } = place;
  if (idIn(id) !== site.id) return 'Deploynix shows no id of it, or another';
  if (!isUnset(server_id) && !isSameId(server_id, server.id)) return 'it is on another server';
  if (site.id === base.site.id) return 'it is the base site';
  return isLinked({ server, site: { ...site, label: wordOf(domain) } }) ? 'a link file names it' : undefined;
}

function branchDoubt({ owner, base, site }: PreviewProject, mark: string, branch: string): string | undefined {
  if (!isShown(site.branch)) return `Deploynix does not show the branch of ${base.site.label}`;
  if (branch === site.branch) return `its branch is ${quotedName(branch)}, that of ${base.site.label}`;
  return mark === markOf(owner, branch) ? undefined : `its domain is not that of its branch, ${quotedName(branch)}`;
}

function repositoryDoubt({ repository }: PreviewProject, { git_repository_id: id }: JsonObject): string | undefined {
  if (idIn(id) === undefined || isMask(id)) return 'Deploynix does not show its repository';
  return isSameId(id, repository.id) ? undefined : `its repository is not ${repository.label}`;
}

/** Whether a database is of a preview of the project. `all`: the names in its list. */
export function judgeDatabase(
  { owner }: PreviewProject,
  server: Target,
  database: JsonObject,
  all: readonly JsonObject[],
): PreviewDatabase | Lookalike {
  const { id, name, server_id, created_at } = database;
  const target = { id: idIn(id) ?? '', label: typeof name === 'string' ? name : '' };
  const mark = markInDatabase(target.label);
  const lookalike = (why: string): Lookalike => ({ kind: 'database', server, target, why });
  if (!isOwned(mark, owner)) return lookalike('its name is not one that dnx makes');
  if (target.id === '') return lookalike('Deploynix shows no id of it');
  if (!isUnset(server_id) && !isSameId(server_id, server.id)) return lookalike('it is on another server');
  if (all.filter((other) => other.name === name).length > 1) return lookalike('another one has the same name');
  return { mark, server, database: target, createdAt: timeOf(created_at) };
}

/** What the record says, else so long after the creation or the latest deployment. Undefined if the API does not show both. */
export function deadlineOf(record: PreviewRecord, { created_at, last_deployed_at }: JsonObject, ttlMs: number): number | undefined {
  if (typeof record === 'object') return record.deadline;
  const latest = timeOf(last_deployed_at) ?? (last_deployed_at === null ? timeOf(created_at) : undefined);
  return latest === undefined ? undefined : Math.max(latest, timeOf(created_at) ?? latest) + ttlMs;
}

const hasAlias = (site: JsonObject): boolean =>
  Object.entries(site).some(([field, value]) => /alias|domains/i.test(field) && wordsIn(value).some((word) => word !== site.domain));

/** What a field of the API says, whatever its type. */
export const wordsIn = (value: unknown): readonly string[] =>
  isObject(value) || Array.isArray(value) ? Object.values(value).flatMap(wordsIn) : [wordOf(value)].filter((word) => word !== '');

const isUnset = (value: unknown): value is null | undefined => value === undefined || value === null;

const isShown = (value: unknown): value is string => typeof value === 'string' && value !== '' && !isMask(value);

/** Only the ids that have no case are compared without it. */
function isSameId(id: unknown, other: string): boolean {
  const shown = idIn(id);
  return shown === other || (shown !== undefined && isId(shown) && shown.toLowerCase() === other.toLowerCase());
}
