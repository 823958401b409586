import { unlessError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { isMask } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { shownFields } from '../../cli/plan/secret-fields.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { releasesEndpoint } from '../../platform/follow/readers.ts';
import { isSame } from '../../platform/names/match.ts';
import { idIn, resourceName, sameName, type Target } from '../../platform/names/names.ts';
import { shownValue } from '../../platform/names/value.ts';
import { createdBy, isDone, listPath, operationPath, operations } from '../../platform/operations.ts';

/** Reads lists of the API, each once. */
export type Lists = ReturnType<typeof openLists>;

export function openLists({ api }: Context) {
  const known = new Map<string, Promise<readonly JsonObject[] | undefined>>();
  return {
    /** The items of a list; undefined if the token cannot read it. */
    read(path: string, ids: Readonly<Record<string, string>>) {
      const key = path.replaceAll(/\{(\w+)\}/g, (_, noun: string) => ids[noun] ?? '');
      const listed = async () => (await unlessError(api.list<unknown>(`GET ${path}` as Endpoint, ids), 'forbidden'))?.filter(isObject);
      const found = known.get(key) ?? listed();
      known.set(key, found);
      return found;
    },
    forget: () => known.clear(),
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

/** Compares a change with what is there now: a line for each thing that is not as it was. `changed`: an earlier change has the same target. */
export async function compare(lists: Lists, change: PlannedChange, changed: boolean, remains?: Remains) {
  const { call, before, absent, about } = change;
  const moved: string[] = [];
  const targets: Record<string, Target> = {};
  const ids: Record<string, string> = {};
  let target: JsonObject | null | undefined;
  for (const [noun, { id, name }] of Object.entries(change.targets)) {
    if (id === null) return { targets: { ...targets, [noun]: { id: '', label: name ?? '' } }, moved };
    ids[noun] = id;
    target = await targetNow(lists, call, noun, ids);
    const label = target ? resourceName(target, noun) : undefined;
    if (target === null) moved.push(`${name ?? id} is gone`);
    // An undo is by ids of our own; something may have another name by now.
    else if (!remains && label !== undefined && name !== null && !isMask(name) && !sameName(noun, name, label))
      moved.push(`${name} is ${label} now`);
    targets[noun] = { id, label: label ?? id };
  }
  if (target && before && !changed) moved.push(...differences(target, shownNow(call, target, remains), before, remains));
  if (target && !changed && remains?.isAsLeft(target) === false) moved.push('it was changed since');
  const branch = change.deployment?.branch ?? null;
  if (target && branch !== null && !changed && typeof target.branch === 'string' && target.branch !== branch)
    moved.push(`it deploys branch ${target.branch} now, not ${branch}`);
  if (absent) moved.push(...(await appeared(lists, change, ids)));
  const live = about?.map((item) => item.live).find(isObject)?.release;
  if (live !== undefined && ['deployment', 'rollback'].includes(operations[call]?.starts ?? '')) {
    const releases = await lists.read(operationPath(releasesEndpoint), ids);
    const now = releases && (await import('../deploy/watch.ts')).liveReleaseName(releases);
    if (now !== undefined && now !== live) moved.push(`release ${now} is live now, not ${String(live)}`);
  }
  return { targets, moved };
}

/** What is there now as a plan or the history would have it, which somebody may have edited to be told its secrets. */
function shownNow(call: string, now: JsonObject, remains?: Remains): JsonObject {
  const { fields = [], secrets = [], touches = [] } = operations[call] ?? {};
  const isClear = (field: string) => (remains ? ![...fields, ...secrets].includes(field) : [...touches, 'updated_at'].includes(field));
  return { ...shownFields(call, now), ...Object.fromEntries(Object.entries(now).filter(([field]) => isClear(field))) };
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

async function appeared(lists: Lists, { call, body }: PlannedChange, ids: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const noun = createdBy(call) ?? '';
  const name = isObject(body) ? resourceName(body, noun) : undefined;
  const items = await lists.read(operationPath(call), ids);
  return items?.some((item) => name !== undefined && resourceName(item, noun) === name) ? [`${name} exists now`] : [];
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
