import { type MonologRecord, monologRecord } from '../../base/monolog.ts';
import { timeOf } from '../../base/time.ts';
import type { LogBatch, LogEntry, LogLine, LogShape } from '../../cli/output/view.ts';
import { type Level, type LogSource, levels } from '../remote/log-paths.ts';
import { lineStamp } from '../why/logs/text.ts';

/**
 * The first line of an entry with a time at its beginning, or a line of JSON by Monolog, in the syntax of `grep -E`. In a log that has such
 * lines, the others go on with the entry before.
 */
const HEAD =
  '^( {0,2}\\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ]|\\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} |[A-Z][a-z]{2} +[0-9]{1,2} [0-9]{2}:[0-9]{2}:|\\{(".*)?"(level_name|@timestamp)":)';
const head = new RegExp(HEAD);

/** Which entries to show. */
export interface EntryFilter {
  /** In epoch ms. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly level?: Level | undefined;
  readonly grep?: RegExp | undefined;
  /** Of those that there are at the beginning, only the last ones of each log. */
  readonly last?: number | undefined;
  /** Orders the entries of these sites by time, once all of them are read. At the same time, the site that is named first comes first. */
  readonly sorted: readonly string[] | undefined;
  /** True if every line is an entry. */
  readonly loose: boolean;
  /** The time zone of a server, such as `+0000`. */
  readonly zoneOf: (site: string | null) => string;
  readonly now: number;
}

/** How much of a line may tell its time and level, in UTF-16 code units. */
const MOST = 2_000;

interface OpenEntry {
  readonly first: LogLine;
  readonly lines: string[];
  readonly trace: string[];
  readonly record: MonologRecord | undefined;
}

/** The first line of a stack trace of PHP, as Laravel, Monolog and nginx write it. The rest of the entry belongs to it. */
const TRACE = /^(\[stacktrace\]|Stack trace:|#\d+ )/;

interface FileState {
  readonly site: string | null;
  open?: OpenEntry | undefined;
  dated?: OpenEntry;
  /** The entries of its log of which it is not known yet whether they are among the last ones, or which ones are before them. */
  readonly kept: LogEntry[];
}

/** The name of a log: that of a file without the marks of rotation. See log_of in read.sh. */
const logOf = (file: string): string =>
  file
    .replace(/\.(gz|bz2|xz|zst)$/, '')
    .replace(/[.-]\d{4}[\d-]*\.log$/, '.log')
    .replace(/[.-]\d[\d-]*$/, '');

/** Joins lines to entries, and leaves out those that nobody looks for. */
export const entriesFor = (filter: EntryFilter): LogShape['entries'] =>
  async function* (batches: AsyncIterable<LogBatch>, decoded: (text: string) => string) {
    const { last, sorted, loose } = filter;
    const files = new Map<string, FileState>();
    /** The sites of which all that there was at the beginning has been read. */
    const begun = new Set<string | null>();
    const kept = new Map<string, LogEntry[]>();
    const keptOf = (log: string) => kept.get(log) ?? (kept.set(log, []).get(log) as LogEntry[]);
    const filesOf = (site: string | null) => [...files.values()].filter((file) => file.site === site);
    const taken = (all: readonly FileState[]) => all.flatMap(({ kept }) => kept.splice(0));
    const close = (file: FileState): readonly LogEntry[] => {
      const { open, site, kept } = file;
      if (!open) return [];
      file.open = undefined;
      if (head.test(open.first.line)) file.dated = open;
      if (!isWanted(open, filter, { before: file.dated, decoded })) return [];
      const entry = entryOf(open, filter);
      if (!sorted && (last === undefined || begun.has(site))) return [entry];
      kept.push(entry);
      if (last !== undefined && kept.length > last) kept.shift();
      return [];
    };
    const take = (logLine: LogLine): readonly LogEntry[] => {
      const key = `${logLine.site} ${logLine.file}`;
      const file = files.get(key) ?? { site: logLine.site, kept: keptOf(`${logLine.site} ${logOf(logLine.file)}`) };
      const isDated = !loose && head.test(logLine.line);
      if (file.open && !isDated) {
        (file.open.trace.length > 0 || TRACE.test(logLine.line) ? file.open.trace : file.open.lines).push(logLine.line);
        return [];
      }
      // At first, one file comes after the other.
      const before = begun.has(logLine.site) ? close(file) : filesOf(logLine.site).flatMap(close);
      file.open = { first: logLine, lines: [logLine.line], trace: [], record: monologRecord(logLine.line) };
      files.delete(key);
      files.set(key, file);
      return isDated ? before : [...before, ...close(file)];
    };
    for await (const { lines, pause } of batches) {
      const entries = pause ? filesOf(pause.site).flatMap(close) : lines.flatMap(take);
      if (pause?.of === 'begun') begun.add(pause.site);
      const all = pause?.of === 'begun' ? [...taken(filesOf(pause.site)), ...entries] : entries;
      if (all.length > 0) yield all;
    }
    const ended = [...files.values()].flatMap(close);
    const rest = [...taken([...files.values()]), ...ended];
    if (rest.length > 0) yield sorted ? byTime(rest, sorted) : rest;
  };

function entryOf(open: OpenEntry, filter: EntryFilter): LogEntry {
  const { lines, trace } = open;
  const { site, source, file } = open.first;
  const at = timeIn(open, filter);
  return {
    site,
    source,
    file,
    time: at === undefined ? null : new Date(at).toISOString().replace('.000Z', 'Z'),
    level: levelIn(open),
    line: lines.join('\n'),
    trace: trace.length > 0 ? trace.join('\n') : null,
  };
}

/** A line of nginx's access log: `::1 - - [02/Jan/2026:03:04:05 +0000] "GET / HTTP/2.0" 200 …`. */
const ACCESS = /^\S+ \S+ [^[]{1,80}\[([^\]]{10,40})\] "(?:[^"\\]|\\.)*" (\d{3}) /;

