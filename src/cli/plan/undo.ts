import { isObject, type JsonObject, own } from '../../base/json.ts';
import { isMask } from '../../base/text.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { resourceName } from '../../platform/names/names.ts';
import { createdBy, isDone, operationPath, operations } from '../../platform/operations.ts';

/** A change as far as its inverse depends on it, and an inverse. */
interface UndoableChange {
  readonly call: Endpoint;
  readonly targets: Readonly<Record<string, { readonly id: string | null; readonly name: string | null }>>;
  readonly body: unknown;
  readonly before: JsonObject | null;
}

/** What a command does not read if an id names its target, because that costs a request. */
export const UNREAD = 'What it replaces was not read. It is, if the target is given by name, or in a plan that --out saves.';

/** Why the secret in a field cannot be brought back; undefined if it can. */
type Secrets = (field: string) => string | undefined;

/** Why a field that the API hides cannot be brought back. */
export const notShown = (field: string): string => `The API does not show its ${field.replaceAll('_', ' ')}.`;

/** Why a change cannot be taken back; undefined if it can. */
export function irreversible({ call, body, before }: UndoableChange, secret: Secrets): string | undefined {
  const undo = own(operations, call)?.undo;
  if (undo === undefined) return 'dnx does not know this operation.';
  if (undo === 'delete') return undefined;
  if (typeof undo === 'object' && 'none' in undo) return undo.none;
  if (!before) return UNREAD;
  if (undo === 'schedule') return 'scheduled_deploy_at' in before ? undefined : UNREAD;
  if (undo === 'restore') return missing(Object.keys(isObject(body) ? body : {}), before, secret);
  if (undo === 'create') return missing(createdFields(call), before, secret);
  return isDone(call, body, before) ? 'It was like that before.' : undefined;
}

const createdFields = (call: string): readonly string[] => {
  const { fields = [], secrets = [] } = operations[call] ?? {};
  return [...fields, ...secrets];
};

function missing(fields: readonly string[], before: JsonObject, secret: Secrets): string | undefined {
  const unknown = fields.find((field) => !(field in before));
  if (unknown !== undefined) return notShown(unknown);
  return fields.flatMap((field) => (hasMask(before[field]) ? (secret(field) ?? []) : []))[0];
}

/** True for what is or holds a secret that is hidden. */
export const hasMask = (value: unknown): boolean =>
  isMask(value) || (typeof value === 'object' && value !== null && Object.values(value).some(hasMask));

/** Why the inverse of a change cannot be taken back in turn; null if it can. What it replaces is read before it is sent. */
export function irreversibleUndo(inverse: UndoableChange, secret: Secrets): string | null {
  const why = irreversible(inverse, secret);
  return why === undefined || why === UNREAD ? null : why;
}

interface Inverse extends UndoableChange {
  readonly absent?: true;
  readonly lost?: readonly string[];
}

/** What became of a change: the id of what it created, what the API answered, and why a secret is missing. */
interface Effect {
  readonly created: string | null;
  readonly answer: JsonObject | undefined;
  readonly secret: Secrets;
}

/** The change that takes another one back; else why there is none. */
export function inverseOf(change: UndoableChange, effect: Effect): Inverse | string {
  const why = irreversible(change, effect.secret);
  if (why !== undefined) return why;
  const { call, targets, body } = change;
  const before = change.before ?? {};
  const undo = operations[call]?.undo;
  const action = (name: string, sent: JsonObject | null = null): UndoableChange => ({
    call: `POST ${parentPath(call)}/${name}` as Endpoint,
    targets,
    body: sent,
    before: null,
  });
  switch (undo) {
    case 'delete':
      return deletion(change, effect);
    case 'create':
      return creation(change, before, effect);
    case 'restore': {
      const { updated_at: _, ...replaced } = before;
      const left = isObject(body) && Object.values(body).some(isMask) ? { ...body, ...effect.answer } : shown(body);
      return { call, targets: renamed(targets, body), body: replaced, before: left };
    }
    case 'schedule': {
      const at = before.scheduled_deploy_at;
      return at === null || at === '' ? action('cancel-scheduled-deploy') : action('schedule-deploy', { scheduled_at: at });
    }
    default:
      return action(typeof undo === 'object' && 'action' in undo ? undo.action : '');
  }
}

const parentPath = (call: string): string => operationPath(call).replace(/\/[^/]*$/, '');

function deletion({ call, targets, body }: UndoableChange, { created, answer }: Effect): Inverse | string {
  if (created === null) return 'The API did not say what it created.';
  const noun = createdBy(call) ?? '';
  const name = isObject(body) ? (resourceName(body, noun) ?? null) : null;
  const { status: _, ...left } = { ...shown(body), ...answer };
  return {
    call: `DELETE ${operationPath(call)}/{${noun}}` as Endpoint,
    targets: { ...targets, [noun]: { id: created, name } },
    body: null,
    before: Object.keys(left).length > 0 ? left : null,
  };
}

/** The request that creates again what a change deleted, without the fields that the API cannot take. */
function creation({ call, targets }: UndoableChange, before: JsonObject, { secret }: Effect): Inverse {
  const taken = createdFields(call);
  const isLost = (field: string, value: unknown) =>
    !taken.includes(field) && (typeof value === 'object' || (isMask(value) && secret(field) !== undefined));
  const known = Object.entries(before).filter(([field, value]) => value !== null && (taken.includes(field) || !MADE.test(field)));
  const lost = known.flatMap(([field, value]) => (isLost(field, value) ? [field] : []));
  return {
    call: `POST ${parentPath(call)}` as Endpoint,
    targets: Object.fromEntries(Object.entries(targets).slice(0, -1)),
    body: Object.fromEntries(known.filter(([field]) => !lost.includes(field))),
    before: null,
    absent: true,
    ...(lost.length > 0 && { lost }),
  };
}

/** Fields that Deploynix makes itself. Any other one that was read is sent again. */
const MADE = /^(id|\w+_id|\w+_at|status|fingerprint|pid|uptime)$/;

function renamed(targets: UndoableChange['targets'], body: unknown): UndoableChange['targets'] {
  const [noun = '', target] = Object.entries(targets).at(-1) ?? [];
  const name = isObject(body) ? resourceName(body, noun) : undefined;
  return target && name !== undefined ? { ...targets, [noun]: { ...target, name } } : targets;
}

/** What a change left, to tell whether somebody changed it since. */
const shown = (body: unknown): JsonObject | null => (isObject(body) ? body : null);
