import { usage } from '../../base/errors.ts';
import { flagName } from '../../base/text.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import type { Settled } from '../../platform/names/lookups.ts';
import { namings } from '../../platform/names/namings.ts';
import { notGiven, nowhere } from '../../platform/names/unresolved.ts';
import { alternativesIn, type ChosenCalls, parametersOf } from '../language/calls.ts';
import { nounOf } from '../language/command.ts';
import { isPlace, positionalsOf } from '../language/signature.ts';
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

/** True if the destination of a command is needed, and neither given nor set as a default. */
export function lacksDestination(invocation: Invocation, settled: Settled): boolean {
  const { command, targets } = invocation;
  if (!takesDestination(command) || ![targets.server, targets.site, settled.server, settled.site].every((each) => each === undefined))
    return false;
  return namesNeeded(invocation, callsOf(invocation, settled)).length > 0;
}

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

/** True if a command line names nothing that has to be looked up, like `server list`. */
export const namesNothing = (invocation: Invocation, settled: Settled): boolean =>
  invocation.destination === undefined &&
  invocation.command.targets !== 'optional' &&
  !isForAll(invocation) &&
  ownWords(invocation).length === 0 &&
  namesNeeded(invocation, callsOf(invocation, settled)).length === 0;
