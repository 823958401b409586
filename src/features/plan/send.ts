import { DnxError, isError, isStop } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import type { Context, PlannedDeployment } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { created, creationOf } from '../../cli/language/resource.ts';
import {
  either,
  failure,
  jsonSchema,
  listOf,
  nullable,
  number,
  objectOf,
  oneOf,
  type Printed,
  word,
  words,
  yes,
} from '../../cli/language/shape.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import type { Plan, PlannedChange } from '../../cli/plan/plan.ts';
import { createdId, withCreators } from '../../cli/plan/record.ts';
import { changeTitle, countedChanges } from '../../cli/plan/show.ts';
import { errorOf } from '../../cli/run/several.ts';
import type { Query, Reply } from '../../platform/api/api.ts';
import { neverPerformed } from '../../platform/api/deadline.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { isLost } from '../../platform/api/network/fault.ts';
import type { Creation } from '../../platform/names/creation.ts';
import { idIn, type Located, type Targets } from '../../platform/names/names.ts';
import { createdBy, type Job, operationPath, operations } from '../../platform/operations.ts';
import type { DeployValues } from '../deploy/options.ts';
import type { parseDotenv } from '../env/dotenv/dotenv.ts';
import { issueCertificate } from '../site/certificate.ts';
import { installSite } from '../site/create.ts';
import type { Application } from './application.ts';
import { isRelease, type Lists, type openLists, type Remains, wasPerformed } from './compare.ts';
import { settleLost } from './past.ts';

/** The options that sending follows. */
export type SendingOptions = Given<{
  confirm: readonly string[];
  allow_file: readonly string[];
  in_flight: 'done' | 'send';
  /** The plan may run op, if the file that it reads a secret from refers to 1Password. */
  allow_op: boolean;
  wait: boolean;
  timeout: number;
  /** Nothing is sent or saved. */
  check: boolean;
}>;

/** A plan that is being applied. */
export interface Dispatch {
  readonly ctx: Context;
  readonly plan: Plan;
  readonly application: Application;
  readonly lists: Lists;
  readonly options: SendingOptions;
  /** The dotenv files that were read, by name. */
  readonly dotenv: Map<string, ReturnType<typeof parseDotenv> & { readonly directory: string }>;
  /** What reads the values of the state files that were read, by name. */
  readonly states: Map<string, (path: string) => Promise<string>>;
  /** Of a plan that was just made. */
  readonly material?: PlanMaterial | undefined;
}

/** What a plan that was just made has of its changes besides a file, by their number from 0. */
export interface PlanMaterial {
  /** What each sends, with its secrets. */
  readonly bodies: readonly (JsonObject | undefined)[];
  /** Of an undo. */
  readonly left?: readonly Remains[];
  readonly done?: readonly boolean[];
  /** True for a deployment that need not be requested if one is in progress. */
  readonly joins?: (at: number) => boolean;
  /** Is told what the API answered to a create or update. */
  readonly answered: (change: PendingChange, answer: unknown) => void;
  /** The lists that were read for the plan. */
  readonly read?: Parameters<typeof openLists>[1];
}

/** A change that is about to be applied. */
export interface PendingChange {
  readonly at: number;
  readonly change: PlannedChange;
  readonly body: JsonObject | undefined;
  readonly targets: Targets;
  readonly title: string;
}

/** A row of the result. */
export const appliedShape = objectOf(
  {
    change: number,
    call: word,
    id: nullable(word),
    /** `started`: it goes on, and `follow` is the command that shows how it ends. `unchanged`: it was as wanted before. */
    outcome: oneOf('applied', 'started', 'unchanged', 'failed', 'not_started'),
  },
  { error: failure, follow: words },
);
export type AppliedChange = Printed<typeof appliedShape>;
/** A row for each change of the plan; with --check, an object. */
export const applyShape = either(
  listOf(appliedShape),
  objectOf({ applies: yes, changes: number, abilities: words, confirm: words }),
  jsonSchema,
);

