import { type DnxError, type FieldLabel, isError, Planned } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { flagName } from '../../base/text.ts';
import { allowanceOf, inTime, within } from '../../platform/api/deadline.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { Moved, type Targets } from '../../platform/names/names.ts';
import { type AnyCommand, nounOf } from '../language/command.ts';
import { onlyReadsWith } from '../language/effect.ts';
import type { Option } from '../language/options.ts';
import { asResult, nothing, type Result } from '../output/view.ts';
import { argumentsFor, type BaseContext } from './context.ts';
import { answeredAgain, inputsOf } from './inputs.ts';
import { type Inputs, type Line, namesNothing, type Ready, requireWords, wordsIn } from './line.ts';

/** Prepares and executes a line. If the API rejects what was typed at a prompt, asks for it again. `before` runs once the line is ready. */
export async function perform(line: Line, ctx: BaseContext, before?: (ready: Ready, ctx: BaseContext) => Promise<void>): Promise<Result> {
  let ready = await prepare(line, ctx);
  if (!ctx.recorder) await before?.(ready, ctx);
  let outcome = await execute(ready, ctx);
  while ('rejected' in outcome) {
    ready = { ...ready, inputs: await answeredAgain(outcome.rejected, ready, ctx) };
    outcome = await execute(ready, ctx);
  }
  const { result } = outcome;
  if (ctx.recorder) return (await import('../plan/dry-run.ts')).dryRunResult(ready, result, ctx, ctx.recorder);
  const wasAsked = Object.keys({ ...ready.picked, ...ready.inputs.asked, ...result.answers }).length > 0;
  return wasAsked ? (await import('./questions.ts')).withoutPrompts(ready, result) : result;
}

/** How a command ended: with a result, or with values that the API rejected. */
type Outcome = { readonly result: Result } | { readonly rejected: DnxError };

/** Runs a command, for each of its targets unless it takes all at once. The same for a dry run, whose gate records what is sent. */
async function execute(ready: Ready, ctx: BaseContext): Promise<Outcome> {
  const { line, targets } = ready;
  const [first = {}] = targets;
  try {
    if (line.command.targets !== 'each' || targets.length <= 1) return { result: await runFor(first, ready, ctx) };
    const noun = nounOf(line.group);
    const items = targets.map((named) => ({ ...(named[noun] ?? { id: '', label: '' }), targets: named }));
    const { several } = await import('./several.ts');
    return {
      result: await several({
        noun,
        verb: line.command.name,
        items,
        settings: ctx.settings,
        run: (item) => runFor(item.targets, ready, ctx),
      }),
    };
  } catch (error) {
    const explained = withLabels(await withPlace(error, first, ready), line.command);
    if (isError(explained, 'invalid')) return { rejected: explained };
    throw explained;
  }
}

/** Runs a command for a target. If its name was remembered, and is that of something else by now, looks it up again, once. */
async function runFor(targets: Targets, ready: Ready, ctx: BaseContext): Promise<Result> {
  const { line, scope } = ready;
  const outcome = await attempt(targets, ready, ctx);
  if ('result' in outcome) return outcome.result;
  scope.names.forget();
  const { lookedUpAgain } = await import('./targets.ts');
  const now = await lookedUpAgain(line, targets, ready.targets.indexOf(targets), scope);
  scope.names.trusted.clear();
  const second = await attempt(now, { ...ready, targets: [now] }, ctx);
  if ('result' in second) return second.result;
  throw second.moved;
}

async function attempt(
  targets: Targets,
  ready: Ready,
  base: BaseContext,
): Promise<{ readonly result: Result } | { readonly moved: Moved }> {
  const { ctx, args } = argumentsFor(ready, targets, base);
  // A dry run shows what the command does with consent.
  const agreed = base.recorder ? { ...args, consent: { ...args.consent, yes: true } } : args;
  try {
    return { result: asResult(await ready.line.command.run(ctx, agreed)) };
  } catch (error) {
    if (error instanceof Planned) return { result: { view: nothing } };
    if (error instanceof Moved) return { moved: error };
    throw error;
  }
}

/** The error of a command, or what the link file says about it. */
async function withPlace(error: unknown, targets: Targets, { line, scope }: Ready): Promise<unknown> {
  if (!isError(error, 'not_found') || Object.keys(targets).length === 0) return error;
  return (await import('../../platform/names/linked.ts')).withLink(error, targets, scope, line.command.calls);
}

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

/** Fails for what can be refused without a request and a prompt: a missing word, or a confirmation that nobody can be asked for. */
export async function refuse(line: Line, ctx: BaseContext): Promise<void> {
  const { command, globals, defaults } = line;
  if (globals.env !== undefined && defaults.unplaced) throw defaults.unplaced;
  await signedInFirst(ctx, async () => requireWords(line, ctx.ask));
  if (command.consent && typeof command.consent !== 'function' && !ctx.recorder && !onlyReadsWith(command, wordsIn(line)))
    (await import('./consent.ts')).requireConsent(line, ctx.ask);
}

