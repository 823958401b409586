import { pid } from 'node:process';
import { DnxError, isError, type Next, systemCode, systemReason, usage } from '../../base/errors.ts';
import { tokenFingerprint } from '../../base/secrets.ts';
import { andList, wordOf } from '../../base/text.ts';
import { DAY, duration, shownTime } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { nothing, type Result } from '../../cli/output/view.ts';
import { countedChanges } from '../../cli/plan/show.ts';
import { childEnv } from '../../machine/env.ts';
import { ownHolderName } from '../../machine/files/lock.ts';
import { forgetLease, type Lease, leaseName, savedLeases, saveLease, sessionName } from '../../machine/lease.ts';
import type { Env } from '../../machine/world.ts';
import { readHistory } from '../plan/past.ts';
import { readAbilities } from '../token/choose.ts';
import { type MintedToken, mayHaveActed, mint } from '../token/mint.ts';
import type { Token } from '../token/token.ts';
import { revokeLeased } from './left.ts';

interface LeaseOptions {
  readonly kind: 'lease' | 'agent';
  readonly command: readonly string[];
  readonly abilities: readonly string[];
  readonly ttlMs: number;
  readonly readOnly?: boolean;
  /** True for a script. */
  readonly showValues?: boolean;
}

const LONGEST_MS = DAY;
const TICK_MS = 10_000;
/** How long the end of a lease may take, in ms, whatever happens. */
const LIMIT_MS = 30_000;

/** Runs a command with a token of its own, which is revoked when the command ends or the time is over. Ends with the exit code of the command. */
export async function runLeased(ctx: Context, options: LeaseOptions): Promise<Result> {
  const { progress, world } = ctx;
  const { abilities, command, ttlMs } = options;
  if (ttlMs > LONGEST_MS) throw usage('--ttl must be at most 24h.');
  const lease = await newLease(ctx, options);
  const body = { name: lease.token, abilities };
  if (ctx.recorder) {
    const { data } = await ctx.api.send<{ readonly id: string }>('POST /tokens', {}, { body, assume: {} });
    await ctx.api.send('DELETE /tokens/{token}', { token: data?.id });
    return { view: nothing };
  }
  save(ctx, lease, 'No token was created.');
  const fresh = await minted(ctx, lease, body);
  const leased = { ...lease, id: fresh.id ?? null, fingerprint: tokenFingerprint(fresh.plain, lease.host) };
  const ending = endingOf(ctx, leased, ttlMs);
  let code: number;
  try {
    save(ctx, leased, 'The command was not started.');
    ctx.ci.mask(fresh.plain);
    progress.done();
    if (options.kind === 'agent') sayWhatItMay(ctx, options, leased.until);
    const [file = '', ...args] = command;
    const env = childEnv(world.env, variablesFor(ctx, leased, fresh.plain));
    code = await world.spawn({ file, args, env, foreground: true, tick: { ms: Math.min(ttlMs, TICK_MS), call: ending.expire } });
  } finally {
    await world.hold(ending.end);
  }
  const failure = ending.failure();
  if (options.kind === 'agent') sayWhatItChanged(ctx, leased);
  if (!failure) await warnOfOthers(ctx, leased);
  // A script must know, unless the command itself failed.
  return { view: nothing, exit: code === 0 ? (failure ?? 0) : code };
}

const MOST_LISTED = 5;

function sayWhatItMay({ progress }: Context, { abilities }: LeaseOptions, until: string): void {
  const changes = abilities.filter((ability) => !readAbilities.includes(ability));
  const others = changes.length - MOST_LISTED;
  const listed = andList([...changes.slice(0, MOST_LISTED), ...(others > 0 ? [`${others} more`] : [])]);
  progress.note(`This session may ${changes.length === 0 ? 'only read' : `read, and use ${listed}`}, until ${shownTime(until)}.`);
  if (changes.length > 0)
    progress.note('What needs a name typed, such as to delete a site, dnx saves as a plan, which you apply in another terminal.');
}

function sayWhatItChanged(ctx: Context, { session }: Lease): void {
  const changes = readHistory(ctx).flatMap((run) =>
    run.session === session ? run.changes.filter(({ outcome }) => outcome !== 'failed') : [],
  );
  const made = changes.length === 0 ? 'changed nothing with dnx.' : `made ${countedChanges(changes)} with dnx. See: dnx history`;
  ctx.progress.note(`This session ${made}`);
}

