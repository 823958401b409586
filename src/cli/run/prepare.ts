import { parameters } from '../../platform/api/endpoint.ts';
import { within } from '../../platform/follow/rules.ts';
import type { Targets } from '../../platform/names/names.ts';
import { resolve, type Scope } from '../../platform/names/resolve.ts';
import type { Chosen } from '../language/calls.ts';
import { type Context, nounOf } from '../language/command.ts';
import { callsWith } from './call.ts';
import type { Inputs } from './inputs.ts';
import type { Invocation } from './invocation.ts';
import { labelsOf, pickMissing, withPicked } from './pick.ts';
import { several } from './several.ts';
import { firstWords, namesNeeded } from './targets.ts';

/** The part of a context that does not depend on the target. */
export type BaseContext = Omit<Context, 'call' | 'list' | 'each' | 'everySite' | 'resolve' | 'nameOf' | 'deadline'>;

/** Looks a target up again, by the words given for it. */
export function again(invocation: Invocation, chosen: Chosen, targets: Targets, scope: Scope): Promise<Targets> {
  const noun = nounOf(invocation.group);
  const { [noun]: own, site } = targets;
  const words = {
    ...firstWords(invocation),
    ...(own && { [noun]: scope.labels?.has(own.id) ? own.id : own.label }),
    ...(site && { site: scope.sites.recalled.get(site.id) ?? site.label }),
  };
  return resolve(namesNeeded(invocation, chosen), words, scope);
}

interface Prepared {
  readonly invocation: Invocation;
  readonly chosen: Chosen;
  readonly inputs: Inputs;
  readonly all: readonly Targets[];
  readonly base: BaseContext;
  readonly scope: Scope;
  /** The time limit per target, in ms. */
  readonly allowance: number;
}

/** The arguments of `run` for one target. */
export function prepare({ invocation, chosen, inputs, all, base, scope, allowance }: Prepared, targets: Targets) {
  const { command, group, consent } = invocation;
  const { options, fields, extra } = inputs;
  const filled = Object.entries(command.fields ?? {}).flatMap(([key, { as = '' }]) => (targets[as] ? [[key, targets[as].id]] : []));
  const body: Record<string, unknown> = { ...fields, ...Object.fromEntries(filled), ...extra };
  const bounded = within(base, allowance);
  const calls = callsWith(
    { endpoint: chosen.endpoint, targets, lookUp: () => again(invocation, chosen, targets, scope), body },
    bounded.api,
    scope,
  );
  const ctx: Context = {
    ...base,
    ...bounded,
    ...calls,
    each: (items, run) => several({ noun: nounOf(group), verb: command.name, items, run }),
    everySite: () => scope.sites.everywhere(bounded.api),
    nameOf: (id) => scope.sites.nameOf(id) ?? Object.values(targets).find((each) => each.id === id)?.label,
    async resolve(path) {
      const names = parameters(path);
      const picked = await pickMissing(invocation, names, undefined, scope, base);
      return resolve(names, firstWords(withPicked(invocation, picked)), { ...scope, labels: labelsOf(picked) });
    },
  };
  const own = command.targets === 'all' ? all : command.targets === 'optional' && all.length === 0 ? undefined : targets;
  return { ctx, args: { targets: own, options, fields, body, consent } };
}
