import { version } from '../../base/version.ts';
import { isCi, openCi } from '../../machine/ci.ts';
import { openTokens, type Tokens } from '../../machine/credentials/tokens.ts';
import { truthy } from '../../machine/env.ts';
import { accountName } from '../../machine/settings/config.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Transport, World } from '../../machine/world.ts';
import type { Gate } from '../../platform/api/api.ts';
import { createApi } from '../../platform/api/client.ts';
import { DEFAULT_TIMEOUT_MS, within } from '../../platform/api/deadline.ts';
import { type Endpoint, isRead, parameters } from '../../platform/api/endpoint.ts';
import { openBudgets } from '../../platform/api/limit/budget.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { type NameIndex, openNameIndex } from '../../platform/names/name-index.ts';
import { idIn, type Targets, targetIds } from '../../platform/names/names.ts';
import { type Context, nounOf } from '../language/command.ts';
import { globals } from '../language/globals.ts';
import { mayChange } from '../language/tree.ts';
import { openProgress, type Progress } from '../output/progress.ts';
import { openRequests, searchingWith } from '../output/requests.ts';
import { safeLines, styleFor } from '../output/text.ts';
import type { ChangeRecorder } from '../plan/record.ts';
import { openAsk } from '../prompt/ask.ts';
import { callsOf, firstWords, type Line, type Ready } from './line.ts';
import { parseValue } from './values.ts';

/** What a command runs in, before its targets are known. */
export interface BaseContext
  extends Omit<
    Context,
    'call' | 'list' | 'shown' | 'each' | 'everySite' | 'resolve' | 'reach' | 'nameOf' | 'isGiven' | 'deadline' | 'timeoutMs'
  > {
  readonly scope: Scope;
  readonly recorder: ChangeRecorder | undefined;
  /** Saves the names that were read. Its connections end with the process, which takes no time. */
  readonly close: () => Promise<void>;
}

const MAX_WAIT_MS = 120_000;

/** Creates the context of a line. It sends nothing, asks nothing, and loads nothing heavy until it is used. */
export async function createContext(
  line: Line,
  world: World,
  { tree, runLine, recorder }: Pick<Context, 'tree' | 'runLine'> & Pick<BaseContext, 'recorder'>,
): Promise<BaseContext> {
  const { settings, globals } = line;
  // Opens stdout while there is nothing to print yet.
  const { clock, env, signal, stderr, stdout } = world;
  const style = await styleFor(stderr, env, globals.color);
  const events = settings.format === 'ndjson' ? stdout : undefined;
  const shown = await openProgress({ stderr, events, quiet: settings.quiet, style, env });
  // A dry run does not say what was done.
  const progress: Progress = recorder ? { ...shown, succeeded() {}, step() {} } : shown;
  for (const problem of settings.problems) progress.warn(`${problem.message} ${problem.hint ?? ''}`);
  for (const warning of settings.warnings) progress.warn(warning);

  const asked = openAsk({ world, input: settings.input, style, before: progress.done });
  const ask = settings.session?.agent ? (await import('./may.ts')).askInSession(asked) : asked;
  const stdin = once(async () => (await import('../../machine/files/user-file.ts')).readToEnd(world.stdin, signal));
  const attended =
    settings.attended && stderr.isTTY ? { waiting: notingOnce(progress, 'Waiting for you to unlock the keyring…') } : undefined;
  const tokens = openTokens({ world, settings, attended, warn: progress.warn });
  const names = namesOf(line, world, tokens);
  const api = createApi({
    host: settings.host,
    token: names.token,
    connect: connectionOf(world, settings, progress),
    clock,
    signal,
    userAgent: `dnx/${version}`,
    debug: (text) => settings.debug && progress.debug(text),
    requests: openRequests(progress, clock),
    budgets: openBudgets(settings.directories.state, { clock, env }),
    maxWaitMs: await maxWaitOf(line, { world, ask, stdin }),
    random: world.random ?? Math.random,
    observer: names,
    readOnly: recorder ? undefined : await readOnlyOf(settings),
    changes: !recorder && (line.command.applies || mayChange(line.command)) ? { sent: 0 } : undefined,
    gate: recorder?.gate ?? (await gateOf(line, { world, clock, progress, nameOf: names.nameOf })),
  });
  const scope: Scope = { api, settings: line.defaults, names, searching: searchingWith(progress) };
  const { ci: isOn } = line.options;
  const ci = openCi(world, safeLines, typeof isOn === 'boolean' ? isOn : undefined);
  return { api, ask, progress, ci, settings, tokens, clock, signal, world, stdin, tree, runLine, recorder, scope, close: names.save };
}

