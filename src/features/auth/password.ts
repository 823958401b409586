import { hostname } from 'node:os';
import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { mayHaveActed, mint, undelivered } from '../token/mint.ts';
import { pickForSignIn } from '../token/pick.ts';
import { idOf, tokenIn } from '../token/token.ts';
import { type Choosing, chosenAbilities, type NeedsOf } from './choose.ts';
import { checkToken, PLAN, type SigningIn, storeToken } from './keep.ts';

/** Wrong passwords in all before a sign-in fails. The API takes 5 sign-ins a minute. */
const TRIES = 3;

type Options = Choosing & { readonly email: string | undefined };

interface SignedIn {
  readonly user: string | undefined;
  readonly abilities: readonly string[] | undefined;
}

/** Asks for email and password, checks them, then asks what the token can do. A token that is not stored in the end is revoked. */
export async function signInWithPassword(at: SigningIn, options: Options, needsOf: NeedsOf): Promise<SignedIn> {
  const { ask, progress } = at;
  const wrong = options.email === undefined ? undefined : wrongEmail(options.email);
  if (wrong !== undefined) throw usage(wrong, 'For example: --email ada@example.com');
  const given = await chosenAbilities(progress, options, needsOf);
  const email = options.email ?? (await ask.input('Email:', { check: wrongEmail, default: knownEmail(at) }));
  const token = await exchange(at, email, given);
  const signIn = async () => {
    const user = await checkToken(at, token);
    const picked = given === undefined ? await pickForSignIn(ask) : undefined;
    if (picked) await storeNarrower(at, token, picked);
    else await storeToken(at, { token, user, abilities: given });
    return { user, picked };
  };
  const { user, picked } = await signIn().catch(async (error: unknown) => {
    throw await withdrawn(at, token, error);
  });
  if (picked) await revokeFirst(at, token);
  return { user, abilities: given ?? picked };
}

/** What is wrong with something that is no email address. */
const wrongEmail = (typed: string): string | undefined =>
  /^[^\s@]+@[^\s@]+$/.test(typed.trim()) ? undefined : `'${typed.trim()}' is not an email address.`;

/** The email address that is signed in here already. */
function knownEmail({ tokens }: SigningIn): string | undefined {
  const user = tokens.known?.user;
  return user !== undefined && wrongEmail(user) === undefined ? user : undefined;
}

/** The token for email and password; a wrong password is asked for again. */
async function exchange({ api, ask, host, progress }: SigningIn, email: string, abilities: readonly string[] | undefined): Promise<string> {
  for (let left = TRIES - 1; ; left--) {
    const password = await ask.password('Password:');
    try {
      const reply = await api.as('', host).send('POST /login', {}, { body: { email, password, abilities }, authenticated: false });
      return tokenIn(reply);
    } catch (error) {
      if (left === 0 || !isWrong(error)) throw explained(error);
      progress.warn('Wrong email or password. Try again.');
    }
  }
}

/** True if it is the email or the password that the API refuses. */
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
      hint: 'If you sign in with SSO or two-factor authentication, create a token in the dashboard and run: dnx login --with-token',
    });
  }
  if (error.code === 'forbidden') return error.withHint(PLAN);
  if (!mayHaveActed(error)) return error;
  return error.withHint('A token may have been created and is stored nowhere.', {
    command: ['token', 'list', '--audit'],
    why: 'To review your tokens',
  });
}

/** Creates and stores a token with these abilities in place of the one that signed in. */
async function storeNarrower(at: SigningIn, token: string, abilities: readonly string[]): Promise<void> {
  const api = at.api.as(token, at.host);
  const fresh = await mint(api, { name: `dnx on ${hostname()}`, abilities });
  try {
    const user = await checkToken(at, fresh.plain);
    await storeToken(at, { token: fresh.plain, user, abilities });
  } catch (error) {
    throw await undelivered(api, fresh, 'The new token could not be stored', error);
  }
}

/** Revokes the token that signed in, once a narrower one is stored. */
async function revokeFirst({ api, host, progress }: SigningIn, token: string): Promise<void> {
  await api
    .as(token, host)
    .send('POST /logout')
    .catch((error: unknown) => {
      if (!isError(error)) throw error;
      if (error.code === 'unauthenticated') return;
      const state = mayHaveActed(error) ? 'may still exist' : 'still exists';
      progress.warn(`The token with every ability that signed in${named(token)} ${state}. ${revokeIt(token)}`);
      if (isStop(error)) throw error;
    });
}

/** Revokes a token that could not be kept. If that fails too, the failure says which token exists. */
async function withdrawn({ api, host, progress }: SigningIn, token: string, error: unknown): Promise<unknown> {
  try {
    await api.as(token, host).send('POST /logout');
    return error;
  } catch (cause) {
    if (isError(cause, 'unauthenticated')) return error;
    const sentence = `The new token${named(token)} exists and is stored nowhere. ${revokeIt(token)}`;
    if (isError(error)) return error.withHint(error.hint === undefined ? sentence : `${error.hint}\n${sentence}`, ...error.next);
    progress.warn(sentence);
    return error;
  }
}

const named = (token: string): string => (idOf(token) === undefined ? '' : ` (id ${idOf(token)})`);

const revokeIt = (token: string): string =>
  idOf(token) === undefined ? 'See: dnx token list --audit' : `Revoke it with: dnx token revoke ${idOf(token)}`;
