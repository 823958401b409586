import { type FieldLabel, isError, Planned } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { flagName } from '../../base/text.ts';
import { allowanceOf, inTime, within } from '../../platform/api/deadline.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { Moved, type Targets } from '../../platform/names/names.ts';
import { endpointsIn } from '../language/calls.ts';
import { type AnyCommand, nounOf } from '../language/command.ts';
import type { Option } from '../language/options.ts';
import type { Progress } from '../output/progress.ts';
import { asResult, nothing, type Result } from '../output/view.ts';
import type { Recorder } from '../plan/record.ts';
import type { Opened } from './context.ts';
import type { Found } from './found.ts';
import { answeredAgain, type Inputs, inputsOf } from './inputs.ts';
import { callsOf, type Invocation } from './invocation.ts';
import { type BaseContext, prepare } from './prepare.ts';
import { namesNothing, requireWords } from './targets.ts';

/** What a command line names, and how long its requests may still take, in ms. */
interface Sought extends Found {
  readonly scope: Scope;
  readonly allowance: number;
}

/**
 * Prepares and runs a command: values, prompts, names, confirmation, and several targets as one result. `before` runs before a command
 * that sends requests, once its targets are known and confirmed.
 */
export async function perform(
  line: Invocation,
  { ctx: outer, scope: given, sources, plan }: Pick<Opened, 'ctx' | 'scope' | 'sources' | 'plan'>,
  before: () => Promise<void>,
): Promise<Result> {
  const { command } = line;
  const base = plan ? { ...outer, progress: beforehand(outer.progress) } : outer;
  const unplaced = scopeFor(line, given);
  await signedInFirst(base, async () => requireWords(line, base.ask, unplaced.settings));
  if (command.consent && typeof command.consent !== 'function' && !plan) (await import('./consent.ts')).requireConsent(line, base.ask);
  const {
    typed,
    scope: picked,
    words,
  } = base.ask.allowed ? await (await import('./pick.ts')).pickTargets(line, unplaced, base) : { typed: line, scope: unplaced, words: {} };
  const inputs = await inputsOf(typed, { ...sources, env: base.world.env }, picked);
  const timeoutMs = allowanceFor(typed, inputs.options);
  const { invocation, found, scope, allowance } = await signedInFirst(base, () => findTargets(typed, picked, base, timeoutMs));
  const chosen = callsOf(invocation, scope.settings);
  const prepared: Ready['prepared'] = (targets, all, values) =>
    prepare({ invocation, chosen, inputs: values, all, base, scope, allowance, timeoutMs }, targets);
  const all = command.consent ? await consented(invocation, found, prepared(found[0] ?? {}, found, inputs), plan) : found;
  const [first = {}] = all;
  const asks = !plan && Object.keys(inputs.asked).length > 0;
  if (asks) await (await import('./questions.ts')).review(invocation, inputs, first, base);
  if (!plan && (command.applies || endpointsIn(chosen).length > 0)) await before();
  const ready = { invocation, chosen, all, scope, prepared, dry: plan !== undefined };
  const again = { ...sources, api: scope.api, warn: base.progress.warn };
  const { result, values } = await untilAccepted(
    (given) => runAll(ready, given),
    inputs,
    async (error, given) => (asks ? answeredAgain(error, invocation, given, again) : undefined),
  );
  if (plan) {
    const { dryRunResult } = await import('../plan/dry-run.ts');
    return dryRunResult({ invocation, ctx: base, recorder: plan, known: all, nameOf: scope.names.nameOf }, result);
  }
  return Object.keys({ ...words, ...values.asked, ...result.answers }).length > 0
    ? (await import('./without-prompts.ts')).withoutPrompts(invocation, values, { ...placesIn(invocation, first), ...words }, result)
    : result;
}

/** A command that only has to run, once per target or for all of them. */
interface Ready {
  readonly invocation: Invocation;
  readonly chosen: ReturnType<typeof callsOf>;
  readonly all: readonly Targets[];
  readonly scope: Scope;
  /** True for a dry run. */
  readonly dry: boolean;
  readonly prepared: (targets: Targets, all: readonly Targets[], values: Inputs) => ReturnType<typeof prepare>;
}

