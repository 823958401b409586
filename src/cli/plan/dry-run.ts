import { type Detail, reasonOf, systemCode, usage } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { pathToPlan } from '../../machine/files/own-files.ts';
import { writeText } from '../../machine/files/text-file.ts';
import { MASK } from '../../platform/names/existing.ts';
import type { Context, TypedLine } from '../language/command.ts';
import type { Result } from '../output/view.ts';
import type { BaseContext } from '../run/context.ts';
import type { Ready } from '../run/line.ts';
import { type Plan, planForFile, planOf, replacedSecrets } from './plan.ts';
import type { Fact, Recorder } from './record.ts';
import { planView } from './show.ts';
import { UNREAD } from './undo.ts';

/** The result of a dry run: the plan, and how the command would have ended if it had failed before it sent anything. */
export async function dryRunResult(
  { line, targets: known, scope }: Ready,
  result: Result,
  ctx: BaseContext,
  recorder: Recorder,
): Promise<Result> {
  const { plan: given } = line;
  const recorded = { recorder, known, nameOf: scope.names.nameOf };
  const hasSecrets = recorder.changes.some((change) => Object.keys(replacedSecrets(change)).length > 0);
  const unkept = hasSecrets ? await (await import('./vault.ts')).whyUnkept(ctx) : undefined;
  const parts = { ...recorded, host: ctx.settings.host, unkept };
  const facts = [...recorder.facts(), ...(recorder.changes.length === 0 ? factOf(result, line) : [])];
  const planned = planOf(parts);
  // The command itself does not read it.
  const isUnread = (at: number) => given.out === undefined && recorder.changes[at]?.isExtra === true;
  const changes = planned.changes.map((each, at) => (isUnread(at) && each.undo === null ? { ...each, undo: UNREAD } : each));
  const plan: Plan = { ...planned, changes, about: facts.map(({ data }) => data) };
  const saved = given.out !== undefined && plan.changes.length > 0 && !result.exit ? given.out : undefined;
  if (saved !== undefined) writePlan(saved, { ...planForFile(parts, ctx.world.keep), about: plan.about }, ctx);
  const lines = (all: readonly Fact[]): readonly Detail[] => all.flatMap(({ details }) => details);
  const named = (noun: string, id: string) =>
    recorded.known.find((each) => each[noun]?.id === id)?.[noun]?.label ?? recorded.nameOf(noun, id);
  return {
    view: planView(plan, named, {
      each: recorder.changes.map(({ about }) => lines(about)),
      whole: lines(facts),
      // Who keeps the secrets asks a person before anything is sent.
      sent: ctx.world.keep && recorder.changes.map(({ body }) => body),
    }),
    ...(plan.changes.length > 0 && { note: 'Nothing was changed.' }),
    ...(saved !== undefined && { next: [{ command: ['apply', saved], why: 'Apply this plan with' }] }),
    exit: result.exit ?? (given.exitCode && plan.changes.length > 0 ? 10 : undefined),
  };
}

/** Writes a plan for this user only. */
export function writePlan(name: string, { version, host, ...plan }: Plan, { world, clock }: Pick<Context, 'world' | 'clock'>): void {
  const created_at = new Date(clock.now()).toISOString();
  const path = pathToPlan(name, world);
  try {
    writeText(path, `${toJson({ version, host, created_at, ...plan }, 2)}\n`);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw usage(`Could not write ${name}: ${reasonOf(code) ?? code}.`);
  }
}

/** What a command says that would send nothing, without the value of a variable. */
function factOf({ view }: Result, { group }: TypedLine): readonly Fact[] {
  const data = view.kind === 'message' ? view.data : view.kind === 'record' ? view.item : undefined;
  if (!isObject(data)) return [];
  const shown = group.noun === 'variable' && 'value' in data ? { ...data, value: MASK } : data;
  const details: readonly Detail[] =
    view.kind === 'message' ? [['because', view.text]] : view.kind === 'record' ? (view.details ?? []) : [];
  return [{ data: shown, details }];
}
