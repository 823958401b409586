import { join } from 'node:path';
import { type Detail, systemReason, usage } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { DAY } from '../../base/time.ts';
import { PROPOSED, pathToPlan } from '../../machine/files/own-files.ts';
import { makeSecretDirectory, pruneFiles, writeText } from '../../machine/files/text-file.ts';
import { MASK } from '../../platform/names/existing.ts';
import type { Context, TypedLine } from '../language/command.ts';
import { dataIn, type Result } from '../output/view.ts';
import type { BaseContext } from '../run/context.ts';
import type { Ready } from '../run/line.ts';
import { type Plan, planForFile, planOf, replacedSecrets } from './plan.ts';
import type { ChangeRecorder, Fact } from './record.ts';
import { planView } from './show.ts';
import { UNREAD } from './undo.ts';

/** The result of a dry run: the plan, and how the command would have ended if it had failed before it sent anything. */
export async function dryRunResult(ready: Ready, result: Result, ctx: BaseContext, recorder: ChangeRecorder): Promise<Result> {
  const { line, targets: known, scope } = ready;
  const { dryRun } = line;
  const { nameOf } = scope.names;
  const hasSecrets = recorder.changes.some((change) => Object.keys(replacedSecrets(change)).length > 0);
  const unkept = hasSecrets ? await (await import('./vault.ts')).whyUnkept(ctx) : undefined;
  const parts = { recorder, known, nameOf, host: ctx.settings.host, unkept };
  const facts = [...recorder.facts(), ...(recorder.changes.length === 0 ? factOf(result, line) : [])];
  const planned = planOf(parts);
  // The command itself does not read it.
  const isUnread = (at: number) => dryRun.out === undefined && recorder.changes[at]?.isExtra === true;
  const changes = planned.changes.map((change, at) => (isUnread(at) && change.undo === null ? { ...change, undo: UNREAD } : change));
  const plan: Plan = { ...planned, changes, about: facts.map(({ data }) => data) };
  const saved = dryRun.out !== undefined && plan.changes.length > 0 && !result.exit ? dryRun.out : undefined;
  if (saved !== undefined) writePlan(saved, { ...planForFile(parts, ctx.world.keep), about: plan.about }, ctx);
  const lines = (all: readonly Fact[]): readonly Detail[] => all.flatMap(({ details }) => details);
  const named = (noun: string, id: string) => known.find((item) => item[noun]?.id === id)?.[noun]?.label ?? nameOf(noun, id);
  return {
    view: planView(plan, named, {
      each: recorder.changes.map(({ about }) => lines(about)),
      whole: lines(facts),
      // Who keeps the secrets asks a person before anything is sent.
      sent: ctx.world.keep && recorder.changes.map(({ body }) => body),
    }),
    ...(plan.changes.length > 0 && { note: 'Nothing was changed.' }),
    ...(saved !== undefined && { next: [{ command: ['apply', saved], why: 'Apply this plan with' }] }),
    exit: result.exit ?? (dryRun.exitCode && plan.changes.length > 0 ? 10 : undefined),
  };
}

/** Writes a plan for this user only. */
export function writePlan(name: string, { version, host, ...plan }: Plan, { world, clock }: Pick<Context, 'world' | 'clock'>): void {
  const created_at = new Date(clock.now()).toISOString();
  const path = pathToPlan(name, world);
  try {
    writeText(path, `${toJson({ version, host, created_at, ...plan }, 2)}\n`);
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw usage(`Could not write ${name}: ${reason}.`);
  }
}

function factOf({ view }: Result, { group }: TypedLine): readonly Fact[] {
  const data = view.kind === 'text' ? undefined : dataIn(view);
  if (!isObject(data)) return [];
  const shown = group.noun === 'variable' && 'value' in data ? { ...data, value: MASK } : data;
  const details: readonly Detail[] =
    view.kind === 'message' ? [['because', view.text]] : view.kind === 'record' ? (view.details ?? []) : [];
  return [{ data: shown, details }];
}

const KEPT_MS = 7 * DAY;

/** The file of a plan that a person is to apply, for this user only. Removes those that nobody applied in a week. */
export function proposedFile(state: string, name: string, now: number): string {
  const directory = join(state, PROPOSED);
  makeSecretDirectory(directory);
  pruneFiles(directory, now - KEPT_MS);
  return join(directory, `${name}.json`);
}