/** Runs a command with these values. What fails says which place and which option it is about. */
async function runAll(ready: Ready, values: Inputs): Promise<Result> {
  const { invocation, all, scope } = ready;
  const { command, group } = invocation;
  const [first = {}] = all;
  try {
    if (command.targets !== 'each' || all.length <= 1) return asResult(await runOne(ready, first, values, all));
    const noun = nounOf(group);
    const items = all.map((targets) => ({ ...(targets[noun] ?? { id: '', label: '' }), targets }));
    const run = (item: { readonly targets: Targets }) => runOne(ready, item.targets, values, all);
    return asResult(await (await import('./several.ts')).several({ noun, verb: command.name, items, run }));
  } catch (error) {
    throw withLabels(await withPlace(error, invocation, first, scope), command);
  }
}

/** Runs a command for a target. If its name was remembered, and is that of something else by now, looks it up again. */
async function runOne(ready: Ready, targets: Targets, values: Inputs, all: readonly Targets[]): ReturnType<AnyCommand['run']> {
  const { invocation, chosen, scope, dry, prepared } = ready;
  const { ctx, args } = prepared(targets, all, values);
  try {
    // A dry run shows what the command does with consent.
    return await invocation.command.run(ctx, dry ? { ...args, consent: { ...args.consent, yes: true } } : args);
  } catch (error) {
    if (error instanceof Planned) return nothing;
    // Once: a server that answers otherwise each time would never end.
    if (!(error instanceof Moved) || all !== ready.all) throw error;
    scope.names.forget();
    const again = await (await import('./found.ts')).lookedUpAgain(invocation, chosen, targets, all.indexOf(targets), scope);
    scope.names.trusted.clear();
    return runOne(ready, again, values, [again]);
  }
}

/** Asks for the confirmation that a command wants, if it does. Returns the targets, with the names that were read for the question. */
async function consented(
  invocation: Invocation,
  found: readonly Targets[],
  { ctx, args }: ReturnType<typeof prepare>,
  plan: Recorder | undefined,
): Promise<readonly Targets[]> {
  const { consent } = invocation.command;
  // A dry run says what would be asked, and asks nothing; a name that was given is compared.
  const asking = plan ? { ...ctx, ask: { ...ctx.ask, allowed: true }, progress: { ...ctx.progress, note() {} } } : ctx;
  const declared = typeof consent === 'function' ? await consent(asking, args) : consent;
  if (!declared) return found;
  const level = typeof declared === 'string' ? declared : declared.level;
  plan?.consent(level, level === 'severe' ? found[0]?.[nounOf(invocation.group)]?.label : undefined);
  // Who gives the name is not asked, and reads nothing for it; a person at an MCP client is asked in any case.
  const isAsked = invocation.consent.confirm === undefined || ctx.world.keep !== undefined;
  if (plan && isAsked && level === 'severe' && invocation.command.name === 'delete') {
    const { lossDetails, lossOf } = await import('./consent.ts');
    const deletes = await lossOf(ctx, nounOf(invocation.group), found[0] ?? {});
    if (Object.keys(deletes).length > 0) plan.about({ deletes }, lossDetails(deletes));
  }
  return plan && invocation.consent.confirm === undefined
    ? found
    : (await import('./consent.ts')).obtainConsent(invocation, declared, found, ctx);
}

/** The progress of a dry run, which does not say what was done. */
const beforehand = (progress: Progress): Progress => ({ ...progress, succeeded() {}, step() {} });

/** Runs a command. If it is refused, and `again` has other values, runs it again with these. */
async function untilAccepted(
  run: (values: Inputs) => Promise<Result>,
  values: Inputs,
  again: (error: unknown, values: Inputs) => Promise<Inputs | undefined>,
): Promise<{ readonly result: Result; readonly values: Inputs }> {
  try {
    return { result: await run(values), values };
  } catch (error) {
    const others = await again(error, values);
    if (!others) throw error;
    return untilAccepted(run, others, again);
  }
}

