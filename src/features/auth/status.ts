import { DnxError, isStop } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import { loginLine, type TokenSource, type Tokens } from '../../machine/credentials/tokens.ts';
import { accountName, accountNamed, type Identity } from '../../machine/settings/config.ts';
import { DEFAULT_HOST, hostName } from '../../machine/settings/host.ts';
import { hasEverything, tokenDetails } from '../token/token.ts';
import { setAnother } from './denied.ts';

export interface SignInStatus extends Identity {
  /** True for the profile in use. */
  readonly current: boolean;
  readonly user: string | null;
  readonly source: TokenSource | null;
  readonly token: string | null;
  readonly abilities: readonly string[] | null;
  readonly created_at: string | null;
  readonly last_used_at: string | null;
  readonly problem: string | null;
  /** How to fix the problem: a command or a sentence. */
  readonly fix: string | null;
}

/** Checks the token of every profile. Exits with 4 if one does not work. */
export async function signedIn(ctx: Context): Promise<Result> {
  const { settings, world } = ctx;
  const here: Identity = { profile: settings.profile, host: settings.host };
  const others = placesIn(settings).filter((each) => accountName(each) !== accountName(here));
  const variable = Boolean(world.env.DNX_TOKEN);
  if (variable && others.length > 0) ctx.progress.note('DNX_TOKEN is set, so the stored tokens were not checked. Unset it to check them.');
  const all = await Promise.all([here, ...others].map((place) => (variable && place !== here ? unseen(ctx, place) : statusAt(ctx, place))));
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
  const failure =
    bad.length === 0
      ? undefined
      : new DnxError(
          'unauthenticated',
          bad.map(({ profile, host, problem }) => `Profile ${profile} at ${hostName(host)}: ${problem}.`).join('\n'),
          {
            hint: bad.map(({ fix }) => fix).join('\n'),
          },
        );
  return { view: rows(all, shown, ''), exit: failure };
}

async function statusAt({ api, tokens, settings, world }: Context, place: Identity): Promise<SignInStatus> {
  const own = tokens.of(place);
  const start = known(own, place, place.profile === settings.profile && place.host === settings.host);
  const broken = (problem: string, fix: string): SignInStatus => ({ ...start, problem: problem.replace(/\.$/, ''), fix });
  const signIn = loginLine({ ...place, config: settings.config });
  try {
    const found = await own.find();
    if (!found) return broken(own.known ? 'The stored token is missing' : 'Not signed in', signIn);
    const there = api.as(found.token, place.host);
    const { data } = await there.send('GET /user');
    const details = await tokenDetails(there, found.token);
    return {
      ...start,
      source: found.source,
      user: isObject(data) ? wordOf(data.email ?? data.name) || null : null,
      token: details?.name ?? null,
      abilities: details?.abilities ?? (found.source === 'variable' ? null : start.abilities),
      created_at: details?.created_at ?? (found.source === 'variable' ? null : start.created_at),
      last_used_at: details?.last_used_at ?? null,
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

const unseen = async ({ tokens }: Context, place: Identity): Promise<SignInStatus> => known(tokens.of(place), place, false);

function known(own: Tokens, place: Identity, current: boolean): SignInStatus {
  const account = own.known;
  return {
    ...place,
    current,
    user: account?.user ?? null,
    source: account?.store ?? null,
    token: null,
    abilities: account?.abilities ?? null,
    created_at: account?.stored_at ?? null,
    last_used_at: null,
    problem: null,
    fix: null,
  };
}

/** Every account, and every profile without one. */
function placesIn({ config }: Pick<Context['settings'], 'config'>): Identity[] {
  const accounts = Object.keys(config.accounts ?? {}).map(accountNamed);
  const unsigned = Object.entries(config.profiles ?? {})
    .filter(([profile]) => !accounts.some((each) => each.profile === profile))
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
