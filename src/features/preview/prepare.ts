import { cancelled, type Detail, DnxError, isError, isStop, unlessError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { counted, quotedName, title, withDetails } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { nothing, type Result } from '../../cli/output/view.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { createdId, creatorOf } from '../../cli/plan/record.ts';
import { changeTitle, fieldDetails } from '../../cli/plan/show.ts';
import type { Turn } from '../../cli/run/turn.ts';
import type { PreviewSettings } from '../../machine/settings/preview.ts';
import { certificatesEndpoint } from '../../platform/follow/readers.ts';
import { followStarted } from '../../platform/follow/work.ts';
import { idIn, type Located, resourceName, sameName, targetIds } from '../../platform/names/names.ts';
import { createdBy } from '../../platform/operations.ts';
import { heldVerification } from '../changes/dry-run.ts';
import { noDeployOptions, verificationOf } from '../deploy/options.ts';
import { remoteSide } from '../env/remote.ts';
import { createVariableEndpoint, updateVariableEndpoint, variablesEndpoint } from '../env/variables.ts';
import { isSpent, issue, issueCertificate, issueEndpoint } from '../site/certificate.ts';
import { makePlan, openPlanFleet, recordChanges, sendPlan } from '../state/apply.ts';
import { unwrittenState } from '../state/file.ts';
import type { Fleet } from '../state/fleet.ts';
import { createUserEndpoint, deleteUserEndpoint } from './calls.ts';
import { deadlineText, type PreviewProject } from './model.ts';
import { databaseName, previewUrl } from './names.ts';
import { PASSWORD, type PreviewState, stateOf } from './state.ts';
import { domainOf, findWanted, type PlaceOptions, type WantedPreview } from './wanted.ts';

/** A preview whose site, database and variables are there. */
export interface Prepared {
  readonly wanted: WantedPreview;
  readonly state: PreviewState;
  readonly place: Located;
  readonly changed: boolean;
  /** That Deploynix has stored something else. */
  readonly differs: DnxError | undefined;
}

interface Preparing extends Pick<Turn, 'pause'> {
  readonly project: PreviewProject;
  readonly branch: string;
  readonly options: PlaceOptions & Given<{ certificate: string; private_key: string; timeout: number }>;
  readonly consent: Pick<GivenConsent, 'yes'>;
  /** What an earlier round has done: the user agreed, or a create was refused. */
  readonly before?: { readonly refused?: { readonly title: string; readonly error: DnxError } };
}

/** Creates what is missing of a preview, and updates what is different, as a plan of a state file that nobody has written. */
export async function prepare(ctx: Context, preparing: Preparing): Promise<Prepared | Result<never>> {
  const { options, consent, before, pause, branch } = preparing;
  const planned = await planPreview(ctx, preparing);
  const { wanted, state, made, known } = planned;
  const { changes } = made.plan;
  if (!before) sayPlan(ctx, planned);
  if (ctx.recorder) return record(ctx, planned, options);
  const titles = changes.map((change) => changeTitle(change, ctx.nameOf));
  const refused = before?.refused;
  if (refused && titles.includes(refused.title)) throw refused.error;
  const again = (more: Preparing['before'] = {}) => prepare(ctx, { ...preparing, consent: { yes: true }, before: more });
  if (changes.length > 0 && !consent.yes) {
    if (!(await pause(() => ctx.ask.confirm(`Bring up the preview of ${quotedName(branch)}?`)))) throw cancelled();
    // A person may take long to answer.
    return again();
  }
  if (state.isLocked) {
    await removeUser(ctx, planned);
    return again();
  }
  const result = await sendPlan(ctx, made, {
    options: { timeout: options.timeout },
    consent: { yes: true, confirm: undefined },
    isAgreed: true,
  });
  const rows = result.view.kind === 'rows' ? result.view.items : [];
  const failed = rows.find(({ outcome }) => outcome === 'failed');
  if (failed && isError(result.exit)) {
    const failedTitle = titles[Number(failed.change) - 1] ?? '';
    const error = stopped(result.exit, failedTitle, branch);
    const isRefused = failedTitle.startsWith('+') && isObject(failed.error) && failed.error.status === 422;
    // Another `up` may have created it by now.
    if (isRefused) return again({ refused: { title: failedTitle, error } });
    throw error;
  }
  const { exit: differs } = result;
  if (differs !== undefined && !isError(differs, 'differences')) return { view: nothing, exit: differs };
  const id = known ?? idIn(rows.find(({ call }) => call === CREATE_SITE)?.id);
  if (id === undefined) throw new DnxError('failed', `Deploynix does not show ${domainOf(wanted)}.`, { hint: GOES_ON });
  const place = { server: wanted.server, site: { id, label: domainOf(wanted) } };
  return { wanted, state, place, changed: Boolean(before) || changes.length > 0, differs };
}

const GOES_ON = 'Run the same command again: it goes on.';
const CREATE_SITE = 'POST /servers/{server}/sites';
const DEPLOY = 'POST /servers/{server}/sites/{site}/deploy';
const UPDATE_USER = 'PUT /servers/{server}/databases/{database}/users/{user}';

interface PlannedPreview {
  readonly wanted: WantedPreview;
  readonly state: PreviewState;
  readonly made: Awaited<ReturnType<typeof makePlan>>;
  /** The id of the site, if it exists. */
  readonly known: string | undefined;
}

async function planPreview(ctx: Context, { project, branch, options }: Preparing): Promise<PlannedPreview> {
  const fleet = openPlanFleet(ctx, 'preview up');
  const wanted = await findWanted({ api: listing(ctx.api, fleet) }, project, branch, options);
  const state = await stateOf(fleet, wanted, ctx.clock.now());
  const file = unwrittenState(`the preview of ${branch}`, state.entries);
  const made = await makePlan(ctx, file, fleet, { create: true, set_unknown: state.renewed });
  const [unread] = made.unread;
  if (unread) throw unread.error;
  return { wanted, state, made, known: idIn(made.rows.find(({ kind }) => kind === 'site')?.item?.id) };
}

/** An API whose lists are those of a fleet, which are read once. */
const listing = (api: Context['api'], fleet: Fleet): Context['api'] => ({
  ...api,
  async list<T>(...[endpoint, ids = {}]: Parameters<typeof api.list>) {
    const { items, error } = await fleet.listAt(endpoint, ids as Readonly<Record<string, string>>);
    if (error) throw error;
    return items as T[];
  },
});

/** Why a plan stopped, and how to go on. */
const stopped = (error: DnxError, failed: string, branch: string): DnxError =>
  error.with({
    details: [...error.details, ['stopped at', failed.slice(2)]],
    hint: error.next.length > 0 ? undefined : error.hint,
    next: [
      { command: ['preview', 'up', branch], why: 'It goes on with' },
      { command: ['preview', 'down', branch], why: 'Or remove what there is of it with' },
    ],
  });

/** Removes the user of a database that the preview has no password of, unless another `up` has set one by now. */
async function removeUser({ api }: Context, { wanted: { preview }, made }: PlannedPreview): Promise<void> {
  const variables = preview ? remoteSide(await api.list(variablesEndpoint, targetIds(preview.place))) : new Map();
  const { ids } = made.changes.find(isNewPassword) ?? {};
  if (ids && !variables.has(PASSWORD)) await unlessError(api.send(deleteUserEndpoint, ids), 'not_found');
}

const isNewPassword = ({ call }: { readonly call: string }): boolean => call === UPDATE_USER;

const newUser = ({ body }: { readonly body?: unknown }, username: string) =>
  ({ call: createUserEndpoint, body: { username, ...(isObject(body) && body) } }) as const;

/** In a dry run, records what it would send. */
async function record(ctx: Context, { wanted, made, known }: PlannedPreview, options: Preparing['options']): Promise<Result<never>> {
  const { settings, mark } = wanted;
  const locked = made.changes.find(isNewPassword);
  if (locked) await ctx.api.send(deleteUserEndpoint, locked.ids, { assume: {} });
  const changes = made.changes.map((change) => (change === locked ? { ...change, ...newUser(locked, databaseName(mark)) } : change));
  await recordChanges(ctx, changes);
  const created = createdId(made.changes.findIndex(({ call }) => call === CREATE_SITE) + 1);
  const place = { server: wanted.server, site: { id: known ?? created, label: domainOf(wanted) } };
  await recordCertificate(ctx, place, settings, options);
  const verification = heldVerification(
    verificationOf({ ...noDeployOptions, verify: settings.verify, url: previewUrl(domainOf(wanted), settings) }),
  );
  ctx.recorder?.deployment({ commit: null, branch: null, repository: null, ...verification }, undefined);
  await ctx.api.send(DEPLOY, targetIds(place), { assume: {} });
  return { view: nothing };
}

/** Says where the preview is, and what changes. */
function sayPlan(ctx: Context, { wanted, state: { hidden, record }, made: { plan } }: PlannedPreview): void {
  const { project, settings, branch, server, mark } = wanted;
  const facts: readonly Detail[] = [
    ['site', `${domainOf(wanted)} (${server.label})`],
    ['like', `${project.base.site.label} (${project.base.server.label})`],
    ['database', settings.database === 'own' ? databaseName(mark) : 'none'],
    ['until', deadlineText(record.deadline)],
    ...(hidden.length > 0 ? [['left as is', `${hidden.join(', ')}; the API hides the value`] as const] : []),
  ];
  if (ctx.recorder) {
    const whole: readonly Detail[] = [
      ...facts,
      ['link file', `of ${project.defaultBranch} at ${project.commit.slice(0, 7)}`],
      ...(settings.seed === undefined || record.isSeeded
        ? []
        : [['not in a plan', `php artisan ${settings.seed}; preview up runs it`] as const]),
    ];
    ctx.recorder.about(Object.fromEntries([['branch', branch], ...whole]), whole, true);
    return;
  }
  const lines = [...facts, ...changeDetails(plan.changes)];
  ctx.progress.note(withDetails(`Preview of ${quotedName(branch)}`, lines));
}

/** So many variables are named. */
const MOST_NAMED = 5;

/** What is created and updated: `database, site, 23 variables, database user`. */
function changeDetails(changes: readonly PlannedChange[]): readonly Detail[] {
  const wordsOf = (some: readonly PlannedChange[]) => {
    const keys = some.flatMap(({ targets, body }) =>
      isObject(body) && 'key' in body ? [String(body.key)] : (targets.variable?.name ?? []),
    );
    const others = some
      .filter(({ call }) => ![createVariableEndpoint, updateVariableEndpoint].some((endpoint) => endpoint === call))
      .map(changeWords);
    return [...others, ...(keys.length > MOST_NAMED ? [counted(keys.length, 'variable')] : keys)].join(', ');
  };
  const created = changes.filter(({ call }) => createdBy(call) !== undefined);
  // What is switched on at a new site is one of its settings.
  const updated = changes.filter((change) => !created.includes(change) && change.targets.site?.created_by === undefined);
  return [['creates', wordsOf(created)] as const, ['updates', wordsOf(updated)] as const].filter(([, words]) => words !== '');
}

function changeWords(change: PlannedChange): string {
  const created = createdBy(change.call);
  if (created) return title(created);
  const fields = fieldDetails(change).map(([field, words]) => `${field} ${words}`);
  return [title(Object.keys(change.targets).at(-1) ?? ''), ...fields].join(' ');
}

type CertificateOptions = Given<{ certificate: string; private_key: string }>;

/** What is sent for the certificate of a preview; undefined if it is to have none. */
function bodyFor({ site }: Located, settings: PreviewSettings, { certificate, private_key }: CertificateOptions) {
  if (certificate !== undefined) return { domain: site.label, type: 'custom', certificate, private_key };
  return settings.certificate === 'none' ? undefined : { domain: site.label, type: 'letsencrypt' };
}

/** The certificate of a site that is valid, or may become so. */
async function standing({ api, clock }: Pick<Context, 'api' | 'clock'>, place: Located): Promise<JsonObject | undefined> {
  const listed = (await api.list<JsonObject>(certificatesEndpoint, targetIds(place))).filter(isObject);
  const isOfSite = (one: JsonObject) => sameName('certificate', resourceName(one, 'certificate') ?? '', place.site.label);
  const living = listed.filter((one) => isOfSite(one) && !isSpent(one, clock.now()));
  return living.find(({ status }) => phaseOf(status) !== 'going') ?? living[0];
}

/** Sees to a certificate for a preview, unless a valid one stands. Returns why it has none, which does not stop the deployment. */
export async function certify(
  ctx: Context,
  place: Located,
  settings: PreviewSettings,
  options: CertificateOptions,
): Promise<DnxError | undefined> {
  const body = bodyFor(place, settings, options);
  if (!body) return undefined;
  try {
    const found = await standing(ctx, place);
    if (found && phaseOf(found.status) !== 'going') return undefined;
    const work = { ...issue(ctx, place, place.site.label), wait: true };
    const exit = found ? (await followStarted(ctx, work, found)).failure : (await issueCertificate(ctx, place, body, true)).exit;
    if (isStop(exit)) throw exit;
    return isError(exit) ? exit : undefined;
  } catch (error) {
    if (!isError(error) || isStop(error)) throw error;
    return error;
  }
}

/** In a dry run, records the request for a certificate. A site that is still to be created has none. */
async function recordCertificate(ctx: Context, place: Located, settings: PreviewSettings, options: CertificateOptions): Promise<void> {
  const body = bodyFor(place, settings, options);
  if (!body || (creatorOf(place.site.id) === undefined && (await standing(ctx, place)))) return;
  await ctx.api.send(issueEndpoint, targetIds(place), { body, assume: {} });
}

/** Fails for one of --certificate and --private-key without the other. */
export function requirePair({ certificate, private_key }: CertificateOptions): void {
  if ((certificate === undefined) !== (private_key === undefined)) throw usage('--certificate and --private-key need each other.');
}
