import { cancelled, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { capitalized, plural, title } from '../../base/text.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { idsOf, namings, type Target, type Targets, targetOf } from '../../platform/names/names.ts';
import { type Consent, type Context, nounOf } from '../language/command.ts';
import { consentLevel } from '../language/tree.ts';
import type { Invocation } from './invocation.ts';

/** Refuses at once, before any request, where consent is needed, was not given, and nobody can be asked. */
export function requireConsent({ command, consent: { yes, confirm } }: Invocation, ask: Context['ask']): void {
  if (!command.consent || typeof command.consent === 'function' || ask.allowed) return;
  const level = consentLevel(command);
  if (level === 'severe' && confirm === undefined) {
    throw usage(
      'This cannot be undone, and nobody can be asked.',
      `${yes ? '--yes is not enough here: pass' : 'Pass'} --confirm with the name.`,
    );
  }
  if (level === 'moderate' && !yes) throw usage('This needs a confirmation, and nobody can be asked.', 'Pass --yes.');
}

/** Says what will happen and where, and gets the user's word for it, unless an option already gives it. */
export async function obtainConsent(
  invocation: Invocation,
  all: readonly Targets[],
  { ctx, args }: { readonly ctx: Context; readonly args: unknown },
): Promise<void> {
  const { command } = invocation;
  const declared = typeof command.consent === 'function' ? await command.consent(ctx, args) : command.consent;
  const consent: Consent | undefined = typeof declared === 'string' ? { level: declared } : declared;
  if (!consent || consent.deferred || all.length === 0) return;
  await (consent.level === 'moderate' ? moderate : severe)(invocation, consent, all, ctx);
}

async function moderate(
  { group, command, consent: { yes } }: Invocation,
  consent: Consent,
  all: readonly Targets[],
  ctx: Context,
): Promise<void> {
  if (yes) return;
  if (!ctx.ask.allowed)
    throw usage(`${consent.warning ?? 'This needs a confirmation.'} Nothing was changed.`, 'Pass --yes to do it all the same.');
  if (consent.warning) ctx.progress.warn(consent.warning);
  const sentence = `${consent.action ?? actionOf(consent, command.summary, all, nounOf(group))}?`;
  if (!(await ctx.ask.confirm(sentence))) throw cancelled();
}

async function severe(
  { group, command, consent: { confirm } }: Invocation,
  consent: Consent,
  all: readonly Targets[],
  ctx: Context,
): Promise<void> {
  const noun = nounOf(group);
  const [first = {}] = all;
  const own = first[noun];
  if (!own) throw new Error(`${command.name} is severe but has no target`);
  if (all.length > 1) throw usage('What cannot be undone is done to one at a time. Nothing was done.');
  const affected = (await consent.affects?.(ctx, own)) ?? { noun, target: own, action: actionOf(consent, command.summary, all, noun) };
  const { target, action } = affected;
  if (confirm === undefined) ctx.progress.warn(`${action}. ${consent.warning ?? 'This cannot be undone.'}`);
  else if (consent.affects) ctx.progress.note(`${action}.`);
  if (confirm !== undefined && (confirm === target.label || confirm === target.id)) return;
  const name = consent.affects ? target.label : await nameOf(noun, own, first, ctx);
  const typed = confirm ?? (await ctx.ask.input(`Type ${name} to go on:`));
  if (typed !== name) throw usage(`“${typed}” is not the name of this ${title(affected.noun)}. Nothing was done.`, `Its name is ${name}.`);
}

/** What will happen to what, as the beginning of a sentence: `Delete server web-1`. Things in different places each have theirs. */
function actionOf({ verb }: Consent, summary: string, all: readonly Targets[], noun: string): string {
  const [first = {}] = all;
  if (!first[noun]) return `${summary}${where(first, noun)}`;
  const begun = verb ?? summary.split(' ')[0] ?? '';
  const start = capitalized(begun);
  if (all.length === 1) return `${start} ${title(noun)} ${first[noun].label}${where(first, noun)}`;
  const together = all.every((each) => where(each, noun) === where(first, noun));
  const labels = all.map((each) => `${each[noun]?.label}${together ? '' : where(each, noun)}`).join(', ');
  return `${start} ${all.length} ${plural(title(noun))} (${labels})${together ? where(first, noun) : ''}`;
}

/** The name of a thing that was given by its id. */
async function nameOf(noun: string, own: Target, targets: Targets, { api }: Pick<Context, 'api'>): Promise<string> {
  const naming = namings[noun];
  if (!naming || own.label !== own.id) return own.label;
  const { data } = await api.send(nameRead(naming.list, noun), idsOf(targets));
  return isObject(data) ? targetOf({ id: own.id, ...data }, noun).label : own.id;
}

/** What reads the name of a thing. */
export const nameRead = (list: Endpoint, noun: string): Endpoint => `${list}/{${noun}}`;

const where = (targets: Targets, noun: string): string =>
  Object.entries(targets)
    .filter(([name]) => name !== noun)
    .map(([name, { label }]) => ` on ${title(name)} ${label}`)
    .reverse()
    .join('');
