import { unlessError } from '../../base/errors.ts';
import { isObject, type JsonObject, pick } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { isMask } from '../../base/text.ts';
import { timeOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { shownFields } from '../../cli/plan/plan.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { releasesEndpoint } from '../../platform/follow/readers.ts';
import { compared, existing } from '../../platform/names/existing.ts';
import { isSame } from '../../platform/names/match.ts';
import { idIn, namings, resourceName, sameName, type Target, type Targets } from '../../platform/names/names.ts';
import { fieldWords, shownValue } from '../../platform/names/value.ts';
import { createdBy, isDone, listPath, operationPath, operations } from '../../platform/operations.ts';

/** Reads lists of the API, each once. */
export type Lists = ReturnType<typeof openLists>;

/** The items of a list; undefined if the token cannot read it. */
export type ReadList = (path: string, ids: Readonly<Record<string, string>>) => Promise<readonly JsonObject[] | undefined>;

/** `first`: what was read before at a path; undefined if that was not. */
export function openLists({ api }: Context, first?: (path: string) => ReturnType<ReadList> | undefined) {
  const known = new Map<string, ReturnType<ReadList>>();
  let before = first;
  const placeOf = (path: string, ids: Readonly<Record<string, string>>) =>
    path.replaceAll(/\{(\w+)\}/g, (_, noun: string) => ids[noun] ?? '');
  return {
    read: ((path, ids) => {
      const key = placeOf(path, ids);
      const listed = async () => (await unlessError(api.list<unknown>(`GET ${path}` as Endpoint, ids), 'forbidden'))?.filter(isObject);
      const found = known.get(key) ?? before?.(key) ?? listed();
      known.set(key, found);
      return found;
    }) satisfies ReadList,
    /** Adds what was created since a list was read. */
    add(path: string, ids: Readonly<Record<string, string>>, id: string): void {
      const key = placeOf(path, ids);
      const found = known.get(key);
      if (found !== undefined) known.set(key, (async () => (await found)?.concat({ id }))());
    },
    forget(): void {
      known.clear();
      before = undefined;
    },
  };
}

async function targetNow(lists: Lists, call: string, noun: string, ids: Readonly<Record<string, string>>) {
  const items = await lists.read(listPath(call, noun), ids);
  return items && (items.find((item) => idIn(item.id) === ids[noun]) ?? null);
}

/** What an undo knows of the change that it takes back, besides the fields that it left. */
export interface Remains {
  /** The status in the response to a creation, whose work may go on after it. */
  readonly status: unknown;
  /** Whether a secret is the one that was sent; undefined if nobody knows. */
  hasSecret(field: string, value: unknown): boolean | undefined;
  /** Of an action, whether its target is as it left it; undefined if nobody knows. */
  isAsLeft(target: JsonObject): boolean | undefined;
}

/** What the rest of a plan says of a change. Resources are named by `keyOf`. */
export interface Situation {
  /** The ids of its targets; empty for what is still to be created. */
  readonly ids: Readonly<Record<string, string>>;
  readonly body: JsonObject | undefined;
  /** An earlier change of the same resource: it was made, or it is still to be sent. */
  readonly earlier: 'made' | 'open' | undefined;
  /** When the plan was made. */
  readonly since: string | undefined;
  readonly deleted: ReadonlySet<string>;
  /** What counts as created by an earlier change. */
  readonly created: ReadonlySet<string>;
}

export const keyOf = (noun: string, id: string): string => `${noun} ${id}`;

/** What became of a change, as far as it can be told. */
interface Finding {
  /** Its target is as it wants it. `id`: of what it creates. */
  readonly made?: { readonly id: string | null };
  /** Why nobody can know whether it was made. */
  readonly unclear?: string;
  /** Nothing at Deploynix shows whether it was made, as for a restart. */
  readonly isBlind?: true;
}

export interface Comparison extends Finding {
  readonly targets: Targets;
  /** A line for each thing that is neither as it was nor as it is wanted. */
  readonly moved: readonly string[];
}

/** A change, and what there is now of its last target; undefined if the token cannot read that. */
interface Look extends Situation {
  readonly lists: Lists;
  readonly change: PlannedChange;
  readonly target: JsonObject | undefined;
  readonly remains: Remains | undefined;
}

/** Compares a change with what is there now. An undo only with what was there. */
export async function compare(lists: Lists, change: PlannedChange, situation: Situation, remains?: Remains): Promise<Comparison> {
  const { ids, deleted } = situation;
  const moved: string[] = [];
  const targets: Record<string, Target> = {};
  let target: JsonObject | null | undefined;
  for (const [noun, { name }] of Object.entries(change.targets)) {
    const id = ids[noun] ?? '';
    targets[noun] = { id, label: name ?? id };
    if (id === '') return { targets, moved };
    target = await targetNow(lists, change.call, noun, ids);
    if (target === null && !remains && deleted.has(keyOf(noun, id))) return { targets, moved, ...MADE };
    if (target === null) return { targets, moved: [...moved, `${name ?? id} is gone`] };
    const label = target ? resourceName(target, noun) : undefined;
    // An undo is by ids of our own; something may have another name by now.
    if (!remains && label !== undefined && name !== null && !isMask(name) && !sameName(noun, name, label))
      moved.push(`${name} is ${label} now`);
    targets[noun] = { id, label: label ?? id };
  }
  const look: Look = { ...situation, lists, change, target: target ?? undefined, remains };
  moved.push(...(await movedSince(look)));
  const finding = remains ? {} : await findingOf(look, moved.length > 0);
  return { targets, ...finding, moved: finding.made || finding.unclear ? [] : moved };
}

async function movedSince({ lists, change, ids, earlier, target, remains, ...look }: Look): Promise<readonly string[]> {
  const { call, before, absent, about, deployment } = change;
  const moved: string[] = [];
  if (target && !earlier) {
    const branch = deployment?.branch ?? null;
    if (before) moved.push(...differences(target, shownNow(call, target, remains), before, remains));
    if (remains?.isAsLeft(target) === false) moved.push('it was changed since');
    if (branch !== null && typeof target.branch === 'string' && target.branch !== branch)
      moved.push(`it deploys branch ${target.branch} now, not ${branch}`);
  }
  if (absent) {
    const noun = createdBy(call) ?? '';
    const name = isObject(change.body) ? resourceName(change.body, noun) : undefined;
    const items = await candidates(noun, { ...look, lists, change, ids });
    if (items?.some((item) => name !== undefined && resourceName(item, noun) === name)) moved.push(`${name} exists now`);
  }
  const live = liveBefore(about);
  if (live !== undefined && isRelease(call)) {
    const releases = await lists.read(operationPath(releasesEndpoint), ids);
    const now = releases && (await import('../deploy/watch.ts')).liveReleaseName(releases);
    if (now !== undefined && now !== live) moved.push(`release ${now} is live now, not ${String(live)}`);
  }
  return moved;
}

const liveBefore = (about: PlannedChange['about']): unknown => about?.map((item) => item.live).find(isObject)?.release;

/** True for what is followed after its response. */
export const isRelease = (call: string): boolean => ['deployment', 'rollback'].includes(operations[call]?.starts ?? '');

const MADE: Finding = { made: { id: null } };
const BLIND: Finding = { isBlind: true };

/** Whether a change was made, as its target shows. `isMoved`: the target is not as it was. */
async function findingOf(look: Look, isMoved: boolean): Promise<Finding> {
  const { change, body = {}, earlier, target } = look;
  const { call, targets } = change;
  const noun = createdBy(call);
  if (noun !== undefined) return creationFound(noun, await candidates(noun, look), look);
  if (earlier === 'open') return {};
  if (isRelease(call)) return releaseFound(look);
  if (!target) return BLIND;
  if (call.startsWith('DELETE ')) return {};
  if (!call.startsWith('PUT ')) {
    const isMade = isDone(call, body, target);
    return isMade === undefined ? BLIND : isMade ? MADE : {};
  }
  const { differences: left, unknown } = compared(Object.keys(targets).at(-1) ?? '', target, body);
  if (left.length > 0) return {};
  return unknown.length === 0 ? MADE : isMoved ? { unclear: hiddenWords(unknown) } : {};
}

const hiddenWords = (fields: readonly string[]): string => `the API does not show: ${fields.map(fieldWords).join(', ')}`;

/** What a change may have created: not what the plan deletes, nor what an earlier change created. Undefined if the token cannot list it. */
async function candidates(noun: string, { lists, change, ids, deleted, created }: Omit<Look, 'earlier' | 'target' | 'remains'>) {
  const items = await lists.read(operationPath(change.call), ids);
  return items?.filter(({ id }) => ![deleted, created].some((others) => others.has(keyOf(noun, idIn(id) ?? ''))));
}

/** Looks for what a change creates as `ensure` does: a secret is not compared, unless the API shows it. If there was one already, only a new one counts. */
function creationFound(noun: string, items: readonly JsonObject[] | undefined, { change, body = {}, since }: Look): Finding {
  const { call, absent } = change;
  if (!items || (!absent && items.some((item) => timeOf(item.created_at) === undefined))) return BLIND;
  const fresh = absent ? items : items.filter((item) => isSince(timeOf(item.created_at), since));
  const { fields = [], secrets = [], starts } = operations[call] ?? {};
  const wanted = pick(body, (field) => noun === 'variable' || !secrets.includes(field));
  const key = namings[noun]?.keys.find((field) => field in wanted) ?? '';
  const keys = new Set([key, ...Object.keys(wanted), ...fields]);
  const { found } = existing(noun, fresh, wanted, [[...keys]]);
  // The status of a site is that of its last deployment.
  if (!found || (starts !== undefined && noun !== 'site' && phaseOf(found.status) === 'bad')) return {};
  const { differences: left, unknown } = compared(noun, found, wanted);
  if (left.length > 0) return {};
  return noun === 'variable' && unknown.length > 0 ? { unclear: hiddenWords(unknown) } : { made: { id: idIn(found.id) ?? null } };
}

/** True for a time of the API, which has no milliseconds, that is not before that of a plan. */
const isSince = (at: number | undefined, since: string | undefined): boolean =>
  at !== undefined && since !== undefined && at >= Math.floor(Date.parse(since) / 1000) * 1000;

/** A rollback was made if its release is live, a deployment if a release of its commit was created since and is live. */
async function releaseFound({ lists, change, ids, body, since }: Look): Promise<Finding> {
  const { commit = null, verify = null } = change.deployment ?? {};
  const wanted = commit ?? body?.release_id;
  const listed = await lists.read(operationPath(releasesEndpoint), ids);
  if (!listed || typeof wanted !== 'string') return BLIND;
  const releases = (await import('../deploy/release.ts')).releasesOf(listed);
  if (commit === null) return releases.some(({ id, live }) => id === wanted && live) ? MADE : {};
  const others = releases.filter(({ name, at }) => isSince(at, since) && name !== liveBefore(change.about));
  const found = others.find(({ commit: built }) => built !== '' && commit.startsWith(built));
  if (!found) return {};
  return found.live && !verify ? MADE : { unclear: `release ${found.name} has this commit, and was created since` };
}

/** What is there now as a plan or the history would have it, which somebody may have edited to be told its secrets. */
function shownNow(call: string, now: JsonObject, remains?: Remains): JsonObject {
  const { fields = [], secrets = [], touches = [] } = operations[call] ?? {};
  const isClear = (field: string) => (remains ? ![...fields, ...secrets].includes(field) : [...touches, 'updated_at'].includes(field));
  return { ...shownFields(call, now), ...pick(now, isClear) };
}

function differences(now: JsonObject, shown: JsonObject, before: JsonObject, remains?: Remains): readonly string[] {
  // The work that a creation started updates it, too.
  const isWork = remains?.status !== undefined && !isSame(remains.status, now.status);
  return Object.entries(before).flatMap(([field, was]) => {
    if (!(field in now) || (isWork && field === 'updated_at')) return [];
    if (isMask(was)) return remains?.hasSecret(field, now[field]) === false ? [`${field} was changed`] : [];
    return isSame(was, shown[field]) ? [] : [`${field} is ${shownValue(shown[field])}, not ${shownValue(was)}`];
  });
}

/** Whether a request that may have been sent was performed: the id of what it created, or false; undefined if that is unknown. `list`: the ids before it. */
export async function wasPerformed(
  lists: Lists,
  { call }: PlannedChange,
  ids: Readonly<Record<string, string>>,
  body: JsonObject | undefined,
  list: readonly string[] | null,
): Promise<{ readonly id: string | null } | false | undefined> {
  lists.forget();
  if (createdBy(call)) {
    const items = list && (await lists.read(operationPath(call), ids));
    const fresh = items?.filter((item) => !list?.includes(idIn(item.id) ?? ''));
    const ours = fresh?.filter((item) =>
      Object.entries(body ?? {}).every(([field, value]) => !(field in item) || isSame(value, item[field])),
    );
    const [only, ...others] = ours ?? [];
    return only && others.length === 0 ? { id: idIn(only.id) ?? null } : fresh?.length === 0 ? false : undefined;
  }
  const noun = Object.keys(ids).at(-1);
  const now = noun === undefined ? undefined : await targetNow(lists, call, noun, ids);
  const done = (is: boolean) => is && { id: null };
  if (now === undefined) return undefined;
  if (call.startsWith('DELETE ')) return done(now === null);
  if (now === null) return undefined;
  const isAsWanted = isDone(call, body, now);
  return isAsWanted === undefined ? undefined : done(isAsWanted);
}