function timeIn({ first, record }: OpenEntry, { zoneOf, now }: EntryFilter): number | undefined {
  if (record) return record.at;
  const { line, site, source } = first;
  const start = line.slice(0, MOST);
  // Laravel writes in the time zone of the application, which is UTC unless it is changed.
  const zone = source === 'laravel' || source === null ? '+0000' : zoneOf(site);
  const at = head.test(start) ? lineStamp(start, { zone, now })?.at : accessTime(ACCESS.exec(start)?.[1]);
  return Number.isNaN(at) ? undefined : at;
}

function accessTime(word = ''): number | undefined {
  const [, date, time, hours, minutes] = /^(\d\d\/\w{3}\/\d{4}):(\S+) ([+-]\d\d)(\d\d)$/.exec(word) ?? [];
  return date === undefined ? timeOf(word) : Date.parse(`${date.replaceAll('/', ' ')} ${time} ${hours}${minutes}`);
}

/** What programs call levels, and what they are. */
const names: Readonly<Record<string, Level>> = {
  ...Object.fromEntries(levels.map((level) => [level, level])),
  warn: 'warning',
  crit: 'critical',
  emerg: 'emergency',
  panic: 'emergency',
  fatal: 'critical',
  'fatal error': 'error',
  'parse error': 'error',
  deprecated: 'notice',
  fail: 'error',
  done: 'info',
  running: 'info',
};

/** What awk finds in the small letters of the first line of every entry of a level or a worse one; empty if it may be any line. */
function levelPattern(least: Level): string {
  const isWanted = (level: Level) => levels.indexOf(level) >= levels.indexOf(least);
  if (isWanted('info')) return '';
  const words = Object.keys(names).filter((word) => isWanted(names[word] as Level));
  return [...words, isWanted('warning') ? '" [45]' : isWanted('error') ? '" 5' : undefined].filter(Boolean).join('|');
}

/** The level in the first line of an entry: of Monolog, nginx, PHP-FPM, PHP, and `queue:work`. */
const LEVELS: readonly RegExp[] = [
  /^\[[^\]]{10,40}\] [\w.-]{1,40}\.([A-Z]{4,9}):/,
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[(\w{3,9})\]/,
  /^\[[^\]]{10,40}\] (?:PHP )?([A-Za-z]+(?: error)?):/,
  /^ {0,2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .* (RUNNING|DONE|FAIL)\s*$/,
];

function levelIn({ first, record }: OpenEntry): Level | null {
  const start = first.line.slice(0, MOST);
  const word = record?.level ?? LEVELS.map((pattern) => pattern.exec(start)?.[1]).find((found) => found !== undefined);
  if (word !== undefined) return names[word.toLowerCase()] ?? null;
  const status = ACCESS.exec(start)?.[2];
  if (status === undefined) return null;
  return status.startsWith('5') ? 'error' : status.startsWith('4') ? 'warning' : 'info';
}

/** Asks first what is decided soonest. `before`: the last entry with a time in the file, which is that of what has none. */
function isWanted(
  entry: OpenEntry,
  filter: EntryFilter,
  { before, decoded }: { readonly before: OpenEntry | undefined; readonly decoded: (text: string) => string },
): boolean {
  const { since, until, level, grep } = filter;
  if (level !== undefined) {
    const entryLevel = levelIn(entry);
    if (entryLevel === null || levels.indexOf(entryLevel) < levels.indexOf(level)) return false;
  }
  if (grep !== undefined && !grep.test(decoded([...entry.lines, ...entry.trace].join('\n')))) return false;
  if (since === undefined && until === undefined) return true;
  const at = timeIn(entry, filter) ?? (before && timeIn(before, filter));
  return at !== undefined && at >= (since ?? at) && at <= (until ?? at);
}

