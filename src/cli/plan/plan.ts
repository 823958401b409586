import { usage } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { isSecretName } from '../../base/secrets.ts';
import { isMask, wordOf } from '../../base/text.ts';
import type { World } from '../../machine/world.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { isMarkedHidden, MASK } from '../../platform/names/existing.ts';
import { isSame } from '../../platform/names/match.ts';
import { isId, resourceName, type Target, type Targets } from '../../platform/names/names.ts';
import { createdBy, needOf, operations } from '../../platform/operations.ts';
import type { Consent, Context } from '../language/command.ts';
import type { PlannedDeployment } from './deployment.ts';
import { creatorOf, type RecordedChange, type Recorder } from './record.ts';
import { irreversible, notShown } from './undo.ts';

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
  /** As the API reference writes it. */
  readonly call: Endpoint;
  readonly targets: Readonly<Record<string, PlannedTarget>>;
  /** What `dnx api` adds to the path, without `?`. */
  readonly query?: string;
  readonly body: unknown;
  /** What it replaces or deletes, or an action changes; null if that was not read. */
  readonly before: JsonObject | null;
  /** There was no resource of this name. */
  readonly absent?: true;
  /** Sent even if an earlier change fails, to put something back. */
  readonly always?: true;
  readonly deployment?: PlannedDeployment;
  /** Why dnx undo cannot take it back; null if it can. */
  readonly undo?: string | null;
  /** The change of the history on this machine that it takes back. */
  readonly undoes?: { readonly run: string; readonly n: number };
  readonly about?: readonly JsonObject[];
}

/** What a command would do: what `--dry-run --json` prints, and `--out` writes. */
export interface Plan {
  readonly version: 1;
  readonly host: string;
  /** In a file. */
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
  readonly recorder: Recorder;
  /** Targets that were looked up. */
  readonly known: readonly Targets[];
  readonly nameOf: Context['nameOf'];
  readonly host: string;
  /** The fields that the command declares as secrets. */
  readonly secrets: readonly string[];
  /** Why the secrets that are replaced are not kept; undefined if they are. */
  readonly unkept: string | undefined;
}

/** True for a field that holds a secret in this request. */
export const isSecretField = (call: string, field: string, declared: readonly string[] = []): boolean =>
  declared.includes(field) || isSecretName(field) || (field === 'value' && call.includes('/environment-variables'));

const hasSecret = (query: string): boolean => [...new URLSearchParams(query).keys()].some(isSecretName);

/** The abilities that these changes need. */
export const abilitiesOf = (changes: readonly Pick<PlannedChange, 'call'>[]): readonly string[] => [
  ...new Set(changes.flatMap(({ call }) => needOf(call)?.ability ?? [])),
];

/** What names the targets of a change, and its secrets. */
interface ChangeParts extends Pick<PlanParts, 'known' | 'nameOf' | 'secrets' | 'unkept'> {
  /** The last reading of a resource with this id. */
  readonly seen: (id: string) => JsonObject | undefined;
  /** The body of the change with this number, from 1. */
  readonly created: (number: number) => unknown;
}

/** A recorded change as a value without secrets. `hidden` replaces one. */
export function plannedChange(
  change: RecordedChange,
  parts: ChangeParts,
  hidden: (value: unknown, field: string) => unknown = () => MASK,
): PlannedChange {
  const { call, query, body, about, always, absent, deployment } = change;
  const isSecret = (field: string) => isSecretField(call, field, parts.secrets);
  const planned = {
    call,
    targets: Object.fromEntries(Object.entries(targetsOf(change, parts)).map(([noun, target]) => [noun, plannedTarget(target)])),
    body: withoutSecrets(body, isSecret, hidden) ?? null,
    before: replacedBy(change, isSecret) ?? null,
  };
  const replaced = replacedSecrets(change);
  return {
    ...planned,
    undo: irreversible(planned, (field) => (field in replaced ? parts.unkept : notShown(field))) ?? null,
    ...(query !== undefined && { query: hasSecret(query) ? (hidden(query, 'query') as string) : query }),
    ...(absent && { absent }),
    ...(always && { always }),
    ...(deployment && { deployment }),
    ...(about.length > 0 && { about: about.map(({ data }) => data) }),
  };
}

/** The plan of what was recorded, without its facts. */
export function planOf(parts: PlanParts, hidden?: (value: unknown, field: string) => unknown): Omit<Plan, 'about'> {
  const { recorder, host } = parts;
  const { level, name } = recorder.needed();
  const named = { ...parts, seen: recorder.seen, created: (number: number) => recorder.changes[number - 1]?.body };
  const changes = recorder.changes.map((change) => plannedChange(change, named, hidden));
  const consent = changes.length === 0 ? { level: null, confirm: null } : { level: level ?? null, confirm: name ?? null };
  return { version: 1, host, changes, consent, abilities: abilitiesOf(changes) };
}

