import { type Detail, DnxError, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { inQuotes, withDetails } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Plan, PlannedChange } from '../../cli/plan/plan.ts';
import { changeSection, commitDetails, countedChanges } from '../../cli/plan/show.ts';
import { type ConsentQuestion, nameQuestion, requireName, warnOfLoss } from '../../cli/run/consent.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import { type Located, sameName, type Target, type Targets, targetIds } from '../../platform/names/names.ts';
import { operationPath, operations, severeOperations } from '../../platform/operations.ts';
import { changesBy, dangersOf, sendingQuestions, warnUnkept } from '../env/dangers.ts';
import { remoteSide } from '../env/remote.ts';
import { variablesEndpoint } from '../env/variables.ts';
import type { Lists } from './compare.ts';
import type { PendingChange } from './send.ts';

/** The consent on the command line. Each name answers for one target. */
interface GivenNames {
  readonly yes: boolean;
  readonly confirm: readonly string[];
}

/** What a person confirms by its name. */
interface NamedTarget extends Target {
  readonly noun: string;
  /** Of a site, what could break it. */
  readonly dangers: readonly Detail[];
}

/**
 * The strictest consent that the changes of a plan that are left need, whatever the plan says of it. Fails for a name that is not in the plan. That
 * of what is made by now is not needed, but the same command line has to do again.
 */
export type NeededConsent = Awaited<ReturnType<typeof neededConsent>>;

export async function neededConsent({ changes }: Plan, pending: readonly PendingChange[], lists: Lists, { confirm }: GivenNames) {
  const variables = await variablesIn(pending, lists);
  const sites = variables.map(({ place, dangers }): NamedTarget => ({ noun: 'site', ...place.site, dangers }));
  const names = [...sites.filter(({ dangers }) => dangers.length > 0), ...pending.filter(isSevere).map(({ targets }) => lastOf(targets))];
  const known = [...sites, ...names, ...changes.flatMap(confirmedIn)];
  const missing = [...names];
  for (const word of confirm) {
    const isMeant = ({ noun, id, label }: NamedTarget) => sameName(noun, word, label) || word === id;
    const at = missing.findIndex(isMeant);
    if (at >= 0) missing.splice(at, 1);
    else if (!known.some(isMeant)) throw unexpected(word, [missing, names, sites].find((expected) => expected.length > 0) ?? []);
  }
  return { names, missing, variables };
}

const isSevere = ({ change }: PendingChange): boolean => severeOperations.includes(change.call);

const isOfVariable = ({ change }: PendingChange): boolean => operations[change.call]?.consent === 'variables';

function lastOf(targets: Targets): NamedTarget {
  const [noun, target] = Object.entries(targets).at(-1) as [string, Target];
  return { noun, ...target, dangers: [] };
}

/** What a change of a plan has a --confirm for: what it deletes, or the site of a variable. */
function confirmedIn({ call, targets }: PlannedChange): readonly NamedTarget[] {
  const noun = operations[call]?.consent === 'variables' ? 'site' : severeOperations.includes(call) ? parameters(call).at(-1) : undefined;
  const { id, name } = targets[noun ?? ''] ?? {};
  return noun !== undefined && id && name ? [{ noun, id, label: name, dangers: [] }] : [];
}

const unexpected = (word: string, expected: readonly Target[]): DnxError =>
  expected.length === 0
    ? usage('--confirm names nothing of this plan. Nothing was changed.', 'Use --yes.')
    : usage(`'${word}' does not match. Nothing was changed.`, `Expected ${expected.map(({ label }) => inQuotes(label)).join(', ')}.`);

