import { usage } from '../../base/errors.ts';
import { capitalized, flagName, plural, title } from '../../base/text.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import type { Scope, Settled } from '../../platform/names/lookups.ts';
import { type Targets, targetIds, targetOf } from '../../platform/names/names.ts';
import { namings } from '../../platform/names/namings.ts';
import { resolveTargets } from '../../platform/names/resolve.ts';
import { brokenSetting, notGiven, nowhere } from '../../platform/names/unresolved.ts';
import { alternativesIn, type Chosen, parametersOf } from '../language/calls.ts';
import { nounOf } from '../language/command.ts';
import { isPlace, positionalsOf } from '../language/signature.ts';
import type { Ask } from '../prompt/ask.ts';
import { seeHelp } from './command-line.ts';
import { type Invocation, ownWords, takesDestination } from './invocation.ts';

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
export function namesNeeded({ command }: Pick<Invocation, 'command'>, { endpoint, instead }: Chosen): readonly string[] {
  const parent = Object.values(command.fields ?? {}).find(({ as }) => as !== undefined && as === instead)?.as;
  return [...new Set([...parametersOf(endpoint), ...(parent ? [...parameters(namings[parent]?.list ?? ''), parent] : [])])];
}

/** The path parameters that must be given or have defaults: with `--all`, only the parents; none if the target is optional and not given. */
export function namesWanted(invocation: Invocation, chosen: Chosen): readonly string[] {
  if (isForAll(invocation)) return parameters(namings[nounOf(invocation.group)]?.list ?? '');
  const isNone = invocation.command.targets === 'optional' && ownWords(invocation).length === 0;
  return isNone ? [] : namesNeeded(invocation, chosen);
}

/** True for `--all`. */
export const isForAll = ({ command, options }: Pick<Invocation, 'command' | 'options'>): boolean =>
  command.targets === 'all' && options.all === true;

/** The targets of a command: each named resource, or every one for `--all`. May be empty if optional. */
export async function targetsOf(invocation: Invocation, chosen: Chosen, scope: Scope): Promise<readonly Targets[]> {
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
