import { DnxError, isStop, orError, usage } from '../../base/errors.ts';
import { inParallel } from '../../base/parallel.ts';
import { DAY, timeOrAgo } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { type LogPart, logView } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { type Level, type LogSource, places } from '../remote/log-paths.ts';
import {
  type Machine,
  readMachine,
  readNamedSite,
  readSiteOnMachine,
  type SiteOnMachine,
  siteDirectories,
  siteOnMachine,
} from '../remote/machine.ts';
import { type LogRequest, openConnection, openMemory } from './connection.ts';
import { entriesFor, HEAD } from './entries.ts';
import { beginning, partsFrom } from './follow.ts';
import { type logsEndpoint, serverLog } from './server-log.ts';
import { findingsIn, noLogYet } from './survey.ts';

type LogsOptions = Given<Record<'grep' | 'since' | 'until' | 'user', string>> &
  Given<Record<'path' | 'sites', readonly string[]>> &
  Given<{ follow: boolean; lines: number; level: Level; source: LogSource; trace: boolean }>;

type LogsContext = Context<typeof logsEndpoint>;

const LINES = 100;
/** How much of the journal is searched without `--since`, in ms. It has no end. */
const JOURNAL_MS = DAY;

/** `dnx logs`. */
export async function showLogs(ctx: LogsContext, targets: Targets, options: LogsOptions) {
  const { follow, path, sites = [], source, user } = options;
  check(options, targets);
  const filter = filterOf(options, ctx.clock.now());
  if (!targets.site && !follow && !path && !source && !filter.some) return serverLog(ctx, options.lines ?? LINES);
  const first = targets.site ? await readSiteOnMachine(ctx, targets, user) : await readMachine(ctx, targets, user);
  const others = await inParallel(sites, async (word) => {
    const found = await readNamedSite(ctx, word);
    return siteOnMachine(found.targets, found.read, user);
  });
  const all = distinct([first, ...others]).map((place) => wantedOf(place, options, filter));
  // A line and no spinner, which would hide a prompt of ssh.
  ctx.progress.done();
  if (ctx.progress.spins) ctx.progress.note(`Connecting to ${[...new Set(all.map(({ machine }) => machine.server.label))].join(', ')}`);
  const { read, exit } = await readAll(ctx, all);
  const labels = all.length > 1 ? all.map(({ label }) => label) : undefined;
  return { view: viewOf(ctx, read, labels, options, filter), exit };
}

/** Rejects what can never work, before anything is read. */
function check({ follow, lines, path, sites, source, until }: LogsOptions, { site }: Targets): void {
  if (lines !== undefined && lines < (follow ? 0 : 1))
    throw usage(`--lines must be a whole number of at least 1, or 0 with -f, not ${lines}.`);
  if (path && source) throw usage('--path and --source cannot be combined.');
  for (const file of path ?? []) if (file === '' || /[\n\0]/.test(file)) throw usage('--path must be the path of a file.');
  if (source && !site && !places[source].server) throw usage(`The ${places[source].title} belongs to a site. Name a site, or use --path.`);
  if (follow && until !== undefined) throw usage('-f cannot be combined with --until.');
  if (sites && !site) throw usage('Several logs at once are those of sites. Name a site first.');
}

type Filter = ReturnType<typeof filterOf>;

function filterOf({ since, until, level, grep, source }: LogsOptions, now: number) {
  return {
    some: [since, until, level, grep].some((bound) => bound !== undefined),
    since: since === undefined ? undefined : momentIn('--since', since, now),
    until: until === undefined ? undefined : momentIn('--until', until, now),
    // The journal has levels, but does not print them: journalctl selects them.
    level: source === 'journal' ? undefined : level,
    grep: grep === undefined ? undefined : patternOf(grep),
    loose: source === 'deploy',
    now,
  };
}

function momentIn(option: string, word: string, now: number): number {
  const at = timeOrAgo(word, now);
  if (at !== undefined) return at;
  throw usage(
    `${option} must be a time or a duration, not '${word}'.`,
    `For example: ${option} 15m, or ${option} '2026-01-02 03:04' (UTC).`,
  );
}

/** A regular expression. Case matters only if it has a capital letter. */
function patternOf(word: string): RegExp {
  try {
    return new RegExp(word, /\p{Lu}/u.test(word.replaceAll(/\\./g, '')) ? 'u' : 'iu');
  } catch (error) {
    throw usage(`--grep is not a regular expression: ${(error as Error).message.replace(/^.*: /, '')}.`);
  }
}

