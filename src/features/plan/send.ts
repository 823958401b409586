import { DnxError, isError, isStop } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { created, creationOf } from '../../cli/language/resource.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import type { PlannedDeployment } from '../../cli/plan/deployment.ts';
import type { Plan, PlannedChange } from '../../cli/plan/plan.ts';
import { workResult } from '../../cli/run/work-result.ts';
import type { Query } from '../../platform/api/api.ts';
import { neverPerformed } from '../../platform/api/deadline.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { isLost } from '../../platform/api/network/fault.ts';
import { siteReader, sitesEndpoint } from '../../platform/follow/readers.ts';
import { isSame } from '../../platform/names/match.ts';
import { idIn, type Located, type Targets } from '../../platform/names/names.ts';
import { createdBy, type Job, operationPath, operations } from '../../platform/operations.ts';
import type { DeployValues } from '../deploy/options.ts';
import { issueCertificate } from '../site/certificate.ts';
import type { Application } from './application.ts';
import { type Left, type Lists, wasPerformed } from './compare.ts';
import { settleLost } from './past.ts';
import { bodyWithSecrets } from './secrets.ts';

/** The options that sending follows. */
export interface SendingOptions {
  readonly allow_file: readonly string[] | undefined;
  readonly in_flight: 'done' | 'send' | undefined;
  readonly wait: boolean | undefined;
  readonly timeout: number | undefined;
  /** Nothing is sent or saved. */
  readonly check: boolean | undefined;
}

/** A plan that is being applied. */
export interface Applying {
  readonly ctx: Context;
  readonly plan: Plan;
  readonly application: Application;
  readonly lists: Lists;
  readonly options: SendingOptions;
  /** If it takes back what was done. */
  readonly undoing?: Undoing | undefined;
}

/** What an undo knows of its changes, by their place in its plan. */
export interface Undoing {
  /** What each sends, with the secrets that were kept. */
  readonly bodies: readonly (JsonObject | undefined)[];
  readonly left: readonly Left[];
  /** Those that were taken back before. */
  readonly done: readonly boolean[];
  /** Is told which fields were not taken. */
  readonly lost: (title: string, fields: readonly string[]) => void;
}

/** The body of a change, with its secrets. */
export const bodyOf = async ({ ctx, options, undoing }: Applying, at: number, change: PlannedChange): Promise<JsonObject | undefined> =>
  undoing ? undoing.bodies[at] : bodyWithSecrets(ctx, change, options.allow_file);

/** A change that is about to be applied. */
export interface Pending {
  readonly at: number;
  readonly change: PlannedChange;
  readonly body: JsonObject | undefined;
  /** By the names that they have now. */
  readonly targets: Targets;
  readonly title: string;
}

/** A row of the result. */
export interface AppliedChange {
  readonly change: number;
  readonly call: string;
  readonly id: string | null;
  /** `started`: it goes on, and `follow` is the command that shows how it ends. */
  readonly result: string;
  readonly follow?: readonly string[];
  readonly error?: { readonly code: string; readonly message: string; readonly status: number | null };
}

const startedBy = (call: string): Job | undefined => operations[call]?.starts;
/** True for what is followed after its response. */
export const isRelease = (call: string): boolean => ['deployment', 'rollback'].includes(startedBy(call) ?? '');

/** The command that shows how work ends; undefined if the response did not say what was created. */
function followLine(
  job: Job,
  { server = '', site = '' }: Readonly<Record<string, string>>,
  created: string | null,
): readonly string[] | undefined {
  if (job === 'deployment' || job === 'rollback') return ['watch', site, '--server', server];
  const id = created ?? (job === 'server' ? server : '');
  if (id === '') return undefined;
  if (job === 'server') return ['server', 'show', id];
  if (job === 'site') return ['site', 'show', id, '--server', server];
  if (job === 'certificate') return ['certificate', 'show', id, '--site', site, '--server', server];
  // The API cannot show one backup.
  return ['backup', 'list', '--query', `[?to_string(id)=='${id}']`];
}

/** What a row says of a change that was sent. */
function rowOf(call: string, ids: Readonly<Record<string, string>>, id: string | null, goesOn: boolean): Done {
  const job = goesOn ? startedBy(call) : undefined;
  const follow = job && followLine(job, ids, id);
  return { id, result: job ? 'started' : 'applied', ...(follow && { follow }) };
}

