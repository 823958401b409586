import { DnxError, isStop, orError, usage } from '../../base/errors.ts';
import { atMost, inParallel } from '../../base/parallel.ts';
import { spanIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { type LogPart, logView } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { distinct, everySiteMember, isForSeveral, type Member, memberAt, namedSite } from '../remote/fleet.ts';
import { type Level, type LogSource, places } from '../remote/log-paths.ts';
import { siteDirectories } from '../remote/machine.ts';
import { AT_A_TIME } from '../remote/side-by-side.ts';
import { type LogRequest, openConnection, openMemory } from './connection.ts';
import { entriesFor, searchWords } from './entries.ts';
import { beginning, partsFrom, type Said } from './follow.ts';
import { type logsEndpoint, serverLog } from './server-log.ts';
import { findingsIn, noLogYet, noMatches } from './survey.ts';

type LogsOptions = Given<Record<'grep' | 'since' | 'until' | 'user', string>> &
  Given<Record<'path' | 'sites', readonly string[]>> &
  Given<{ all: boolean; follow: boolean; lines: number; level: Level; source: LogSource; trace: boolean }>;

type LogsContext = Context<typeof logsEndpoint>;

const LINES = 100;

/** `dnx logs`. */
export async function showLogs(ctx: LogsContext, targets: Targets, options: LogsOptions) {
  const { follow = false, path, source } = options;
  const all = isForSeveral(ctx, { all: options.all, on: undefined }, 'sites', 'Use only one of them.');
  check(options, all || targets.site !== undefined);
  const filter = filterOf(options, ctx.clock.now());
  if (!all && !targets.site && !follow && !path && !source && !filter.some) return serverLog(ctx, options.lines ?? LINES);
  const places = distinct(all ? await everySiteMember(ctx, options.user) : await namedPlaces(ctx, targets, options));
  const [first, ...others] = places;
  if (!first) throw new DnxError('not_found', 'No sites.');
  // A line and no spinner, which would hide a prompt of ssh.
  ctx.progress.done();
  if (ctx.progress.spins) ctx.progress.note(`Connecting to ${[...new Set(places.map(({ server }) => server.label))].join(', ')}`);
  const said: Said = new Map();
  const open = (place: Member) => openLog(ctx, requestFor(place, options, filter), said);
  if (others.length > 0) {
    const { exit, ...several } = await openSeveral(ctx, places, open, follow);
    return { view: viewOf(ctx, several, options, filter), exit };
  }
  const { parts, files, exit, zone } = await open(first);
  return { view: viewOf(ctx, { parts, files, zoneOf: () => zone, headings: files.length > 1 }, options, filter), exit };
}

async function namedPlaces(ctx: LogsContext, targets: Targets, { sites = [], user }: LogsOptions): Promise<readonly Member[]> {
  const first = await memberAt(ctx, targets, user);
  const others = await inParallel(sites, (word) => namedSite(ctx, word, user));
  return [...new Map([first, ...others].map((place) => [place.site?.id, place])).values()];
}

/** Rejects what can never work, before anything is read. */
function check({ follow, lines, path, sites, source, until }: LogsOptions, ofSites: boolean): void {
  if (lines !== undefined && lines < (follow ? 0 : 1))
    throw usage(`--lines must be a whole number of at least 1, or 0 with -f, not ${lines}.`);
  if (path && source) throw usage('--path and --source cannot be combined.');
  for (const file of path ?? []) if (file === '' || /[\n\0]/.test(file)) throw usage('--path must be the path of a file.');
  if (source && !ofSites && !places[source].server)
    throw usage(`The ${places[source].title} belongs to a site. Name a site, or use --path.`);
  if (follow && until !== undefined) throw usage('-f cannot be combined with --until.');
  if (sites && !ofSites) throw usage('Several logs at once are those of sites. Name a site first.');
}

type Filter = ReturnType<typeof filterOf>;

function filterOf({ level, grep, lines, source, ...span }: LogsOptions, now: number) {
  const { since, until } = spanIn(span, now);
  const some = [since, until, level, grep].some((bound) => bound !== undefined);
  return {
    some,
    last: some && (lines !== undefined || since === undefined) ? (lines ?? LINES) : undefined,
    since,
    until,
    level,
    grep: grep === undefined ? undefined : patternOf(grep),
    loose: source === 'deploy',
    now,
  };
}

/** A regular expression. Case matters only if it has a capital letter. */
function patternOf(word: string): RegExp {
  try {
    return new RegExp(word, /\p{Lu}/u.test(word.replaceAll(/\\./g, '')) ? 'u' : 'iu');
  } catch (error) {
    throw usage(`--grep is not a regular expression: ${(error as Error).message.replace(/^.*: /, '')}.`);
  }
}

function requestFor({ name, place }: Member, { lines = LINES, follow = false, path, source }: LogsOptions, filter: Filter) {
  const { machine, site } = place();
  const isSearch = filter.some && lines > 0;
  const chosen = path ? undefined : (source ?? (site ? 'laravel' : 'nginx'));
  const candidates = chosen ? candidatesOf(chosen, site ?? machine) : candidatesAt(path ?? [], site ? 'live:' : 'home:');
  return {
    machine,
    source: chosen,
    label: name,
    site: site ? name : null,
    directories: site ? siteDirectories(site) : ['', ''],
    candidates,
    lines,
    follow,
    loose: filter.loose,
    search: isSearch ? searchWords(filter, chosen) : undefined,
  };
}

async function openLog(ctx: LogsContext, request: LogRequest, said: Said) {
  const memory = openMemory();
  const connection = await openConnection(ctx, request);
  try {
    const frames = await beginning(connection, memory);
    ctx.signal.throwIfAborted();
    if (!frames) throw await connection.failure();
    const { files, zone, exit, warnings, note } = findingsIn(frames, request);
    if (exit && files.length === 0) throw exit;
    for (const warning of warnings) ctx.progress.warn(warning);
    if (note !== undefined) ctx.progress.note(note);
    const empty = files.length > 0 && !request.follow && request.search === undefined ? noLogYet(request) : undefined;
    const parts = unlessEmpty(ctx, partsFrom(ctx, request, memory, connection, said), empty, ({ bytes }) => bytes.length > 0);
    return { wanted: request, files, exit, zone, parts };
  } catch (error) {
    connection.stop();
    throw error;
  }
}

type OpenLog = Awaited<ReturnType<typeof openLog>>;

/** Connects to each, some at a time. One that fails is a warning, and holds up none that is followed. */
async function openSeveral(ctx: LogsContext, places: readonly Member[], open: (place: Member) => Promise<OpenLog>, follow: boolean) {
  const { progress, signal } = ctx;
  const failures: DnxError[] = [];
  const zones = new Map<string | null, string>();
  const files: string[] = [];
  const fail = (error: DnxError, said = [error.message.replace(/\.$/, ''), error.hint].filter(Boolean).join('. ')) => {
    if (failures.every(({ message }) => message !== error.message)) progress.warn(said);
    failures.push(error);
  };
  const summary = () => {
    const code = failures.length < places.length ? 'partial' : failures[0]?.code;
    return failures.length > 0 ? new DnxError(code ?? 'partial', `${failures.length} of ${places.length} sites failed`) : undefined;
  };
  const attempt = async (place: Member) => {
    signal.throwIfAborted();
    const log = await orError(open(place));
    if (log instanceof DnxError) {
      fail(log);
      return undefined;
    }
    if (log.exit) fail(log.exit);
    zones.set(log.wanted.site, log.zone);
    files.push(...log.files);
    return log;
  };
  const inTurn = atMost(AT_A_TIME);
  const opening = places.map((place) => inTurn(() => attempt(place)));
  const opened = Promise.all(opening);
  if (follow) opened.catch(() => {});
  else if (!(await opened).some(Boolean)) throw summary();
  const known = failures.length;
  const streams = opening.map((log, index) => partsOfOne(log, (error) => fail(error, `${places[index]?.name}: ${error.message}`)));
  return {
    parts: merged(streams),
    files,
    sites: places.map(({ name }) => name),
    zoneOf: (site: string | null) => zones.get(site) ?? '+0000',
    exit: follow ? undefined : summary(),
    checkEnd() {
      const failure = summary();
      if (failure && (follow || failures.length > known)) throw failure;
    },
  };
}

/** The parts of a log once it is open. It ends where it fails. */
async function* partsOfOne(opening: Promise<OpenLog | undefined>, fail: (error: DnxError) => void): AsyncGenerator<LogPart> {
  const log = await opening;
  try {
    if (log) yield* log.parts;
  } catch (error) {
    if (!(error instanceof DnxError) || isStop(error)) throw error;
    fail(error);
  }
}

/** How to show what was opened. */
interface ShownLogs {
  readonly parts: AsyncIterable<LogPart>;
  readonly files: readonly string[];
  readonly zoneOf: (site: string | null) => string;
  readonly headings?: boolean;
  readonly sites?: readonly string[];
  /** Throws once everything is shown if some of it is missing. */
  readonly checkEnd?: () => void;
}

function viewOf(
  ctx: LogsContext,
  { parts, files, zoneOf, headings = false, sites, checkEnd }: ShownLogs,
  options: LogsOptions,
  filter: Filter,
) {
  const { follow = false, trace = false } = options;
  const entries = entriesFor({ ...filter, sorted: follow ? undefined : sites, zoneOf });
  return logView(parts, {
    endless: follow,
    headings,
    whole: trace && !filter.some && !sites,
    traces: trace,
    ...(sites && { sites }),
    async *entries(batches, decoded) {
      yield* unlessEmpty(ctx, entries(batches, decoded), filter.some && !follow ? noMatches(files, filter) : undefined);
      checkEnd?.();
    },
  });
}

/** These items, and a note at the end if there is one and none of them `counts`. */
async function* unlessEmpty<T>(
  { progress }: LogsContext,
  items: AsyncIterable<T>,
  note: string | undefined,
  counts: (item: T) => boolean = () => true,
): AsyncGenerator<T> {
  let isEmpty = true;
  for await (const item of items) {
    isEmpty &&= !counts(item);
    yield item;
  }
  if (isEmpty && note !== undefined) progress.note(note);
}

/** The parts of several logs, as they arrive. */
async function* merged(all: readonly AsyncGenerator<LogPart>[]): AsyncGenerator<LogPart> {
  const next = (parts: AsyncGenerator<LogPart>) => parts.next().then((result) => ({ parts, result }));
  const waiting = new Map(all.map((parts) => [parts, next(parts)]));
  try {
    while (waiting.size > 0) {
      const { parts, result } = await Promise.race(waiting.values());
      waiting.delete(parts);
      if (result.done) continue;
      waiting.set(parts, next(parts));
      yield result.value;
    }
  } finally {
    for (const [parts, pending] of waiting) {
      pending.catch(() => {});
      void parts.return(undefined).catch(() => {});
    }
  }
}

interface Names {
  readonly domain?: string | undefined;
  /** Such as `8.3`; undefined if unknown. */
  readonly php?: string | undefined;
}

/** The name of any release, which is assumed to begin with a date. */
const ANY_RELEASE = `${'[0-9]'.repeat(8)}*`;

/** The files of a source, as arguments of the script. The release in question is the live one, or any in the name of a file. */
export const candidatesOf = (source: LogSource, names: Names): readonly string[] => {
  const { server = [], site } = places[source];
  return (names.domain === undefined ? server : site).flatMap(({ show, files }, index) =>
    files
      .filter((file) => names.php !== undefined || !file.includes('PHP'))
      .flatMap((file) => {
        const end = file.lastIndexOf('/') + 1;
        const name = file.slice(end).replace('RELEASE', ANY_RELEASE);
        const full = name.replace(/DOMAIN|PHP/, (word) => (word === 'PHP' ? names.php : names.domain) ?? '');
        return [`${index} ${show}`, /[?*]/.test(name) ? 'glob' : 'name', startOf(file.slice(0, end)), full];
      }),
  );
};

/** The files of `--path`, as arguments of the script. A relative path begins in the live release of a site, or in the home directory. */
const candidatesAt = (paths: readonly string[], start: 'live:' | 'home:'): readonly string[] =>
  paths.flatMap((path) => ['0 each', 'path', path.startsWith('/') ? '' : start, path]);

const startOf = (path: string): string => path.replace(/^SITE\//, 'root:').replace(/^(LIVE|RELEASE)\//, 'live:');
