import { hostname } from 'node:os';
import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { hidingSecrets } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import type { Api } from '../../platform/api/api.ts';
import { type AbilityChoice, chosenAbilities, pickForSignIn } from '../token/choose.ts';
import { mayHaveActed, mint, reviewTokens, undelivered } from '../token/mint.ts';
import { revokeItself, tokenId, tokenIn, userOf } from '../token/token.ts';

/** The context of a sign-in. `tokens` are those of `host`. */
export interface SignIn extends Context {
  readonly host: string;
  readonly insecure: boolean;
  /** The words after `dnx` that sign in the same way. */
  readonly command: readonly string[];
}

const PLAN = 'API access requires the Professional or Enterprise plan. An owner can upgrade in the dashboard.';

const WITHOUT_PASSWORD = 'With GitHub, SSO or 2FA, use a token of the dashboard: dnx login --with-token';

/** Password attempts before a sign-in fails. The API allows 5 a minute. */
const TRIES = 3;

type PasswordOptions = AbilityChoice & { readonly email: string | undefined };

/**
 * Prompts for email and password, checks them, then prompts for abilities. Revokes the token if it is not stored in the end. `first`: the token
 * that signed in, if a narrower one is stored in its place: to be revoked.
 */
export async function signInWithPassword(outer: SignIn, options: PasswordOptions) {
  const { ask } = outer;
  const wrong = options.email === undefined ? undefined : wrongEmail(options.email);
  if (wrong !== undefined) throw usage(wrong, 'For example: --email ada@example.com');
  const chosen = await chosenAbilities(outer, options);
  if (outer.tokens.known === undefined) outer.progress.note(WITHOUT_PASSWORD);
  const typed: string[] = [];
  const at = { ...outer, api: hiding(outer.api, typed) };
  const token = await exchange(at, options.email, chosen, typed);
  const signIn = async () => {
    const user = await checkToken(at, token);
    const picked = chosen === undefined ? await pickForSignIn(ask) : undefined;
    if (picked) await storeNarrower(at, token, picked);
    else await storeSignIn(at, { token, user, abilities: chosen });
    return { user, picked };
  };
  const { user, picked } = await signIn().catch(async (error: unknown) => {
    throw await revokeUnstored(at, token, error);
  });
  return { user, abilities: chosen ?? picked, first: picked && token };
}

/** Checks a token before it is stored. Resolves to its user. */
export async function checkToken({ api, host }: Pick<SignIn, 'api' | 'host'>, token: string): Promise<string | undefined> {
  return userOf(api.as(token, host)).catch((error: unknown) => {
    if (isError(error, 'forbidden')) throw error.withHint(`Nothing was stored. ${PLAN}`);
    throw isError(error, 'unauthenticated') ? error.withHint('Nothing was stored.') : error;
  });
}

/** Stores the token of a sign-in. `abilities` is undefined if they are unknown, or all of them. */
export async function storeSignIn(
  { tokens, insecure, command }: SignIn,
  { token, user, abilities }: Given<{ user: string; abilities: readonly string[] }> & { readonly token: string },
): Promise<void> {
  await tokens.store(token, { ...(user && { user }), ...(abilities && { abilities }) }, { insecure }).catch((error: unknown) => {
    throw withAlternatives(error, { insecure, command });
  });
}

/** Adds to a keychain error how to do without a keychain. */
export function withAlternatives(error: unknown, { insecure, command }: Pick<SignIn, 'insecure' | 'command'>): unknown {
  if (!isError(error, 'failed') || insecure) return error;
  return error.withHint('Nothing was stored. Set DNX_TOKEN, or store the token in a file that only you can read.', {
    command: [...command, '--insecure-storage'],
    why: 'Run',
  });
}

const wrongEmail = (typed: string): string | undefined =>
  /^[^\s@]+@[^\s@]+$/.test(typed.trim()) ? undefined : `'${typed.trim()}' is not an email address.`;