type Done = Pick<AppliedChange, 'id' | 'result' | 'follow'>;

/** True for two changes of the same resource. An action follows the path of what it acts on. */
export function isSamePlace(one: PlannedChange, other: PlannedChange): boolean {
  const placeOf = (call: string) =>
    call.startsWith('POST ') && !createdBy(call) ? operationPath(call).replace(/\/[^/]*$/, '') : operationPath(call);
  const [first, second] = [one, other].map(({ call, targets }) => JSON.stringify([placeOf(call), targets]));
  return first === second;
}

/** True for a change that may still be sent: none is after a deployment that failed. */
export function isLeft({ application, undoing }: Applying, at: number): boolean {
  const { done, failed } = application.saved;
  return !done[at] && !undoing?.done[at] && !failed;
}

/** The ids of a change, also of what earlier changes created. */
export const idsOf = ({ targets }: PlannedChange, { saved }: Application): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(targets).map(([noun, { id, created_by }]) => [noun, id ?? saved.done[(created_by ?? 0) - 1]?.id ?? '']),
  );

/** Sends every change in order, until one fails. */
export async function sendAll(applying: Applying, pending: readonly Pending[]): Promise<Result> {
  const report: AppliedChange[] = [];
  let failure: DnxError | undefined;
  for (const each of pending) {
    const row = { change: each.at + 1, call: each.change.call, id: null };
    if (failure) {
      report.push({ ...row, result: 'not sent' });
      continue;
    }
    try {
      report.push({ ...row, ...(await sendOne(applying, each)) });
    } catch (error) {
      if (!isError(error)) throw error;
      failure = error;
      const { code, message, status = null } = error;
      report.push({ ...row, result: 'failed', error: { code, message, status } });
    }
  }
  const titles = new Map(pending.map(({ at, title }) => [at + 1, title]));
  const shown = columns<AppliedChange>(
    { key: 'change', computed: true, title: 'Change', cell: ({ change }) => titles.get(change), wrap: true },
    { key: 'result', cell: ({ result, error }) => error?.message.split('\n', 1)[0] ?? result, wrap: true },
  );
  const next = report.flatMap(({ follow }) => (follow ? [{ command: follow, why: 'Follow it with' }] : []));
  return { view: rows(report, shown, ''), exit: failure && failureOf(failure, report.length), next };
}

const failureOf = (failure: DnxError, count: number): DnxError =>
  count === 1 || isStop(failure)
    ? failure
    : new DnxError('partial', `The plan was not applied as a whole: ${failure.message}`, { hint: failure.hint, next: failure.next });

