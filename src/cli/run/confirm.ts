import { isError } from '../../base/errors.ts';
import { allowanceOf, inTime, within } from '../../platform/api/deadline.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import type { Targets } from '../../platform/names/names.ts';
import { nounOf } from '../language/command.ts';
import { argumentsFor, type BaseContext } from './context.ts';
import { inputsOf } from './inputs.ts';
import { type Inputs, type Line, namesNothing, type Ready, requireWords } from './line.ts';

/** Fails for what can be refused without a request and a prompt: a missing word, or a confirmation that nobody can be asked for. */
export async function refuse(line: Line, ctx: BaseContext): Promise<void> {
  const { command, globals, defaults } = line;
  if (globals.env !== undefined && defaults.unplaced) throw defaults.unplaced;
  await signedInFirst(ctx, async () => requireWords(line, ctx.ask));
  if (command.consent && typeof command.consent !== 'function' && !ctx.plan) (await import('./consent.ts')).requireConsent(line, ctx.ask);
}

/** Finds out the rest, in this order: targets and values that a terminal is asked for, the ids of names, and consent. */
export async function confirm(typed: Line, ctx: BaseContext): Promise<Ready> {
  const { words, ...named } = ctx.ask.allowed
    ? await (await import('./pick.ts')).pickTargets(typed, ctx)
    : { line: typed, scope: ctx.scope, words: {} };
  const inputs = await inputsOf(named.line, ctx, named.scope);
  const timeoutMs = allowanceFor(named.line, inputs);
  const found = await signedInFirst(ctx, () => findTargets(named.line, named.scope, ctx, timeoutMs));
  const ready: Ready = { ...found, inputs, picked: words, timeoutMs };
  const targets = typed.command.consent ? await agree(ready, ctx) : found.targets;
  if (!ctx.plan && Object.keys(inputs.asked).length > 0) {
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

/** How long the requests of the command may take, in ms. */
const allowanceFor = ({ command: { options, limitMs = Number.POSITIVE_INFINITY } }: Line, given: Inputs): number =>
  options?.timeout && !options.timeout.later ? allowanceOf(given.options) : limitMs;

type NamedTargets = Pick<Ready, 'line' | 'scope' | 'targets' | 'allowanceMs'>;

/** Looks up what a line names. A terminal is asked about a word that names nothing, or several things. Lookups count towards --timeout, prompts do not. */
async function findTargets(line: Line, scope: Scope, ctx: BaseContext, allowanceMs: number): Promise<NamedTargets> {
  if (namesNothing(line)) return { line, targets: [{}], scope, allowanceMs };
  const { api, deadline } = within(ctx, allowanceMs);
  const left = () => deadline - ctx.clock.elapsed();
  try {
    const { find } = await import('./found.ts');
    return { ...(await inTime(find(line, { ...scope, api }), 'anything')), scope, allowanceMs: left() };
  } catch (error) {
    const before = left();
    if (!ctx.ask.allowed || !isError(error, 'not_found', 'ambiguous')) throw error;
    const meant = await (await import('./pick.ts')).corrected(error, line, scope, ctx);
    return findTargets(meant.line, meant.scope, ctx, before);
  }
}

/** Asks for the consent that a command wants, if any. A dry run only says what would be asked. Returns the targets, with the names that were read for it. */
async function agree(ready: Ready, base: BaseContext): Promise<readonly Targets[]> {
  const { line, targets } = ready;
  const [first = {}] = targets;
  const { ctx, args } = argumentsFor(ready, first, base);
  const { plan } = base;
  const asking = plan ? { ...ctx, ask: { ...ctx.ask, allowed: true }, progress: { ...ctx.progress, note() {} } } : ctx;
  const { consent } = line.command;
  const needed = typeof consent === 'function' ? await consent(asking, args) : consent;
  if (!needed) return targets;
  const declared = typeof needed === 'string' ? { level: needed } : needed;
  if (!plan) return (await import('./consent.ts')).obtainConsent(line, declared, targets, ctx);
  const noun = nounOf(line.group);
  const { confirm } = line.consent;
  const isSevere = declared.level === 'severe';
  plan.consent(declared.level, isSevere ? first[noun]?.label : undefined);
  const { lossOf, lossDetails, obtainConsent } = await import('./consent.ts');
  // Who gives the name is not asked, and reads nothing for it; a person at an MCP client is asked in any case.
  if (isSevere && line.command.name === 'delete' && (confirm === undefined || ctx.world.keep !== undefined)) {
    const deletes = await lossOf(ctx, noun, first);
    if (Object.keys(deletes).length > 0) plan.about({ deletes }, lossDetails(deletes));
  }
  // A name that was given is compared.
  return confirm === undefined ? targets : obtainConsent(line, declared, targets, asking);
}
