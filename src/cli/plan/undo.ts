import { isObject, type JsonObject, own } from '../../base/json.ts';
import { isMask } from '../../base/text.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { resourceName } from '../../platform/names/names.ts';
import { createdBy, isDone, operationPath, operations } from '../../platform/operations.ts';

/** A change as far as its inverse depends on it, and an inverse. */
interface Sent {
  readonly call: Endpoint;
  readonly targets: Readonly<Record<string, { readonly id: string | null; readonly name: string | null }>>;
  readonly body: unknown;
  readonly before: JsonObject | null;
}

/** What a command does not read if an id names its target, because that costs a request. */
export const UNREAD = 'What it replaces was not read. It is, if the target is given by name, or in a plan that --out saves.';
const SECRET = 'A secret is not kept.';

/** Why a change cannot be taken back; undefined if it can. */
export function irreversible({ call, body, before }: Sent): string | undefined {
  const undo = own(operations, call)?.undo;
  if (undo === undefined) return 'dnx does not know this operation.';
  if (undo === 'delete') return undefined;
  if (typeof undo === 'object' && 'none' in undo) return undo.none;
  if (!before) return UNREAD;
  if (undo === 'schedule') return 'scheduled_deploy_at' in before ? undefined : UNREAD;
  if (undo === 'restore') return missing(Object.keys(isObject(body) ? body : {}), before);
  if (undo === 'create')
    return missing(
      createdFields(call).filter((field) => field in before),
      before,
    );
  return isDone(call, body, before) ? 'It was like that before.' : undefined;
}

/** The fields with which what a request deleted is created again. */
const createdFields = (call: string): readonly string[] => {
  const { fields = [], secrets = [] } = operations[call] ?? {};
  return [...fields, ...secrets];
};

function missing(fields: readonly string[], before: JsonObject): string | undefined {
  const unknown = fields.find((field) => !(field in before));
  if (unknown !== undefined) return `The API does not show its ${unknown.replaceAll('_', ' ')}.`;
  return fields.some((field) => isMask(before[field])) ? SECRET : undefined;
}

/** Why the inverse of a change cannot be taken back in turn; null if it can. What it replaces is read before it is sent. */
export function irreversibleUndo(inverse: Sent): string | null {
  const why = irreversible(inverse);
  return why === undefined || why === UNREAD ? null : why;
}

/** The change that takes another one back; else why there is none. `created`: the id of what that created. */
export function inverseOf(change: Sent, created: string | null): (Sent & { readonly absent?: true }) | string {
  const why = irreversible(change);
  if (why !== undefined) return why;
  const { call, targets, body } = change;
  const before = change.before ?? {};
  const path = operationPath(call);
  const undo = operations[call]?.undo;
  const action = (name: string, sent: JsonObject | null): Sent => ({
    call: `POST ${path.slice(0, path.lastIndexOf('/'))}/${name}` as Endpoint,
    targets,
    body: sent,
    before: null,
  });
  if (undo === 'delete') {
    const noun = createdBy(call) ?? '';
    if (created === null) return 'The API did not say what it created.';
    const name = isObject(body) ? (resourceName(body, noun) ?? null) : null;
    return {
      call: `DELETE ${path}/{${noun}}` as Endpoint,
      targets: { ...targets, [noun]: { id: created, name } },
      body: null,
      before: shown(body),
    };
  }
  if (undo === 'schedule') {
    const at = before.scheduled_deploy_at;
    return at === null || at === '' ? action('cancel-scheduled-deploy', null) : action('schedule-deploy', { scheduled_at: at });
  }
  if (undo === 'restore') return { call, targets: renamed(targets, body), body: before, before: shown(body) };
  if (undo === 'create') {
    const sent = createdFields(call).flatMap((field) =>
      before[field] === null || before[field] === undefined ? [] : [[field, before[field]] as const],
    );
    const parents = Object.entries(targets).slice(0, -1);
    return {
      call: `POST ${path.slice(0, path.lastIndexOf('/'))}` as Endpoint,
      targets: Object.fromEntries(parents),
      body: Object.fromEntries(sent),
      before: null,
      absent: true,
    };
  }
  return action(typeof undo === 'object' && 'action' in undo ? undo.action : '', null);
}

/** The targets of a change that gave the last one another name. */
function renamed(targets: Sent['targets'], body: unknown): Sent['targets'] {
  const [noun = '', target] = Object.entries(targets).at(-1) ?? [];
  const name = isObject(body) ? resourceName(body, noun) : undefined;
  return target && name !== undefined ? { ...targets, [noun]: { ...target, name } } : targets;
}

/** What a change left, to tell whether somebody changed it since. */
const shown = (body: unknown): JsonObject | null => (isObject(body) ? body : null);
