import type { DnxError } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import { openCi } from '../../machine/ci.ts';
import { openTokens, type Tokens } from '../../machine/credentials/tokens.ts';
import { truthy } from '../../machine/env.ts';
import { accountName } from '../../machine/settings/config.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Attended, Transport, World } from '../../machine/world.ts';
import type { Api, Gate } from '../../platform/api/api.ts';
import { createApi } from '../../platform/api/client.ts';
import { openBudgets } from '../../platform/api/limit/budget.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { type NameIndex, openNameIndex } from '../../platform/names/name-index.ts';
import type { RunLine, Tree } from '../language/command.ts';
import { type Globals, globals } from '../language/globals.ts';
import { mayChange } from '../language/tree.ts';
import { openProgress, type Progress } from '../output/progress.ts';
import { openRequests, searchingWith } from '../output/requests.ts';
import { styleFor } from '../output/style.ts';
import { safeLines } from '../output/text.ts';
import type { Recorder } from '../plan/record.ts';
import { openAsk } from '../prompt/ask.ts';
import type { Invocation } from './invocation.ts';
import type { BaseContext } from './prepare.ts';
import { parseValue, type Sources } from './values.ts';

/** The default of --max-wait. */
const MAX_WAIT_MS = 120_000;

/** A context and what else `perform` needs. */
export interface Opened {
  readonly ctx: BaseContext;
  readonly scope: Scope;
  readonly sources: Sources;
  /** In a dry run. */
  readonly plan: Recorder | undefined;
  /** Saves what the command has read. Its connections end with the process, which takes no time. */
  readonly close: () => Promise<void>;
}

interface Parts extends Pick<Opened, 'plan'> {
  readonly tree: Tree;
  readonly invocation: Invocation;
  readonly runLine: RunLine;
}

/** Creates the context of a command. Loads nothing heavy until it is used. */
export async function openContext(
  world: World,
  settings: Settings,
  { cache, color, limit, maxWait }: Pick<Globals, 'cache' | 'color' | 'limit' | 'maxWait'>,
  { tree, invocation, plan, runLine }: Parts,
): Promise<Opened> {
  const style = await styleFor(world.stderr, world.env, color);
  const progress = await openProgress({
    stderr: world.stderr,
    events: settings.format === 'ndjson' ? world.stdout : undefined,
    quiet: settings.quiet,
    style,
    env: world.env,
  });
  for (const problem of settings.problems) progress.warn(`${problem.message} ${problem.hint ?? ''}`);
  for (const warning of settings.warnings) progress.warn(warning);
  const { session } = settings;
  const asked = openAsk({ world, input: settings.input, style, before: progress.done });
  const ask = session?.agent ? (await import('./session.ts')).askInSession(asked) : asked;
  const attended = settings.attended && world.stderr.isTTY ? unlocking(progress) : undefined;
  const tokens = openTokens({ world, settings, attended, warn: progress.warn });
  const connection = connectionOf(world, settings, progress);
  const names = namesOf(world, settings, { cache, token: tokens.token });
  const stdin = once(async () => (await import('../../machine/files/user-file.ts')).readToEnd(world.stdin, world.signal));
  const sources = { world, ask, stdin, plan };
  const maxWaitMs = await maxWaitOf(maxWait, sources);
  const history = historyGate({ settings, clock: world.clock, progress, nameOf: names.nameOf }, world, invocation);
  const gate = plan?.gate ?? (session && history ? (await import('./session.ts')).gateInSession(session, history) : history);
  const refused = settings.readOnly && !plan ? (await import('./may.ts')).readOnlyError : undefined;
  const readOnly = refused && ((operation: string) => refused(operation, session?.readOnly));
  const parts = { command: invocation.path, progress, connection, names, limit, maxWaitMs, gate, readOnly };
  const api = apiOf(world, settings, parts);
  const scope: Scope = { api, settings, names, searching: searchingWith(progress) };
  const ctx: BaseContext = {
    api,
    ask,
    progress,
    ci: openCi(world, safeLines),
    settings,
    tokens,
    clock: world.clock,
    signal: world.signal,
    world,
    stdin,
    tree,
    runLine,
    plan,
  };
  return {
    ctx,
    scope,
    sources,
    plan,
    close: names.save,
  };
}

