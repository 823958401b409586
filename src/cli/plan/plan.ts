import { type DnxError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { isSecretName, USERINFO } from '../../base/secrets.ts';
import { isMask } from '../../base/text.ts';
import type { World } from '../../machine/world.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { MASK } from '../../platform/names/existing.ts';
import { isId, resourceName, type Target, type Targets } from '../../platform/names/names.ts';
import { isMarkedHidden } from '../../platform/names/spellings.ts';
import { createdBy, needOf, operations } from '../../platform/operations.ts';
import type { Consent, Context, PlannedDeployment } from '../language/command.ts';
import { type ChangeRecorder, creatorOf, type RecordedChange } from './record.ts';
import { hasMask, irreversible, notShown } from './undo.ts';

/** A target in a plan. */
export interface PlannedTarget {
  /** Null for what an earlier change of the plan creates. */
  readonly id: string | null;
  readonly name: string | null;
  /** The number of the change that creates it, from 1. */
  readonly created_by?: number;
}

/** A change in a plan. Secrets are masked in output, and references in a file. */
export interface PlannedChange {
  readonly call: Endpoint;
  readonly targets: Readonly<Record<string, PlannedTarget>>;
  /** What `dnx api` adds to the path, without `?`. */
  readonly query?: string;
  readonly body: unknown;
  /** What it replaces or deletes, or an action changes; null if that was not read. */
  readonly before: JsonObject | null;
  /** There was no resource of this name. */
  readonly absent?: true;
  readonly deployment?: PlannedDeployment;
  /** Why dnx undo cannot take it back; null if it can. */
  readonly undo?: string | null;
  readonly undoes?: { readonly run: string; readonly n: number };
  readonly about?: readonly JsonObject[];
}

/** What a command would do: what `--dry-run --json` prints, and `--out` writes. */
export interface Plan {
  readonly version: 1;
  readonly host: string;
  readonly created_at?: string;
  readonly changes: readonly PlannedChange[];
  readonly consent: { readonly level: Consent['level'] | null; readonly confirm: string | null };
  readonly abilities: readonly string[];
  readonly about: readonly JsonObject[];
}

/** Why a plan cannot be saved or applied with this change; undefined if it can. */
export function exclusionOf({ call, body }: Pick<PlannedChange, 'call' | 'body'>): string | undefined {
  const { undo, once, secrets, unplanned } = own(operations, call) ?? {};
  if (!undo) return 'dnx does not know this operation';
  const isSent = once !== undefined && secrets?.includes(once) && isObject(body) && body[once] !== undefined;
  return once === undefined || isSent ? unplanned : `a new ${once} is shown only once, by the command that creates it`;
}

/** What turns recorded requests into a plan. */
export interface PlanParts {
  readonly recorder: Pick<ChangeRecorder, 'needed' | 'seen' | 'sourceOf'> & { readonly changes: readonly RecordedChange[] };
  readonly known: readonly Targets[];
  readonly nameOf: Context['nameOf'];
  readonly host: string;
  /** Why the secrets that are replaced are not kept; undefined if they are. */
  readonly unkept: string | undefined;
}

const hasSecret = (query: string): boolean => [...new URLSearchParams(query).keys()].some(isSecretName);

const hiddenQuery = (call: string, value: string, hide: Hide = ({ shown }) => shown): string =>
  String(hide({ call, field: 'query', value, shown: MASK }));

/** The abilities that these changes need. */
export const abilitiesOf = (changes: readonly Pick<PlannedChange, 'call'>[]): readonly string[] => [
  ...new Set(changes.flatMap(({ call }) => needOf(call)?.ability ?? [])),
];

interface ChangeParts extends Pick<PlanParts, 'known' | 'nameOf' | 'unkept'> {
  readonly seen: (id: string) => JsonObject | undefined;
  readonly created: (number: number) => unknown;
}

/** A recorded change as a value without secrets. */
export function plannedChange(change: RecordedChange, parts: ChangeParts, hide?: Hide): PlannedChange {
  const { call, query, body, about, absent, deployment } = change;
  const planned = {
    call,
    targets: Object.fromEntries(Object.entries(targetsOf(change, parts)).map(([noun, target]) => [noun, plannedTarget(target)])),
    body: shownBody(call, body, hide),
    before: replacedBy(change) ?? null,
  };
  const replaced = replacedSecrets(change);
  return {
    ...planned,
    undo: irreversible(planned, (field) => (field in replaced ? parts.unkept : notShown(field))) ?? null,
    ...(query !== undefined && { query: hasSecret(query) ? hiddenQuery(call, query, hide) : query }),
    ...(absent && { absent }),
    ...(deployment && { deployment }),
    ...(about.length > 0 && { about: about.map(({ data }) => data) }),
  };
}

/** The plan of what was recorded, without its facts. */
export function planOf(parts: PlanParts, hide?: Hide): Omit<Plan, 'about'> {
  const { recorder, host } = parts;
  const { level, name } = recorder.needed();
  const named = { ...parts, seen: recorder.seen, created: (number: number) => recorder.changes[number - 1]?.body };
  const changes = recorder.changes.map((change) => plannedChange(change, named, hide));
  const consent = changes.length === 0 ? { level: null, confirm: null } : { level: level ?? null, confirm: name ?? null };
  return { version: 1, host, changes, consent, abilities: abilitiesOf(changes) };
}

/** The plan for a file: its secrets are references to where they were read. Fails for what a plan cannot hold. */
export function planForFile(parts: PlanParts, keep?: World['keep']): Omit<Plan, 'about'> {
  const why = parts.recorder.changes.map((change) => change.unsaved ?? exclusionOf(change)).find((item) => item !== undefined);
  if (why !== undefined) throw usage(`This cannot be saved as a plan: ${why}.`);
  return planOf(parts, (hidden) => {
    const { value, shown } = hidden;
    // What is kept is sent as it was shown, whatever its source has by then.
    const secret = shown === MASK && typeof value === 'string' ? (keep?.(value) ?? parts.recorder.sourceOf(value)) : undefined;
    if (secret === undefined) throw unsaved(hidden);
    return { secret };
  });
}

function unsaved({ call, field, shown }: HiddenValue): DnxError {
  const isDeclared = own(operations, call)?.secrets?.includes(field);
  const why = isDeclared
    ? 'it is a secret that no file has'
    : isSecretField(call, field)
      ? 'dnx does not know this field, which may be a secret'
      : `it may have a secret${shown === MASK ? '' : ' in a URL'}`;
  return usage(
    `The ${field.replaceAll('_', ' ')} cannot be saved in a plan, because ${why}.`,
    isDeclared
      ? 'Read it from a file of the project, with @FILE or --from-file FILE, push a dotenv file, or run the command without --out.'
      : 'Run the command without --out.',
  );
}

/** True for what cannot be taken back, whatever was read before. */
export function isFinal(call: string): boolean {
  const undo = own(operations, call)?.undo;
  return undo === undefined || (typeof undo === 'object' && 'none' in undo);
}

/** The secrets that a change replaces or deletes, as the API showed them. */
export function replacedSecrets(change: Pick<RecordedChange, 'call' | 'body' | 'before'>): JsonObject {
  const { call, before } = change;
  const hidden = isFinal(call) ? [] : Object.entries(replacedBy(change) ?? {}).filter(([, value]) => hasMask(value));
  return Object.fromEntries(hidden.flatMap(([field]) => (isShown(before, field) ? [[field, before?.[field]]] : [])));
}

const isShown = (item: JsonObject | undefined, field: string): boolean =>
  item?.[field] !== undefined && item[field] !== null && !isMask(item[field]) && !isMarkedHidden(item);

/** What a change left, as its response shows it: of what was created, what cannot be a secret; otherwise when it was updated. */
export function answeredWith({ call, body }: Pick<RecordedChange, 'call' | 'body'>, data: unknown): JsonObject | undefined {
  if (!isObject(data)) return undefined;
  const isMade = (field: string, value: unknown) =>
    !(isObject(body) && field in body) && (['number', 'boolean'].includes(typeof value) || /_at$|^status$/.test(field));
  const isTold = (field: string, value: unknown) =>
    createdBy(call) === undefined
      ? field === 'updated_at'
      : !CHANGING.test(field) && !isSecretName(field) && (isMade(field, value) || !mayHoldSecret(call, field, value));
  return Object.fromEntries(Object.entries(data).filter(([field, value]) => isTold(field, value)));
}

/** Fields that change by themselves, which tell nothing of what somebody did. */
const CHANGING = /^(id|created_at|deployment_status|last_\w+|sites_count|size)$/;
/** The same with those that Deploynix makes, or a change elsewhere moves. */
const VOLATILE = /^(id|\w+_id|\w+_at|status|deployment_status|last_\w+|sites_count|size|fingerprint)$/;

/** What a change replaces, deletes or touches, with secrets masked. A secret is compared by when it was written. */
function replacedBy({ call, body, before }: Pick<RecordedChange, 'call' | 'body' | 'before'>): JsonObject | undefined {
  const operation = own(operations, call);
  if (!before || !operation) return undefined;
  const { touches, fields = [], secrets = [] } = operation;
  const pick = (isKept: (field: string) => boolean) => Object.fromEntries(Object.entries(before).filter(([field]) => isKept(field)));
  if (touches) return pick((field) => touches.includes(field));
  if (call.startsWith('POST ')) return undefined;
  const sent = call.startsWith('PUT ') && isObject(body) ? Object.keys(body) : undefined;
  const kept = pick((field) => (sent ? sent.includes(field) : [...fields, ...secrets].includes(field) || !VOLATILE.test(field)));
  const marked = Object.entries(kept).map(([field, value]) => [field, secrets.includes(field) && !isShown(before, field) ? MASK : value]);
  const stamp = (sent ?? Object.keys(kept)).some((field) => isSecretField(call, field)) ? pick((field) => field === 'updated_at') : {};
  return { ...shownFields(call, Object.fromEntries(marked)), ...stamp };
}

function targetsOf({ ids, before }: RecordedChange, { seen, created, known, nameOf }: ChangeParts): Targets {
  const nouns = Object.keys(ids);
  return Object.fromEntries(
    Object.entries(ids).map(([noun, id]): [string, Target] => {
      const creator = creatorOf(id);
      const body = creator === undefined ? undefined : created(creator);
      const found = known.find((item) => item[noun]?.id === id && item[noun]?.label !== id)?.[noun];
      const read = noun === nouns.at(-1) ? before : seen(id);
      const label = found?.label ?? resourceName(isObject(body) ? body : (read ?? {}), noun) ?? nameOf(noun, id) ?? id;
      return [noun, { id, label }];
    }),
  );
}

function plannedTarget({ id, label }: Target): PlannedTarget {
  const creator = creatorOf(id);
  const name = label === id && (creator !== undefined || isId(id)) ? null : label;
  const shown = name && withoutUserinfo(name);
  return creator === undefined ? { id, name: shown } : { id: null, name: shown, created_by: creator };
}

/** A value that may hold a secret, and where it is. */
export interface HiddenValue {
  readonly call: string;
  readonly field: string;
  readonly value: unknown;
  /** What of it can be shown. */
  readonly shown: unknown;
}

/** Replaces a value that may hold a secret. */
export type Hide = (hidden: HiddenValue) => unknown;

const shownOnly: Hide = ({ shown }) => shown;

/** A text without the users and passwords of its URLs: `https://••••••••@example.com`. */
export const withoutUserinfo = (text: string): string => text.replace(USERINFO, `${MASK}@`);

/** True for a field that may hold a secret in this request: every one that its operation does not declare as harmless. */
export const isSecretField = (call: string, field: string): boolean => !own(operations, call)?.fields?.includes(field);

const isScalar = (value: unknown): boolean => !Array.isArray(value) && !isObject(value);
const isPlain = (value: unknown): boolean => [value].flat().every(isScalar);
const isEmpty = (value: unknown): boolean => value === null || value === '' || typeof value === 'boolean';

/** True for a value that may hold a secret. */
export const mayHoldSecret = (call: string, field: string, value: unknown): boolean =>
  !isEmpty(value) && (isSecretField(call, field) || !isPlain(value) || withoutUserinfo(String(value)) !== String(value));

/** The fields of a request or a resource without what may be a secret. What the API hides stays as it is. */
export const shownFields = (call: string, fields: JsonObject, hide: Hide = shownOnly): JsonObject =>
  Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, shownField(call, field, value, hide)]));

function shownField(call: string, field: string, value: unknown, hide: Hide): unknown {
  if (isMask(value) || !mayHoldSecret(call, field, value)) return value;
  if (isSecretField(call, field) || !isPlain(value)) return hide({ call, field, value, shown: MASK });
  const shown = (text: unknown) => (typeof text === 'string' ? withoutUserinfo(text) : text);
  return hide({ call, field, value, shown: Array.isArray(value) ? value.map(shown) : shown(value) });
}

/** A body without what may be a secret. */
export const shownBody = (call: string, body: unknown, hide: Hide = shownOnly): unknown =>
  isObject(body)
    ? shownFields(call, body, hide)
    : body === undefined || body === null
      ? null
      : hide({ call, field: 'body', value: body, shown: MASK });
