import { type Detail, Planned } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { title } from '../../base/text.ts';
import type { Reply, SendOptions } from '../../platform/api/api.ts';
import { type Endpoint, parameters, segment } from '../../platform/api/endpoint.ts';
import { MASK } from '../../platform/names/existing.ts';
import { idIn, resourceName } from '../../platform/names/names.ts';
import { fieldWords, shownValue } from '../../platform/names/value.ts';
import { createdBy, isDone, operationAt, operationPath, operations } from '../../platform/operations.ts';
import type { Consent, PlannedDeployment, Recorder } from '../language/command.ts';

/** A request that would change something. */
export interface RecordedChange {
  /** As the API reference writes it, `PUT /servers/{server}/crontabs/{crontab}`; with its ids if the reference does not have it. */
  readonly call: Endpoint;
  readonly ids: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body: unknown;
  readonly before: JsonObject | undefined;
  /** It was read for the plan alone. */
  readonly isExtra?: boolean;
  /** A list was read that has no resource of this name. */
  readonly absent?: true;
  readonly about: readonly Fact[];
  readonly deployment?: PlannedDeployment;
  readonly unsaved?: string | undefined;
}

/** Something that a command says of a change. */
export interface Fact {
  readonly data: JsonObject;
  readonly details: readonly Detail[];
}

/** What a dry run has found out. */
export type ChangeRecorder = ReturnType<typeof openRecorder>;

/** The id of what a change creates, which nobody knows yet: `{1}` for the first. */
export const createdId = (number: number): string => `{${number}}`;

/** The number of the change that creates the resource with this id, from 1; undefined for a real id. */
export const creatorOf = (id: string): number | undefined => {
  const [, number] = /^\{(\d+)\}$/.exec(id) ?? [];
  return number === undefined ? undefined : Number(number);
};

/** A body in which what has the id of something that a change creates has another one: `git_repository_id`. */
export const withCreators = (body: JsonObject, idOf: (number: number) => string): JsonObject =>
  Object.fromEntries(
    Object.entries(body).map(([field, value]) => {
      const number = field.endsWith('_id') && typeof value === 'string' ? creatorOf(value) : undefined;
      return [field, number === undefined ? value : idOf(number)];
    }),
  );

/** Records what a command would send. Nothing else in a dry run knows of requests. */
export function openRecorder() {
  const changes: RecordedChange[] = [];
  const readings = openReadings();
  const sources = new Map<string, string>();
  const whole: Fact[] = [];
  let next: Fact[] = [];
  let held: Pick<RecordedChange, 'deployment' | 'unsaved'> = {};
  let needed: { level: Consent['level'] | undefined; name: string | undefined } = { level: undefined, name: undefined };
  const planning: Recorder = {
    consent(level, name) {
      if (needed.level !== 'severe' || level === 'severe') needed = { level, name: name ?? needed.name };
    },
    source: (value, reference) => void sources.set(value, reference),
    about: (data, details, all = false) => void (all ? whole : next).push({ data, details }),
    deployment(deployment, unsaved) {
      held = { deployment, unsaved };
    },
  };
  return {
    ...planning,
    changes,
    facts: () => [...whole, ...next],
    needed: () => needed,
    seen: readings.withId,
    sourceOf: (value: string) => sources.get(value),
    gate: {
      read: readings.add,
      async change<T>(method: string, address: string, { body, assume }: SendOptions, _: unknown, get: Read): Promise<Reply<T>> {
        const [path = '', query] = address.split('?');
        const { call, ids } = recordedOperation(method, address);
        const known = readings.changedBy(method, path, ids);
        const before = known ?? (await readTarget(call, ids, path, get));
        if (before && isDone(call, body, before)) {
          const because = alreadyWords(call, body, before);
          whole.push({ data: { because }, details: because.map((item) => ['because', item]) });
        } else {
          const absent = isAbsent(call, body, readings.list(path));
          const change = { call, ids, body, before, isExtra: before !== known, about: next, ...held };
          changes.push({ ...change, ...(query && { query }), ...(absent && { absent }) });
        }
        next = [];
        held = {};
        // What a later change replaces.
        if (method === 'PUT' && before) readings.add(path, { ...before, ...(isObject(body) && body) });
        if (!assume) throw new Planned();
        const data = { ...(method === 'POST' && { id: createdId(changes.length) }), ...assume };
        return { status: 200, headers: {}, body: data, data: data as T, message: undefined, text: undefined };
      },
    },
  };
}

