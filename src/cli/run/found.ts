import { isError, usage } from '../../base/errors.ts';
import { capitalized, plural, title } from '../../base/text.ts';
import { isRead, parameters } from '../../platform/api/endpoint.ts';
import { type LinkedChange, refuseMislinked } from '../../platform/names/linked.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { isId, type Targets, targetIds, targetOf } from '../../platform/names/names.ts';
import { namings } from '../../platform/names/namings.ts';
import { resolveTargets, TRUST_MS, verified } from '../../platform/names/resolve.ts';
import { isServerName, noServerOrSite, siteWithId } from '../../platform/names/site-search.ts';
import { brokenSetting } from '../../platform/names/unresolved.ts';
import { type ChosenCalls, endpointsIn } from '../language/calls.ts';
import { nounOf } from '../language/command.ts';
import { consentLevel } from '../language/tree.ts';
import { callsOf, type Invocation, ownWords } from './invocation.ts';
import { firstWords, isForAll, namesNeeded } from './targets.ts';

/** The targets of a command: each named resource, or every one for `--all`. May be empty if optional. */
async function targetsOf(invocation: Invocation, chosen: ChosenCalls, scope: Scope): Promise<readonly Targets[]> {
  const noun = nounOf(invocation.group);
  const words = ownWords(invocation);
  const given = firstWords(invocation);
  if (isForAll(invocation)) {
    if (words.length > 0) throw usage(`--all cannot be combined with ${plural(title(noun))}.`, 'Use only one of them.');
    return everyOne(noun, given, scope);
  }
  const settled = noun === 'server' || noun === 'site' ? scope.settings[noun] : undefined;
  if (invocation.command.targets === 'optional' && words.length === 0 && settled === undefined) {
    const broken = brokenSetting(noun, scope.settings);
    if (broken) throw broken;
    return [];
  }
  const names = namesNeeded(invocation, chosen);
  const found: Targets[] = [];
  // Sequential, because each lookup can use the results of the previous one.
  for (const word of words.length > 0 ? words : [undefined]) {
    const targets = await resolveTargets(names, { ...given, [noun]: word }, scope);
    if (found.some((each) => each[noun] && each[noun].id === targets[noun]?.id))
      throw usage(`${capitalized(title(noun))} '${word}' is given twice.`);
    found.push(targets);
  }
  return found;
}

/** Every resource of a kind under the given parents. */
async function everyOne(noun: string, given: Readonly<Record<string, string | undefined>>, scope: Scope): Promise<readonly Targets[]> {
  const naming = namings[noun];
  if (!naming) throw new Error(`Nothing lists every ${noun}.`);
  const parents = await resolveTargets(parameters(naming.list), given, scope);
  const things = await scope.api.list<Record<string, unknown>>(naming.list, targetIds(parents));
  return things.map((each) => ({ ...parents, [noun]: targetOf(each, noun) }));
}

/** A command line and what it names. */
export interface Found {
  readonly invocation: Invocation;
  readonly found: readonly Targets[];
}

/** Looks up what a command line names. A destination may turn out to be a server or a site. */
export async function foundFor(typed: Invocation, scope: Scope): Promise<Found> {
  const lookUp = (each: Invocation) => lookedUp(each, callsOf(each, scope.settings), scope);
  return typed.destination ? foundAt(typed, scope, lookUp) : { invocation: typed, found: await lookUp(typed) };
}

/** The targets. A single GET, and what checks them itself, trust recent names; anything else checks a remembered site. */
async function lookedUp(invocation: Invocation, chosen: ChosenCalls, unchecked: Scope): Promise<readonly Targets[]> {
  const { calls, checks } = invocation.command;
  const reads = chosen.endpoint !== undefined && calls === chosen.endpoint && isRead(chosen.endpoint);
  const scope = reads || checks ? { ...unchecked, trust: TRUST_MS } : unchecked;
  const all = await targetsOf(invocation, chosen, scope);
  const change = changeOf(invocation, chosen);
  const checked: Targets[] = [];
  for (const [index, targets] of all.entries()) {
    const own = await refuseMislinked(targets, change, scope);
    checked.push(await verified(own, () => lookedUpAgain(invocation, chosen, targets, index, scope), scope));
  }
  return checked;
}

/** Looks up one of all targets again, by the words given for it. */
export function lookedUpAgain(
  invocation: Invocation,
  chosen: ChosenCalls,
  targets: Targets,
  index: number,
  scope: Scope,
): Promise<Targets> {
  const noun = nounOf(invocation.group);
  const { [noun]: own, site } = targets;
  const words = {
    ...firstWords(invocation),
    ...(own && { [noun]: ownWords(invocation)[index] ?? own.id }),
    ...(site && { site: scope.names.trusted.get(`site ${site.id}`)?.word ?? site.id }),
  };
  return resolveTargets(namesNeeded(invocation, chosen), words, scope);
}

/** What a command line changes, and whether it asks. */
export function changeOf({ command, consent }: Invocation, chosen: ChosenCalls): LinkedChange {
  const asks = command.consent !== undefined && !consent.yes && consent.confirm === undefined;
  return { calls: endpointsIn(chosen), asks, severe: consentLevel(command) === 'severe' };
}

/**
 * Looks up a destination. A word with a dot is a site, or else a server; a word without one is a server. `lookUp` looks up what a
 * command line names.
 */
async function foundAt(invocation: Invocation, scope: Scope, lookUp: (each: Invocation) => Promise<readonly Targets[]>): Promise<Found> {
  const word = wordIn(invocation);
  const find = async (each: Invocation): Promise<Found> => ({ invocation: each, found: await lookUp(each) });
  if (word === undefined || invocation.destination?.certain) return find(invocation);
  const { site: _, ...others } = invocation.targets;
  const asServer = { ...invocation, targets: { ...others, server: [word] } };
  if (invocation.destination?.parent === 'site' && (await isServerName(word, scope))) return find(asServer);
  try {
    return await find(invocation);
  } catch (error) {
    if (!isError(error, 'not_found', 'forbidden')) throw error;
    if (invocation.destination?.parent === 'server') throw isError(error, 'not_found') ? await noServerOrSite(word, scope) : error;
    return find(asServer).catch(async (again: unknown) => {
      if (!isError(again, 'not_found', 'forbidden')) throw again;
      throw isError(error, 'not_found') && isError(again, 'not_found') ? await noServerOrSite(word, scope) : error;
    });
  }
}

/** The error of a command, or that the id of its server is that of a site. */
export async function withDestination(error: unknown, invocation: Invocation, scope: Scope): Promise<unknown> {
  const word = wordIn(invocation);
  const { parent, certain } = invocation.destination ?? {};
  if (!isError(error, 'not_found') || parent !== 'server' || certain || word === undefined || !isId(word)) return error;
  const found = await siteWithId(word, scope);
  return found ? error.withHint(`'${word}' is the id of site ${found.site.label}. Use --site ${word}.`) : error;
}

const wordIn = ({ destination, targets }: Invocation): string | undefined => destination && targets[destination.parent]?.[0];
