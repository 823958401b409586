import { type Detail, DnxError } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import { wordOf } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { type ConsentQuestion, nameQuestion, putAll, requireName } from '../../cli/run/consent.ts';
import type { Located } from '../../platform/names/names.ts';
import { type Side, UNKNOWN } from './sync/steps.ts';

interface Change {
  readonly key: string;
  readonly value?: string | undefined;
}

interface SendRequest {
  readonly changes: readonly Change[];
  readonly remote: Side;
  readonly consent: GivenConsent;
  /** Asked about changes that break nothing, after these lines. Without it, they need no consent. */
  readonly ask?: { readonly lines: readonly string[]; readonly question: string };
}

/** Asks for consent before variables are sent. True if it asked. */
export const consentToSend = async (ctx: Context, place: Located, request: SendRequest): Promise<boolean> =>
  (await putAll(ctx, sendingQuestions(ctx, place, request))) === true;

/** The question before variables are sent: y/N, or the name of the site for what could break it, which only `--confirm` answers. */
export async function* sendingQuestions(
  ctx: Context,
  { site }: Located,
  { changes, remote, consent: { yes, confirm }, ask }: SendRequest,
): AsyncGenerator<ConsentQuestion, void> {
  const name = ctx.nameOf('site', site.id) ?? site.label;
  const check = (typed: string) => requireName(typed, { noun: 'site', id: site.id, label: name }, 'Nothing was sent.');
  if (confirm !== undefined) return check(confirm);
  const dangers = dangersOf(changes, remote);
  const sentence = `This could break ${name}`;
  if (ctx.recorder) {
    if (dangers.length > 0) ctx.recorder.consent('severe', name);
    else if (ask) ctx.recorder.consent('moderate');
    if (dangers.length > 0) ctx.recorder.about({ dangers: Object.fromEntries(dangers) }, [['danger', sentence], ...dangers], true);
    return;
  }
  if (dangers.length > 0 && !ctx.ask.allowed)
    throw new DnxError('usage', `${sentence}. Nothing was sent.`, {
      errors: Object.fromEntries(dangers.map(([key, why]) => [key, [why]])),
      hint: `Use --confirm ${quoted(name)}${yes ? '; --yes is not enough' : ''}.`,
      reason: 'name_to_type',
    });
  if (dangers.length === 0 && (yes || !ask)) return;
  for (const line of ask?.lines ?? []) ctx.progress.note(line);
  const replaced = changes.flatMap(({ key }) => (remote.has(key) ? [key] : []));
  const hidden = replaced.filter((key) => remote.get(key) === UNKNOWN);
  if (replaced.length > 0) await warnUnkept(ctx, hidden);
  if (dangers.length > 0) {
    ctx.progress.alert(`${sentence}:`, dangers);
    yield { kind: 'input', text: nameQuestion(name), check };
  } else if (ask) yield { kind: 'confirm', text: ask.question };
}

/** What an operation changes: a variable is created, updated, renamed or removed. `key`: that of the variable before. */
export function changesBy(call: string, body: unknown, key: string | undefined, remote: Side): readonly Change[] {
  const removed = key === undefined ? [] : [{ key }];
  if (call.startsWith('DELETE ')) return removed;
  const sent = isObject(body) ? body : {};
  const next = typeof sent.key === 'string' ? sent.key : key;
  if (next === undefined) return [];
  // What is hidden may be anything.
  const value = sent.value === undefined && key !== undefined ? (remote.get(key) ?? '') : (sent.value ?? '');
  return [...(next === key ? [] : removed), { key: next, value: value === UNKNOWN ? 'unknown' : wordOf(value) }];
}

/**
 * Says before a question that `dnx undo` cannot bring back the values that are replaced, if so. `hidden`: variables that the API does not show.
 * `count`: the changes of a plan, of which it takes back the others.
 */
