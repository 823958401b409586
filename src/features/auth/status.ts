import { DnxError, isStop } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import { accountName, accountNamed, type Identity } from '../../machine/credentials/account.ts';
import { loginLine, type Source, type Tokens } from '../../machine/credentials/tokens.ts';
import { DEFAULT_HOST } from '../../machine/settings/host.ts';
import { hasEverything } from '../token/audit.ts';
import { detailsOf } from '../token/token.ts';

interface Status extends Identity {
  /** The one that commands use when nothing else is said. */
  readonly current: boolean;
  readonly user: string | null;
  readonly source: Source | null;
  readonly token: string | null;
  readonly abilities: readonly string[] | null;
  readonly created_at: string | null;
  readonly last_used_at: string | null;
  readonly problem: string | null;
  /** The command that mends the problem. */
  readonly mend: string | null;
}

type Needs = Pick<Context, 'api' | 'tokens' | 'settings' | 'world' | 'progress'>;

/** Where each profile is signed in, as whom, with what token, and whether it works; exit 4 when one does not. */
export async function signedIn(ctx: Needs): Promise<Result> {
  const { settings, world } = ctx;
  const here: Identity = { profile: settings.profile, host: settings.host };
  const others = placesIn(settings).filter((each) => accountName(each) !== accountName(here));
  const variable = Boolean(world.env.DNX_TOKEN);
  if (variable && others.length > 0)
    ctx.progress.note('DNX_TOKEN is set and wins everywhere, so the stored tokens were not looked at. To check them: unset DNX_TOKEN');
  const all = await Promise.all([here, ...others].map((place) => (variable && place !== here ? unseen(ctx, place) : statusAt(ctx, place))));
  const bad = all.filter(({ problem }) => problem !== null);
  const shown = columns<Status>(
    { key: 'profile', cell: ({ profile, current }) => (current ? `${profile} *` : profile) },
    'host',
    'user',
    { key: 'source', title: 'Token from' },
    { key: 'abilities', cell: ({ abilities }) => abilitiesInWords(abilities), wrap: true },
    'created_at',
    { key: 'last_used_at', title: 'Last used' },
    { key: 'problem', cell: ({ problem, mend }) => (problem ? `${problem} → ${mend}` : undefined), wrap: true },
  );
  const failure =
    bad.length === 0
      ? undefined
      : new DnxError('unauthenticated', bad.map(({ profile, host, problem }) => `${profile} at ${host}: ${problem}`).join('\n'), {
          hint: bad.map(({ mend }) => mend).join('\n'),
        });
  return { view: rows(all, shown, ''), exit: failure };
}

async function statusAt({ api, tokens, settings, world }: Needs, place: Identity): Promise<Status> {
  const own = tokens.of(place);
  const start = known(own, place, place.profile === settings.profile && place.host === settings.host);
  const broken = (problem: string, mend: string): Status => ({ ...start, problem: problem.replace(/\.$/, ''), mend });
  const signIn = loginLine(place);
  const remedy = world.env.DNX_TOKEN ? 'Set DNX_TOKEN to a token that works, or unset it' : signIn;
  try {
    const found = await own.find();
    if (!found) return broken(own.known ? 'The token is gone from where it was stored' : 'Not signed in', signIn);
    const there = api.as(found.token, place.host);
    const { data } = await there.send('GET /user');
    const details = await detailsOf(there, found.token);
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
    const [help = { command: ['doctor'] }] = error.next;
    const mend = error.code === 'unauthenticated' ? remedy : (error.hint ?? `dnx ${help.command.join(' ')}`);
    return broken(error.message, mend.split('\n')[0] ?? '');
  }
}

const unseen = async ({ tokens }: Needs, place: Identity): Promise<Status> => known(tokens.of(place), place, false);

function known(own: Tokens, place: Identity, current: boolean): Status {
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
    mend: null,
  };
}

/** Every profile and host that has a token, and every profile that has settings. */
function placesIn({ config }: Pick<Context['settings'], 'config'>): Identity[] {
  const accounts = Object.keys(config.accounts ?? {}).map(accountNamed);
  const unsigned = Object.entries(config.profiles ?? {})
    .filter(([profile]) => !accounts.some((each) => each.profile === profile))
    .map(([profile, { host = DEFAULT_HOST }]) => ({ profile, host }));
  return [...accounts, ...unsigned];
}

function abilitiesInWords(abilities: readonly string[] | null): string | undefined {
  // Assumed to be a list, and shown as what it is otherwise.
  if (!Array.isArray(abilities)) return undefined;
  if (hasEverything(abilities)) return 'every ability';
  return abilities.length > 4 ? `${abilities.slice(0, 3).join(', ')} and ${abilities.length - 3} more` : abilities.join(', ');
}
