import { DnxError, isStop } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { nullable, objectOf, oneOf, type Printed, word, words, yes } from '../../cli/language/shape.ts';
import { columns, rows } from '../../cli/output/view.ts';
import { loginLine, type TokenSource } from '../../machine/credentials/tokens.ts';
import { type Account, accountName, accountNamed, type Identity } from '../../machine/settings/config.ts';
import { DEFAULT_HOST, hostName, originNames } from '../../machine/settings/host.ts';
import { profileReason } from '../../machine/settings/settings.ts';
import { hasEverything, tokenDetails, userOf } from '../token/token.ts';
import { setAnother } from './denied.ts';

export const signInStatus = objectOf(
  {
    profile: word,
    host: word,
    current: yes,
    origin: nullable(oneOf(...originNames)),
    user: nullable(word),
    source: nullable(oneOf<TokenSource>('variable', 'keychain', 'file')),
    token: nullable(word),
    abilities: nullable(words),
    created_at: nullable(word),
    last_used_at: nullable(word),
    problem: nullable(word),
    fix: nullable(word),
  },
  { directory: word },
);
export type SignInStatus = Printed<typeof signInStatus>;

/** Checks the token of every profile. Exits with 4 if one does not work. */
export async function signedIn(ctx: Context) {
  const { settings, world } = ctx;
  const here: Identity = { profile: settings.profile, host: settings.host };
  const others = placesIn(settings).filter((place) => accountName(place) !== accountName(here));
  const variable = Boolean(world.env.DNX_TOKEN);
  if (variable && others.length > 0) ctx.progress.note('DNX_TOKEN is set, so the stored tokens were not checked. Unset it to check them.');
  const origin = settings.origins.profile ?? 'default';
  if (others.length > 0 || origin !== 'default') ctx.progress.note(`Profile ${profileReason(settings)}`);
  const all = await Promise.all([
    statusAt(ctx, here).then((status) => ({ ...status, origin, ...(settings.directory && { directory: settings.directory }) })),
    ...others.map((place) => (variable ? known(ctx.tokens.of(place).known, place, false) : statusAt(ctx, place))),
  ]);
  const bad = all.filter(({ problem }) => problem !== null);
  const shown = columns<SignInStatus>(
    { key: 'profile', cell: ({ profile, current }) => (current ? `${profile} *` : profile) },
    { key: 'host', cell: ({ host }) => hostName(host) },
    'user',
    { key: 'source', title: 'Token', cell: ({ source }) => sourceInWords(source) },
    { key: 'abilities', cell: ({ abilities }) => abilitiesInWords(abilities), wrap: true },
    { key: 'last_used_at', title: 'Last used', wide: true },
    ...(bad.length > 0 ? (['problem', 'fix'] as const).map((key) => ({ key, wrap: true as const })) : []),
  );
  if (bad.length === 0) return { view: rows(all, shown, '') };
  const sentences = bad.map(({ profile, host, problem }) => `Profile ${profile} at ${hostName(host)}: ${problem}.`);
  const exit = new DnxError('unauthenticated', sentences.join('\n'), { hint: bad.map(({ fix }) => fix).join('\n') });
  return { view: rows(all, shown, ''), exit };
}

async function statusAt({ api, tokens, settings, world }: Context, place: Identity): Promise<SignInStatus> {
  const stored = tokens.of(place);
  const start = known(stored.known, place, place.profile === settings.profile && place.host === settings.host);
  const broken = (problem: string, fix: string): SignInStatus => ({ ...start, problem: problem.replace(/\.$/, ''), fix });
  const signIn = loginLine({ ...place, config: settings.config });
  try {
    const found = await stored.find();
    if (!found) return broken(stored.known ? 'The stored token is missing' : 'Not signed in', signIn);
    const there = api.as(found.token, place.host);
    const user = await userOf(there);
    const details = await tokenDetails(there, found.token);
    return {
      ...start,
      source: found.source,
      user: user ?? null,
      token: textIn(details?.name),
      abilities: textsIn(details?.abilities) ?? (found.source === 'variable' ? null : start.abilities),
      created_at: textIn(details?.created_at) ?? (found.source === 'variable' ? null : start.created_at),
      last_used_at: textIn(details?.last_used_at),
    };
  } catch (error) {
    if (!(error instanceof DnxError) || isStop(error) || error.code === 'usage') throw error;
    if (error.status === 401) {
      if (!world.env.DNX_TOKEN) return broken(`The token was rejected by ${hostName(place.host)}`, signIn);
      return broken(`DNX_TOKEN was rejected by ${hostName(place.host)}`, setAnother.replace(/\.$/, ''));
    }
    const [help = { command: ['doctor'] }] = error.next;
    const fix = error.hint ?? `dnx ${help.command.join(' ')}`;
    return broken(error.message, fix.split('\n')[0] ?? '');
  }
}

/** A text of the API, or null for a value of another type. */
const textIn = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const textsIn = (value: unknown): readonly string[] | null =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;

function known(account: Account | undefined, place: Identity, current: boolean): SignInStatus {
  const { user = null, store: source = null, abilities = null, stored_at: created_at = null } = account ?? {};
  return {
    ...place,
    current,
    origin: null,
    user,
    source,
    token: null,
    abilities,
    created_at,
    last_used_at: null,
    problem: null,
    fix: null,
  };
}

function placesIn({ config }: Pick<Context['settings'], 'config'>): Identity[] {
  const accounts = Object.keys(config.accounts ?? {}).map(accountNamed);
  const unsigned = Object.entries(config.profiles ?? {})
    .filter(([profile]) => !accounts.some((account) => account.profile === profile))
    .map(([profile, { host = DEFAULT_HOST }]) => ({ profile, host }));
  return [...accounts, ...unsigned];
}

/** Where a token is stored. Shows unencrypted ones, which no other command warns about. */
const sourceInWords = (source: TokenSource | null): string | undefined =>
  source === 'variable' ? 'DNX_TOKEN' : source === 'file' ? 'unencrypted file' : (source ?? undefined);

function abilitiesInWords(abilities: readonly string[] | null): string | undefined {
  // The API may send another type.
  if (!Array.isArray(abilities)) return undefined;
  if (hasEverything(abilities)) return 'every ability';
  return abilities.length > 4 ? `${abilities.slice(0, 3).join(', ')} and ${abilities.length - 3} more` : abilities.join(', ');
}
