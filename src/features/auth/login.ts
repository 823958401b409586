import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import { loginLine } from '../../machine/credentials/tokens.ts';
import { DEFAULT_HOST } from '../../machine/settings/host.ts';
import { DEFAULT_PROFILE } from '../../machine/settings/place.ts';
import { idOf, tokenIn } from '../token/token.ts';
import { type Choosing, chooseAbilities, type NeedsOf } from './choose.ts';

/** What `dnx login` was given. */
export type LoginOptions = Choosing & {
  readonly with_token: boolean | undefined;
  readonly email: string | undefined;
  readonly insecure_storage: boolean | undefined;
};

type Needs = Pick<Context, 'api' | 'ask' | 'progress' | 'settings' | 'tokens' | 'world' | 'stdin'>;

/** A token that is not stored yet. `minted`: made by this login, so that it is revoked again when it cannot be stored. */
interface Fresh {
  readonly token: string;
  readonly abilities: readonly string[] | undefined;
  readonly minted: boolean;
}

/** Exchanges mail and password for a token, or takes one from stdin; checks it, and stores it for this host and profile. */
export async function login(ctx: Needs, options: LoginOptions, needsOf: NeedsOf): Promise<View> {
  const { ask, settings, tokens, world, progress } = ctx;
  const insecure = options.insecure_storage ?? false;
  const { requests, storedToken, storing } = settings.blocked;
  const blocked = requests ?? storedToken ?? storing;
  if (blocked) throw blocked;
  if (world.env.DNX_TOKEN) {
    progress.warn('DNX_TOKEN is set, and it wins over the token that you are about to store. Unset it to use what you store.');
  }
  // Before the password: a token that cannot be kept would be lost.
  await tokens.probe({ insecure }).catch((error: unknown) => {
    throw nowhere(error, insecure);
  });
  if (ask.allowed) progress.note(`Signing in to ${settings.host}.`);
  const before = tokens.known;
  const fresh = options.with_token ? await given(ctx, options) : await exchange(ctx, options, needsOf);
  const user = await kept(ctx, fresh, insecure).catch(async (error: unknown) => {
    throw fresh.minted ? await withdrawn(ctx, fresh, error) : error;
  });
  if (before) progress.note('The token that was stored here before is replaced, not revoked. To see your tokens: dnx token list --audit');
  await rememberHost(ctx);
  const where = insecure ? 'in a file, in the clear' : 'in the keychain';
  return message(`Signed in to ${settings.host}${user ? ` as ${user}` : ''}. The token is stored ${where}.`, {
    host: settings.host,
    profile: settings.profile,
    user: user ?? null,
    store: insecure ? 'file' : 'keychain',
  });
}

/** Checks the token and stores it. Whose it is. */
async function kept(ctx: Needs, fresh: Fresh, insecure: boolean): Promise<string | undefined> {
  const user = await check(ctx, fresh);
  await ctx.tokens
    .store(fresh.token, { ...(user && { user }), ...(fresh.abilities && { abilities: fresh.abilities }) }, { insecure })
    .catch((error: unknown) => {
      throw nowhere(error, insecure);
    });
  return user;
}

/** Revokes a token that this login made and could not keep; a failure to do so is part of the failure that led here. */
async function withdrawn({ api }: Needs, { token }: Fresh, error: unknown): Promise<unknown> {
  try {
    await api.as(token).send('POST /logout');
    return error;
  } catch {
    const id = idOf(token);
    const which = id === undefined ? 'The new token' : `The new token (id ${id})`;
    const rest = id === undefined ? 'See: dnx token list --audit' : `Revoke it with: dnx token revoke ${id}`;
    if (!isError(error)) return error;
    const hint = `${which} exists and is stored nowhere. ${rest}`;
    return error.withHint(error.hint === undefined ? hint : `${error.hint}\n${hint}`, ...error.next);
  }
}

