import type { Detail } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { counted, inQuotes, quotedName, title, visible } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import { MASK } from '../../platform/names/existing.ts';
import { called, idIn, namings, resourceName, type Target, type Targets } from '../../platform/names/names.ts';
import { consentedValue, fieldWords, isLong, shownValue, titleName } from '../../platform/names/value.ts';
import { createdBy, severeOperations } from '../../platform/operations.ts';
import type { PlannedDeployment } from '../language/command.ts';
import { columns, type Section, sections, type View } from '../output/view.ts';
import { where } from '../run/consent.ts';
import type { Plan, PlannedChange, PlannedTarget } from './plan.ts';
import { withoutUserinfo } from './plan.ts';
import { creatorOf } from './record.ts';

/** A plan as people see it: each change, what is known of it, and what all of them need. `details`: of each change, and of all. */
export function planView(plan: Plan, nameOf: NameOf, details: PlanDetails): View<never> {
  const { changes, consent, abilities } = plan;
  const consented = details.consent ?? (consent.level === 'moderate' ? '--yes' : `--confirm ${consent.confirm ?? 'NAME'}`);
  const needs: readonly Detail[] = [
    ...details.whole,
    ...(abilities.length > 0 ? [['needs', abilities.join(', ')] as const] : []),
    ...(changes.length > 0 ? [['undo', undoWords(changes)] as const] : []),
    ...(consent.level ? [['consent', consented] as const] : []),
  ];
  const blocks = changes.map((change, at) => changeSection(change, nameOf, { more: details.each[at], sent: details.sent?.[at] }));
  const shown = columns<Plan>('version', 'host', 'changes', 'consent', 'abilities', 'about');
  // No output of its own: what --dry-run prints is a plan, for every command.
  return sections(plan as never, shown, [
    ...blocks,
    onLines(changes.length === 0 ? 'Nothing would change' : countedChanges(changes), needs),
  ]);
}

/** A title and its details, of which each is one line, whatever is in them. */
export const onLines = (title: string, details: readonly Detail[]): Section => ({
  title: visible(title),
  details: details.map(([label, text]) => [visible(label), visible(text)]),
});

interface ChangeParts {
  readonly more?: readonly Detail[] | undefined;
  /** The body with its secrets, if who consents to it sees this. */
  readonly sent?: unknown;
}

/** A change as people see it, in a plan, a question and the history: its title, and a line for each field. */
export const changeSection = (change: PlannedChange, nameOf: NameOf, { more = [], sent }: ChangeParts = {}): Section =>
  onLines(changeTitle(change, nameOf), [
    ...targetDetails(change),
    ...more,
    ...fieldDetails(change, sent),
    ...(change.deployment ? verifyDetails(change.deployment) : []),
  ]);

/** What a title has no room for: long names, and the id of what is deleted, because another one may have the same name. */
function targetDetails({ call, targets }: PlannedChange): readonly Detail[] {
  const id = severeOperations.includes(call) ? Object.values(targets).at(-1)?.id : undefined;
  const long = Object.entries(targets).filter(([, { name }]) => isLong(name));
  return [...long.map(([noun, { name }]) => [title(noun), shownValue(name)] as const), ...(id ? [['id', id] as const] : [])];
}

interface PlanDetails {
  readonly each: readonly (readonly Detail[])[];
  readonly whole: readonly Detail[];
  /** The options that consent, if several names do. */
  readonly consent?: string;
  /** The bodies with their secrets, for who consents to them. */
  readonly sent?: readonly unknown[] | undefined;
}

type NameOf = (noun: string, id: string) => string | undefined;

function undoWords(changes: readonly PlannedChange[]): string {
  const reasons = [...new Set(changes.flatMap(({ undo }) => undo ?? []))];
  if (reasons.length === 0) return 'dnx undo';
  return changes.every(({ undo }) => undo) ? `not possible: ${reasons.join(' ')}` : `in part, with dnx undo. ${reasons.join(' ')}`;
}

/** `1 change`, `3 changes`. */
export const countedChanges = ({ length }: readonly unknown[]): string => counted(length, 'change');

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

const labeled = (targets: PlannedChange['targets']): Targets =>
  Object.fromEntries(
    Object.entries(targets).map(([noun, target]): [string, Target] => [noun, { id: target.id ?? '', label: labelOf(target) }]),
  );

const labelOf = ({ id, name, created_by }: PlannedTarget): string => titleName(name ?? id ?? `created by change ${created_by}`);

