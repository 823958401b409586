import { isError, usage } from '../../base/errors.ts';
import { capitalized, flagName, plural, title } from '../../base/text.ts';
import { isRead, parameters } from '../../platform/api/endpoint.ts';
import { type LinkedChange, refuseMislinked } from '../../platform/names/linked.ts';
import type { Scope, Settled } from '../../platform/names/lookups.ts';
import { isId, type Targets, targetIds, targetOf } from '../../platform/names/names.ts';
import { namings } from '../../platform/names/namings.ts';
import { resolveTargets, TRUST_MS, verified } from '../../platform/names/resolve.ts';
import { isServerName, noServerOrSite, siteWithId } from '../../platform/names/site-search.ts';
import { brokenSetting, notGiven, nowhere } from '../../platform/names/unresolved.ts';
import { alternativesIn, type ChosenCalls, endpointsIn, parametersOf } from '../language/calls.ts';
import { nounOf } from '../language/command.ts';
import { isPlace, positionalsOf } from '../language/signature.ts';
import { consentLevel } from '../language/tree.ts';
import type { Ask } from '../prompt/ask.ts';
import { seeHelp } from './command-line.ts';
import { callsOf, type Invocation, ownWords, takesDestination } from './invocation.ts';

/** The first word for each path parameter. */
export const firstWords = ({ targets }: Pick<Invocation, 'targets'>): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(targets).map(([name, [word]]) => [name, word]));

/** Fails for two exclusive options, and for missing arguments that cannot be picked from a list. */
export function requireWords(invocation: Invocation, { allowed }: Pick<Ask, 'allowed'>, settled: Settled): void {
  const { group, command, path, options, fields, targets } = invocation;
  const [one, other] = typeof command.calls === 'function' ? [] : alternativesIn(command.calls).filter((name) => targets[name]);
  if (one && other) throw usage(`${flagName(one)} and ${flagName(other)} cannot be combined.`, 'Use only one of them.');
  const missing = positionalsOf(group, command).find(
    ({ key, required }) => required && [targets[key], options[key], fields[key]].every((word) => word === undefined),
  );
  if (!allowed && lacksTarget(invocation, settled)) throw notGiven(nounOf(group), settled, true);
  if (!allowed && lacksDestination(invocation, settled)) throw nowhere(settled);
  if (!missing) return;
  const { key, option } = missing;
  if (key !== nounOf(group)) throw usage(`Missing ${option.placeholder ?? `<${key.replaceAll('_', '-')}>`}.`, undefined, seeHelp(path));
  if (!allowed || !namings[key]) throw notGiven(key, {}, true);
}

/** True if the server or site of a command is neither given nor set as a default. */
function lacksTarget({ group, command, ...invocation }: Invocation, settled: Settled): boolean {
  const noun = nounOf(group);
  if (!isPlace(noun) || command.targets === 'optional' || isForAll({ command, ...invocation })) return false;
  const takes = positionalsOf(group, command).some(({ key }) => key === noun);
  return takes && invocation.targets[noun] === undefined && settled[noun] === undefined;
}

/** True if the destination of a command is neither given nor set as a default. */
export const lacksDestination = ({ command, targets }: Invocation, { server, site }: Settled): boolean =>
  takesDestination(command) && [targets.server, targets.site, server, site].every((each) => each === undefined);

/** The path parameters that a call needs, including a parent that fills a field of the body. */
export function namesNeeded({ command }: Pick<Invocation, 'command'>, { endpoint, instead }: ChosenCalls): readonly string[] {
  const parent = Object.values(command.fields ?? {}).find(({ as }) => as !== undefined && as === instead)?.as;
  return [...new Set([...parametersOf(endpoint), ...(parent ? [...parameters(namings[parent]?.list ?? ''), parent] : [])])];
}

/** The path parameters that must be given or have defaults: with `--all`, only the parents; none if the target is optional and not given. */
export function namesWanted(invocation: Invocation, chosen: ChosenCalls): readonly string[] {
  if (isForAll(invocation)) return parameters(namings[nounOf(invocation.group)]?.list ?? '');
  const isNone = invocation.command.targets === 'optional' && ownWords(invocation).length === 0;
  return isNone ? [] : namesNeeded(invocation, chosen);
}

/** True for `--all`. */
export const isForAll = ({ command, options }: Pick<Invocation, 'command' | 'options'>): boolean =>
  command.targets === 'all' && options.all === true;

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
interface Found {
  readonly invocation: Invocation;
  readonly found: readonly Targets[];
}

/** Looks up what a command line names. A destination may turn out to be a server or a site. */
export async function foundFor(typed: Invocation, scope: Scope): Promise<Found> {
  const lookUp = (each: Invocation) => lookedUp(each, callsOf(each, scope.settings), scope);
  return typed.destination ? foundAt(typed, scope, lookUp) : { invocation: typed, found: await lookUp(typed) };
}

/** The targets. What only reads, with a single GET, trusts recent names; anything else checks a remembered site. */
async function lookedUp(invocation: Invocation, chosen: ChosenCalls, unchecked: Scope): Promise<readonly Targets[]> {
  const reads = chosen.endpoint !== undefined && invocation.command.calls === chosen.endpoint && isRead(chosen.endpoint);
  const scope = reads ? { ...unchecked, trust: TRUST_MS } : unchecked;
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