async function given({ ask, stdin, world }: Needs, options: LoginOptions): Promise<Fresh> {
  if (options.ability || options.for || options.from_script || options.preset)
    throw usage('What a token can do is settled when it is made.', 'Leave out --ability, --for, --from-script and --preset.');
  const token = (ask.allowed && world.stdin.isTTY ? await ask.password('Token:') : await stdin()).trim();
  if (token === '') throw usage('No token came from standard input.', 'For example: dnx login --with-token < token.txt');
  if (/\s/.test(token)) throw usage('What came from standard input is not a token: it has white space in it.');
  return { token, abilities: undefined, minted: false };
}

async function exchange(ctx: Needs, options: LoginOptions, needsOf: NeedsOf): Promise<Fresh> {
  const { ask, api } = ctx;
  if (!ask.allowed)
    throw usage('Signing in asks for a password, and nobody can be asked.', 'Use dnx login --with-token, or set DNX_TOKEN.');
  const email = options.email ?? (await ask.input('Mail address:'));
  const password = await ask.password('Password:');
  const abilities = await chooseAbilities(ctx, options, needsOf);
  const reply = await api
    .send('POST /login', {}, { body: { email, password, abilities }, authenticated: false })
    .catch((error: unknown) => {
      throw explain(error, loginLine(ctx.settings));
    });
  return { token: tokenIn(reply), abilities, minted: true };
}

const PLAN = 'The API needs a plan with API access: Professional or Enterprise. An owner can change it in the dashboard.';

function explain(error: unknown, again: string): unknown {
  if (isError(error, 'rate_limited')) return error.withHint('Deploynix takes 5 sign-ins a minute. Wait a minute, then try again.');
  if (isError(error, 'invalid', 'unauthenticated')) {
    const said = error.errors?.email?.[0] ?? error.message;
    return new DnxError('unauthenticated', `Deploynix did not accept the mail address and password (“${said.replace(/\.$/, '')}”).`, {
      status: error.status,
      hint: `Try again with: ${again}\nAn account that signs in another way (SSO, a second factor) takes a token from the dashboard: dnx login --with-token`,
    });
  }
  if (isError(error) && isStop(error))
    return error.withHint('A token may have been created, and is stored nowhere. To see your tokens: dnx token list --audit');
  return isError(error, 'forbidden') ? error.withHint(PLAN) : error;
}

/** Whose token it is; a token that the API does not know, or that the plan does not let in, is refused before it is stored. */
async function check(ctx: Needs, { token, minted }: Fresh): Promise<string | undefined> {
  const { data } = await ctx.api
    .as(token)
    .send('GET /user')
    .catch((error: unknown) => {
      if (isError(error, 'forbidden')) throw error.withHint(`Nothing was stored. ${PLAN}`);
      if (!isError(error, 'unauthenticated')) throw error;
      throw error.withHint(
        minted
          ? 'Nothing was stored. Deploynix has just created this token: try again.'
          : 'Nothing was stored. Was the token revoked, or copied without its beginning? The part before the | belongs to it.',
      );
    });
  return isObject(data) ? wordOf(data.email ?? data.name) || undefined : undefined;
}

function nowhere(error: unknown, insecure: boolean): unknown {
  if (!isError(error, 'failed') || insecure) return error;
  return error.withHint(
    'Nothing was stored. Set DNX_TOKEN instead; or, with --insecure-storage, the token goes to a file that only you can read.',
  );
}

/** A named profile keeps the host that it was made for. The default profile does not: a trial of a sandbox must not redirect it. */
async function rememberHost({ settings, progress, world }: Needs): Promise<void> {
  const { profile, host, config, directories } = settings;
  if (host === (config.profiles?.[profile]?.host ?? DEFAULT_HOST)) return;
  if (profile === DEFAULT_PROFILE || config.profiles?.[profile]?.host) {
    progress.note(
      `This is not the host of profile ${profile}: pass --host ${host} to use it, or keep it with: dnx config set host ${host}`,
    );
    return;
  }
  const { editConfig } = await import('../../machine/settings/config-file.ts');
  await editConfig(directories.config, world, (now) => ({
    ...now,
    profiles: { ...now.profiles, [profile]: { ...now.profiles?.[profile], host } },
  }));
}
