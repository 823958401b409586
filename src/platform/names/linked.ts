import { DnxError, isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { capitalized, title } from '../../base/text.ts';
import type { Endpoint } from '../api/endpoint.ts';
import { idsOf, nameOf, sameName, type Target, type Targets } from './names.ts';
import type { Scope } from './scope.ts';

const READS = { server: 'GET /servers/{server}', site: 'GET /servers/{server}/sites/{site}' } as const;

/** A deployment that is followed reads the site itself; another one is a single request, by id. */
const UNCHECKED: readonly (Endpoint | undefined)[] = ['POST /servers/{server}/sites/{site}/deploy'];

/** Checks before a change that the ids of a link file still belong to its names. Reads the innermost of both only. */
export async function refuseMislinked(targets: Targets, calls: readonly (Endpoint | undefined)[], scope: Scope): Promise<void> {
  const [first] = calls;
  if (UNCHECKED.includes(first) || calls.every((each) => each === undefined || each.startsWith('GET '))) return;
  const noun = targets.site ? 'site' : 'server';
  const target = targets[noun];
  if (!target || !isLinked(noun, target, scope.settings)) return;
  const now = await current(noun, targets, scope);
  if (now === undefined || !sameName(noun, now, target.label)) throw mislinked(noun, target, now);
}

/** True for a server or site that the link file names by id, and that was not read yet. */
export const isLinked = (noun: string, { id, label }: Target, { linked }: Pick<Scope['settings'], 'linked'>): boolean => {
  const known = noun === 'server' || noun === 'site' ? linked?.[noun] : undefined;
  return known !== undefined && known.id === id && known.label === label && id !== label;
};

/** The name of a target as the API has it; undefined if it is gone. A token that cannot read it keeps the name of the link file. */
async function current(noun: 'server' | 'site', targets: Targets, { api }: Scope): Promise<string | undefined> {
  try {
    const { data } = await api.send<JsonObject>(READS[noun], idsOf(targets));
    return (data && nameOf(data, noun)) ?? targets[noun]?.label;
  } catch (error) {
    if (isError(error, 'not_found')) return undefined;
    if (isError(error, 'forbidden')) return targets[noun]?.label;
    throw error;
  }
}

const mislinked = (noun: string, { id, label }: Target, now: string | undefined): DnxError =>
  new DnxError(
    'not_found',
    now === undefined
      ? `${capitalized(title(noun))} ${label}, linked as ${id}, not found. Nothing was changed.`
      : `${capitalized(title(noun))} ${label}, linked as ${id}, is now ${now}. Nothing was changed.`,
    { next: [{ command: ['link'], why: 'Link this project again' }] },
  );