/** The API of a command. */
function apiOf(
  world: World,
  { host, debug, directories }: Settings,
  parts: {
    readonly command: string;
    readonly progress: Progress;
    readonly connection: ReturnType<typeof connectionOf>;
    readonly names: NameIndex;
    readonly limit: string | undefined;
    readonly maxWaitMs: number;
    readonly gate: Gate | undefined;
    readonly readOnly: ((operation: string) => DnxError) | undefined;
  },
): Api {
  const { command, progress, connection, names, limit, maxWaitMs, gate, readOnly } = parts;
  return createApi({
    host,
    token: names.token,
    connect: connection,
    clock: world.clock,
    signal: world.signal,
    userAgent: `dnx/${version}`,
    debug: (line) => debug && progress.debug(line),
    requests: openRequests(progress, world.clock),
    budgets: openBudgets(directories.state, { clock: world.clock, env: world.env, command }),
    maxWaitMs,
    random: world.random ?? Math.random,
    mostItems: limit === undefined ? undefined : Number(limit),
    observer: names,
    readOnly,
    gate,
  });
}

/** Writes what a command changes into the history, whose code is loaded with the first change. */
function historyGate(
  ctx: Pick<BaseContext, 'settings' | 'clock' | 'progress'> & Pick<Scope['names'], 'nameOf'>,
  world: World,
  invocation: Invocation,
): Gate | undefined {
  if (truthy(world.env.DNX_NO_HISTORY) && !ctx.settings.session) return undefined;
  const reads = new Map<string, unknown>();
  const changes = invocation.command.applies || mayChange(invocation.command);
  let opened: Promise<Gate> | undefined;
  return {
    read: (path, data) => void (changes && reads.set(path, data)),
    found: async (body, item) => (await opened)?.found?.(body, item),
    async change(method, path, options, ...sending) {
      opened ??= import('../plan/journal.ts').then(({ openJournal }) => openJournal({ ...ctx, world }, invocation, world.asked));
      const journal = await opened;
      for (const [from, data] of reads) journal.read(from, data);
      reads.clear();
      return journal.change(method, path, options, ...sending);
    },
  };
}

/** The names that the token of a command has read. */
function namesOf(
  { env, clock, signal }: World,
  { directories, profile, host, config }: Settings,
  { cache, token }: { readonly cache: boolean; readonly token: Tokens['token'] },
) {
  const stored = env.DNX_TOKEN?.trim() ? undefined : config.accounts?.[accountName({ profile, host })]?.stored_at;
  const fresh = !cache || truthy(env.DNX_NO_CACHE);
  return openNameIndex({ directory: directories.cache, profile, host, token, stored, fresh, clock, signal });
}

/** --max-wait or DNX_MAX_WAIT, in ms. */
async function maxWaitOf(given: string | undefined, sources: Sources & { readonly world: Pick<World, 'env'> }): Promise<number> {
  const variable = given === undefined ? 'DNX_MAX_WAIT' : undefined;
  const word = given ?? (sources.world.env.DNX_MAX_WAIT || undefined);
  return word === undefined ? MAX_WAIT_MS : Number(await parseValue('max_wait', globals.max_wait, word, sources, variable));
}

const HIDDEN = 'Values of variables are hidden. A person can start dnx agent run with --show-values.';

/** The connection of a command, opened by its first request. Throws if the settings block requests. */
function connectionOf(world: World, { blocked, caFile, host, hidesValues }: Settings, { note }: Progress) {
  let transport: Transport | undefined;
  let isNoted = false;
  const onHidden = () => {
    if (!isNoted) note(HIDDEN);
    isNoted = true;
  };
  return async () => {
    if (blocked.requests) throw blocked.requests;
    transport ??= await world.connect(caFile);
    return hidesValues ? (await import('./hidden.ts')).hidingValues(transport, { host, onHidden }) : transport;
  };
}

/** Calls a function once and returns the same promise every time. */
function once<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => {
    started ??= start();
    return started;
  };
}

/** Notes once that dnx is waiting for a desktop dialog. */
function unlocking(progress: Progress): Attended {
  let said = false;
  return {
    waiting() {
      if (!said) progress.note('Waiting for you to unlock the keyring…');
      said = true;
    },
  };
}
