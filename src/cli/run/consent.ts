import { DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { plural, title } from '../../base/text.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { namings, type Target, type Targets, targetOf } from '../../platform/names/names.ts';
import type { Context } from '../language/command.ts';
import type { Invocation } from './program.ts';

interface Given {
  readonly yes?: boolean;
  readonly confirm?: string;
}

/** Refuses at once, before any request, where consent is needed, was not given, and nobody can be asked. */
export function requireConsent({ command, words }: Invocation, ask: Context['ask']): void {
  const { yes, confirm } = words as Given;
  if (!command.consent || ask.allowed) return;
  if (command.consent.level === 'severe' && confirm === undefined) {
    throw usage(
      'This cannot be undone, and nobody can be asked.',
      `${yes ? '--yes is not enough here: pass' : 'Pass'} --confirm with the name.`,
    );
  }
  if (command.consent.level === 'moderate' && !yes) throw usage('This needs a confirmation, and nobody can be asked.', 'Pass --yes.');
}

/** Says what will happen and where, and gets the user's word for it, unless an option already gives it. */
export async function obtainConsent(
  { group, command, words }: Invocation,
  all: readonly Targets[],
  ctx: Pick<Context, 'ask' | 'progress' | 'api'>,
): Promise<void> {
  const { consent } = command;
  const [first] = all;
  if (!consent || !first) return;
  const { yes, confirm } = words as Given;
  if (consent.level === 'moderate' && yes) return;
  const own = first[group.noun];
  const what =
    all.length > 1 ? `${all.length} ${plural(title(group.noun))} (${labels(all, group.noun)})` : `${title(group.noun)} ${own?.label ?? ''}`;
  const doing = own ? `${consent.verb ?? capital(command.summary.split(' ')[0] ?? command.name)} ${what}` : command.summary;
  const sentence = `${doing}${where(first, group.noun)}`;
  if (consent.level === 'moderate') {
    if (consent.warning) ctx.progress.warn(consent.warning);
    if (!(await ctx.ask.confirm(`${sentence}?`))) throw new DnxError('interrupted', 'Nothing was done.');
    return;
  }
  if (!own) throw new Error(`${command.name} is severe but has no target`);
  if (all.length > 1) throw usage('What cannot be undone is done to one at a time. Nothing was done.');
  if (confirm !== undefined && (confirm === own.label || confirm === own.id)) return;
  const name = await nameOf(group.noun, own, first, ctx);
  if (confirm === undefined) ctx.progress.warn(`${sentence}. ${consent.warning ?? 'This cannot be undone.'}`);
  const typed = confirm ?? (await ctx.ask.input(`Type ${name} to go on:`));
  if (typed !== name) throw usage(`“${typed}” is not the name of this ${title(group.noun)}. Nothing was done.`, `Its name is ${name}.`);
}

/** The name of a thing that was given by its id. */
async function nameOf(noun: string, own: Target, targets: Targets, { api }: Pick<Context, 'api'>): Promise<string> {
  const naming = namings[noun];
  if (!naming || own.label !== own.id) return own.label;
  const ids = Object.fromEntries(Object.entries(targets).map(([key, target]) => [key, target.id]));
  const { data } = await api.send(`${naming.list}/{${noun}}` as Endpoint, ids);
  return isObject(data) ? targetOf({ id: own.id, ...data }, noun).label : own.id;
}

const labels = (all: readonly Targets[], noun: string): string => all.map((each) => each[noun]?.label).join(', ');
const where = (targets: Targets, noun: string): string =>
  Object.entries(targets)
    .filter(([name]) => name !== noun)
    .map(([name, { label }]) => ` on ${title(name)} ${label}`)
    .reverse()
    .join('');
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