/** What `run` gets for one of the targets. Its requests end after `allowanceMs`, from now on. */
export function argumentsFor(ready: Ready, targets: Targets, base: BaseContext) {
  const { command, consent } = ready.line;
  const { options, fields, extra } = ready.inputs;
  const filled = Object.entries(command.fields ?? {}).flatMap(([key, { as = '' }]) => (targets[as] ? [[key, targets[as].id]] : []));
  const body: Record<string, unknown> = { ...fields, ...Object.fromEntries(filled), ...extra };
  const isNone = command.targets === 'optional' && ready.targets.length === 0;
  const taken = command.targets === 'all' ? ready.targets : isNone ? undefined : targets;
  return { ctx: contextFor(ready, targets, body, base), args: { targets: taken, options, fields, body, consent } };
}

function contextFor(ready: Ready, targets: Targets, body: Readonly<Record<string, unknown>>, base: BaseContext): Context {
  const { line, scope, timeoutMs, allowanceMs } = ready;
  const { api, deadline } = within(base, allowanceMs);
  const inner: Scope = { ...scope, api };
  const lookUp = async () => (await import('./targets.ts')).lookedUpAgain(line, targets, ready.targets.indexOf(targets), scope);
  return {
    ...base,
    api,
    deadline,
    timeoutMs,
    ...requestsOf({ endpoint: callsOf(line).endpoint, targets, lookUp, body, most: mostShown(line) }, api, scope),
    each: async (items, run, atATime, noun = nounOf(line.group)) => {
      const { several } = await import('./several.ts');
      return several({ noun, verb: line.command.name, items, settings: base.settings, run, atATime });
    },
    async everySite() {
      const { server: word } = firstWords(line);
      const { everySite, sitesOn } = await import('../../platform/names/site-search.ts');
      const { server } = word === undefined ? {} : await (await resolving()).resolveTargets(['server'], { server: word }, inner);
      return server ? sitesOn(server, inner) : everySite(inner);
    },
    async reach() {
      const { directories, profile, host } = base.settings;
      const account = { directory: directories.cache, profile, host, clock: base.clock };
      return (await import('../../platform/names/places.ts')).reach(targets, inner, account);
    },
    nameOf: (noun, id, maxAge) =>
      scope.names.nameOf(noun, id, maxAge) ?? (targets[noun]?.id === idIn(id) ? targets[noun]?.label : undefined),
    isGiven: (noun) => line.targets[noun] !== undefined,
    async resolve(path, words) {
      const names = parameters(path);
      const { resolveTargets, verified } = await resolving();
      if (words) {
        const find = () => resolveTargets(names, words, inner);
        return verified(await find(), find, inner);
      }
      const picked = base.ask.allowed ? (await (await import('./pick.ts')).pickMissing(line, names, undefined, scope, base)).targets : {};
      const found = await resolveTargets(names, firstWords(line), { ...scope, picked });
      const [{ refuseMislinked }, { changeOf }] = await Promise.all([import('../../platform/names/linked.ts'), import('./targets.ts')]);
      return refuseMislinked(found, changeOf(line), scope);
    },
  };
}

const resolving = () => import('../../platform/names/resolve.ts');

/** The declared endpoint of a command, and what fills it in. */
interface Request {
  readonly endpoint: Endpoint | undefined;
  readonly targets: Targets;
  readonly lookUp: () => Promise<Targets>;
  readonly body: Readonly<Record<string, unknown>>;
  /** How many items of a list are printed at most. */
  readonly most: number | undefined;
}

function requestsOf(
  { endpoint: first, targets, lookUp, body, most }: Request,
  api: Context['api'],
  scope: Scope,
): Pick<Context, 'call' | 'list' | 'shown'> {
  const fresh = async <T>(
    endpoint: Endpoint,
    request: (ids: Readonly<Record<string, string>>) => Promise<T>,
    shown?: (answer: T) => unknown,
  ): Promise<T> => {
    if (!isRead(endpoint) || Object.keys(targets).length === 0) return request(targetIds(targets));
    const { askedAgain } = await import('../../platform/names/resolve.ts');
    return askedAgain(targets, lookUp, scope, { endpoint, ask: (found) => request(targetIds(found)), ...(shown && { shown }) });
  };
  return {
    call(endpoint = declared(first), options = {}) {
      const sent = 'body' in options ? options.body : endpoint === first && Object.keys(body).length > 0 ? body : undefined;
      const send = <T>(ids: Readonly<Record<string, string>>) =>
        api.send<T>(endpoint, { ...ids, ...options.params }, { body: sent, ...(options.assume && { assume: options.assume }) });
      return fresh(endpoint, send<never>, ({ data }) => data);
    },
    list(endpoint = declared(first), options = {}) {
      return fresh(endpoint, (ids) => api.list(endpoint, ids, options));
    },
    shown(endpoint = declared(first), options = {}) {
      return fresh(endpoint, (ids) => api.list(endpoint, ids, { ...options, most }));
    },
  };
}

