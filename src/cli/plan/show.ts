import type { Detail } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { isMask, title, wordOf } from '../../base/text.ts';
import { needOf } from '../../platform/abilities.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { fieldWords, MASK, shownValue } from '../../platform/names/existing.ts';
import { called, idIn, isId, resourceName, type Target, type Targets } from '../../platform/names/names.ts';
import { namings, nounIn } from '../../platform/names/namings.ts';
import type { Context } from '../language/command.ts';
import { secretFields } from '../language/resource.ts';
import { columns, type Result, sections } from '../output/view.ts';
import { where } from '../run/consent.ts';
import type { Invocation } from '../run/invocation.ts';
import { creatorOf, type Fact, type RecordedChange, type Recorder } from './record.ts';

/** A target in a plan. */
interface PlannedTarget {
  /** Null for what an earlier change of the plan creates. */
  readonly id: string | null;
  readonly name: string | null;
  /** The number of the change that creates it, from 1. */
  readonly created_by?: number;
}

/** A change in a plan. Secrets are masked. */
interface PlannedChange {
  /** As the API reference writes it. */
  readonly call: string;
  readonly targets: Readonly<Record<string, PlannedTarget>>;
  readonly body: unknown;
  /** The values that it replaces or deletes; null if they were not read. */
  readonly before: JsonObject | null;
  readonly about?: readonly JsonObject[];
}

/** What a command would do: what `--dry-run --json` prints. */
interface Plan {
  readonly version: 1;
  readonly host: string;
  readonly changes: readonly PlannedChange[];
  readonly consent: { readonly level: 'moderate' | 'severe' | null; readonly confirm: string | null };
  readonly abilities: readonly string[];
  readonly about: readonly JsonObject[];
}

/** What turns recorded requests into a plan. */
interface Planned {
  readonly invocation: Invocation;
  readonly recorder: Recorder;
  /** Targets that were looked up. */
  readonly known: readonly Targets[];
  readonly nameOf: Context['nameOf'];
  readonly host: string;
}

/** The result of a dry run: the plan, and how the command would have ended if it had failed before it sent anything. */
export function planResult({ invocation, recorder, host, ...planned }: Planned, result: Result): Result {
  const { changes } = recorder;
  const { level, name } = recorder.needed();
  const declared = secretFields({ ...invocation.command.options, ...invocation.command.fields });
  const isSecret = (field: string) => declared.includes(field) || SECRET.test(field);
  const shown = changes.map((change) => {
    const targets = targetsOf(change, recorder, planned);
    const hides = (field: string) => isSecret(field) || (field === 'value' && change.call.includes('/environment-variables'));
    return { change, targets, body: masked(change.body, hides), before: beforeOf(change, hides) };
  });
  const consent = changes.length === 0 ? { level: null, confirm: null } : { level: level ?? null, confirm: name ?? null };
  const abilities = [...new Set(changes.flatMap(({ call }) => needOf(call)?.ability ?? []))];
  const facts = [...recorder.facts(), ...(changes.length === 0 ? factOf(result) : [])];
  const plan: Plan = {
    version: 1,
    host,
    changes: shown.map(({ change: { call, about }, targets, body, before }) => ({
      call,
      targets: Object.fromEntries(Object.entries(targets).map(([noun, target]) => [noun, plannedTarget(target)])),
      body: body ?? null,
      before: before ?? null,
      ...(about.length > 0 && { about: about.map(({ data }) => data) }),
    })),
    consent,
    abilities,
    about: facts.map(({ data }) => data),
  };
  const needs: readonly Detail[] = [
    ...facts.flatMap(({ details }) => details),
    ...(abilities.length > 0 ? [['needs', abilities.join(', ')] as const] : []),
    ...(consent.level ? [['consent', consent.level === 'moderate' ? '--yes' : `--confirm ${consent.confirm ?? 'NAME'}`] as const] : []),
  ];
  const blocks = shown.map(({ change, targets, body, before }) => ({
    title: sentenceOf(change.call, { ...siteIn(body, planned), ...targets }, body),
    details: [...change.about.flatMap(({ details }) => details), ...fieldDetails(change, body, before)],
  }));
  return {
    view: sections(plan, columns<Plan>('version', 'host', 'changes', 'consent', 'abilities', 'about'), [
      ...blocks,
      { title: counted(changes), details: needs },
    ]),
    ...(changes.length > 0 && { note: 'Nothing was changed.' }),
    exit: result.exit ?? (invocation.plan.exitCode && changes.length > 0 ? 10 : undefined),
  };
}

const counted = ({ length }: readonly unknown[]): string =>
  length === 0 ? 'Nothing would change' : `${length} change${length === 1 ? '' : 's'}`;

/** What a command says that would send nothing. */
function factOf({ view }: Result): readonly Fact[] {
  if (view.kind === 'message') return isObject(view.data) ? [{ data: view.data, details: [['because', view.text]] }] : [];
  return view.kind === 'record' ? [{ data: view.item, details: view.details ?? [] }] : [];
}

