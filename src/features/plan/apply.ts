import { cancelled, DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { created, creationOf } from '../../cli/language/resource.ts';
import { columns, done, message, type Result, rows } from '../../cli/output/view.ts';
import { abilitiesOf, createdBy, isSecretField, type Plan, type PlannedChange } from '../../cli/plan/plan.ts';
import { changeTitle, countedChanges, fieldDetails } from '../../cli/plan/show.ts';
import { workResult } from '../../cli/run/work-result.ts';
import { allowanceOf, neverPerformed, within } from '../../platform/api/deadline.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { isLost } from '../../platform/api/network/fault.ts';
import { refused } from '../../platform/api/send.ts';
import { siteReader, sitesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, type Located, sameName, type Target, type Targets, targetIds } from '../../platform/names/names.ts';
import { consentToSend } from '../env/dangers.ts';
import { remoteSide } from '../env/remote.ts';
import { issueCertificate } from '../site/certificate.ts';
import { type Application, type Flight, openApplication } from './application.ts';
import { compare, type Lists, movedDetails, openLists, wasPerformed } from './compare.ts';
import { readPlanFile } from './file.ts';
import { bodyWithSecrets } from './secrets.ts';

/** The options of `dnx apply`. */
interface Options {
  readonly check: boolean | undefined;
  readonly allow_file: readonly string[] | undefined;
  readonly in_flight: 'done' | 'send' | undefined;
  readonly wait: boolean | undefined;
  readonly timeout: number | undefined;
}

/** A change that is about to be applied. */
interface Pending {
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

/** `dnx apply FILE`. */
export async function applyPlanFile(ctx: Context, file: string, options: Options, consent: GivenConsent): Promise<Result> {
  const { plan, text } = readPlanFile(file, ctx.world);
  if (plan.host !== ctx.settings.host)
    throw usage(`${file} is a plan for ${plan.host}, not for ${ctx.settings.host}.`, `If you trust it, use --host ${quoted(plan.host)}.`);
  return applied(ctx, { plan, text, shown: file, preview: '--check' }, options, consent);
}

/** A plan, and what names it. */
interface Given {
  readonly plan: Plan;
  /** The option that sends nothing. */
  readonly preview: '--check' | '--dry-run';
  /** What tells it from other plans. */
  readonly text: string;
  readonly shown: string;
}

/** Compares, asks, and sends each change once. What was applied before is not sent again. */
export async function applied(
  ctx: Context,
  { plan, text, shown, preview }: Given,
  options: Options,
  consent: GivenConsent,
): Promise<Result> {
  if (ctx.settings.readOnly && !options.check) throw refused(`dnx apply ${shown}`);
  const application = await openApplication(ctx, text);
  try {
    const lists = openLists(ctx);
    await settleFlight(ctx, plan, application, lists, options);
    const left = plan.changes.flatMap((change, at) => (application.saved.done[at] ? [] : [{ change, at }]));
    if (left.length === 0) return { view: message('This plan was already applied.', { applied: true, changes: [] }) };
    const pending = await pendingIn(ctx, plan, left, lists, options);
    if (options.check) {
      const abilities = abilitiesOf(pending.map(({ change }) => change));
      const report = { applies: true, changes: pending.length, abilities };
      return {
        view: done(`${countedChanges(pending)} can be applied`, report, abilities.length > 0 ? [['needs', abilities.join(', ')]] : []),
      };
    }
    await agree(ctx, pending, lists, { ...consent, preview });
    return await sendAll(ctx, plan, pending, application, lists, options);
  } finally {
    application.release();
  }
}

/** The changes to send, with their secrets and the names of their targets. Fails if anything is not as it was. */
async function pendingIn(
  ctx: Context,
  { changes }: Plan,
  left: readonly { readonly change: PlannedChange; readonly at: number }[],
  lists: Lists,
  { allow_file: allowed = [] }: Options,
): Promise<readonly Pending[]> {
  const pending: Pending[] = [];
  const moved: [string, readonly string[]][] = [];
  for (const { change, at } of left) {
    const place = JSON.stringify([change.call.split(' ')[1], change.targets]);
    const changed = changes.slice(0, at).some((each) => JSON.stringify([each.call.split(' ')[1], each.targets]) === place);
    const compared = await compare(lists, change, changed);
    const names = Object.fromEntries(
      Object.entries(change.targets).map(([noun, each]) => [noun, { ...each, name: compared.targets[noun]?.label ?? each.id }]),
    );
    const title = changeTitle({ ...change, targets: names }, ctx.nameOf);
    if (compared.moved.length > 0) moved.push([title, compared.moved]);
    pending.push({ at, change, title, targets: compared.targets, body: await bodyWithSecrets(ctx, change, allowed) });
  }
  if (moved.length === 0) return pending;
  throw new DnxError('differences', `${moved.length} of ${changes.length} changes no longer apply. Nothing was changed.`, {
    details: movedDetails(moved),
    reason: 'plan_moved',
    hint: 'Make a new plan.',
  });
}

/** What asks for the name of its target. */
const SEVERE = ['DELETE /servers/{server}', 'DELETE /servers/{server}/sites/{site}', 'DELETE /servers/{server}/databases/{database}'];

/** Shows what will be sent, and asks for the strictest consent that a change needs. What the plan says of that does not count. */
async function agree(ctx: Context, pending: readonly Pending[], lists: Lists, given: GivenConsent & Pick<Given, 'preview'>): Promise<void> {
  for (const { title, change } of pending)
    ctx.progress.note([title, ...fieldDetails(change).map(([field, words]) => `  ${field}  ${words}`)].join('\n'));
  const severe = pending.filter(({ change }) => SEVERE.includes(change.call));
  const [first, ...others] = severe;
  if (others.length > 0) throw usage('The plan has several changes that cannot be undone, so it is not applied.', 'Apply one at a time.');
  const dangerous = await agreeToVariables(ctx, pending, lists, given);
  if (first) await agreeByName(ctx, first, given);
  if (dangerous || first || given.yes || given.confirm !== undefined) return;
  if (!ctx.ask.allowed)
    throw usage('This requires confirmation.', `Use --yes, or ${given.preview} to change nothing.`).with({
      reason: 'confirmation_missing',
    });
  if (!(await ctx.ask.confirm(`Apply ${countedChanges(pending)}?`))) throw cancelled();
}

/** Asks about variables that could break a site. True if it asked. */
async function agreeToVariables(ctx: Context, pending: readonly Pending[], lists: Lists, given: GivenConsent): Promise<boolean> {
  const variables = pending.filter(({ change }) => /\/environment-variables(\/\{variable\})?$/.test(change.call));
  const sites = new Map(variables.map((each) => [each.targets.site?.id ?? '', each.targets]));
  let asked = false;
  for (const [id, targets] of sites) {
    if (!targets.server || !targets.site) continue;
    const items = await lists.read('/servers/{server}/sites/{site}/environment-variables', targetIds(targets));
    const changes = variables
      .filter((each) => each.targets.site?.id === id)
      .map(({ change, body, targets: { variable } }) => ({
        key: typeof body?.key === 'string' ? body.key : (variable?.label ?? ''),
        value: change.call.startsWith('DELETE ') ? undefined : String(body?.value ?? ''),
      }));
    asked = (await consentToSend(ctx, targets as Located, { changes, remote: remoteSide(items ?? []), given })) || asked;
  }
  return asked;
}

async function agreeByName({ ask, progress }: Context, { title, targets }: Pending, { confirm }: GivenConsent): Promise<void> {
  const [noun, target] = Object.entries(targets).at(-1) as [string, Target];
  if (confirm === undefined && !ask.allowed)
    throw usage('This cannot be undone and requires confirmation.', `Use --confirm ${quoted(target.label)}.`).with({
      reason: 'name_to_type',
    });
  if (confirm === undefined) progress.warn(`${title.slice(2)}. This cannot be undone.`);
  const typed = confirm ?? (await ask.input(`Type '${target.label}' to continue:`));
  if (!sameName(noun, typed, target.label) && typed !== target.id)
    throw usage(`'${typed}' does not match. Nothing was changed.`, `Expected '${target.label}'.`);
}

/** Finds out whether a request was performed whose response this machine never got. */
async function settleFlight(ctx: Context, { changes }: Plan, application: Application, lists: Lists, options: Options): Promise<void> {
  const { flight } = application.saved;
  const change = flight && changes[flight.at];
  if (!flight || !change) return;
  const ids = idsOf(change, application);
  const found = options.in_flight
    ? options.in_flight === 'done'
    : /\/deploy$/.test(change.call)
      ? await settledDeployment(ctx, flight, change, options)
      : await wasPerformed(lists, change, { ids, body: await bodyWithSecrets(ctx, change, options.allow_file ?? []), list: flight.ids });
  lists.forget();
  const title = changeTitle(change, ctx.nameOf);
  if (found === undefined)
    throw new DnxError('network', `It is unknown whether this was performed: ${title.slice(2)}`, {
      reason: 'change_unknown',
      hint: 'Check it, and run this again with --in-flight done or --in-flight send.',
    });
  application.end(flight.at, found === false ? undefined : { id: typeof found === 'string' ? found : null });
  ctx.progress.note(found === false ? `Was not performed before: ${title.slice(2)}` : `Was performed before: ${title.slice(2)}`);
}

/** Follows a deployment that an earlier process requested. False if it requested none. */
async function settledDeployment(ctx: Context, { sent_at }: Flight, { targets }: PlannedChange, { timeout }: Options): Promise<boolean> {
  const { watchRequested } = await import('../deploy/watch.ts');
  const inner = { ...ctx, ...within(ctx, allowanceOf({ timeout })), targets: {} };
  const result = await watchRequested(inner, targets.site?.id ?? null, sent_at);
  if (result?.exit instanceof DnxError) throw result.exit;
  return result !== undefined;
}

/** The ids of a change, also of what earlier changes created. */
const idsOf = ({ targets }: PlannedChange, { saved }: Application): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(targets).map(([noun, { id, created_by }]) => [noun, id ?? saved.done[(created_by ?? 0) - 1]?.id ?? '']),
  );

/** Sends every change in order. After a failure, only what puts something back is sent. */
async function sendAll(
  ctx: Context,
  plan: Plan,
  pending: readonly Pending[],
  application: Application,
  lists: Lists,
  options: Options,
): Promise<Result> {
  const report: { readonly row: AppliedChange; readonly title: string }[] = [];
  const failures: DnxError[] = [];
  for (const each of pending) {
    const { at, change, title } = each;
    const row = { change: at + 1, call: change.call };
    if (failures.length > 0 && !(change.always && failures.every(isOver) && isAfter(plan, at, application))) {
      report.push({ title, row: { ...row, id: null, result: 'not sent' } });
      continue;
    }
    try {
      const id = await sendOne(ctx, plan, each, application, lists, options);
      report.push({ title, row: { ...row, id: id ?? null, result: 'applied' } });
    } catch (error) {
      if (!isError(error)) throw error;
      failures.push(error);
      const { code, status = null } = error;
      report.push({ title, row: { ...row, id: null, result: 'failed', error: { code, message: error.message, status } } });
    }
  }
  const [failure] = failures;
  const shown = columns<AppliedChange>(
    {
      key: 'change',
      computed: true,
      title: 'Change',
      cell: ({ change }) => report.find(({ row }) => row.change === change)?.title,
      wrap: true,
    },
    { key: 'result', cell: ({ result, error }) => error?.message.split('\n', 1)[0] ?? result, wrap: true },
  );
  return {
    view: rows(
      report.map(({ row }) => row),
      shown,
      '',
    ),
    exit: failure && failureOf(failure, report.length),
  };
}

const failureOf = (failure: DnxError, count: number): DnxError =>
  count === 1 || isStop(failure)
    ? failure
    : new DnxError('partial', `The plan was not applied as a whole: ${failure.message}`, { hint: failure.hint, next: failure.next });

/** True for a failure after which nothing goes on. */
const isOver = (failure: DnxError): boolean => !isStop(failure) && failure.code !== 'timed_out' && failure.code !== 'network';

/** True if the change that this one puts back was applied. */
const isAfter = ({ changes }: Plan, at: number, { saved }: Application): boolean => {
  const target = JSON.stringify([changes[at]?.call, changes[at]?.targets]);
  return changes.some(
    (each, index) => index < at && saved.done[index] !== undefined && JSON.stringify([each.call, each.targets]) === target,
  );
};

/** Sends a change once. Returns the id of what it created. If the response is lost, finds out whether it was performed. */
async function sendOne(
  ctx: Context,
  { changes }: Plan,
  { at, change, body, targets: named }: Pending,
  application: Application,
  lists: Lists,
  { wait, timeout }: Options,
): Promise<string | undefined> {
  const { call } = change;
  const ids = idsOf(change, application);
  const targets = Object.fromEntries(Object.entries(named).map(([noun, { label }]) => [noun, { id: ids[noun] ?? '', label }]));
  const noun = createdBy(call);
  const list = noun ? await lists.read(call.slice(call.indexOf('/')), ids) : undefined;
  application.start({ at, ids: list?.flatMap(({ id }) => idIn(id) ?? []) ?? null, sent_at: new Date(ctx.clock.now()).toISOString() });
  const later = changes.length > at + 1;
  try {
    const id = await sent();
    application.end(at, { id: id ?? null });
    lists.forget();
    return id;
  } catch (error) {
    if (!isError(error)) throw error;
    if (neverPerformed(error)) application.end(at, undefined);
    else if (isLost(error)) {
      const found = await wasPerformed(lists, change, { ids, body, list: list?.flatMap((each) => idIn(each.id) ?? []) ?? null });
      if (found !== undefined) application.end(at, found === false ? undefined : { id: typeof found === 'string' ? found : null });
      if (found !== undefined && found !== false) return typeof found === 'string' ? found : undefined;
    } else if (/\/deploy$/.test(call)) application.end(at, { id: null });
    throw error;
  }

  async function sent(): Promise<string | undefined> {
    if (/\/deploy$/.test(call)) {
      const { deployNow } = await import('../deploy/deploy.ts');
      const { exit } = await deployNow(ctx, targets as unknown as Located, { wait: later ? true : wait, timeout, if_running: 'wait' });
      if (exit instanceof DnxError) throw exit;
      return undefined;
    }
    if (call === 'POST /servers/{server}/sites' && later && body) {
      const { view, exit } = await workResult(ctx, {
        reader: siteReader(ctx, ids.server ?? ''),
        start: () => ctx.api.send(call, ids, { body }),
        creates: creationOf('site', sitesEndpoint, targets, body),
        what: 'the site',
        job: 'creation of the site',
        doing: 'Creating the site',
        did: 'Created the site',
        resume: (id) => ['site', 'show', id],
        columns: [],
        wait: true,
      });
      if (exit instanceof DnxError) throw exit;
      return view.kind === 'record' ? idIn(view.item.id) : undefined;
    }
    if (call.endsWith('/sites/{site}/certificates') && later && body) {
      const { view, exit } = await issueCertificate(ctx, targets as unknown as Located, body, true);
      if (exit instanceof DnxError) throw exit;
      return view.kind === 'record' ? idIn(view.item.id) : undefined;
    }
    const send = () => ctx.api.send<unknown>(call, ids, body ? { body } : {});
    if (!noun || !body) {
      await send();
      return undefined;
    }
    const secret = Object.keys(body).some((field) => isSecretField(call, field));
    const creation = { ...creationOf(noun, call.replace('POST', 'GET') as Endpoint, targets, body), ...(list && { known: list }), secret };
    const { data } = await created(ctx, creation, send);
    return isObject(data) ? idIn(data.id) : undefined;
  }
}