/** How many items of a list are needed to print it: all, if it is sorted or queried first. */
const mostShown = ({ globals: { limit, sort, query } }: Line): number | undefined =>
  limit === undefined || sort !== undefined || query !== undefined ? undefined : Number(limit);

function declared(endpoint: Endpoint | undefined): Endpoint {
  if (!endpoint) throw new Error('The command declares no endpoint for these options.');
  return endpoint;
}

/** What a request that changes something goes through: the history, whose code is loaded with the first change. In a session, refusals come first. */
async function gateOf(line: Line, ctx: Parameters<typeof historyOf>[1]): Promise<Gate | undefined> {
  const { session } = line.settings;
  const history = historyOf(line, ctx);
  return session && history ? (await import('./may.ts')).gateInSession(session, history) : history;
}

function historyOf(
  { settings, ...line }: Line,
  ctx: Pick<BaseContext, 'clock' | 'progress' | 'world'> & Pick<NameIndex, 'nameOf'>,
): Gate | undefined {
  if (truthy(ctx.world.env.DNX_NO_HISTORY) && !settings.session) return undefined;
  const reads = new Map<string, unknown>();
  const changes = line.command.applies || mayChange(line.command);
  let opened: Promise<Gate> | undefined;
  return {
    read: (path, data) => void (changes && reads.set(path, data)),
    found: async (body, item) => (await opened)?.found?.(body, item),
    async change(method, path, options, ...sending) {
      opened ??= import('../plan/journal.ts').then(({ openJournal }) => openJournal({ ...ctx, settings }, line, ctx.world.asked));
      const journal = await opened;
      for (const [from, data] of reads) journal.read(from, data);
      reads.clear();
      return journal.change(method, path, options, ...sending);
    },
  };
}

async function readOnlyOf({ readOnly, session }: Settings) {
  if (!readOnly) return undefined;
  const { readOnlyError } = await import('./may.ts');
  return (operation: string) => readOnlyError(operation, session?.readOnly);
}

function namesOf({ settings, globals: { cache } }: Line, { env, clock, signal }: World, { token }: Pick<Tokens, 'token'>): NameIndex {
  const { directories, profile, host, config } = settings;
  const stored = env.DNX_TOKEN?.trim() ? undefined : config.accounts?.[accountName({ profile, host })]?.stored_at;
  const fresh = !cache || truthy(env.DNX_NO_CACHE);
  return openNameIndex({ directory: directories.cache, profile, host, token, stored, fresh, clock, signal });
}

/** How long a request may wait for the rate limit. In CI, where jobs share it, that is as long as the command may take. */
async function maxWaitOf(
  { globals: { maxWait: option }, options }: Line,
  sources: Pick<Context, 'world' | 'ask' | 'stdin'>,
): Promise<number> {
  const { env } = sources.world;
  const word = option ?? (env.DNX_MAX_WAIT || undefined);
  if (word === undefined && isCi(env)) return options.timeout === undefined ? DEFAULT_TIMEOUT_MS : Number.POSITIVE_INFINITY;
  if (word === undefined) return MAX_WAIT_MS;
  return Number(await parseValue('max_wait', globals.max_wait, word, sources, option === undefined ? 'DNX_MAX_WAIT' : undefined));
}

const HIDDEN = 'Values of variables are hidden. A person can start dnx agent run with --show-values.';

/** The connection of a command, opened by its first request. Throws if the settings block requests. */
function connectionOf(world: World, { blocked, caFile, host, hidesValues }: Settings, progress: Progress) {
  let transport: Transport | undefined;
  const onHidden = notingOnce(progress, HIDDEN);
  return async () => {
    if (blocked.requests) throw blocked.requests;
    transport ??= await world.connect(caFile);
    return hidesValues ? (await import('./hidden-values.ts')).hidingValues(transport, { host, onHidden }) : transport;
  };
}

function once<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => {
    started ??= start();
    return started;
  };
}

function notingOnce(progress: Progress, sentence: string): () => void {
  let isNoted = false;
  return () => {
    if (!isNoted) progress.note(sentence);
    isNoted = true;
  };
}
