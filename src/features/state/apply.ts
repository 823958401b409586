import { type Detail, DnxError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { statusKey } from '../../base/status.ts';
import { counted, wordOf } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import type { Printed } from '../../cli/language/shape.ts';
import { message, type Result } from '../../cli/output/view.ts';
import { writePlan } from '../../cli/plan/dry-run.ts';
import { type Plan, type PlanParts, planForFile, planOf, replacedSecrets } from '../../cli/plan/plan.ts';
import { planView } from '../../cli/plan/show.ts';
import { whyUnkept } from '../../cli/plan/vault.ts';
import { createNote, inTurn, type Turn } from '../../cli/run/turn.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import { type Endpoint, fill } from '../../platform/api/endpoint.ts';
import { followStarted } from '../../platform/follow/work.ts';
import { idIn, type Targets } from '../../platform/names/names.ts';
import { fieldWords } from '../../platform/names/value.ts';
import { createdBy, operationPath } from '../../platform/operations.ts';
import { untilCreated } from '../database/creation.ts';
import type { Application } from '../plan/application.ts';
import { applyPlan } from '../plan/apply.ts';
import { consentWords } from '../plan/consent.ts';
import { type applyShape, idsOf, type SendingOptions } from '../plan/send.ts';
import { installation } from '../site/create.ts';
import { compareState } from './compare.ts';
import { type Answers, leftError, openAnswers, type StateChange, type StatePlan, sayLeft } from './draft.ts';
import { readState } from './file.ts';
import { type Fleet, openFleet } from './fleet.ts';
import type { Comparison, StateFile } from './model.ts';
import { planState } from './plan.ts';
import { openReferences } from './references.ts';

/** The options of `dnx apply` that a state file follows. */
export type StateOptions = Omit<SendingOptions, 'check' | 'in_flight'> &
  Given<{
    dry_run: boolean;
    exit_code: boolean;
    out: string;
    create: boolean;
    delete: boolean;
    set_unknown: readonly string[];
    deploy: boolean;
    server: readonly string[];
    site: readonly string[];
  }>;

type Applied = Result<Printed<typeof applyShape>>;

/** `dnx apply` of a state file. Compares it with what is there, and sends what is different as a plan like any other. */
export async function applyStateFile(ctx: Context, name: string, options: StateOptions, consent: GivenConsent): Promise<Applied> {
  const state = readState(name, ctx.world);
  ctx.progress.note(`${name} is a state file with ${counted(state.entries.length, 'entry')}.`);
  const plan = () => makePlan(ctx, state, openPlanFleet(ctx, 'apply'), options);
  if (options.dry_run) return preview(ctx, await plan(), options, consent);
  return planInTurn(ctx, async ({ pause }) => sendPlan(ctx, await plan(), { options, consent, pause }));
}

/** Makes a plan of a state and sends it, while nothing else on this machine does so. */
export const planInTurn = <T>(ctx: Context, run: (turn: Pick<Turn, 'pause'>) => Promise<T>): Promise<T> => inTurn(ctx, 'apply', run);

/** Opens the lists of an account for a plan. What an earlier process sent, and whose end it did not see, may still be at work. */
export const openPlanFleet = (ctx: Context, command: string): Fleet =>
  openFleet(ctx, command, (path, read) =>
    createNote(ctx, path).settled(
      read,
      ({ items = [] }) => items,
      () => false,
    ),
  );

/** In a dry run, records what a plan would send. */
export async function recordChanges(
  { api }: Pick<Context, 'api'>,
  changes: readonly Pick<StateChange, 'call' | 'ids' | 'body'>[],
): Promise<void> {
  for (const { call, ids, body } of changes) await api.send(call, ids, { ...(body !== undefined && { body }), assume: {} });
}

/** A plan that was just made of a state file. */
interface MadePlan extends StatePlan {
  readonly state: StateFile;
  readonly plan: Plan;
  readonly parts: PlanParts;
  readonly fleet: Fleet;
  readonly answers: Answers;
  readonly rows: Comparison['rows'];
  readonly unread: Comparison['unread'];
}

/** Compares a state file with what is there, and makes the plan of what is different. */
export async function makePlan(ctx: Context, state: StateFile, fleet: Fleet, options: Partial<StateOptions>): Promise<MadePlan> {
  const resolve = openReferences(ctx, state, sendingOptions(options));
  const { rows, unread } = await compareState(ctx, state, fleet, { servers: options.server ?? [], sites: options.site ?? [], resolve });
  const answers = openAnswers(ctx);
  const found = await planState(rows, { state, fleet, resolve, answers }, options);
  const { changes, sources } = found;
  const known = changes.map(({ place }) => place);
  const recorder = {
    changes,
    needed: () => ({ level: 'moderate' as const, name: undefined }),
    seen: () => undefined,
    sourceOf: (value: string) => sources.get(value),
  };
  const hasSecrets = changes.some((change) => Object.keys(replacedSecrets(change)).length > 0);
  const parts = { recorder, known, nameOf: ctx.nameOf, host: ctx.settings.host, unkept: hasSecrets ? await whyUnkept(ctx) : undefined };
  const created_at = new Date(ctx.clock.now()).toISOString();
  return { ...found, state, plan: { ...planOf(parts), created_at, about: [] }, parts, fleet, answers, rows, unread };
}

/** Shows the plan, and saves it if `--out` names a file. */
async function preview(ctx: Context, made: MadePlan, options: StateOptions, consent: GivenConsent): Promise<Applied> {
  const { plan, parts, state, left, unread } = made;
  const { out, exit_code: hasExitCode } = options;
  await sayLeft(ctx, state, left);
  const exit = leftError(state, left, unread);
  if (plan.changes.length === 0) return { view: planView(plan, ctx.nameOf, { each: [], whole: [] }), exit };
  if (out !== undefined) writePlan(out, { ...planForFile(parts, ctx.world.keep), about: [] }, ctx);
  const result = await applyPlan(ctx, openPlan(ctx, made), { ...sendingOptions(options), check: true }, consent);
  return {
    ...result,
    exit: exit ?? (hasExitCode ? 10 : undefined),
    note: 'Nothing was changed.',
    next: out === undefined ? [] : [{ command: ['apply', out], why: 'Apply this plan with' }],
  };
}

interface Sending extends Partial<Pick<Turn, 'pause'>> {
  readonly options: Partial<StateOptions>;
  readonly consent: GivenConsent;
  /** The user has agreed to it. */
  readonly isAgreed?: true;
}

/** Sends a plan that was just made, once the user agrees. */
export async function sendPlan(outer: Context, made: MadePlan, { options, consent, ...asking }: Sending): Promise<Applied> {
  const { plan, state, left, unread, undeployed } = made;
  await sayLeft(outer, state, left);
  const exit = leftError(state, left, unread);
  const isDone = !exit && left.every(({ why }) => why === 'hidden');
  if (plan.changes.length === 0) return { view: message(isDone ? `Everything is as ${state.name} says.` : 'Nothing to change.', []), exit };
  const timeoutMs = allowanceFor(plan, options.timeout);
  const ctx = { ...outer, ...within(outer, timeoutMs), timeoutMs };
  await awaitCreations(ctx, made);
  const others: Detail[] = [];
  const result = await applyPlan(ctx, { ...openPlan(ctx, made, others), ...asking }, sendingOptions(options), consent);
  return {
    ...result,
    exit: result.exit ?? exit ?? otherwise(state, others),
    next: [...(result.next ?? []), ...(result.exit ? [] : undeployed.slice(0, MOST_NEXT).map(deployNext))],
  };
}

/** Waits for the sites and databases that an earlier apply, which was interrupted, began to create, if there is more to change in them. */
async function awaitCreations(ctx: Context, { rows, changes }: MadePlan): Promise<void> {
  for (const { kind, place, item } of rows) {
    const isChanged = changes.some(({ ids }) => ids[kind] === idIn(item?.id));
    if (!item || !isChanged || !place.server) continue;
    if (kind === 'database') await untilCreated(ctx, place.server, item);
    if (kind !== 'site' || statusKey(item.status) !== 'installing') continue;
    const work = { ...installation(ctx, place.server, wordOf(item.domain)), wait: true };
    const { failure } = await followStarted(ctx, work, item);
    if (failure) throw failure;
  }
}

/** Sites that are named with the command that deploys them. */
const MOST_NEXT = 3;
/** What sending a change takes at the API's limit of 60 a minute, with some room. */
const CHANGE_MS = 2_000;

const allowanceFor = ({ changes }: Plan, timeout: number | undefined): number =>
  allowanceOf({ timeout }) + (timeout === undefined ? changes.length * CHANGE_MS : 0);

const sendingOptions = ({ confirm, allow_file, allow_op, wait, timeout }: Partial<StateOptions>): SendingOptions => ({
  ...{ confirm, allow_file, allow_op, wait, timeout },
  ...{ check: false, in_flight: undefined },
});

const deployNext = ({ server, site }: Targets) => ({
  command: ['deploy', site?.label ?? '', '--server', server?.label ?? ''],
  why: 'Takes effect on the next deployment. Run',
});

const otherwise = ({ name }: StateFile, others: readonly Detail[]): DnxError | undefined =>
  others.length === 0 ? undefined : new DnxError('differences', `Deploynix stored something else than ${name} says.`, { details: others });

/** A plan as `applyPlan` takes it. `others` gets what the API answers otherwise. */
function openPlan(ctx: Context, made: MadePlan, others: Detail[] = []): Parameters<typeof applyPlan>[1] {
  const { plan, fleet, changes, answers } = made;
  return {
    plan,
    application: openFlights(ctx, plan),
    preview: '--dry-run',
    material: {
      bodies: changes.map(({ body }) => (isObject(body) ? body : undefined)),
      answered({ at, title }, answer) {
        const fields = changes[at] ? answers.hear(changes[at], answer) : [];
        if (fields.length > 0) others.push([title.slice(2), fields.map(fieldWords).join(', ')]);
      },
      read: fleet.known,
      joins: (at) => changes[at]?.joins === true,
    },
    shown(pending, needed) {
      const { names } = needed;
      const [only, ...more] = names;
      const consent = { level: only ? 'severe' : 'moderate', confirm: only && more.length === 0 ? only.label : null } as const;
      return planView({ ...plan, changes: pending.map(({ change }) => change), consent }, ctx.nameOf, {
        each: [],
        whole: [],
        consent: consentWords(needed),
        // Who keeps the secrets asks a person before anything is sent.
        sent: ctx.world.keep && pending.map(({ body }) => body),
      });
    },
  };
}

/** The progress of a plan that no file has: a note of the create in flight, so that whoever reads its list next waits for it. */
function openFlights(ctx: Context, { changes }: Plan): Application {
  const done: Record<string, { readonly id: string | null }> = {};
  let note: ReturnType<typeof createNote> | undefined;
  return {
    saved: { done, flight: null, failed: null },
    start({ at }) {
      const change = changes[at];
      const isCreate = change && createdBy(change.call) !== undefined;
      note = isCreate ? createNote(ctx, fill(`GET ${operationPath(change.call)}` as Endpoint, idsOf(change, done)).path) : undefined;
      note?.write();
    },
    end(at, made) {
      note?.remove();
      if (made) done[at] = made;
    },
    settle: (made) => void Object.assign(done, made),
    fail() {},
    release() {},
  };
}