const distinct = <T extends SiteOnMachine | Machine>(all: readonly T[]): readonly T[] => [
  ...new Map(all.map((place) => ['site' in place ? place.site.id : '', place])).values(),
];

function wantedOf(place: SiteOnMachine | Machine, { lines = LINES, follow = false, path, source, level }: LogsOptions, filter: Filter) {
  const site = 'domain' in place ? place : undefined;
  const chosen = path ? undefined : (source ?? (site ? 'laravel' : 'nginx'));
  const machine = 'domain' in place ? place.machine : place;
  const candidates = chosen ? candidatesOf(chosen, place) : candidatesAt(path ?? [], site ? 'live:' : 'home:');
  return {
    machine,
    source: chosen,
    label: site?.domain ?? machine.server.label,
    site: site?.domain ?? null,
    directories: site ? siteDirectories(site) : ['', ''],
    candidates: chosen === 'journal' ? undefined : candidates,
    lines,
    follow,
    head: filter.loose ? '' : HEAD,
    reach: filter.some && lines > 0 ? (filter.since ?? (chosen === 'journal' ? filter.now - JOURNAL_MS : 0)) : undefined,
    priority: level,
  };
}

/** Connects to each. With several, what fails is a warning, unless all of them do. */
async function readAll(ctx: LogsContext, all: readonly LogRequest[]) {
  const outcomes = await inParallel(all, (log) => orError(read(ctx, log)));
  const failures = outcomes.flatMap((outcome) => (outcome instanceof DnxError ? [outcome] : outcome.exit ? [outcome.exit] : []));
  const shown = outcomes.flatMap((outcome) => (outcome instanceof DnxError ? [] : [outcome]));
  const [first] = failures;
  if (first && shown.length === 0) throw first;
  if (all.length === 1 || !first) return { read: shown, exit: first };
  for (const { message, hint } of failures) ctx.progress.warn([message, hint].filter(Boolean).join(' '));
  return { read: shown, exit: new DnxError('partial', `${failures.length} of ${all.length} sites failed`) };
}

async function read(ctx: LogsContext, request: LogRequest) {
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
    const empty = files.length > 0 && !request.follow && request.reach === undefined ? noLogYet(request) : undefined;
    const parts = unlessEmpty(ctx, partsFrom(ctx, request, memory, connection), empty, ({ bytes }) => bytes.length > 0);
    return { wanted: request, files, exit, zone, parts };
  } catch (error) {
    connection.stop();
    throw error;
  }
}

type OpenLog = Awaited<ReturnType<typeof read>>;

function viewOf(ctx: LogsContext, read: readonly OpenLog[], labels: readonly string[] | undefined, options: LogsOptions, filter: Filter) {
  const { follow = false, lines, trace = false } = options;
  const last = filter.some && (lines !== undefined || filter.since === undefined) ? (lines ?? LINES) : undefined;
  const zones = new Map(read.map(({ wanted, zone }) => [wanted.site, zone]));
  const entries = entriesFor({ ...filter, last, sorted: follow ? undefined : labels, zoneOf: (site) => zones.get(site) ?? '+0000' });
  return logView(labels ? merged(ctx, read) : (read[0] as OpenLog).parts, {
    endless: follow,
    headings: read.flatMap(({ files }) => files).length > 1,
    whole: trace && !filter.some && !labels,
    traces: trace,
    ...(labels && { sites: labels }),
    entries: (batches, decoded) => unlessEmpty(ctx, entries(batches, decoded), filter.some && !follow ? 'No matching entries' : undefined),
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

/** The parts of several logs, as they arrive. One that fails ends with a warning, and all of it with an error once the others have ended. */
async function* merged({ progress }: LogsContext, all: readonly OpenLog[]): AsyncGenerator<LogPart> {
  let failed = 0;
  const next = (log: OpenLog) =>
    log.parts.next().then(
      (result) => ({ one: log, result }),
      (error: unknown) => {
        if (!(error instanceof DnxError) || isStop(error)) throw error;
        progress.warn(`${log.wanted.label}: ${error.message}`);
        failed += 1;
        return { one: log, result: undefined };
      },
    );
  const waiting = new Map(all.map((log) => [log, next(log)]));
  try {
    while (waiting.size > 0) {
      const { one, result } = await Promise.race(waiting.values());
      waiting.delete(one);
      if (!result || result.done) continue;
      waiting.set(one, next(one));
      yield result.value;
    }
  } finally {
    for (const [one, pending] of waiting) {
      pending.catch(() => {});
      void one.parts.return(undefined).catch(() => {});
    }
  }
  if (failed > 0) throw new DnxError('partial', `${failed} of ${all.length} logs are incomplete`);
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