/** Finds out the rest, in this order: targets and values that a terminal is asked for, the ids of names, and consent. */
async function prepare(line: Line, ctx: BaseContext): Promise<Ready> {
  const { words, ...named } = ctx.ask.allowed
    ? await (await import('./pick.ts')).pickTargets(line, ctx)
    : { line, scope: ctx.scope, words: {} };
  const inputs = await inputsOf(named.line, ctx, named.scope);
  const timeoutMs = allowanceFor(named.line, inputs);
  const found = await signedInFirst(ctx, () => findTargets(named.line, named.scope, ctx, timeoutMs));
  const ready: Ready = { ...found, inputs, picked: words, timeoutMs };
  const targets = found.line.command.consent ? await agreeToExisting(ready, ctx) : found.targets;
  if (!ctx.recorder && Object.keys(inputs.asked).length > 0) {
    const { review } = await import('./questions.ts');
    await review(ready.line, inputs, targets[0] ?? {}, ctx);
  }
  return { ...ready, targets };
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

const allowanceFor = ({ command: { options, limitMs = Number.POSITIVE_INFINITY } }: Line, inputs: Inputs): number =>
  options?.timeout && !options.timeout.later ? allowanceOf(inputs.options) : limitMs;

type FoundTargets = Pick<Ready, 'line' | 'scope' | 'targets' | 'allowanceMs'>;

/** Looks up what a line names. A terminal is asked about a word that names nothing, or several things. Lookups count towards --timeout, prompts do not. */
async function findTargets(line: Line, scope: Scope, ctx: BaseContext, allowanceMs: number): Promise<FoundTargets> {
  if (namesNothing(line)) return { line, targets: [{}], scope, allowanceMs };
  const { api, deadline } = within(ctx, allowanceMs);
  const left = () => deadline - ctx.clock.elapsed();
  try {
    const { find } = await import('./targets.ts');
    return { ...(await inTime(find(line, { ...scope, api }), 'anything')), scope, allowanceMs: left() };
  } catch (error) {
    const before = left();
    if (!ctx.ask.allowed || !isError(error, 'not_found', 'ambiguous')) throw error;
    const meant = await (await import('./pick.ts')).corrected(error, line, scope, ctx);
    return findTargets(meant.line, meant.scope, ctx, before);
  }
}

/** Asks for consent to what exists. What `--if-exists` allows to be missing keeps its place. */
async function agreeToExisting(ready: Ready, ctx: BaseContext): Promise<readonly Targets[]> {
  const { line, targets } = ready;
  const noun = nounOf(line.group);
  const existing = targets.filter((each) => !each[noun]?.missing);
  if (existing.length === 0 && targets.length > 0) return targets;
  const agreed = agree({ ...ready, targets: existing }, ctx);
  const [only, ...others] = targets;
  // An id may turn out to be of nothing once its name is read.
  if (only && others.length === 0 && line.options.if_exists)
    return agreed.catch(async (error: unknown) => [await (await import('./gone.ts')).withoutGone(ctx, noun, only, error)]);
  const answers = (await agreed).values();
  return targets.map((each) => (existing.includes(each) ? (answers.next().value ?? each) : each));
}

/** Asks for the consent that a command wants, if any. A dry run only says what would be asked. Returns the targets, with the names that were read for it. */
async function agree(ready: Ready, base: BaseContext): Promise<readonly Targets[]> {
  const { line, targets } = ready;
  const [first = {}] = targets;
  const { ctx, args } = argumentsFor(ready, first, base);
  const { recorder } = base;
  const asking = recorder ? { ...ctx, ask: { ...ctx.ask, allowed: true }, progress: { ...ctx.progress, note() {} } } : ctx;
  const { consent } = line.command;
  const needed = typeof consent === 'function' ? await consent(asking, args) : consent;
  if (!needed) return targets;
  const declared = typeof needed === 'string' ? { level: needed } : needed;
  if (!recorder) return (await import('./consent.ts')).obtainConsent(line, declared, targets, ctx);
  const noun = nounOf(line.group);
  const { confirm } = line.consent;
  const isSevere = declared.level === 'severe';
  recorder.consent(declared.level, isSevere ? first[noun]?.label : undefined);
  const { lossOf, lossDetails, obtainConsent } = await import('./consent.ts');
  // Who gives the name is not asked, and reads nothing for it; a person at an MCP client is asked in any case.
  if (isSevere && line.command.name === 'delete' && (confirm === undefined || ctx.world.keep !== undefined)) {
    const deletes = await lossOf(ctx, noun, first);
    if (Object.keys(deletes).length > 0) recorder.about({ deletes }, lossDetails(deletes));
  }
  // A name that was given is compared.
  return confirm === undefined ? targets : obtainConsent(line, declared, targets, asking);
}