/** The server or site that the settings name, which a repeated command line must name, too. A site needs no server. */
const placesIn = ({ targets: given }: Invocation, { server, site }: Targets): Readonly<Record<string, string>> => ({
  ...(site && !given.site && { site: site.label }),
  ...(server && !given.server && !given.site && { server: server.label }),
});

/**
 * Looks up what a command line names. On a terminal, asks about a word that names nothing, or several things. Returns what is left of
 * `allowance`: lookups count towards --timeout, prompts do not.
 */
async function findTargets(typed: Invocation, scope: Scope, base: BaseContext, allowance: number): Promise<Sought> {
  const { api, deadline } = within(base, allowance);
  const left = () => deadline - base.clock.elapsed();
  try {
    if (namesNothing(typed, scope.settings)) return { invocation: typed, found: [{}], scope, allowance: left() };
    const { foundFor } = await import('./found.ts');
    return { ...(await inTime(foundFor(typed, { ...scope, api }), 'anything')), scope, allowance: left() };
  } catch (error) {
    const before = left();
    if (!base.ask.allowed || !isError(error, 'not_found', 'ambiguous')) throw error;
    const next = await (await import('./meant.ts')).corrected(error, typed, scope, base);
    return findTargets(next.typed, next.scope, base, before);
  }
}

/** The error of a command, or what the link file or the id of a site says about it. */
async function withPlace(error: unknown, invocation: Invocation, targets: Targets, scope: Scope): Promise<unknown> {
  if (!isError(error, 'not_found') || Object.keys(targets).length === 0) return error;
  const [{ withDestination }, { withLink }] = await Promise.all([import('./found.ts'), import('../../platform/names/linked.ts')]);
  return withDestination(await withLink(error, targets, scope, invocation.command.calls), invocation, scope);
}

/** Where names come from. A command that edits the link file, or whose site must be named, has no defaults; any other one fails if `--env` names a missing environment. */
function scopeFor({ command, globals }: Invocation, scope: Scope): Scope {
  if (command.links || (command.named && globals.env === undefined)) return { ...scope, settings: {} };
  const { unplaced } = scope.settings;
  if (globals.env !== undefined && unplaced) throw unplaced;
  return scope;
}

/** Words the failure for a missing name: without a token, that is what is missing first. */
async function signedInFirst<T>({ tokens }: Pick<BaseContext, 'tokens'>, find: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (!isError(error, 'usage') || error.reason !== 'target_missing') throw error;
    await tokens.token().catch((failure: unknown) => {
      if (isError(failure, 'unauthenticated')) throw failure;
    });
    throw error;
  }
}

/** How long the requests of the command may take, in ms. */
const allowanceFor = ({ command: { options, limitMs = Number.POSITIVE_INFINITY } }: Invocation, given: Inputs['options']): number =>
  options?.timeout && !options.timeout.later ? allowanceOf(given) : limitMs;

/** Adds flag names to the fields of a 422, and a hint for fields without a flag. */
function withLabels(error: unknown, command: AnyCommand): unknown {
  if (!isError(error, 'invalid') || !error.errors) return error;
  const labels: [string, FieldLabel][] = [];
  const unknown: string[] = [];
  for (const field of Object.keys(error.errors)) {
    // `domains.0` is an item of `domains`.
    const [key = field] = field.split('.');
    const name = key === 'abilities' ? 'ability' : key;
    const option = own(command.fields ?? {}, name) ?? own(command.options ?? {}, name);
    if (option) labels.push([field, labelOf(name, option)]);
    // What could mean something to a shell is not offered.
    else if (/^[\w.-]+$/.test(key)) unknown.push(key);
  }
  const [first] = Object.keys(command.fields ?? {}).length > 0 ? unknown : [];
  return error.with({
    labels: Object.fromEntries(labels),
    ...(first !== undefined && { hint: `Set other fields with -F, such as -F ${first}=VALUE.` }),
  });
}

const labelOf = (key: string, { as, place, choices, example }: Option<unknown>): FieldLabel => ({
  name: place ? `<${key.replaceAll('_', '-')}>` : flagName(as ?? key),
  known: choices,
  example,
});
