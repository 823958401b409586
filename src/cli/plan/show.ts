import type { Detail } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { title, wordOf } from '../../base/text.ts';
import { fieldWords, shownValue } from '../../platform/names/existing.ts';
import { called, idIn, resourceName, type Target, type Targets } from '../../platform/names/names.ts';
import { namings } from '../../platform/names/namings.ts';
import { createdBy } from '../../platform/operations.ts';
import { columns, type Section, sections, type View } from '../output/view.ts';
import { where } from '../run/consent.ts';
import { verifyDetails } from './deployment.ts';
import type { Plan, PlannedChange, PlannedTarget } from './plan.ts';

/** A plan as people see it: each change, what is known of it, and what all of them need. `details`: of each change, and of all. */
export function planView(plan: Plan, nameOf: (noun: string, id: string) => string | undefined, details: PlanDetails): View {
  const { changes, consent, abilities } = plan;
  const needs: readonly Detail[] = [
    ...details.whole,
    ...(abilities.length > 0 ? [['needs', abilities.join(', ')] as const] : []),
    ...(changes.length > 0 ? [['undo', undoWords(changes)] as const] : []),
    ...(consent.level ? [['consent', consent.level === 'moderate' ? '--yes' : `--confirm ${consent.confirm ?? 'NAME'}`] as const] : []),
  ];
  const blocks: readonly Section[] = changes.map((change, at) => ({
    title: changeTitle(change, nameOf),
    details: [...(details.each[at] ?? []), ...fieldDetails(change), ...(change.deployment ? verifyDetails(change.deployment) : [])],
  }));
  const shown = columns<Plan>('version', 'host', 'changes', 'consent', 'abilities', 'about');
  return sections(plan, shown, [
    ...blocks,
    { title: changes.length === 0 ? 'Nothing would change' : countedChanges(changes), details: needs },
  ]);
}

/** What is shown of the changes besides their fields. */
export interface PlanDetails {
  readonly each: readonly (readonly Detail[])[];
  readonly whole: readonly Detail[];
}

/** Whether `dnx undo` takes the changes back. */
function undoWords(changes: readonly PlannedChange[]): string {
  const reasons = [...new Set(changes.flatMap(({ undo }) => undo ?? []))];
  if (reasons.length === 0) return 'dnx undo';
  return changes.every(({ undo }) => undo) ? `not possible: ${reasons.join(' ')}` : `in part, with dnx undo. ${reasons.join(' ')}`;
}

/** `1 change`, `3 changes`. */
export const countedChanges = ({ length }: readonly unknown[]): string => `${length} change${length === 1 ? '' : 's'}`;

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

const labeled = (targets: PlannedChange['targets']): Targets =>
  Object.fromEntries(Object.entries(targets).map(([noun, each]): [string, Target] => [noun, { id: each.id ?? '', label: labelOf(each) }]));

const labelOf = ({ id, name, created_by }: PlannedTarget): string => name ?? id ?? `created by change ${created_by}`;

/** `~ update cron job 'php artisan report' on web-1`. */
export function changeTitle({ call, body, ...change }: PlannedChange, nameOf: (noun: string, id: string) => string | undefined): string {
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
    return `+ create ${name === undefined ? title(created) : called(created, { label: name })}${where(targets, created)}`;
  }
  const action = own(actions, last) ?? last.replaceAll('-', ' ');
  if (!target) return `* ${own(actions, last) ?? `send ${call}`}`;
  // A site is clear by its domain.
  const what = noun === 'site' ? `${target.label}${targets.server ? ` (${targets.server.label})` : ''}` : called(noun, target);
  return `* ${action} ${what}${noun === 'site' ? '' : where(targets, noun)}`;
}

/** The site that a body names by its id. */
function siteIn(body: unknown, nameOf: (noun: string, id: string) => string | undefined): Targets {
  const id = isObject(body) ? idIn(body.site_id) : undefined;
  return id === undefined ? {} : { site: { id, label: nameOf('site', id) ?? id } };
}

/** The fields that are sent, and what they replace. What a title names is left out. */
export function fieldDetails({ call, query, body, before }: Pick<PlannedChange, 'call' | 'query' | 'body' | 'before'>): readonly Detail[] {
  if (query !== undefined) return [['query', query], ...fieldDetails({ call, body, before })];
  if (!isObject(body)) return body === undefined || body === null ? [] : [['body', wordOf(body)]];
  const noun = createdBy(call);
  const named = noun === undefined ? undefined : namings[noun]?.keys[0];
  return Object.entries(body)
    .filter(([field]) => field !== named)
    .map(([field, value]): Detail => {
      const old = call.startsWith('PUT ') && before && field in before ? before[field] : undefined;
      return [fieldWords(field), old === undefined ? wordsOf(value) : `${wordsOf(old)} → ${wordsOf(value)}`];
    });
}

function wordsOf(value: unknown): string {
  if (isObject(value) && typeof value.secret === 'string') return `from ${value.secret}`;
  return Array.isArray(value) ? value.map(shownValue).join(', ') || 'none' : shownValue(value);
}