const startedBy = (call: string): Job | undefined => operations[call]?.starts;

/** The command that shows how work ends; undefined if the response did not say what was created. */
function followLine(job: Job, { server = '', site = '' }: Ids, created: string | null): readonly string[] | undefined {
  if (job === 'deployment' || job === 'rollback') return ['watch', site, '--server', server];
  const id = created ?? (job === 'server' ? server : '');
  if (id === '') return undefined;
  if (job === 'server') return ['server', 'show', id];
  if (job === 'site') return ['site', 'show', id, '--server', server];
  if (job === 'certificate') return ['certificate', 'show', id, '--site', site, '--server', server];
  // The API cannot show one backup.
  return ['backup', 'list', '--query', `[?to_string(id)=='${id}']`];
}

function rowOf(call: string, ids: Ids, id: string | null, goesOn: boolean): ChangeResult {
  const job = goesOn ? startedBy(call) : undefined;
  const follow = job && followLine(job, ids, id);
  return { id, outcome: job ? 'started' : 'applied', ...(follow && { follow }) };
}

type ChangeResult = Pick<AppliedChange, 'id' | 'outcome' | 'follow'>;
type Ids = Readonly<Record<string, string>>;

/** What a change is about, the same for each change of a resource. An action follows the path of what it acts on. */
export function placeOf({ call, targets }: PlannedChange): string {
  const path = call.startsWith('POST ') && !createdBy(call) ? operationPath(call).replace(/\/[^/]*$/, '') : operationPath(call);
  return JSON.stringify([path, targets]);
}

/** True for a change that may still be sent: none is after a deployment that failed. */
export function isLeft({ application, material }: Dispatch, at: number): boolean {
  const { done, failed } = application.saved;
  return !done[at] && !material?.done?.[at] && !failed;
}

/** The changes that need not be sent, by number from 0, and the id of what each created. */
export type MadeChanges = Readonly<Record<string, { readonly id: string | null }>>;

/** The ids of a change, also of what earlier changes created. */
export const idsOf = ({ targets }: PlannedChange, made: MadeChanges): Ids =>
  Object.fromEntries(Object.entries(targets).map(([noun, { id, created_by }]) => [noun, id ?? made[(created_by ?? 0) - 1]?.id ?? '']));

/** The rows of the changes that need not be sent. */
export const unchangedRows = ({ changes }: Plan, made: MadeChanges): readonly AppliedChange[] =>
  changes.flatMap(({ call }, at) => (made[at] ? [{ change: at + 1, call, id: made[at].id, outcome: 'unchanged' as const }] : []));

/** Sends every change in order, until one fails. */
export async function sendAll(dispatch: Dispatch, pending: readonly PendingChange[]) {
  const { ctx, plan, application } = dispatch;
  const unchanged = unchangedRows(plan, application.saved.done);
  const report: AppliedChange[] = [];
  let failure: DnxError | undefined;
  for (const step of pending) {
    const row = { change: step.at + 1, call: step.change.call, id: null };
    if (failure) {
      report.push({ ...row, outcome: 'not_started' });
      continue;
    }
    try {
      report.push({ ...row, ...(await sendOne(dispatch, step)) });
    } catch (error) {
      if (!isError(error)) throw error;
      failure = isStop(error) && !isRelease(step.change.call) ? error.withHint('Run the same command again: it goes on.') : error;
      report.push({ ...row, outcome: 'failed', error: errorOf(failure, dispatch.ctx.settings) });
    }
  }
  const titles = new Map(pending.map(({ at, title }) => [at + 1, title]));
  const titleOf = (number: number) => titles.get(number) ?? changeTitle(plan.changes[number - 1] as PlannedChange, ctx.nameOf);
  const all = [...unchanged, ...report].sort((one, other) => one.change - other.change);
  const note = `${unchanged.length} of ${countedChanges(plan.changes)} ${unchanged.length === 1 ? 'was' : 'were'} already made.`;
  const shown = columns<AppliedChange>(
    { key: 'change', computed: true, title: 'Change', cell: ({ change }) => titleOf(change), wrap: true },
    {
      key: 'outcome',
      title: 'Result',
      cell: ({ outcome, error }) => error?.message.split('\n', 1)[0] ?? (outcome === 'not_started' ? 'not sent' : outcome),
      wrap: true,
    },
  );
  const next = report.flatMap(({ follow }) => (follow ? [{ command: follow, why: 'Follow it with' }] : []));
  const exit = failure && failureOf(failure, report.length);
  return { view: rows(all, shown, ''), exit, next, ...(unchanged.length > 0 && { note }) };
}

