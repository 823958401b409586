import { parameters } from '../../platform/api/endpoint.ts';
import { within } from '../../platform/follow/rules.ts';
import { type LinkedChange, refuseMislinked } from '../../platform/names/linked.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { idIn, type Targets } from '../../platform/names/names.ts';
import { resolveTargets } from '../../platform/names/resolve.ts';
import { everySite, sitesOn } from '../../platform/names/site-search.ts';
import { type Chosen, endpointsIn } from '../language/calls.ts';
import { type Context, nounOf } from '../language/command.ts';
import { consentLevel } from '../language/tree.ts';
import { callsWith } from './call.ts';
import type { Inputs } from './inputs.ts';
import { type Invocation, ownWords } from './invocation.ts';
import { pickMissing } from './pick.ts';
import { firstWords, namesNeeded } from './targets.ts';

/** What a command line changes, and whether it asks. */
export function changeOf({ command, consent }: Invocation, chosen: Chosen): LinkedChange {
  const asks = command.consent !== undefined && !consent.yes && consent.confirm === undefined;
  return { calls: endpointsIn(chosen), asks, severe: consentLevel(command) === 'severe' };
}

/** The part of a context that does not depend on the target. */
export type BaseContext = Omit<Context, 'call' | 'list' | 'pages' | 'each' | 'everySite' | 'resolve' | 'nameOf' | 'isGiven' | 'deadline'>;

/** Looks up one of all targets again, by the words given for it. */
export function again(invocation: Invocation, chosen: Chosen, targets: Targets, index: number, scope: Scope): Promise<Targets> {
  const noun = nounOf(invocation.group);
  const { [noun]: own, site } = targets;
  const words = {
    ...firstWords(invocation),
    ...(own && { [noun]: ownWords(invocation)[index] ?? own.id }),
    ...(site && { site: scope.names.trusted.get(`site ${site.id}`)?.word ?? site.id }),
  };
  return resolveTargets(namesNeeded(invocation, chosen), words, scope);
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
    { endpoint: chosen.endpoint, targets, lookUp: () => again(invocation, chosen, targets, all.indexOf(targets), scope), body },
    bounded.api,
    scope,
  );
  const ctx: Context = {
    ...base,
    ...bounded,
    ...calls,
    each: async (items, run) => (await import('./several.ts')).several({ noun: nounOf(group), verb: command.name, items, run }),
    async everySite() {
      const { server: word } = firstWords(invocation);
      const inner = { ...scope, api: bounded.api };
      if (word === undefined) return everySite(inner);
      const { server } = await resolveTargets(['server'], { server: word }, inner);
      return server ? sitesOn(server, inner) : everySite(inner);
    },
    nameOf: (noun, id) => scope.names.nameOf(noun, id) ?? (targets[noun]?.id === idIn(id) ? targets[noun]?.label : undefined),
    isGiven: (noun) => invocation.targets[noun] !== undefined,
    async resolve(path, words) {
      const names = parameters(path);
      if (words) return resolveTargets(names, words, { ...scope, api: bounded.api });
      const picked = await pickMissing(invocation, names, undefined, scope, base);
      const found = await resolveTargets(names, firstWords(invocation), { ...scope, picked: picked.targets });
      return refuseMislinked(found, changeOf(invocation, chosen), scope);
    },
  };
  const own = command.targets === 'all' ? all : command.targets === 'optional' && all.length === 0 ? undefined : targets;
  return { ctx, args: { targets: own, options, fields, body, consent } };
}
