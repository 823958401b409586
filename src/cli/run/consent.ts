import { cancelled, type Detail, isError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import { capitalized, inQuotes, plural, quotedName, title } from '../../base/text.ts';
import type { Question } from '../../machine/world.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import {
  called,
  idIn,
  isId,
  isIdOf,
  listUnder,
  namings,
  sameName,
  type Target,
  type Targets,
  targetIds,
  targetOf,
} from '../../platform/names/names.ts';
import { notFound } from '../../platform/names/unresolved.ts';
import { type Consent, type Context, nounOf, type TypedLine } from '../language/command.ts';
import { consentLevel, mayChange } from '../language/tree.ts';
import { ownWords } from './line.ts';

/** Fails before any request if confirmation is required, was not given, and cannot be prompted for. */
export function requireConsent(line: TypedLine, ask: Context['ask']): void {
  const { command, consent } = line;
  if (ask.allowed) return;
  const preview = mayChange(command) ? ', or --dry-run to see what would happen' : '';
  const level = consentLevel(command);
  if (level === 'severe' && consent.confirm === undefined)
    throw usage(
      'This cannot be undone and requires confirmation.',
      `Use ${confirmOf(line)}${consent.yes ? '; --yes is not enough' : preview}.`,
    ).with({ reason: 'name_to_type' });
  if (level === 'moderate' && !consent.yes && consent.confirm === undefined)
    throw usage('This requires confirmation.', `Use --yes${preview}.`).with({ reason: 'confirmation_missing' });
}

/** `--confirm web-1`, or `--confirm with the name of the server` if the command line has only its id. */
function confirmOf(line: TypedLine): string {
  const { consent } = line.command;
  const declared = typeof consent === 'object' ? consent.named : undefined;
  const noun = nounOf(line.group);
  const [word] = ownWords(line);
  if (declared !== undefined || word === undefined || isIdOf(noun, word))
    return `--confirm with the name of ${declared ?? `the ${title(noun)}`}`;
  return `--confirm ${quoted(word.slice(word.indexOf('/') + 1))}`;
}

/** A question before something is sent, and what checks the name that it asks for. */
export interface ConsentQuestion extends Question {
  readonly check?: (typed: string) => void;
}

/** Puts questions, each once the one before is answered. True if there was one. Returns the first that has no answer yet. */
export async function putAll({ ask }: Pick<Context, 'ask'>, questions: AsyncIterable<ConsentQuestion>): Promise<boolean | Question> {
  let asked = false;
  for await (const question of questions) {
    const answer = await ask.put(question);
    if (answer === undefined) return question;
    if (answer === false) throw cancelled();
    question.check?.(String(answer));
    asked = true;
  }
  return asked;
}

type Confirmation = (line: TypedLine, consent: Consent, all: readonly Targets[], ctx: Context) => Promise<readonly Targets[]>;

/** Asks for confirmation unless an option gives it. Returns the targets, with the names that were read for the question. */
export const obtainConsent: Confirmation = async (line, consent, all, ctx) =>
  consent.deferred || all.length === 0 ? all : (consent.level === 'moderate' ? moderate : severe)(line, consent, all, ctx);

const moderate: Confirmation = async ({ group, command, consent: { yes } }, consent, all, ctx) => {
  if (yes) return all;
  if (!ctx.ask.allowed)
    throw usage(`${consent.warning ?? 'This requires confirmation.'} Nothing was changed.`, 'Use --yes.').with({
      reason: 'confirmation_missing',
    });
  const named: Targets[] = [];
  for (const targets of all) named.push(await withNames(targets, ctx));
  if (consent.warning) ctx.progress.warn(consent.warning);
  const action = typeof consent.action === 'function' ? await consent.action(ctx, named) : consent.action;
  const sentence = `${action ?? actionOf(consent, command.summary, named, nounOf(group))}?`;
  if (!(await ctx.ask.confirm(sentence))) throw cancelled();
  return named;
};

const severe: Confirmation = async ({ group, command, consent: { confirm } }, consent, all, ctx) => {
  const noun = nounOf(group);
  const [first = {}] = all;
  const target = first[noun];
  if (!target) throw new Error(`${command.name} is severe but has no target`);
  if (all.length > 1) throw usage('This cannot be undone, so only one is allowed at a time. Nothing was changed.');
  if (confirm !== undefined && (sameName(noun, confirm, target.label) || confirm === target.id)) return [first];
  const named = confirm === undefined ? await withNames(first, ctx) : first;
  if (confirm === undefined) {
    const action = actionOf(consent, command.summary, [named], noun);
    ctx.progress.warn(`${action} (id ${target.id}). ${consent.warning ?? 'This cannot be undone.'}`);
    await warnOfLoss(ctx, command.name, named, noun);
  }
  const name = await nameFor(noun, named[noun] ?? target, first, ctx);
  await confirmName(ctx, confirm, { noun, label: name }, `Nothing was ${command.name === 'delete' ? 'deleted' : 'changed'}.`);
  return [{ ...named, [noun]: { id: target.id, label: name } }];
};

/** What a person has to name: by its name, or by its id if that will do. */
type ConfirmedName = Pick<Target, 'label'> & { readonly noun: string; readonly id?: string };

/** The question for a name. */
export const nameQuestion = (name: string): string => `Type ${inQuotes(name)} to continue:`;

