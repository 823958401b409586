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

/** Why the secret in a field cannot be brought back; undefined if it can. */
type Secrets = (field: string) => string | undefined;

/** Why a field that the API hides cannot be brought back. */
export const notShown = (field: string): string => `The API does not show its ${field.replaceAll('_', ' ')}.`;

/** Why a change cannot be taken back; undefined if it can. */
export function irreversible({ call, body, before }: Sent, secret: Secrets): string | undefined {
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

/** The fields with which what a request deleted is created again. */
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
export function irreversibleUndo(inverse: Sent, secret: Secrets): string | null {
  const why = irreversible(inverse, secret);
  return why === undefined || why === UNREAD ? null : why;
}

/** A change that takes another one back. */
interface Inverse extends Sent {
  readonly absent?: true;
  /** The fields that it does not bring back. */
  readonly lost?: readonly string[];
}

/** The change that takes another one back; else why there is none. `created`: the id of what that created, and `answer` what it said of it. */
export function inverseOf(
  change: Sent,
  { created, answer, secret }: { readonly created: string | null; readonly answer: JsonObject | undefined; readonly secret: Secrets },
): Inverse | string {
  const why = irreversible(change, secret);
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
    const { status: _, ...left } = { ...shown(body), ...answer };
    return {
      call: `DELETE ${path}/{${noun}}` as Endpoint,
      targets: { ...targets, [noun]: { id: created, name } },
      body: null,
      before: Object.keys(left).length > 0 ? left : null,
    };
  }
  if (undo === 'schedule') {
    const at = before.scheduled_deploy_at;
    return at === null || at === '' ? action('cancel-scheduled-deploy', null) : action('schedule-deploy', { scheduled_at: at });
  }
  if (undo === 'restore') {
    const { updated_at: _, ...replaced } = before;
    const left = isObject(body) && Object.values(body).some(isMask) ? { ...body, ...answer } : shown(body);
    return { call, targets: renamed(targets, body), body: replaced, before: left };
  }
  if (undo === 'create') {
    const create = createdFields(call);
    const read = Object.entries(before).filter(([field, value]) => value !== null && (create.includes(field) || !MADE.test(field)));
    const isLost = (field: string, value: unknown) =>
      !create.includes(field) && (typeof value === 'object' || (isMask(value) && secret(field) !== undefined));
    const sent = read.filter(([field, value]) => !isLost(field, value));
    const lost = read.flatMap(([field, value]) => (isLost(field, value) ? [field] : []));
    const parents = Object.entries(targets).slice(0, -1);
    return {
      call: `POST ${path.slice(0, path.lastIndexOf('/'))}` as Endpoint,
      targets: Object.fromEntries(parents),
      body: Object.fromEntries(sent),
      before: null,
      absent: true,
      ...(lost.length > 0 && { lost }),
    };
  }
  return action(typeof undo === 'object' && 'action' in undo ? undo.action : '', null);
}

/** Fields that Deploynix makes itself. Any other one that was read is sent again. */
const MADE = /^(id|\w+_id|\w+_at|status|fingerprint|pid|uptime)$/;

/** The targets of a change that gave the last one another name. */
function renamed(targets: Sent['targets'], body: unknown): Sent['targets'] {
  const [noun = '', target] = Object.entries(targets).at(-1) ?? [];
  const name = isObject(body) ? resourceName(body, noun) : undefined;
  return target && name !== undefined ? { ...targets, [noun]: { ...target, name } } : targets;
}

/** What a change left, to tell whether somebody changed it since. */
const shown = (body: unknown): JsonObject | null => (isObject(body) ? body : null);