/** The variables that change, by site. */
async function variablesIn(pending: readonly PendingChange[], lists: Lists) {
  const found = [];
  const keyOf = ({ targets }: PendingChange) => `${targets.site?.id} ${targets.site?.label}`;
  for (const [key, { targets }] of new Map(pending.filter(isOfVariable).map((item) => [keyOf(item), item]))) {
    // A site that is still to be created has no variables.
    const listed = targets.site?.id === '' ? [] : await lists.read(operationPath(variablesEndpoint), targetIds(targets));
    const remote = remoteSide(listed ?? []);
    const changes = pending
      .filter((item) => isOfVariable(item) && keyOf(item) === key)
      .flatMap(({ change, body, targets: { variable } }) => changesBy(change.call, body, variable?.label, remote));
    found.push({ place: targets as Located, changes, remote, dangers: dangersOf(changes, remote) });
  }
  return found;
}

/** `--yes`, or `--confirm shop.example.com --confirm shop`. */
export const consentWords = ({ names }: NeededConsent): string =>
  names.length === 0 ? '--yes' : names.map(({ label }) => `--confirm ${quoted(label)}`).join(' ');

/** Fails if nobody can be asked for what is not given. `preview`: the option that changes nothing. */
export function requireAnswers(needed: NeededConsent, { yes, confirm }: GivenNames, preview: string): void {
  const { names, missing } = needed;
  if (names.length === 0 && !yes && confirm.length === 0)
    throw usage('This requires confirmation.', `Use --yes, or ${preview} to change nothing.`).with({ reason: 'confirmation_missing' });
  if (missing.length === 0) return;
  const labels = missing.map(({ label }) => label).join(', ');
  const isDeletion = missing.some(({ dangers }) => dangers.length === 0);
  const sentence = isDeletion ? 'This cannot be undone and requires confirmation' : `This could break ${labels}`;
  throw new DnxError('usage', `${sentence}. ${names.length > 1 ? `Not confirmed: ${labels}` : 'Nothing was changed'}.`, {
    errors: Object.fromEntries(missing.flatMap(({ dangers }) => dangers.map(([key, why]) => [key, [why]]))),
    hint: `Use ${consentWords(needed)}${yes ? '; --yes is not enough' : ''}.`,
    reason: 'name_to_type',
  });
}

/** Shows what will be sent, and asks for what is not confirmed. */
export async function* questionsBefore(
  ctx: Context,
  pending: readonly PendingChange[],
  needed: NeededConsent,
  { given, preview }: { readonly given: GivenNames; readonly preview: string },
): AsyncGenerator<ConsentQuestion, void> {
  const isGiven = given.yes || given.confirm.length > 0;
  // In a log, where nobody is asked, the values of variables stay hidden.
  const isAsked = ctx.ask.allowed && !isGiven;
  for (const { change, title, body } of pending) {
    const more = change.deployment ? commitDetails(change.deployment) : [];
    const { details } = changeSection(change, ctx.nameOf, { more, sent: isAsked ? body : undefined });
    ctx.progress.note(withDetails(title, details));
  }
  if (!ctx.ask.allowed) return requireAnswers(needed, given, preview);
  const isMissing = ({ id }: Target) => needed.missing.some((target) => target.id === id);
  for (const { place, changes, remote, dangers } of needed.variables)
    if (dangers.length > 0 && isMissing(place.site))
      yield* sendingQuestions(ctx, place, { changes, remote, consent: { yes: given.yes, confirm: undefined } });
  for (const change of pending.filter(isSevere)) if (isMissing(lastOf(change.targets))) yield await severeQuestion(ctx, change);
  if (needed.names.length > 0 || isGiven) return;
  if (pending.some((item) => isOfVariable(item) && !item.change.call.startsWith('POST '))) await warnUnkept(ctx, [], pending.length);
  yield { kind: 'confirm', text: `Apply ${countedChanges(pending)}?` };
}

async function severeQuestion(ctx: Context, { title, change, targets }: PendingChange): Promise<ConsentQuestion> {
  const target = lastOf(targets);
  ctx.progress.warn(`${title.slice(2)} (id ${target.id}). This cannot be undone.`);
  await warnOfLoss(ctx, change.call.startsWith('DELETE ') ? 'delete' : '', targets, target.noun);
  return { kind: 'input', text: nameQuestion(target.label), check: (typed) => requireName(typed, target) };
}
