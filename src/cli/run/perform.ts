import { isError } from '../../base/errors.ts';
import { isRead } from '../../platform/api/endpoint.ts';
import { allowanceOf, inTime, within } from '../../platform/follow/rules.ts';
import { refuseMislinked, withLink } from '../../platform/names/linked.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import type { Targets } from '../../platform/names/names.ts';
import { TRUST_MS, verified } from '../../platform/names/resolve.ts';
import type { Chosen } from '../language/calls.ts';
import { type AnyCommand, nounOf } from '../language/command.ts';
import { asResult, type Result } from '../output/view.ts';
import { withAnswers } from './command-line.ts';
import type { Found } from './destination.ts';
import { type Inputs, inputsOf } from './inputs.ts';
import { callsOf, type Invocation } from './invocation.ts';
import { pickMissing } from './pick.ts';
import { again, type BaseContext, changeOf, prepare } from './prepare.ts';
import { type BeforeCommand, startingOf } from './starting.ts';
import { lacksDestination, namesWanted, requireWords, targetsOf } from './targets.ts';
import type { Sources } from './values.ts';

/** Prepares and runs a command: values, prompts, names, confirmation, and several targets as one result. */
export async function perform(line: Invocation, base: BaseContext, given: Scope, sources: Sources, before: BeforeCommand): Promise<Result> {
  const { group, command } = line;
  if (base.settings.readOnly) (await import('./read-only.ts')).refuseChanges(line, base.settings);
  const unplaced = scopeFor(line, given);
  requireWords(line, base.ask, unplaced.settings);
  const consent = command.consent && (await import('./consent.ts'));
  consent?.requireConsent(line, base.ask);
  const { typed, unpicked } = await withPlace(line, unplaced, base);
  const likely = callsOf(typed, unpicked.settings);
  const picked = await pickMissing(typed, namesWanted(typed, likely), likely.endpoint, unpicked, base);
  const scope = { ...unpicked, picked: { ...unpicked.picked, ...picked.targets } };
  const inputs = await inputsOf(typed, { ...sources, env: base.world.env }, scope);
  // Lookups count towards --timeout, prompts do not.
  const bounded = within(base, allowanceFor(typed, inputs.options));
  const { invocation, found } = await inTime(foundFor(typed, { ...scope, api: bounded.api }), 'anything');
  const chosen = callsOf(invocation, scope.settings);
  const allowance = bounded.deadline - base.clock.elapsed();
  const prepared = (targets: Targets, all: readonly Targets[]) =>
    prepare({ invocation, chosen, inputs, all, base, scope, allowance }, targets);
  const noun = nounOf(group);
  const all = consent ? await consent.obtainConsent(invocation, found, prepared(found[0] ?? {}, found)) : found;
  if (Object.keys(inputs.asked).length > 0) await (await import('./review.ts')).review(invocation, inputs, base);
  const [first = {}] = all;
  const each = command.targets === 'each' && all.length > 1;
  const run = (targets: Targets) => {
    const { ctx, args } = prepared(targets, all);
    return command.run(ctx, args);
  };
  const items = all.map((targets) => ({ ...(targets[noun] ?? { id: '', label: '' }), targets }));
  const together = async () =>
    (await import('./several.ts')).several({ noun, verb: command.name, items, run: (item) => run(item.targets) });
  const after = await before(startingOf(invocation, chosen, inputs, all));
  const running = each ? together() : run(first);
  const result = asResult(
    await running.catch(async (error: unknown) => {
      const explained = await withLink(error, first, scope, command.calls);
      throw await withLabels(await withSite(explained, invocation, scope), command);
    }),
  );
  if (!result.exit) await after?.();
  return withLine(invocation, inputs, picked.words, result);
}

/** Where names come from. A command that edits the link file has no defaults; any other one fails if `--env` names a missing environment. */
function scopeFor({ command, globals }: Invocation, scope: Scope): Scope {
  if (command.links) return { ...scope, settings: {} };
  const { unplaced } = scope.settings;
  if (globals.env !== undefined && unplaced) throw unplaced;
  return scope;
}

/** How long the requests of the command may take, in ms. */
const allowanceFor = ({ command: { options, limitMs = Number.POSITIVE_INFINITY } }: Invocation, given: Inputs['options']): number =>
  options?.timeout && !options.timeout.later ? allowanceOf(given) : limitMs;

/** Adds the command line that needs no prompts, if dnx prompted for anything. */
function withLine(invocation: Invocation, { asked, answers }: Inputs, picked: Readonly<Record<string, string>>, result: Result): Result {
  const all = { ...picked, ...answers, ...result.answers };
  if (!invocation.command.fields || Object.keys(all).length === 0) return result;
  // --no-input, because the command would prompt again for options that were left out.
  const quiet = Object.values(asked).some(({ value }) => value === undefined);
  const line = withAnswers(invocation, quiet ? { ...all, no_input: true } : all);
  return line ? { ...result, next: [...(result.next ?? []), { command: line, why: 'Without prompts' }] } : result;
}

/** The command line with the destination that it lacks, picked on a terminal. */
const withPlace = async (line: Invocation, scope: Scope, base: BaseContext) =>
  base.ask.allowed && lacksDestination(line, scope.settings)
    ? (await import('./pick-destination.ts')).pickDestination(line, scope, base)
    : { typed: line, unpicked: scope };

/** Looks up what a command line names. A destination may turn out to be a server or a site. */
async function foundFor(typed: Invocation, scope: Scope): Promise<Found> {
  const lookUp = (each: Invocation) => lookedUp(each, callsOf(each, scope.settings), scope);
  return typed.destination
    ? (await import('./destination.ts')).foundAt(typed, scope, lookUp)
    : { invocation: typed, found: await lookUp(typed) };
}

/** Names the options that a 422 is about. */
const withLabels = async (error: unknown, command: AnyCommand): Promise<unknown> =>
  isError(error, 'invalid') ? (await import('./rejection.ts')).withLabels(error, command) : error;

/** Says if the id of a missing server is that of a site. */
const withSite = async (error: unknown, invocation: Invocation, scope: Scope): Promise<unknown> =>
  invocation.destination ? (await import('./destination.ts')).withDestination(error, invocation, scope) : error;

/** The targets. What only reads, with a single GET, trusts recent names; anything else checks a remembered site. */
async function lookedUp(invocation: Invocation, chosen: Chosen, unchecked: Scope): Promise<readonly Targets[]> {
  const reads = chosen.endpoint !== undefined && invocation.command.calls === chosen.endpoint && isRead(chosen.endpoint);
  const scope = reads ? { ...unchecked, trust: TRUST_MS } : unchecked;
  const all = await targetsOf(invocation, chosen, scope);
  const change = changeOf(invocation, chosen);
  const checked: Targets[] = [];
  for (const [index, targets] of all.entries()) {
    const own = await refuseMislinked(targets, change, scope);
    checked.push(await verified(own, () => again(invocation, chosen, targets, index, scope), scope));
  }
  return checked;
}