type Read = (path: string) => Promise<Reply>;

/** Reads what a change is about if an id named it. Undefined if the API cannot show it, or this token cannot read it. */
async function readTarget(call: Endpoint, ids: RecordedChange['ids'], path: string, get: Read): Promise<JsonObject | undefined> {
  const isAction = call.startsWith('POST ');
  if (isAction && createdBy(call)) return undefined;
  const [endpoint, place] = isAction ? [parentOf(operationPath(call)), parentOf(path)] : [operationPath(call), path];
  const isCreated = Object.values(ids).some((id) => creatorOf(id) !== undefined);
  if (isCreated || !endpoint.endsWith('}') || !own(operations, `GET ${endpoint}`)) return undefined;
  const reply = await get(place);
  if (reply.status === 403) return undefined;
  if (reply.status >= 300) throw (await import('../../platform/api/failure.ts')).failureOf(reply, `GET ${endpoint}`);
  return isObject(reply.data) ? reply.data : undefined;
}

/** Why a change is left out: `shop.example.com: status is already suspended`. Without secrets. */
function alreadyWords(call: Endpoint, body: unknown, before: JsonObject): readonly string[] {
  const { touches, fields = [] } = own(operations, call) ?? {};
  const noun = parameters(call).at(-1) ?? '';
  const name = resourceName(before, noun) ?? idIn(before.id) ?? title(noun);
  return (touches ?? Object.keys(isObject(body) ? body : {})).map(
    (field) => `${name}: ${fieldWords(field)} is already ${touches || fields.includes(field) ? shownValue(before[field]) : MASK}`,
  );
}

/** True if a list has nothing of the name that a create gives. */
export function isAbsent(call: string, body: unknown, items: readonly JsonObject[] | undefined): boolean {
  const noun = createdBy(call) ?? '';
  const name = isObject(body) ? resourceName(body, noun) : undefined;
  return name !== undefined && items !== undefined && !items.some((item) => resourceName(item, noun) === name);
}

/** The resources that were read, by path. */
export function openReadings() {
  const read = new Map<string, JsonObject>();
  const lists = new Set<string>();
  return {
    add(path: string, data: unknown): void {
      if (isObject(data)) read.set(path, data);
      if (!Array.isArray(data)) return;
      lists.add(path);
      for (const item of data.filter(isObject)) {
        const id = idIn(item.id);
        if (id !== undefined) read.set(`${path}/${segment(id)}`, item);
      }
    },
    list: (path: string) => (lists.has(path) ? [...read].flatMap(([place, item]) => (parentOf(place) === path ? [item] : [])) : undefined),
    withId: (id: string) => [...read.values()].find((item) => idIn(item.id) === id),
    /** The resource that a request changes. An action follows the path of what it acts on. */
    changedBy: (method: string, path: string, ids: RecordedChange['ids']) =>
      read.get(path) ?? (method === 'POST' && Object.keys(ids).length > 0 ? read.get(parentOf(path)) : undefined),
  };
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** The operation at an address, and the ids in it; the path itself if the API reference does not have it. */
export const recordedOperation = (method: string, address: string): Pick<RecordedChange, 'call' | 'ids'> =>
  operationAt(method, address) ?? { call: `${method} ${address.split('?', 1)[0]}` as Endpoint, ids: {} };