/** In the order of their times. What has none stays behind what is before it in its file. */
function byTime(entries: readonly LogEntry[], sites: readonly string[]): readonly LogEntry[] {
  const times = new Map<string, number>();
  return entries
    .map((entry) => {
      const key = `${entry.site} ${entry.file}`;
      const at = entry.time === null ? (times.get(key) ?? 0) : Date.parse(entry.time);
      times.set(key, at);
      return { entry, at, rank: sites.indexOf(entry.site ?? '') };
    })
    .sort((one, other) => one.at - other.at || one.rank - other.rank)
    .map(({ entry }) => entry);
}

/**
 * What read.sh leaves out on the server, so that little is sent: never more than what dnx leaves out itself. All of it is words: the number
 * of the last entries, the times in seconds since 1970, and patterns of awk. An empty word leaves nothing out.
 */
export function searchWords(filter: Omit<EntryFilter, 'sorted' | 'zoneOf'>, source: LogSource | undefined): readonly string[] {
  const { since, until, level, grep, last, loose } = filter;
  const pattern = grep && !loose ? ereOf(grep) : undefined;
  // A last entry may be one that only dnx can tell.
  const most = loose || (grep && !pattern) ? '' : String(last ?? '');
  const seconds = (at: number | undefined) => (at === undefined || loose ? '' : String(at / 1000));
  const flags = [
    // As dnx takes the times of these.
    source === undefined || source === 'laravel' ? 'u' : '',
    grep?.ignoreCase ? 'i' : '',
    pattern?.rough ? 'r' : '',
  ];
  const levels = level === undefined || loose ? '' : levelPattern(level);
  return [most, seconds(since), seconds(until), levels, pattern?.text ?? '', flags.join('')];
}

/** The pattern of the first line of an entry, without the intervals that old versions of awk do not know. */
export const awkHead: string = HEAD.replaceAll(
  /(\[[^\]]*\]|.)\{(\d+)(?:,(\d+))?\}/g,
  (_, atom: string, least: string, most = least) => atom.repeat(Number(least)) + `${atom}?`.repeat(Number(most) - Number(least)),
);

/** Any character of UTF-8. */
const ANY = '(..?.?.?)';

/** Parts of a regular expression, of which each is one atom, quantifier or other sign. */
const PARTS = /\\p\{[^}]*\}|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\{\d+(?:,\d*)?\}|\(\?:|\(\?|[\s\S]/giu;

/**
 * A regular expression for awk, which reads bytes. It matches whatever the original matches, and more if it is `rough`. Undefined for what
 * has no such counterpart.
 */
function ereOf({ source, ignoreCase }: RegExp): { readonly text: string; readonly rough: boolean } | undefined {
  let rough = false;
  const roughly = (text: string) => {
    rough = true;
    return text;
  };
  const parts: string[] = [];
  let quantified = false;
  for (const [part] of source.matchAll(PARTS)) {
    const isQuantifier = /^(?:[*+?]|\{.+)$/.test(part);
    // What a lazy quantifier matches, a greedy one matches, too.
    if (!(isQuantifier && quantified)) {
      const translated = isQuantifier ? quantifierOf(part, roughly) : atomOf(part, ignoreCase, roughly);
      if (translated === undefined) return undefined;
      parts.push(translated);
    }
    quantified = isQuantifier && !quantified;
  }
  const text = parts.join('');
  return text === '' || /(?:^|[|(])(?:$|[|)*+?])|\|$/.test(text.replaceAll(/\[[^\]]\]|\\./g, 'x')) ? undefined : { text, rough };
}

function quantifierOf(part: string, roughly: (text: string) => string): string {
  if (!part.startsWith('{')) return part;
  return roughly(/^\{0/.test(part) ? '*' : '+');
}

function atomOf(part: string, ignoreCase: boolean, roughly: (text: string) => string): string | undefined {
  const letters = ignoreCase ? 'a-z' : 'A-Za-z';
  if (part === '(?:' || part === '(') return '(';
  if (part === '(?') return undefined;
  if (/^[)|^$]$/.test(part)) return part;
  if (part === '\\d') return '[0-9]';
  if (part === '\\w') return `[0-9${letters}_]`;
  // A boundary is at no character, so that it is left out.
  if (/^\\b$/i.test(part)) return roughly('');
  if (/^\\[1-9kxuc]/.test(part)) return undefined;
  if (part === '\\\\' || part === '\\^') return part;
  if (/^\\[^a-z\d]$/i.test(part)) return `[${part.slice(1)}]`;
  if (/^\[[\w ,:;/@=.]+\]$/.test(part) || /^\[(?:[a-z]-[a-z]|[A-Z]-[A-Z]|\d-\d|[\w ,:;/@=.])+\]$/.test(part)) return part;
  if (part === '.' || /^[\\[]/.test(part)) return roughly(ANY);
  if (/^[\u0020-\u007e]$/.test(part)) return part;
  // Letters beyond ASCII have cases that awk does not know.
  return ignoreCase || part < ' ' || part === '\ufffd' ? undefined : `(${part})`;
}