async function newLease(
  { clock, settings, tokens, world }: Context,
  { kind, ttlMs, readOnly = false, showValues = kind === 'lease' }: LeaseOptions,
): Promise<Lease> {
  const { host, profile, directories } = settings;
  const plain = await tokens.token();
  const held = await tokens.find();
  const now = clock.now();
  const until = new Date(now + ttlMs).toISOString();
  const session = sessionName(kind, { now, pid, chance: (world.random ?? Math.random)() });
  return {
    version: 1,
    session,
    host,
    profile,
    owner: held?.source === 'variable' ? tokenFingerprint(plain, host) : null,
    token: leaseName(session, until),
    id: null,
    fingerprint: null,
    started_at: new Date(now).toISOString(),
    until,
    holder: ownHolderName(),
    state: directories.state,
    read_only: readOnly,
    show_values: showValues,
  };
}

/** Saves a lease, or fails with what then did not happen. */
function save({ settings }: Context, lease: Lease, otherwise: string): void {
  try {
    saveLease(settings.directories.config, lease);
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw new DnxError('failed', `Could not save the lease: ${reason}. ${otherwise}`, { cause: error });
  }
}

/** Creates the token. If the response is lost, revokes what may have been created. */
async function minted(ctx: Context, lease: Lease, body: Readonly<Record<string, unknown>>): Promise<MintedToken> {
  try {
    return await mint(ctx.api, body);
  } catch (error) {
    if (mayHaveActed(error)) await ctx.world.hold(endingOf(ctx, lease, 0).end);
    else forgetLease(ctx.settings.directories.config, lease);
    if (!isError(error, 'forbidden')) throw error;
    throw error.with({ hint: 'A lease creates a token, which your own token must be allowed to do.', next: [signIn], lacks: undefined });
  }
}

const signIn: Next = { command: ['login'], why: 'Sign in with one that may' };

const variablesFor = ({ settings }: Context, { session, host, profile }: Lease, token: string): Env => ({
  DNX_LEASE: session,
  DNX_TOKEN: token,
  DNX_HOST: host,
  DNX_PROFILE: profile,
  ...(settings.caFile !== undefined && { DNX_CA_FILE: settings.caFile }),
});

function endingOf(ctx: Context, lease: Lease, ttlMs: number) {
  const { clock, progress } = ctx;
  const started = clock.elapsed();
  let revoking: Promise<DnxError | undefined> | undefined;
  let failure: DnxError | undefined;
  const isOver = () => clock.elapsed() - started >= ttlMs || clock.now() >= Date.parse(lease.until);
  const expire = async () => {
    if (revoking || !isOver()) return;
    revoking = revoke(ctx, lease);
    const failed = await revoking;
    if (!failed) progress.warn(`The lease is over after ${duration(ttlMs)}, so its token was revoked. The command goes on without it.`);
    // The next tick tries again.
    else revoking = undefined;
  };
  return {
    /** Revokes the token if the time is over, by either clock: one of them stops while the computer sleeps, the other may be set. */
    expire: () => void expire(),
    async end() {
      failure = await (revoking ?? revoke(ctx, lease));
      if (!failure) return;
      const now = lease.id === null ? 'dnx token list --audit' : `dnx token revoke ${lease.id}`;
      progress.warn(`Could not revoke the token ${lease.token}: ${failure.message} The next dnx command does, or now: ${now}`);
    },
    failure: () => failure,
  };
}

/** Revokes the token and forgets the lease, or leaves both to the next command. A signal does not stop it. */
async function revoke(ctx: Context, lease: Lease): Promise<DnxError | undefined> {
  const { config } = ctx.settings.directories;
  const attempt = () => revokeLeased(ctx.api.unstopped().until(ctx.clock.elapsed() + LIMIT_MS), lease);
  try {
    // Once more: the connection may have died in the hours since its last request.
    const found = await attempt().catch((error: unknown) => (isError(error, 'network') ? attempt() : Promise.reject(error)));
    if (found || lease.id !== null) forgetLease(config, lease);
    else leave(config, lease);
    return undefined;
  } catch (error) {
    if (!isError(error)) throw error;
    leave(config, lease);
    return error;
  }
}

/** Leaves a lease to the next command. If it cannot be saved, the end of this process does the same. */
function leave(config: string, lease: Lease): void {
  try {
    saveLease(config, { ...lease, holder: null });
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

/** Warns of tokens that were created meanwhile: the API reference does not say that a token needs an ability for that. */
async function warnOfOthers({ api, progress, settings }: Context, lease: Lease): Promise<void> {
  const knownIds = [lease, ...savedLeases(settings.directories.config)].map(({ id }) => id);
  const isLater = (id: string) => Number(id) > Number(lease.id);
  const found = await api.list<Token>('GET /tokens', {}, { casual: true }).catch(() => []);
  for (const { id, name } of found.filter((candidate) => isLater(wordOf(candidate.id)) && !knownIds.includes(wordOf(candidate.id))))
    progress.warn(`Token ${wordOf(name)} was created meanwhile. If that was not you: dnx token revoke ${wordOf(id)}`);
}
