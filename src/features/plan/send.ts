import { DnxError, isError, isStop } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { created, creationOf } from '../../cli/language/resource.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import { isSecretField, type Plan, type PlannedChange } from '../../cli/plan/plan.ts';
import { changeTitle } from '../../cli/plan/show.ts';
import { workResult } from '../../cli/run/work-result.ts';
import { allowanceOf, neverPerformed, within } from '../../platform/api/deadline.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { isLost } from '../../platform/api/network/fault.ts';
import { siteReader, sitesEndpoint } from '../../platform/follow/readers.ts';
import { isSame } from '../../platform/names/match.ts';
import { idIn, type Located, type Targets } from '../../platform/names/names.ts';
import { createdBy, operationPath } from '../../platform/operations.ts';
import { issueCertificate, issueEndpoint } from '../site/certificate.ts';
import type { Application, Flight } from './application.ts';
import { type Left, type Lists, wasPerformed } from './compare.ts';
import { settleLost } from './past.ts';
import { bodyWithSecrets } from './secrets.ts';

/** The options that sending follows. */
export interface SendingOptions {
  readonly allow_file: readonly string[] | undefined;
  readonly in_flight: 'done' | 'send' | undefined;
  readonly wait: boolean | undefined;
  readonly timeout: number | undefined;
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
  readonly result: string;
  readonly error?: { readonly code: string; readonly message: string; readonly status: number | null };
}

const isDeploy = (call: string): boolean => call.endsWith('/deploy');
const isRollback = (call: string): boolean => call.endsWith('/rollback');

/** True for two changes of the same resource. */
export function isSamePlace(one: PlannedChange, other: PlannedChange): boolean {
  const [first, second] = [one, other].map(({ call, targets }) => JSON.stringify([operationPath(call), targets]));
  return first === second;
}

/** Finds out whether a request was performed whose response this machine never got. */
export async function settleFlight(applying: Applying): Promise<void> {
  const { ctx, plan, application, lists, options } = applying;
  const { flight } = application.saved;
  const change = flight && plan.changes[flight.at];
  if (!flight || !change) return;
  const found = options.in_flight
    ? options.in_flight === 'done' && { id: null }
    : isDeploy(change.call)
      ? await settledDeployment(ctx, flight, change, options)
      : await wasPerformed(lists, change, {
          ids: idsOf(change, application),
          body: await bodyOf(applying, flight.at, change),
          list: flight.ids,
        });
  lists.forget();
  const sentence = changeTitle(change, ctx.nameOf).slice(2);
  if (found === undefined)
    throw new DnxError('network', `It is unknown whether this was performed: ${sentence}`, {
      reason: 'change_unknown',
      hint: 'Check it, and run this again with --in-flight done or --in-flight send.',
    });
  application.end(flight.at, found || undefined);
  settleLost(ctx, change, flight.sent_at, found);
  ctx.progress.note(`${found ? 'Was' : 'Was not'} performed before: ${sentence}`);
}

/** Follows a deployment that an earlier process requested. False if it requested none. */
async function settledDeployment(ctx: Context, { sent_at }: Flight, { targets }: PlannedChange, { timeout }: SendingOptions) {
  const { watchRequested } = await import('../deploy/watch.ts');
  const inner = { ...ctx, ...within(ctx, allowanceOf({ timeout })), targets: {} };
  const result = await watchRequested(inner, targets.site?.id ?? null, sent_at);
  if (result?.exit instanceof DnxError) throw result.exit;
  return result !== undefined && { id: null };
}

/** The ids of a change, also of what earlier changes created. */
const idsOf = ({ targets }: PlannedChange, { saved }: Application): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(targets).map(([noun, { id, created_by }]) => [noun, id ?? saved.done[(created_by ?? 0) - 1]?.id ?? '']),
  );

/** Sends every change in order. After a failure, only what puts something back is sent. */
export async function sendAll(applying: Applying, pending: readonly Pending[]): Promise<Result> {
  const report: AppliedChange[] = [];
  const failures: DnxError[] = [];
  for (const each of pending) {
    const row = { change: each.at + 1, call: each.change.call, id: null };
    if (failures.length > 0 && !(failures.every(isOver) && putsBack(applying, each))) {
      report.push({ ...row, result: 'not sent' });
      continue;
    }
    try {
      report.push({ ...row, id: await sendOne(applying, each), result: 'applied' });
    } catch (error) {
      if (!isError(error)) throw error;
      failures.push(error);
      const { code, message, status = null } = error;
      report.push({ ...row, result: 'failed', error: { code, message, status } });
    }
  }
  const titles = new Map(pending.map(({ at, title }) => [at + 1, title]));
  const shown = columns<AppliedChange>(
    { key: 'change', computed: true, title: 'Change', cell: ({ change }) => titles.get(change), wrap: true },
    { key: 'result', cell: ({ result, error }) => error?.message.split('\n', 1)[0] ?? result, wrap: true },
  );
  const [failure] = failures;
  return { view: rows(report, shown, ''), exit: failure && failureOf(failure, report.length) };
}

