import { usage } from '../../base/errors.ts';
import { plural, title } from '../../base/text.ts';
import { namings, type Targets, targetOf } from '../../platform/names/names.ts';
import { resolve, type Scope } from '../../platform/names/resolve.ts';
import type { Invocation } from './program.ts';

/** What a command acts on: each thing that is named, everything that `--all` means, or nothing where nothing needs to be named. */
export async function targetsOf({ group, command, words }: Invocation, endpoint: string, scope: Scope): Promise<readonly Targets[]> {
  const { noun } = group;
  const own = words[noun] as string | readonly string[] | undefined;
  const given = words as Record<string, string>;
  if (command.many === 'together' && words.all) {
    if (own !== undefined)
      throw usage(`--all means every ${title(noun)}, and yet ${plural(title(noun))} are named.`, 'Use one of the two.');
    return everyOne(noun, given, scope);
  }
  const settled = noun === 'server' || noun === 'site' ? scope.settings[noun] : undefined;
  if (command.targetless && own === undefined && settled === undefined) return [];
  const named: readonly (string | undefined)[] = typeof own === 'object' ? own : [own];
  const found: Targets[] = [];
  // One after the other: where the first one's site was found is known to the next.
  for (const word of named) {
    const target = await resolve(endpoint, { ...given, [noun]: word }, scope);
    if (found.some((each) => each[noun]?.id === target[noun]?.id && each[noun]))
      throw usage(`The ${title(noun)} “${word}” is named twice.`);
    found.push(target);
  }
  return found;
}

/** Every thing of a kind under the parents that are given. */
async function everyOne(noun: string, given: Readonly<Record<string, string>>, scope: Scope): Promise<readonly Targets[]> {
  const naming = namings[noun];
  if (!naming) throw new Error(`Nothing lists every ${noun}.`);
  const parents = await resolve(naming.list, given, scope);
  const ids = Object.fromEntries(Object.entries(parents).map(([name, { id }]) => [name, id]));
  const things = await scope.api.list<Record<string, unknown>>(naming.list, ids);
  return things.map((each) => ({ ...parents, [noun]: targetOf(each, noun) }));
}
