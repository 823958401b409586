import { allowanceOf, inTime, within } from '../../platform/follow/rules.ts';
import { refuseMislinked, withLink } from '../../platform/names/linked.ts';
import type { Targets } from '../../platform/names/names.ts';
import { TRUST_MS, verified } from '../../platform/names/recall.ts';
import type { Scope } from '../../platform/names/scope.ts';
import type { Chosen } from '../language/calls.ts';
import { nounOf } from '../language/command.ts';
import { asResult, type Result } from '../output/view.ts';
import { withAnswers } from './command-line.ts';
import { type Inputs, inputsOf } from './inputs.ts';
import { callsOf, type Invocation } from './invocation.ts';
import { pickMissing } from './pick.ts';
import { again, type BaseContext, changeOf, prepare } from './prepare.ts';
import { namesWanted, requireWords, targetsOf } from './targets.ts';
import type { Sources } from './values.ts';

/** A command whose targets are known and confirmed. */
export interface Starting {
  /** With its group: `site update`. */
  readonly name: string;
  readonly targets: readonly Targets[];
  /** The fields that it sends. */
  readonly body: Readonly<Record<string, unknown>>;
  /** True if it sends only GET requests. */
  readonly reads: boolean;
}

/** Runs before a command. The returned function runs after its success. */
export type BeforeCommand = (starting: Starting) => Promise<(() => Promise<void>) | undefined>;

/** Prepares and runs a command: values, prompts, names, confirmation, and several targets as one result. */
export async function perform(
  invocation: Invocation,
  base: BaseContext,
  unpicked: Scope,
  sources: Sources,
  before: BeforeCommand,
): Promise<Result> {
  const { group, command } = invocation;
  const { unplaced } = base.settings;
  if (invocation.globals.env !== undefined && unplaced && !command.links) throw unplaced;
  const given = command.links ? { ...unpicked, settings: {} } : unpicked;
  requireWords(invocation, base.ask, given.settings);
  const consent = command.consent && (await import('./consent.ts'));
  consent?.requireConsent(invocation, base.ask);
  const chosen = callsOf(invocation, given.settings);
  const picked = await pickMissing(invocation, namesWanted(invocation, chosen), chosen.endpoint, given, base);
  const scope = { ...given, picked: picked.targets };
  const inputs = await inputsOf(invocation, { ...sources, env: base.world.env }, scope);
  // Lookups count towards --timeout, prompts do not.
  const bounded = within(
    base,
    command.options?.timeout && !command.options.timeout.later ? allowanceOf(inputs.options) : Number.POSITIVE_INFINITY,
  );
  const found = await inTime(lookedUp(invocation, chosen, { ...scope, api: bounded.api }), 'anything');
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
      throw (await import('./rejection.ts')).withLabels(await withLink(error, first, scope, command.calls), command);
    }),
  );
  if (!result.exit) await after?.();
  const answers = { ...picked.words, ...inputs.answers, ...result.answers };
  if (!command.fields || Object.keys(answers).length === 0) return result;
  // --no-input, because the command would prompt again for options that were left out.
  const quiet = Object.values(inputs.asked).some(({ value }) => value === undefined);
  const line = withAnswers(invocation, quiet ? { ...answers, no_input: true } : answers);
  return line ? { ...result, next: [...(result.next ?? []), { command: line, why: 'Without prompts' }] } : result;
}

const startingOf = (
  { group, command }: Invocation,
  chosen: Chosen,
  { fields, extra }: Pick<Inputs, 'fields' | 'extra'>,
  targets: readonly Targets[],
): Starting => ({
  name: `${group.name} ${command.name}`,
  targets,
  body: { ...fields, ...extra },
  reads: [chosen, ...chosen.also].every(({ endpoint }) => endpoint === undefined || endpoint.startsWith('GET ')),
});

/** The targets. What only reads, with a single GET, trusts recent names; anything else checks a remembered site. */
async function lookedUp(invocation: Invocation, chosen: Chosen, unchecked: Scope): Promise<readonly Targets[]> {
  const reads = invocation.command.calls === chosen.endpoint && chosen.endpoint?.startsWith('GET ');
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
