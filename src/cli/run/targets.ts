import { usage } from '../../base/errors.ts';
import { flagName, plural, title } from '../../base/text.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import { idsOf, namings, type Targets, targetOf } from '../../platform/names/names.ts';
import { lostIn, resolve, type Scope } from '../../platform/names/resolve.ts';
import { alternativesIn, type Chosen, parametersOf } from '../language/calls.ts';
import { nounOf } from '../language/command.ts';
import { positionalsOf } from '../language/signature.ts';
import { seeHelp } from './command-line.ts';
import { type Invocation, ownWords } from './invocation.ts';

/** The first word for each path parameter. */
export const firstWords = ({ targets }: Pick<Invocation, 'targets'>): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(targets).map(([name, [word]]) => [name, word]));

/** Refuses a command line that leaves out what has to be said by its position, or that says two things of which one is meant. */
export function requireWords(invocation: Invocation): void {
  const { group, command, path, options, fields, targets } = invocation;
  const [one, other] = typeof command.calls === 'function' ? [] : alternativesIn(command.calls).filter((name) => targets[name]);
  if (one && other) throw usage(`${flagName(one)} and ${flagName(other)} do not go together.`, 'Give one of them.');
  const missing = positionalsOf(group, command).find(
    ({ key, required }) => required && [targets[key], options[key], fields[key]].every((word) => word === undefined),
  );
  if (missing) throw usage(`Missing ${missing.option.placeholder ?? missing.key.replaceAll('_', '-')}.`, undefined, seeHelp(path));
}

/** The path parameters that have to be known: those of the endpoint, and the parent that fills a field of the body. */
export function namesNeeded({ command }: Pick<Invocation, 'command'>, { endpoint, instead }: Chosen): readonly string[] {
  const parent = Object.values(command.fields ?? {}).find(({ as }) => as !== undefined && as === instead)?.as;
  return [...new Set([...parametersOf(endpoint), ...(parent ? [...parameters(namings[parent]?.list ?? ''), parent] : [])])];
}

/** True where the command means every thing of its kind: `--all`. */
export const meansAll = ({ command, options }: Pick<Invocation, 'command' | 'options'>): boolean =>
  command.targets === 'all' && options.all === true;

/** What a command acts on: each thing that is named, everything that `--all` means, or nothing where nothing needs to be named. */
export async function targetsOf(invocation: Invocation, chosen: Chosen, scope: Scope): Promise<readonly Targets[]> {
  const noun = nounOf(invocation.group);
  const words = ownWords(invocation);
  const given = firstWords(invocation);
  if (meansAll(invocation)) {
    if (words.length > 0) throw usage(`--all means every ${title(noun)}, and yet ${plural(title(noun))} are named.`, 'Use one of the two.');
    return everyOne(noun, given, scope);
  }
  const settled = noun === 'server' || noun === 'site' ? scope.settings[noun] : undefined;
  if (invocation.command.targets === 'optional' && words.length === 0 && settled === undefined) {
    const lost = lostIn(noun, scope.settings);
    if (lost) throw lost;
    return [];
  }
  const names = namesNeeded(invocation, chosen);
  const found: Targets[] = [];
  // One after the other: where the first one's site was found is known to the next.
  for (const word of words.length > 0 ? words : [undefined]) {
    const targets = await resolve(names, { ...given, [noun]: word }, scope);
    if (found.some((each) => each[noun] && each[noun].id === targets[noun]?.id))
      throw usage(`The ${title(noun)} “${word}” is named twice.`);
    found.push(targets);
  }
  return found;
}

/** Every thing of a kind under the parents that are given. */
async function everyOne(noun: string, given: Readonly<Record<string, string | undefined>>, scope: Scope): Promise<readonly Targets[]> {
  const naming = namings[noun];
  if (!naming) throw new Error(`Nothing lists every ${noun}.`);
  const parents = await resolve(parameters(naming.list), given, scope);
  const things = await scope.api.list<Record<string, unknown>>(naming.list, idsOf(parents));
  return things.map((each) => ({ ...parents, [noun]: targetOf(each, noun) }));
}