/** The plan for a file: its secrets are references to where they were read. Fails for what a plan cannot hold. */
export function planForFile(parts: PlanParts, keep?: World['keep']): Omit<Plan, 'about'> {
  const why = parts.recorder.changes.map((change) => change.unsaved ?? exclusionOf(change)).find((each) => each !== undefined);
  if (why !== undefined) throw usage(`This cannot be saved as a plan: ${why}.`);
  return planOf(parts, (value, field) => {
    // What is kept is sent as it was shown, whatever its source has by then.
    const secret = keep?.(wordOf(value)) ?? parts.recorder.sourceOf(wordOf(value));
    if (secret !== undefined) return { secret };
    throw usage(
      `The ${field.replaceAll('_', ' ')} cannot be saved in a plan, because it is a secret that was typed.`,
      'Read it from a file of the project, with @FILE or --from-file FILE, or push a dotenv file.',
    );
  });
}

/** A value with its secrets replaced. What the API hides stays as it is. */
function withoutSecrets(value: unknown, isSecret: (field: string) => boolean, hidden: (value: unknown, field: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, isSecret, hidden));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([field, each]): [string, unknown] => [
    field,
    isSecret(field) && each !== null && each !== '' && !isMask(each) ? hidden(each, field) : withoutSecrets(each, isSecret, hidden),
  ]);
  return Object.fromEntries(entries);
}

/** The secrets that a change replaces or deletes, as the API showed them. */
export function replacedSecrets({ call, body, before }: Pick<RecordedChange, 'call' | 'body' | 'before'>): JsonObject {
  const isSecret = (field: string) => isSecretField(call, field);
  const fields = Object.keys(replacedBy({ call, body, before }, isSecret) ?? {}).filter(isSecret);
  return Object.fromEntries(fields.flatMap((field) => (isShown(before, field) ? [[field, before?.[field]]] : [])));
}

/** True for a secret that the API shows. */
const isShown = (item: JsonObject | undefined, field: string): boolean =>
  item?.[field] !== undefined && item[field] !== null && !isMask(item[field]) && !isMarkedHidden(item);

/** What a change left, as its response shows it: of what was created, what cannot be a secret; otherwise when it was updated. */
export function answeredWith({ call, body }: Pick<RecordedChange, 'call' | 'body'>, data: unknown): JsonObject | undefined {
  if (!isObject(data)) return undefined;
  const isHarmless = (field: string, value: unknown) =>
    own(operations, call)?.fields?.includes(field) ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    /_at$|^status$/.test(field) ||
    (isObject(body) && isSame(body[field], value));
  const isTold = (field: string, value: unknown) =>
    createdBy(call) === undefined
      ? field === 'updated_at'
      : !CHANGING.test(field) && !isSecretField(call, field) && isHarmless(field, value);
  return Object.fromEntries(Object.entries(data).filter(([field, value]) => isTold(field, value)));
}

/** Fields that change by themselves, which tell nothing of what somebody did. */
const CHANGING = /^(id|created_at|deployment_status|last_\w+|sites_count|size)$/;
/** The same with those that a change elsewhere moves. */
const VOLATILE = /^(status|deployment_status|updated_at|last_\w+|sites_count|size)$/;

/** What a change replaces, deletes or touches, with secrets masked. A secret is compared by when it was written. */
function replacedBy(
  { call, body, before }: Pick<RecordedChange, 'call' | 'body' | 'before'>,
  isSecret: (field: string) => boolean,
): JsonObject | undefined {
  if (!before) return undefined;
  const touched = operations[call]?.touches;
  const sent = call.startsWith('PUT ') && isObject(body) ? body : undefined;
  const kept = Object.entries(before).filter(([field]) =>
    touched
      ? touched.includes(field)
      : sent
        ? field in sent || (field === 'updated_at' && Object.keys(sent).some(isSecret))
        : !VOLATILE.test(field),
  );
  if (call.startsWith('POST ') && !touched) return undefined;
  const shown = kept.map(([field, value]) => [field, isSecret(field) && !isShown(before, field) ? MASK : value]);
  return withoutSecrets(Object.fromEntries(shown), isSecret, () => MASK) as JsonObject;
}

/** The targets of a change, by the names that were given or read. */
function targetsOf({ ids, before }: RecordedChange, { seen, created, known, nameOf }: ChangeParts): Targets {
  const nouns = Object.keys(ids);
  return Object.fromEntries(
    Object.entries(ids).map(([noun, id]): [string, Target] => {
      const creator = creatorOf(id);
      const body = creator === undefined ? undefined : created(creator);
      const found = known.find((each) => each[noun]?.id === id && each[noun]?.label !== id)?.[noun];
      const read = noun === nouns.at(-1) ? before : seen(id);
      const label = found?.label ?? resourceName(isObject(body) ? body : (read ?? {}), noun) ?? nameOf(noun, id) ?? id;
      return [noun, { id, label }];
    }),
  );
}

function plannedTarget({ id, label }: Target): PlannedTarget {
  const creator = creatorOf(id);
  const name = label === id && (creator !== undefined || isId(id)) ? null : label;
  return creator === undefined ? { id, name } : { id: null, name, created_by: creator };
}