const failureOf = (failure: DnxError, count: number): DnxError =>
  count === 1 || isStop(failure)
    ? failure
    : new DnxError('partial', `The plan was not applied as a whole: ${failure.message}`, { hint: failure.hint, next: failure.next });

/** Sends a change once. If the response is lost, finds out whether it was performed. */
async function sendOne(dispatch: Dispatch, pending: PendingChange): Promise<ChangeResult> {
  const { ctx, application, lists } = dispatch;
  const { at, change } = pending;
  const { call } = change;
  const made = application.saved.done;
  const ids = idsOf(change, made);
  const body = pending.body && withCreators(pending.body, (number) => made[number - 1]?.id ?? createdId(number));
  const list = createdBy(call) ? await lists.read(operationPath(call), ids) : undefined;
  const flight = { at, ids: list?.flatMap(({ id }) => idIn(id) ?? []) ?? null, sent_at: new Date(ctx.clock.now()).toISOString() };
  application.start(flight);
  try {
    const release = isRelease(call) && (await performRelease(dispatch, pending, ids));
    if (release) {
      const ended = outcomeOf(release);
      if (ended === 'failed' && isError(release.exit)) application.fail(at, release.exit);
      if (release.exit) throw release.exit;
      if (ended === 'done') application.end(at, { id: null });
      return rowOf(call, ids, null, ended !== 'done');
    }
    const { id: answered, ended = false } = await perform(dispatch, { ...pending, body }, ids, list);
    // A response may say no more than that it was created.
    const found = createdBy(call) && answered === null && (await wasPerformed(lists, change, ids, body, flight.ids));
    const id = found ? found.id : answered;
    application.end(at, { id });
    if (createdBy(call) && id !== null) lists.add(operationPath(call), ids, id);
    else if (createdBy(call)) lists.forget();
    return rowOf(call, ids, id, !ended);
  } catch (error) {
    if (!isError(error)) throw error;
    if (call.startsWith('DELETE ') && isError(error, 'not_found')) {
      application.end(at, { id: null });
      return { id: null, outcome: 'unchanged' };
    }
    if (neverPerformed(error)) application.end(at, undefined);
    else if (isLost(error) && !isRelease(call)) {
      const found = await wasPerformed(lists, change, ids, body, flight.ids);
      if (found !== undefined) {
        application.end(at, found || undefined);
        settleLost(ctx, change, flight.sent_at, found);
      }
      if (found) return rowOf(call, ids, found.id, true);
    }
    throw error;
  }
}

/** How a deployment or rollback ended; undefined if it may go on, or nobody knows. */
export function outcomeOf({ view }: Pick<Result, 'view'>): 'done' | 'failed' | undefined {
  const outcome = view.kind === 'record' ? view.item.outcome : undefined;
  if (outcome === 'succeeded') return 'done';
  return ['failed', 'rolled_back', 'superseded'].some((item) => item === outcome) ? 'failed' : undefined;
}