/** Fields whose values are secrets, in every request. */
const SECRET = /(^|_)(password|token|secret|private_key|api_key)$/i;

/** A value without secrets. What the API hides stays as it is. */
function masked(value: unknown, isSecret: (field: string) => boolean): unknown {
  if (Array.isArray(value)) return value.map((each) => masked(each, isSecret));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, each]) => [
      field,
      isSecret(field) && each !== null && each !== '' && !isMask(each) ? MASK : masked(each, isSecret),
    ]),
  );
}

/** The values that a change replaces or deletes, without secrets. */
function beforeOf({ call, body, before }: RecordedChange, isSecret: (field: string) => boolean): JsonObject | undefined {
  if (!before || call.startsWith('POST ')) return undefined;
  const kept =
    call.startsWith('PUT ') && isObject(body) ? Object.entries(before).filter(([field]) => field in body) : Object.entries(before);
  return masked(Object.fromEntries(kept), isSecret) as JsonObject;
}

function targetsOf({ ids, before }: RecordedChange, recorder: Recorder, { known, nameOf }: Pick<Planned, 'known' | 'nameOf'>): Targets {
  const nouns = Object.keys(ids);
  return Object.fromEntries(
    Object.entries(ids).map(([noun, id]): [string, Target] => {
      const creator = creatorOf(id);
      const body = creator === undefined ? undefined : recorder.changes[creator - 1]?.body;
      const found = known.find((each) => each[noun]?.id === id && each[noun]?.label !== id)?.[noun];
      const read = noun === nouns.at(-1) ? before : recorder.seen(id);
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

/** The site that a body names by its id. */
function siteIn(body: unknown, { known, nameOf }: Pick<Planned, 'known' | 'nameOf'>): Targets {
  const id = isObject(body) ? idIn(body.site_id) : undefined;
  if (id === undefined) return {};
  return { site: known.find(({ site }) => site?.id === id)?.site ?? { id, label: nameOf('site', id) ?? id } };
}

/** What an action does with its target, by the last part of its path. */
const actions: Readonly<Record<string, string>> = {
  'schedule-deploy': 'schedule a deployment of',
  'cancel-scheduled-deploy': 'cancel the scheduled deployment of',
  rollback: 'roll back',
  'enable-zero-downtime': 'turn on zero-downtime releases for',
  pull: 'import the .env of',
  backups: 'back up',
  'setup-deploy-key': 'set up the deploy key of',
  'enable-auto-deploy': 'turn on auto-deploy for',
  'disable-auto-deploy': 'turn off auto-deploy for',
  logout: 'revoke the token in use',
  application: 'back up',
};

/** `~ update cron job 'php artisan report' on web-1`. */
function sentenceOf(call: string, targets: Targets, body: unknown): string {
  const [method = '', path = ''] = call.split(' ');
  const nouns = Object.keys(targets);
  const noun = nouns.at(-1) ?? '';
  const target = targets[noun];
  const last = path.split('/').at(-1) ?? '';
  if (last.startsWith('{') && target) {
    const verb = method === 'DELETE' ? (noun === 'token' ? 'revoke' : 'delete') : 'update';
    return `${method === 'DELETE' ? '-' : '~'} ${verb} ${called(noun, target)}${where(targets, noun)}`;
  }
  const created = method === 'POST' ? createdBy(call) : undefined;
  if (created && created !== 'backup') {
    const name = isObject(body) ? resourceName(body, created) : undefined;
    return `+ create ${name === undefined ? title(created) : called(created, { label: name })}${where(targets, created)}`;
  }
  const action = own(actions, last) ?? last.replaceAll('-', ' ');
  if (!target) return `* ${own(actions, last) ?? `send ${call}`}`;
  // A site is clear by its domain.
  const what = noun === 'site' ? `${target.label}${targets.server ? ` (${targets.server.label})` : ''}` : called(noun, target);
  return `* ${action} ${what}${noun === 'site' ? '' : where(targets, noun)}`;
}

/** The noun of what a POST to a list creates. */
const createdBy = (call: string): string | undefined => nounIn(call.replace('POST ', 'GET ') as Endpoint);

/** The fields that are sent, and what they replace. */
function fieldDetails({ call }: RecordedChange, body: unknown, before: JsonObject | undefined): readonly Detail[] {
  if (!isObject(body)) return body === undefined || body === null ? [] : [['body', wordOf(body)]];
  const created = call.startsWith('POST ') ? createdBy(call) : undefined;
  const shown = Object.entries(body).filter(([field]) => created === undefined || field !== namings[created]?.keys[0]);
  return shown.map(([field, value]): Detail => {
    const old = call.startsWith('PUT ') && before && field in before ? before[field] : undefined;
    return [fieldWords(field), old === undefined ? wordsOf(value) : `${wordsOf(old)} → ${wordsOf(value)}`];
  });
}

const wordsOf = (value: unknown): string => (Array.isArray(value) ? value.map(shownValue).join(', ') || 'none' : shownValue(value));