/** Sends a change once. If the response is lost, finds out whether it was performed. */
async function sendOne(applying: Applying, pending: Pending): Promise<Done> {
  const { ctx, application, lists } = applying;
  const { at, change, body } = pending;
  const { call } = change;
  const ids = idsOf(change, application);
  const list = createdBy(call) ? await lists.read(operationPath(call), ids) : undefined;
  const flight = { at, ids: list?.flatMap(({ id }) => idIn(id) ?? []) ?? null, sent_at: new Date(ctx.clock.now()).toISOString() };
  application.start(flight);
  try {
    const release = isRelease(call) && (await performRelease(applying, pending, ids));
    if (release) {
      const ended = outcomeOf(release);
      if (ended === 'failed' && isError(release.exit)) application.fail(at, release.exit);
      if (release.exit) throw release.exit;
      if (ended === 'done') application.end(at, { id: null });
      return rowOf(call, ids, null, ended !== 'done');
    }
    const { id, ended = false } = await perform(applying, pending, ids, list);
    application.end(at, { id });
    lists.forget();
    return rowOf(call, ids, id, !ended);
  } catch (error) {
    if (!isError(error)) throw error;
    if (neverPerformed(error)) application.end(at, undefined);
    else if (isLost(error) && !isRelease(call)) {
      const found = await wasPerformed(lists, change, { ids, body, list: flight.ids });
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
  return ['failed', 'rolled_back', 'superseded'].some((each) => each === outcome) ? 'failed' : undefined;
}

/** Deploys or rolls back as the commands do. Waits for what later changes need, and if the plan verifies. Undefined for a rollback without a release. */
async function performRelease(
  { ctx, plan, options: { wait, timeout } }: Applying,
  { at, change: { call, deployment }, body, targets }: Pending,
  ids: Readonly<Record<string, string>>,
): Promise<Result | undefined> {
  const place = placeIn(targets, ids);
  const following = { wait: plan.changes.length > at + 1 ? true : wait, timeout };
  if (startedBy(call) === 'deployment') {
    const { deployNow } = await import('../deploy/deploy.ts');
    return deployNow(ctx, place, { ...following, ...deploymentValues(deployment), if_running: 'wait' });
  }
  if (typeof body?.release_id !== 'string') return undefined;
  const { rollbackNow } = await import('../deploy/rollback.ts');
  return rollbackNow(ctx, place, { ...following, to: body.release_id });
}

/** The options of `dnx deploy` for what a plan holds. */
function deploymentValues({ commit, verify, rollback_on_fail }: Partial<PlannedDeployment> = {}): Partial<DeployValues> {
  if (!verify) return { commit: commit ?? undefined };
  const { path, within_s, expect_body, ...others } = verify;
  const within = within_s * 1000;
  return { ...others, commit: commit ?? undefined, verify: path, within, expect_body: expect_body ?? undefined, rollback_on_fail };
}

const placeIn = (targets: Targets, ids: Readonly<Record<string, string>>): Located =>
  Object.fromEntries(Object.entries(targets).map(([noun, { label }]) => [noun, { id: ids[noun] ?? '', label }])) as unknown as Located;

/** Does what the command of a change does. Waits for what later changes need. */
async function perform(
  { ctx, plan, undoing }: Applying,
  { at, change: { call, query, undoes }, body, title, targets: named }: Pending,
  ids: Readonly<Record<string, string>>,
  known: readonly JsonObject[] | undefined,
): Promise<{ readonly id: string | null; readonly ended?: true }> {
  const job = startedBy(call);
  const place = placeIn(named, ids);
  const targets: Targets = { ...place };
  const later = plan.changes.length > at + 1;
  if (job === 'site' && later && body) {
    const creation = {
      reader: siteReader(ctx, ids.server ?? ''),
      start: () => ctx.api.send(call, ids, { body }),
      creates: creationOf('site', sitesEndpoint, targets, body),
      what: 'the site',
      job: 'creation of the site',
      doing: 'Creating the site',
      did: 'Created the site',
      resume: (id: string) => ['site', 'show', id],
      columns: [],
      wait: true,
    };
    return endedBy(await workResult(ctx, creation));
  }
  if (job === 'certificate' && later && body) return endedBy(await issueCertificate(ctx, place, body, true));
  const noun = createdBy(call);
  const more = { ...(body && { body }), ...(query !== undefined && { query: queryOf(query) }), undoes };
  const send = () => ctx.api.send<unknown>(call, ids, more);
  if (!noun || !body) {
    const { data } = await send();
    return { id: job === 'backup' ? idInItem(data) : null };
  }
  const secret = operations[call]?.secrets?.some((field) => field in body) === true;
  const creation = { ...creationOf(noun, call.replace('POST', 'GET') as Endpoint, targets, body), ...(known && { known }), secret };
  const { data } = await created(ctx, creation, send);
  const lost = Object.keys(body).filter(
    (field) => !operations[call]?.secrets?.includes(field) && isObject(data) && !isSame(body[field], data[field]),
  );
  if (lost.length > 0) undoing?.lost(title, lost);
  return { id: idInItem(data) };
}

const idInItem = (data: unknown): string | null => (isObject(data) ? (idIn(data.id) ?? null) : null);

/** The parameters of a query. */
function queryOf(query: string): Query {
  const found = new URLSearchParams(query);
  return Object.fromEntries([...found.keys()].map((key) => [key, found.getAll(key)]));
}

/** What work created, if it ended well. */
function endedBy({ view, exit }: Result): Awaited<ReturnType<typeof perform>> {
  if (exit instanceof DnxError) throw exit;
  return { id: view.kind === 'record' ? idInItem(view.item) : null, ended: true };
}