/** Deploys or rolls back as the commands do. Waits for what later changes need, and if the plan verifies. Undefined for a rollback without a release. */
async function performRelease(
  { ctx, plan, material, options: { wait, timeout } }: Dispatch,
  { at, change: { call, deployment }, body, targets }: PendingChange,
  ids: Ids,
): Promise<Result | undefined> {
  const place = placeIn(targets, ids);
  const following = { wait: plan.changes.length > at + 1 ? true : wait, timeout };
  if (startedBy(call) === 'deployment') {
    const { deployNow } = await import('../deploy/deploy.ts');
    return deployNow(ctx, place, { ...following, ...deploymentValues(deployment), if_running: material?.joins?.(at) ? 'attach' : 'wait' });
  }
  if (typeof body?.release_id !== 'string') return undefined;
  const { rollbackNow } = await import('../deploy/rollback.ts');
  return rollbackNow(ctx, place, { ...following, to: body.release_id });
}

function deploymentValues({ commit, verify, rollback_on_fail }: Partial<PlannedDeployment> = {}): Partial<DeployValues> {
  if (!verify) return { commit: commit ?? undefined };
  const { path, within_s, expect_body, ...others } = verify;
  const within = within_s * 1000;
  return { ...others, commit: commit ?? undefined, verify: path, within, expect_body: expect_body ?? undefined, rollback_on_fail };
}

const placeIn = (targets: Targets, ids: Ids): Located =>
  Object.fromEntries(Object.entries(targets).map(([noun, { label }]) => [noun, { id: ids[noun] ?? '', label }])) as unknown as Located;

/** Does what the command of a change does. Waits for what later changes need. `ended`: the work that the request started. */
async function perform(
  dispatch: Dispatch,
  pending: PendingChange,
  ids: Ids,
  known: readonly JsonObject[] | undefined,
): Promise<{ readonly id: string | null; readonly ended?: true }> {
  const { ctx, plan } = dispatch;
  const { at, change, body, targets } = pending;
  const { call, query, undoes } = change;
  const job = startedBy(call);
  const place = placeIn(targets, ids);
  const isNeeded = plan.changes.length > at + 1;
  const more = { ...(body && { body }), ...(query !== undefined && { query: queryOf(query) }), undoes };
  const send = () => ctx.api.send<unknown>(call, ids, more);
  if ((job === 'site' || job === 'certificate') && isNeeded && body) {
    const result = await (job === 'site'
      ? installSite(ctx, place.server, body, { start: send, columns: [], wait: true })
      : issueCertificate(ctx, place, body, true));
    if (result.view.kind === 'record') dispatch.material?.answered(pending, result.view.item);
    return endedBy(result);
  }
  const noun = createdBy(call);
  if (noun && body) {
    const creation = creationOf(noun, `GET ${operationPath(call)}` as Endpoint, { ...place }, body);
    const created = await create(dispatch, pending, { ...creation, ...(known && { known }) }, send);
    // Its users come after it.
    if (noun === 'database' && isNeeded) await (await import('../database/creation.ts')).untilCreated(ctx, place.server, created);
    return { id: idInItem(created) };
  }
  const { data } = await send();
  dispatch.material?.answered(pending, data);
  return { id: job === 'backup' ? idInItem(data) : null };
}

/** Creates something once. */
async function create({ ctx, material }: Dispatch, pending: PendingChange, creation: Creation, send: () => Promise<Reply>) {
  const { secrets = [] } = operations[pending.change.call] ?? {};
  const secret = secrets.some((field) => field in (pending.body ?? {}));
  const { data } = await created(ctx, { ...creation, secret }, send);
  material?.answered(pending, data);
  return data;
}

const idInItem = (data: unknown): string | null => (isObject(data) ? (idIn(data.id) ?? null) : null);

function queryOf(query: string): Query {
  const found = new URLSearchParams(query);
  return Object.fromEntries([...found.keys()].map((key) => [key, found.getAll(key)]));
}

function endedBy({ view, exit }: Result) {
  if (exit instanceof DnxError) throw exit;
  return { id: view.kind === 'record' ? idInItem(view.item) : null, ended: true as const };
}