/** Exchanges email and password for a token. Prompts again for what was typed if it is wrong. Adds every email and password to `typed`. */
async function exchange(
  { api, ask, host, progress, tokens }: SignIn,
  option: string | undefined,
  abilities: readonly string[] | undefined,
  typed: string[],
): Promise<string> {
  const user = tokens.known?.user;
  let known = user !== undefined && wrongEmail(user) === undefined ? user : undefined;
  for (let left = TRIES - 1; ; left--) {
    const email: string = option ?? (await ask.input('Email:', { check: wrongEmail, default: known }));
    known = email.trim();
    const password = await ask.password('Password:');
    typed.push(known, password);
    try {
      return tokenIn(await api.as('', host).send('POST /login', {}, { body: { email, password, abilities }, authenticated: false }));
    } catch (error) {
      if (left === 0 || !isWrong(error)) throw explained(error);
      progress.warn('Wrong email or password. Try again.');
    }
  }
}

function isWrong(error: unknown): boolean {
  if (!isError(error, 'invalid', 'unauthenticated')) return false;
  const fields = Object.keys(error.errors ?? {});
  return fields.length === 0 || fields.some((field) => field === 'email' || field === 'password');
}

function explained(error: unknown): unknown {
  if (!isError(error)) return error;
  const { code, status } = error;
  if (code === 'rate_limited') return error.withHint('Deploynix allows 5 sign-ins a minute. Wait a minute, then try again.');
  if (isWrong(error)) {
    const said = (error.errors?.email?.[0] ?? error.message).replace(/\.$/, '');
    return new DnxError('unauthenticated', `Wrong email or password (“${said}”).`, { status, hint: WITHOUT_PASSWORD });
  }
  if (code === 'forbidden') return error.withHint(PLAN);
  return mayHaveActed(error) ? error.withHint('A token may have been created, but it was not stored.', reviewTokens) : error;
}

/** The API, whose failures show `***` for these texts, however often it quotes what was typed. The list may grow. */
const hiding = (api: Api, secrets: readonly string[]): Api => {
  const hidden = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw isError(error) ? maskedError(error, secrets) : error;
    });
  return { ...api, send: (...words) => hidden(api.send(...words)), as: (...place) => hiding(api.as(...place), secrets) };
};

function maskedError(error: DnxError, secrets: readonly string[]): DnxError {
  const { message, hint, errors, cause } = error;
  const masked = (text: string) => hidingSecrets(text, secrets);
  const fields = errors && Object.entries(errors).map(([field, texts]) => [masked(field), texts.map(masked)]);
  return new DnxError(error.code, masked(message), {
    ...error,
    details: error.details.map(([label, text]) => [label, masked(text)]),
    hint: hint && masked(hint),
    errors: fields && Object.fromEntries(fields),
    cause,
  });
}

async function storeNarrower(at: SignIn, first: string, abilities: readonly string[]): Promise<void> {
  const api = at.api.as(first, at.host);
  const fresh = await mint(api, { name: `dnx on ${hostname()}`, abilities });
  try {
    const user = await checkToken(at, fresh.plain);
    await storeSignIn(at, { token: fresh.plain, user, abilities });
  } catch (error) {
    throw await undelivered(api, fresh, 'The new token could not be stored', error);
  }
}

/** Revokes the token that signed in, once a narrower one is stored. */
export async function revokeFirst({ api, host, progress }: SignIn, token: string): Promise<void> {
  const error = await revokeItself(api.as(token, host));
  if (!error) return;
  const state = mayHaveActed(error) ? 'may still exist' : 'still exists';
  const id = tokenId(token);
  progress.warn(
    `The temporary token with every ability${withId(id)} ${state}. ${id === undefined ? 'See' : 'Revoke it with'}: ${commandFor(id)}`,
  );
  if (isStop(error)) throw error;
}

async function revokeUnstored({ api, host, progress }: SignIn, token: string, error: unknown): Promise<unknown> {
  if (!(await revokeItself(api.as(token, host)))) return error;
  const id = tokenId(token);
  const sentence = `The new token${withId(id)} was not stored, but still exists. Sign in, then: ${commandFor(id)}`;
  if (isError(error)) return error.withHint([error.hint, sentence].filter(Boolean).join('\n'), ...error.next);
  progress.warn(sentence);
  return error;
}

const withId = (id: string | undefined): string => (id === undefined ? '' : ` (id ${id})`);

const commandFor = (id: string | undefined): string => (id === undefined ? 'dnx token list --audit' : `dnx token revoke ${id}`);
