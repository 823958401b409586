import { DnxError, isError, type Next } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { capitalized, title } from '../../base/text.ts';
import { LINK_FILE } from '../../machine/settings/link.ts';
import { type Endpoint, isRead } from '../api/endpoint.ts';
import type { Scope } from './lookups.ts';
import { readEndpoints, resourceName, sameName, type Target, type Targets, targetIds } from './names.ts';

type Noun = 'server' | 'site';

const UNCHANGED = ' Nothing was changed.';

/** A change, and how it is confirmed. */
export interface LinkedChange {
  readonly calls: readonly Endpoint[];
  /** A question will name the server, too. */
  readonly asks?: boolean;
  /** It cannot be undone, so the name of the link file is not enough. */
  readonly severe?: boolean;
}

/**
 * Checks before a change that the ids of a link file still belong to its names, with a read of the innermost of both only, unless it
 * asks. What only reads is checked if another name was seen. Returns the targets. One whose name cannot be read has only its id in a
 * question.
 */
export async function refuseMislinked(targets: Targets, { calls, asks, severe }: LinkedChange, scope: Scope): Promise<Targets> {
  const reads = calls.every(isRead);
  const [first] = calls;
  const nouns: readonly Noun[] = targets.site ? ['site', ...(asks ? (['server'] as const) : [])] : ['server'];
  // A deployment that is followed reads the site itself; another one is a single request, by id, unless the id was seen with another name.
  const isUnchecked = reads || (first !== undefined && (await import('../operations.ts')).operations[first]?.starts === 'deployment');
  let checked = targets;
  for (const noun of nouns) {
    const target = targets[noun];
    if (!target || !isLinked(noun, target, scope.settings)) continue;
    if (isUnchecked && !(await isSeenOtherwise(noun, target, scope))) continue;
    const now = await current(noun, targets, scope, severe);
    const after = reads ? '' : UNCHANGED;
    if (now === GONE) throw mislinked(noun, target, undefined, after);
    refuseOtherName(noun, target, now, after);
    if (now === undefined && (asks || severe)) checked = { ...checked, [noun]: { id: target.id, label: target.id } };
  }
  return checked;
}

async function isSeenOtherwise(noun: Noun, { id, label }: Target, { names }: Scope): Promise<boolean> {
  await names.token();
  const seen = names.nameOf(noun, id);
  return seen !== undefined && !sameName(noun, seen, label);
}

/** Fails if what a link file names by id has another name by now. */
export function refuseOtherName(noun: string, target: Target, now: string | undefined, after = UNCHANGED): void {
  if (now !== undefined && !sameName(noun, now, target.label)) throw mislinked(noun, target, now, after);
}

/**
 * The error of a request, or that the server or site of the link file is gone, if that is what was not found. `calls`: those of the
 * command. If it only reads that server or site, no second request is needed.
 */
export async function withLink(error: unknown, targets: Targets, scope: Scope, calls: unknown): Promise<unknown> {
  const noun = targets.site ? 'site' : 'server';
  const target = targets[noun];
  if (!isError(error, 'not_found') || error.status !== 404 || !target || !isLinked(noun, target, scope.settings)) return error;
  const now = calls === readEndpoints[noun] ? GONE : await current(noun, targets, scope).catch(() => undefined);
  return now === GONE ? mislinked(noun, target, undefined) : error;
}

/** True for a server or site that the link file names by id, and that was not read yet. */
export const isLinked = (noun: string, { id, label }: Target, { linked }: Pick<Scope['settings'], 'linked'>): boolean => {
  const known = noun === 'server' || noun === 'site' ? linked?.[noun] : undefined;
  return known !== undefined && known.id === id && known.label === label && id !== label;
};

const GONE = Symbol('not found');

/** The name of a target as the API has it. Undefined if the token cannot read it, unless the name is `required`. */
async function current(noun: Noun, targets: Targets, { api }: Scope, required = false): Promise<string | typeof GONE | undefined> {
  try {
    const { data } = await api.send<JsonObject>(readEndpoints[noun], targetIds(targets));
    return data && resourceName(data, noun);
  } catch (error) {
    if (isError(error, 'not_found')) return GONE;
    if (isError(error, 'forbidden') && !required) return undefined;
    throw error;
  }
}

const relink: Next = { command: ['link'], why: 'Link this project again with' };

/** The error for what a link file names by id, and that is gone, or has another name by now. */
export const mislinked = (noun: string, { id, label }: Target, now: string | undefined, after = ''): DnxError =>
  new DnxError(
    'not_found',
    now === undefined
      ? `${capitalized(title(noun))} ${label} (id ${id}, from ${LINK_FILE}) not found.${after}`
      : `${capitalized(title(noun))} ${label} (id ${id}, from ${LINK_FILE}) is now ${now}.${after}`,
    { next: [relink] },
  );