/** `~ update cron job 'php artisan report' on web-1`. */
export const changeTitle = (change: PlannedChange, nameOf: NameOf): string => visible(withoutUserinfo(titleOf(change, nameOf)));

function titleOf({ call, body, ...change }: PlannedChange, nameOf: NameOf): string {
  const targets = { ...siteIn(body, nameOf), ...labeled(change.targets) };
  const [method = '', path = ''] = call.split(' ');
  const noun = Object.keys(targets).at(-1) ?? '';
  const target = targets[noun];
  const last = path.split('/').at(-1) ?? '';
  if (last.startsWith('{') && target) {
    const verb = method === 'DELETE' ? (noun === 'token' ? 'revoke' : 'delete') : 'update';
    return `${method === 'DELETE' ? '-' : '~'} ${verb} ${called(noun, target)}${where(targets, noun)}`;
  }
  const created = createdBy(call);
  if (created && created !== 'backup') {
    const name = isObject(body) ? resourceName(body, created) : undefined;
    return `+ create ${name === undefined ? title(created) : called(created, { label: titleName(name) })}${where(targets, created)}`;
  }
  const action = own(actions, last) ?? last.replaceAll('-', ' ');
  if (!target) return `* ${own(actions, last) ?? `send ${quotedName(call)}`}`;
  // A site is clear by its domain.
  const what =
    noun === 'site' ? `${quotedName(target.label)}${targets.server ? ` (${quotedName(targets.server.label)})` : ''}` : called(noun, target);
  return `* ${action} ${what}${noun === 'site' ? '' : where(targets, noun)}`;
}

function siteIn(body: unknown, nameOf: NameOf): Targets {
  const id = isObject(body) ? idIn(body.site_id) : undefined;
  return id === undefined ? {} : { site: { id, label: nameOf('site', id) ?? id } };
}

/** The fields that are sent, and what they replace. What a title names is left out. */
export function fieldDetails({ query, ...change }: FieldsOf, sent?: unknown): readonly Detail[] {
  if (query !== undefined) return [['query', query], ...fieldDetails(change, sent)];
  const { call, body, before, targets } = change;
  if (!isObject(body)) return body === undefined || body === null ? [] : [['body', shownValue(body)]];
  const noun = createdBy(call);
  const named = noun === undefined ? undefined : namings[noun]?.keys[0];
  // The name of a variable tells what its value is.
  const nameOf = (field: string) => (field === 'value' ? String(body.key ?? targets.variable?.name ?? field) : field);
  return Object.entries(body)
    .filter(([field, value]) => field !== named || isLong(value))
    .map(([field, value]): Detail => {
      const old = call.startsWith('PUT ') && before && field in before ? before[field] : undefined;
      const whole = isObject(sent) ? sent[field] : undefined;
      const creator = field.endsWith('_id') && typeof value === 'string' ? creatorOf(value) : undefined;
      if (creator !== undefined) return [fieldWords(field), `that of change ${creator}`];
      const words = whole !== undefined && isHidden(value) ? consentedValue(nameOf(field), whole) : wordsOf(value);
      return [fieldWords(field), old === undefined ? words : `${wordsOf(old)} → ${words}`];
    });
}

type FieldsOf = Pick<PlannedChange, 'call' | 'query' | 'body' | 'before' | 'targets'>;

const isHidden = (value: unknown): boolean => value === MASK || isReference(value);

const isReference = (value: unknown): value is { readonly secret: string } => isObject(value) && typeof value.secret === 'string';

const wordsOf = (value: unknown): string =>
  isReference(value) ? `from ${shownValue(value.secret)}` : Array.isArray(value) && value.length === 0 ? 'none' : shownValue(value);

/** How a deployment is verified, and what happens if that fails. */
export function verifyDetails({ verify, rollback_on_fail }: PlannedDeployment): readonly Detail[] {
  if (!verify) return [];
  const { path, expect, expect_body: text, for: times, within_s } = verify;
  const words = [
    `${path} must return ${expect}${text === null ? '' : ` and contain ${inQuotes(text)}`}`,
    ...(times > 1 ? [`${times} times in a row`] : []),
    `within ${duration(within_s * 1000)}`,
  ];
  return [['verify', words.join(' ')], ...(rollback_on_fail ? [['if it fails', 'roll back'] as const] : [])];
}

/** The commit that a deployment is held to. */
export const commitDetails = ({ commit, branch }: PlannedDeployment): readonly Detail[] =>
  commit === null ? [] : [['commit', `${commit.slice(0, 7)}${branch === null ? '' : ` of ${branch}`}`]];
