import { isError, type Next, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { done } from '../../cli/output/view.ts';
import type { Ask } from '../../cli/prompt/ask.ts';
import { accountName } from '../../machine/settings/config.ts';
import { DEFAULT_HOST, hostName, hostOf, isLoopback, profileNote } from '../../machine/settings/host.ts';
import { NetworkFault } from '../../machine/world.ts';
import { type AbilityChoice, isChosen } from '../token/choose.ts';
import { checkToken, revokeFirst, type SignIn, signInWithPassword, storeSignIn, withAlternatives } from './password.ts';

type LoginOptions = AbilityChoice & Given<{ with_token: boolean; email: string; insecure_storage: boolean }>;

/** Gets a token for email and password, or from stdin, checks it, and stores it for this host and profile. */
export async function login(ctx: Context, options: LoginOptions) {
  const { settings, progress, ask } = ctx;
  const { requests, storedToken, storing } = settings.blocked;
  const blocked = requests ?? storedToken ?? storing;
  if (blocked) throw blocked;
  if (ctx.world.env.DNX_TOKEN) progress.warn('DNX_TOKEN is set and overrides stored tokens. Unset it to use this sign-in.');
  if (options.with_token && isChosen(options))
    throw usage('The abilities of an existing token cannot be changed.', 'Remove --ability, --for, --from-script and --preset.');
  if (!options.with_token && !ask.allowed)
    throw usage('Cannot prompt for a password without a terminal.', 'Use dnx login --with-token, or set DNX_TOKEN.').with({
      reason: 'terminal_missing',
    });
  const at = await signingIn(ctx, {
    insecure: options.insecure_storage ?? false,
    command: ['login', ...(options.with_token ? ['--with-token'] : [])],
  });
  const before = at.tokens.known;
  const signed = options.with_token ? await signInWithToken(ctx, at) : await signInWithPassword(at, options);
  const { user, abilities, first } = signed;
  if (before) progress.note('The previous token was replaced but not revoked. To review your tokens: dnx token list --audit');
  if (at.insecure) progress.warn(`The token is stored unencrypted in ${at.tokens.file}.`);
  const store = at.insecure ? ('file' as const) : ('keychain' as const);
  const { profile } = settings;
  const sentence = `Signed in to ${hostName(at.host)}${user ? ` as ${user}` : ''}${profileNote(profile)}`;
  await settle(ctx, at, first, sentence);
  return {
    view: done(sentence, { host: at.host, profile, user: user ?? null, store }),
    next: nextSteps(abilities, settings.site),
    hostKept: true,
  };
}

/** Checks that a token can be stored before one is created, and prompts for the host on a first sign-in. */
async function signingIn(ctx: Context, wanted: StoreOptions): Promise<SignIn> {
  const { ask, progress, settings, tokens } = ctx;
  const isFirst = settings.origins.host === 'default' && tokens.known === undefined;
  if (!isFirst) await refuseStopped(settings.host);
  const how = { ...wanted, insecure: await isInsecure(ctx, wanted) };
  const host = isFirst && ask.allowed ? await askHost(ask, settings.host) : settings.host;
  if (isFirst) await refuseStopped(host);
  if (!isFirst && ask.allowed) progress.note(`Signing in to ${hostName(host)}`);
  return { ...ctx, ...how, host, tokens: tokens.of({ profile: settings.profile, host }) };
}

type StoreOptions = Pick<SignIn, 'insecure' | 'command'>;

async function isInsecure({ ask, progress, tokens }: Context, how: StoreOptions): Promise<boolean> {
  try {
    await tokens.probe(how);
    return how.insecure;
  } catch (error) {
    if (how.insecure || !ask.allowed || !isError(error, 'failed')) throw withAlternatives(error, how);
    progress.warn(error.message);
    if (!(await ask.confirm('Store the token in a file that only you can read?', true))) throw withAlternatives(error, how);
    await tokens.probe({ insecure: true });
    return true;
  }
}

/** Fails before any question if nothing runs at a host on this machine, such as a sandbox that has stopped. */
async function refuseStopped(host: string): Promise<void> {
  const url = new URL(host);
  if (!isLoopback(url.hostname)) return;
  const { isRefused } = await import('../../machine/loopback.ts');
  if (!(await isRefused(url))) return;
  const { unreachable } = await import('../../platform/api/network/unreachable.ts');
  throw unreachable(new NetworkFault('connection refused', { sent: false, reason: 'ECONNREFUSED' }), 'GET', host);
}

async function signInWithToken({ stdin, world }: Context, at: SignIn) {
  const typed = world.stdin.isTTY === true;
  // Without a prompt, a terminal would wait in silence and show the token.
  const token = typed && !at.ask.allowed ? '' : (typed ? await at.ask.password('Token:') : await stdin()).trim();
  if (token === '') throw usage('No token on standard input.', 'For example: dnx login --with-token < token.txt');
  if (/\s/.test(token)) throw usage('Standard input is not a token: it contains whitespace.');
  const user = await checkToken(at, token).catch((error: unknown) => {
    if (!isError(error, 'unauthenticated')) throw error;
    throw error.withHint('Nothing was stored. The token may be revoked or incomplete; include the part before the |.');
  });
  await storeSignIn(at, { token, user, abilities: undefined });
  return { user, abilities: undefined, first: undefined };
}

/** Keeps the host, then revokes the token that signed in. A failure includes `sentence`, because the new token is stored. */
async function settle(ctx: Context, at: SignIn, first: string | undefined, sentence: string): Promise<void> {
  let said = `${sentence}.`;
  const finish = async () => {
    try {
      await rememberHost(ctx, at.host);
    } catch (error) {
      said = `${sentence}, but the profile does not keep the host. Use --host ${quoted(at.host)}.`;
      throw error;
    } finally {
      if (first !== undefined) await revokeFirst(at, first);
    }
  };
  await finish().catch((error: unknown) => {
    throw isError(error) ? error.withHint([said, error.hint].filter(Boolean).join('\n'), ...error.next) : error;
  });
}

function nextSteps(abilities: readonly string[] | undefined, site: string | undefined): readonly Next[] {
  const can = (ability: string) => abilities?.includes(ability) ?? true;
  const canRead = can('server:read') && can('site:read');
  return [
    ...(canRead ? [{ command: ['site', 'list'], why: 'Next' }] : []),
    ...(canRead && site === undefined ? [{ command: ['link'], why: 'Link a project with' }] : []),
    ...(can('site:deploy') && site !== undefined ? [{ command: ['deploy'], why: 'Deploy with' }] : []),
  ];
}

async function askHost(ask: Ask, preset: string): Promise<string> {
  return hostOf(await ask.input('Host:', { default: hostName(preset), check: wrongHost }));
}

function wrongHost(typed: string): string | undefined {
  try {
    hostOf(typed.trim());
    return undefined;
  } catch (error) {
    if (!isError(error)) throw error;
    return [error.message, error.hint].filter(Boolean).join(' ');
  }
}

async function rememberHost({ settings, progress, world }: Context, host: string): Promise<void> {
  const { profile, config, directories } = settings;
  const kept = config.profiles?.[profile]?.host;
  if (kept === host) return;
  const { editConfig } = await import('../../machine/settings/config-file.ts');
  await editConfig(directories.config, world, (now) => ({
    ...now,
    profiles: { ...now.profiles, [profile]: { ...now.profiles?.[profile], host } },
  }));
  // A profile without a host used the default host if it has a token there.
  const before = kept ?? (config.accounts?.[accountName({ profile, host: DEFAULT_HOST })] ? DEFAULT_HOST : host);
  if (before !== host) progress.note(`Profile ${profile} now uses ${hostName(host)} instead of ${hostName(before)}.`);
}