/** Fails for another name. `outcome`: `Nothing was sent.` */
export function requireName(
  typed: string,
  { noun, label, id }: ConfirmedName,
  outcome = 'Nothing was changed.',
  expected = inQuotes(label),
): void {
  if (!sameName(noun, typed, label) && typed !== id) throw usage(`'${typed}' does not match. ${outcome}`, `Expected ${expected}.`);
}

/** Asks for a name, unless `--confirm` gives it. */
export async function confirmName(
  { ask }: Pick<Context, 'ask'>,
  confirm: string | undefined,
  named: ConfirmedName,
  outcome?: string,
): Promise<void> {
  requireName(confirm ?? (await ask.input(nameQuestion(named.label))), named, outcome);
}

const below: Readonly<Record<string, readonly string[]>> = { server: ['site', 'database'] };
const MOST_NAMES = 10;

/** The names of what is deleted with a resource, by kind; null for what cannot be read. */
export async function lossOf(
  { api }: Pick<Context, 'api'>,
  noun: string,
  targets: Targets,
): Promise<Readonly<Record<string, readonly string[] | null>>> {
  const lost = (below[noun] ?? []).map(async (kind) => {
    const list = namings[kind]?.list;
    const items = list && (await api.list<JsonObject>(list, targetIds(targets)).catch(ifForbidden));
    return [plural(kind), items?.map((item) => targetOf(item, kind).label) ?? null] as const;
  });
  return Object.fromEntries(await Promise.all(lost));
}

/** `sites  3: shop.example.com, blog.example.com, …`. */
export const lossDetails = (loss: Awaited<ReturnType<typeof lossOf>>): readonly Detail[] =>
  Object.entries(loss).map(([kind, names]) => {
    const listed = names?.slice(0, MOST_NAMES).map(quotedName).join(', ');
    const more = (names?.length ?? 0) > MOST_NAMES ? ', …' : '';
    return [
      kind,
      names === null ? 'unknown: this token cannot list them' : names.length === 0 ? 'none' : `${names.length}: ${listed}${more}`,
    ];
  });

/** Says what is deleted with a resource, before the question. */
export async function warnOfLoss(ctx: Pick<Context, 'api' | 'progress'>, verb: string, targets: Targets, noun: string): Promise<void> {
  const details = verb === 'delete' ? lossDetails(await lossOf(ctx, noun, targets)) : [];
  if (details.length > 0) ctx.progress.alert('Deleted with it:', details);
}

/** `Delete server web-1`. Resources with different parents are listed with their own. */
export function actionOf({ verb }: Consent, summary: string, all: readonly Targets[], noun: string): string {
  const [first = {}] = all;
  const target = first[noun];
  if (!target) return `${summary}${where(first, noun)}`;
  const start = capitalized(verb ?? summary.split(' ')[0] ?? '');
  if (all.length === 1) return `${start} ${called(noun, target)}${where(first, noun, start)}`;
  const together = all.every((targets) => where(targets, noun) === where(first, noun));
  const labels = all.map((targets) => `${quotedName(targets[noun]?.label ?? '')}${together ? '' : where(targets, noun, start)}`).join(', ');
  return `${start} ${all.length} ${plural(title(noun))} (${labels})${together ? where(first, noun, start) : ''}`;
}

/** ` on shop.example.com (web-1)`, or `from` if something is removed; ` on server web-1` without a site. */
export function where(targets: Targets, noun: string, verb = ''): string {
  const word = verb === 'Remove' ? 'from' : 'on';
  const parents = Object.entries(targets).filter(([name]) => name !== noun);
  const { server, site } = Object.fromEntries(parents);
  const bare = (name: string, target: Target) => (isId(target.label) ? called(name, target) : quotedName(target.label));
  const both = server && site && `${bare('site', site)} (${bare('server', server)})`;
  return parents
    .filter(([name]) => !both || name !== 'server')
    .map(([name, target]) => ` ${word} ${both && name === 'site' ? both : called(name, target)}`)
    .reverse()
    .join('');
}

/** Reads the name of a resource that was given by id. */
async function nameFor(noun: string, { id, label }: Target, targets: Targets, { api }: Pick<Context, 'api'>): Promise<string> {
  const naming = namings[noun];
  if (!naming || label !== id) return label;
  const { data } = await api.send(nameRead(naming.list, noun), targetIds(targets));
  return isObject(data) ? targetOf({ id, ...data }, noun).label : id;
}

/** Reads the names of targets given by id, for a question. Keeps the id if the token cannot read it, and fails if it is not listed. */
async function withNames(targets: Targets, { api }: Pick<Context, 'api'>): Promise<Targets> {
  const named: Record<string, Target> = {};
  for (const [noun, target] of Object.entries(targets)) {
    const naming = target.id === target.label ? namings[noun] : undefined;
    const list = naming && naming.keys.length > 0 && listUnder(naming, Object.keys(targets));
    const listed = list ? await api.list<JsonObject>(list, targetIds(targets)).catch(ifForbidden) : undefined;
    const found = listed?.find(({ id }) => idIn(id) === target.id);
    if (listed && !found) throw notFound(noun, target.id, [], named);
    named[noun] = found ? targetOf(found, noun) : target;
  }
  return named;
}

function ifForbidden(error: unknown): undefined {
  if (!isError(error, 'forbidden', 'not_found')) throw error;
}

/** The endpoint that reads the name of a resource. */
export const nameRead = (list: Endpoint, noun: string): Endpoint => `${list}/{${noun}}`;
