import { isObject, type Reply } from '../api/reply.ts';
import { tokenIn } from '../auth/minted.ts';
import type { Context } from '../context.ts';
import { DnxError, isError, usage } from '../errors.ts';
import { message, type View } from '../output/view.ts';
import { pickAbilities } from './pick.ts';

export interface LoginOptions {
  readonly with_token: boolean | undefined;
  readonly email: string | undefined;
  readonly ability: readonly string[] | undefined;
  readonly insecure_storage: boolean | undefined;
}

type Needs = Pick<Context, 'api' | 'ask' | 'progress' | 'settings' | 'tokens' | 'world' | 'stdin'>;

/** Exchanges mail and password for a token, or takes one from stdin; checks it, and stores it for this host and profile. */
export async function login(ctx: Needs, options: LoginOptions): Promise<View> {
  const { settings, tokens, world } = ctx;
  if (world.env.DNX_TOKEN) ctx.progress.warn('DNX_TOKEN is set, and it wins over the token that you are about to store.');
  const token = options.with_token ? await tokenFromStdin(ctx) : await exchange(ctx, options);
  const user = await userOf(ctx, token);
  const insecure = options.insecure_storage ?? false;
  try {
    await tokens.store(token, { ...(user && { user }), ...(options.ability && { abilities: options.ability }) }, { insecure });
  } catch (error) {
    if (!(error instanceof DnxError) || insecure) throw error;
    throw error.withHint('Nothing was stored. With --insecure-storage the token goes to a file that only you can read; or set DNX_TOKEN.');
  }
  const where = insecure ? 'in a file, in the clear' : 'in the keychain';
  return message(`Signed in to ${settings.host}${user ? ` as ${user}` : ''}. The token is stored ${where}.`, {
    host: settings.host,
    profile: settings.profile,
    user: user ?? null,
    store: insecure ? 'file' : 'keychain',
  });
}

async function tokenFromStdin({ stdin }: Needs): Promise<string> {
  const token = (await stdin()).trim();
  if (token === '') throw usage('No token came from standard input.', 'For example: dnx login --with-token < token.txt');
  if (/\s/.test(token)) throw usage('What came from standard input is not a token: it has white space in it.');
  return token;
}

async function exchange(ctx: Needs, options: LoginOptions): Promise<string> {
  const { ask, api } = ctx;
  if (!ask.allowed)
    throw usage('Signing in asks for a password, and nobody can be asked.', 'Use dnx login --with-token, or set DNX_TOKEN.');
  const email = options.email ?? (await ask.input('Mail address:'));
  const password = await ask.password('Password:');
  const abilities = options.ability ?? (await pickAbilities(ask));
  const reply = await api
    .send('POST /login', {}, { body: { email, password, abilities }, authenticated: false })
    .catch((error: unknown) => {
      throw explain(error);
    });
  return tokenIn(reply);
}

function explain(error: unknown): unknown {
  if (isError(error, 'rate_limited')) return error.withHint('Deploynix takes 5 sign-ins a minute. Wait a minute, then try again.');
  if (isError(error, 'invalid', 'unauthenticated')) {
    const words = error.errors?.email?.[0] ?? error.message;
    return new DnxError('unauthenticated', `Deploynix did not accept the mail address and password (“${words.replace(/\.$/, '')}”).`, {
      status: error.status,
      hint: 'Try again with: dnx login',
    });
  }
  if (isError(error, 'forbidden')) return error.withHint('The API needs a plan with API access: Professional or Enterprise.');
  return error;
}

/** Whose token it is; a token that the API does not know is refused before it is stored. */
async function userOf(ctx: Needs, token: string): Promise<string | undefined> {
  const response = await ctx.api.as(token).send('GET /user');
  return mailOf(response);
}

const mailOf = ({ data }: Reply): string | undefined => (isObject(data) ? String(data.email ?? data.name ?? '') || undefined : undefined);