export async function warnUnkept(ctx: Context, hidden: readonly string[] = [], count = 1): Promise<undefined> {
  const why = await (await import('../../cli/plan/vault.ts')).whyUnkept(ctx);
  if (why !== undefined) ctx.progress.warn(`dnx undo cannot take ${count === 1 ? 'this' : 'all of this'} back. ${why}`);
  else if (hidden.length > 0) ctx.progress.warn(`dnx undo cannot bring back what the API does not show: ${hidden.join(', ')}.`);
}

interface DangerFacts {
  /** The value at Deploynix; true if it is hidden, false if it is not set. */
  readonly before: string | boolean;
  readonly value: string | undefined;
  /** True if the site serves production: now, and after all changes. */
  readonly serves: boolean;
  readonly willServe: boolean;
  /** The keys with which Laravel still reads what was encrypted before. */
  readonly previousKeys: readonly string[];
}

const LOCAL_ENV = /^(local|dev|development|test|testing)$/i;
/** What PHP takes for false, once Laravel has read it. */
const FALSE = /^(0|\(?(false|null|empty)\)?)?$/i;

const otherDatabase = ({ before, serves }: DangerFacts) => Boolean(before) && serves && 'The site would use another database.';

const reasons: Readonly<Record<string, (change: DangerFacts) => string | false>> = {
  APP_ENV: ({ before, value = '', serves, willServe }) =>
    LOCAL_ENV.test(value)
      ? "Laravel would treat the site as a developer's machine."
      : Boolean(before) && serves && !willServe && 'The site would no longer run as production.',
  APP_DEBUG: ({ value = '', serves, willServe }) =>
    !FALSE.test(value) && (serves || willServe) && 'Error pages would show code and secrets to visitors.',
  APP_KEY: ({ before, value, previousKeys }) => {
    if (!before || previousKeys.includes(String(before))) return false;
    if (!value) return 'Laravel does not run without a key.';
    return 'Encrypted columns become unreadable, everyone is signed out, and signed links stop working. Laravel 11 and later still read them with the old key in APP_PREVIOUS_KEYS.';
  },
  DB_CONNECTION: otherDatabase,
  DB_HOST: otherDatabase,
  DB_DATABASE: otherDatabase,
  DB_URL: otherDatabase,
  DATABASE_URL: otherDatabase,
};

/** The changes that could break a site, each with why. Names keys, never values. */
export function dangersOf(changes: readonly Change[], remote: Side): readonly Detail[] {
  const after = new Map([...remote, ...changes.map(({ key, value = '' }) => [key, value] as const)]);
  const judged = {
    serves: isProduction(remote),
    willServe: isProduction(after),
    previousKeys: String(after.get('APP_PREVIOUS_KEYS') ?? '').split(','),
  };
  return changes.flatMap(({ key, value }) => {
    const there = remote.get(key) ?? false;
    const reason = own(reasons, key)?.({ before: there === UNKNOWN || there, value, ...judged });
    return reason ? [[key, reason] as const] : [];
  });
}

/** True for `APP_ENV=production`, which is Laravel's default, and if Deploynix hides it. */
function isProduction(side: Side): boolean {
  const environment = side.get('APP_ENV') ?? '';
  return environment === UNKNOWN || /^(prod|production)?$/i.test(environment);
}

/** Hosts of databases that only this machine reaches: itself, and containers of Docker and Sail. */
const LOCAL_HOST = /^(localhost|127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0|host\.docker\.internal|mysql|mariadb|pgsql|postgres|db)$/i;

/** The variables of a file that are for this machine, and other ones at Deploynix. */
export const ofThisMachine = (local: Side, remote: Side): readonly string[] =>
  [...local].flatMap(([key, value]) => {
    const isLocal =
      (key === 'APP_ENV' && LOCAL_ENV.test(String(value))) ||
      (key === 'DB_HOST' && LOCAL_HOST.test(String(value))) ||
      (key === 'DB_CONNECTION' && value === 'sqlite');
    return isLocal && remote.get(key) !== value ? [key] : [];
  });
