import { hostname } from 'node:os';
import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { type Choosing, chosenAbilities, pickForSignIn } from '../token/choose.ts';
import { mayHaveActed, mint, undelivered } from '../token/mint.ts';
import { tokenId, tokenIn } from '../token/token.ts';
import { hiding } from './hide.ts';
import { checkToken, PLAN, type SignIn, storeSignIn, WITHOUT_PASSWORD } from './sign-in.ts';

/** Password attempts before a sign-in fails. The API allows 5 a minute. */
const TRIES = 3;

type Options = Choosing & { readonly email: string | undefined };

interface SignedIn {
  readonly user: string | undefined;
  readonly abilities: readonly string[] | undefined;
  /** The token that signed in, if a narrower one is stored in its place: to be revoked. */
  readonly first: string | undefined;
}

/** Prompts for email and password, checks them, then prompts for abilities. Revokes the token if it is not stored in the end. */
export async function signInWithPassword(outer: SignIn, options: Options): Promise<SignedIn> {
  const { ask } = outer;
  const wrong = options.email === undefined ? undefined : wrongEmail(options.email);
  if (wrong !== undefined) throw usage(wrong, 'For example: --email ada@example.com');
  const given = await chosenAbilities(outer, options);
  if (outer.tokens.known === undefined) outer.progress.note(WITHOUT_PASSWORD);
  const typed: string[] = [];
  const at = { ...outer, api: hiding(outer.api, typed) };
  const token = await exchange(at, options.email, given, typed);
  const signIn = async () => {
    const user = await checkToken(at, token);
    const picked = given === undefined ? await pickForSignIn(ask) : undefined;
    if (picked) await storeNarrower(at, token, picked);
    else await storeSignIn(at, { token, user, abilities: given });
    return { user, picked };
  };
  const { user, picked } = await signIn().catch(async (error: unknown) => {
    throw await revokeUnstored(at, token, error);
  });
  return { user, abilities: given ?? picked, first: picked && token };
}

/** The problem with an invalid email address. */
const wrongEmail = (typed: string): string | undefined =>
  /^[^\s@]+@[^\s@]+$/.test(typed.trim()) ? undefined : `'${typed.trim()}' is not an email address.`;

/** The email address of the stored sign-in. */
function knownEmail({ known }: SignIn['tokens']): string | undefined {
  const user = known?.user;
  return user !== undefined && wrongEmail(user) === undefined ? user : undefined;
}

/** Exchanges email and password for a token. Prompts again for what was typed if it is wrong. Adds every email and password to `typed`. */
async function exchange(
  { api, ask, host, progress, tokens }: SignIn,
  given: string | undefined,
  abilities: readonly string[] | undefined,
  typed: string[],
): Promise<string> {
  let known = knownEmail(tokens);
  for (let left = TRIES - 1; ; left--) {
    const email: string = given ?? (await ask.input('Email:', { check: wrongEmail, default: known }));
    known = email.trim();
    const password = await ask.password('Password:');
    typed.push(known, password);
    try {
      const reply = await api.as('', host).send('POST /login', {}, { body: { email, password, abilities }, authenticated: false });
      return tokenIn(reply);
    } catch (error) {
      if (left === 0 || !isWrong(error)) throw explained(error);
      progress.warn('Wrong email or password. Try again.');
    }
  }
}

/** True if the API rejected the email or the password. */
function isWrong(error: unknown): boolean {
  if (!isError(error, 'invalid', 'unauthenticated')) return false;
  const fields = Object.keys(error.errors ?? {});
  return fields.length === 0 || fields.some((field) => field === 'email' || field === 'password');
}

function explained(error: unknown): unknown {
  if (!isError(error)) return error;
  if (error.code === 'rate_limited') return error.withHint('Deploynix allows 5 sign-ins a minute. Wait a minute, then try again.');
  if (isWrong(error)) {
    const said = error.errors?.email?.[0] ?? error.message;
    return new DnxError('unauthenticated', `Wrong email or password (“${said.replace(/\.$/, '')}”).`, {
      status: error.status,
      hint: WITHOUT_PASSWORD,
    });
  }
  if (error.code === 'forbidden') return error.withHint(PLAN);
  if (!mayHaveActed(error)) return error;
  return error.withHint('A token may have been created, but it was not stored.', {
    command: ['token', 'list', '--audit'],
    why: 'To review your tokens',
  });
}

/** Creates and stores a token with fewer abilities than the one that signed in. */
async function storeNarrower(at: SignIn, token: string, abilities: readonly string[]): Promise<void> {
  const api = at.api.as(token, at.host);
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
  await api
    .as(token, host)
    .send('POST /logout')
    .catch((error: unknown) => {
      if (!isError(error)) throw error;
      if (error.code === 'unauthenticated') return;
      const state = mayHaveActed(error) ? 'may still exist' : 'still exists';
      progress.warn(
        `The temporary token with every ability${named(token)} ${state}. ${tokenId(token) === undefined ? 'See' : 'Revoke it with'}: ${commandFor(token)}`,
      );
      if (isStop(error)) throw error;
    });
}

/** Revokes a token that could not be stored. If that fails, adds to the error which token still exists. */
async function revokeUnstored({ api, host, progress }: SignIn, token: string, error: unknown): Promise<unknown> {
  try {
    await api.as(token, host).send('POST /logout');
    return error;
  } catch (cause) {
    if (isError(cause, 'unauthenticated')) return error;
    const sentence = `The new token${named(token)} was not stored, but still exists. Sign in, then: ${commandFor(token)}`;
    if (isError(error)) return error.withHint(error.hint === undefined ? sentence : `${error.hint}\n${sentence}`, ...error.next);
    progress.warn(sentence);
    return error;
  }
}

const named = (token: string): string => (tokenId(token) === undefined ? '' : ` (id ${tokenId(token)})`);

const commandFor = (token: string): string =>
  tokenId(token) === undefined ? 'dnx token list --audit' : `dnx token revoke ${tokenId(token)}`;