/** True for a failure after which nothing goes on. */
const isOver = (failure: DnxError): boolean => !isStop(failure) && failure.code !== 'timed_out' && failure.code !== 'network';

/** True for a change that puts back what an earlier one changed, if that was applied. */
const putsBack = ({ plan: { changes }, application: { saved } }: Applying, { change, at }: Pending): boolean =>
  change.always === true && changes.slice(0, at).some((each, index) => saved.done[index] !== undefined && isSamePlace(each, change));

const failureOf = (failure: DnxError, count: number): DnxError =>
  count === 1 || isStop(failure)
    ? failure
    : new DnxError('partial', `The plan was not applied as a whole: ${failure.message}`, { hint: failure.hint, next: failure.next });

/** Sends a change once. Returns the id of what it created. If the response is lost, finds out whether it was performed. */
async function sendOne(applying: Applying, pending: Pending): Promise<string | null> {
  const { ctx, application, lists } = applying;
  const { at, change, body } = pending;
  const { call } = change;
  const ids = idsOf(change, application);
  const list = createdBy(call) ? await lists.read(operationPath(call), ids) : undefined;
  const flight = { at, ids: list?.flatMap(({ id }) => idIn(id) ?? []) ?? null, sent_at: new Date(ctx.clock.now()).toISOString() };
  application.start(flight);
  try {
    const id = (await perform(applying, pending, ids, list)) ?? null;
    application.end(at, { id });
    lists.forget();
    return id;
  } catch (error) {
    if (!isError(error)) throw error;
    if (neverPerformed(error)) application.end(at, undefined);
    else if (isLost(error)) {
      const found = await wasPerformed(lists, change, { ids, body, list: flight.ids });
      if (found !== undefined) {
        application.end(at, found || undefined);
        settleLost(ctx, change, flight.sent_at, found);
      }
      if (found) return found.id;
    } else if (isDeploy(call) || isRollback(call)) application.end(at, { id: null });
    throw error;
  }
}

/** Does what the command of a change does. Waits for what later changes need. Returns the id of what it created. */
async function perform(
  { ctx, plan, options: { wait, timeout }, undoing }: Applying,
  { at, change: { call, undoes }, body, title, targets: named }: Pending,
  ids: Readonly<Record<string, string>>,
  known: readonly JsonObject[] | undefined,
): Promise<string | undefined> {
  const targets = Object.fromEntries(Object.entries(named).map(([noun, { label }]) => [noun, { id: ids[noun] ?? '', label }]));
  const place = targets as unknown as Located;
  const later = plan.changes.length > at + 1;
  if (isDeploy(call)) {
    const { deployNow } = await import('../deploy/deploy.ts');
    return idOf(await deployNow(ctx, place, { wait: later ? true : wait, timeout, if_running: 'wait' }));
  }
  if (isRollback(call) && typeof body?.release_id === 'string') {
    const { rollbackNow } = await import('../deploy/rollback.ts');
    return idOf(await rollbackNow(ctx, place, { to: body.release_id, wait: later ? true : wait, timeout }));
  }
  if (call === 'POST /servers/{server}/sites' && later && body) {
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
    return idOf(await workResult(ctx, creation));
  }
  if (call === issueEndpoint && later && body) return idOf(await issueCertificate(ctx, place, body, true));
  const noun = createdBy(call);
  const send = () => ctx.api.send<unknown>(call, ids, { ...(body && { body }), undoes });
  if (!noun || !body) {
    await send();
    return undefined;
  }
  const secret = Object.keys(body).some((field) => isSecretField(call, field));
  const creation = { ...creationOf(noun, call.replace('POST', 'GET') as Endpoint, targets, body), ...(known && { known }), secret };
  const { data } = await created(ctx, creation, send);
  const lost = Object.keys(body).filter((field) => !isSecretField(call, field) && isObject(data) && !isSame(body[field], data[field]));
  if (lost.length > 0) undoing?.lost(title, lost);
  return isObject(data) ? idIn(data.id) : undefined;
}

/** The id of what was created, if work ended well. */
function idOf({ view, exit }: Result): string | undefined {
  if (exit instanceof DnxError) throw exit;
  return view.kind === 'record' ? idIn(view.item.id) : undefined;
}
