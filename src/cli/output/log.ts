import { StringDecoder } from 'node:string_decoder';
import { isError, usage } from '../../base/errors.ts';
import { monologRecord } from '../../base/monolog.ts';
import type { Env } from '../../machine/world.ts';
import { type RenderOptions, render } from './render.ts';
import { Ended, forLog, type Style, safeLine as safe, safeLines } from './text.ts';
import {
  columns,
  type LiveState,
  type LogBatch,
  type LogEntry,
  type LogLine,
  type LogPart,
  record,
  rows,
  stream,
  type View,
} from './view.ts';

type Log = View & { readonly kind: 'lines' };

const shown = columns<LogEntry>('site', 'source', 'file', 'time', 'level', 'line', 'trace');

/** The view that prints log files in a format: their text, or an item per entry. */
export function shownLog(log: Log, options: RenderOptions, env: Env): View {
  const { format, query, style, terminal } = options;
  checkLogShape(options, log.endless);
  const parts = log.endless ? endingQuietly(log.parts) : log.parts;
  if (!isText(options)) {
    const entries = log.entries(linesOf(parts, 'utf8'), same);
    if (log.endless && format.endsWith('json')) return { kind: 'live', states: statesOf(entries) };
    return format === 'ndjson' && query !== undefined ? stream(queriedLines(entries, options)) : rows(entries, shown, '');
  }
  // Whoever requests a URL writes into a log. What people read must not move a cursor, or run a command of GitHub Actions.
  const read = terminal || (format === 'table' && env.GITHUB_ACTIONS === 'true');
  if (!read && log.whole) return stream(unchanged(parts, log.headings));
  // Latin-1 gives back every byte, so what a program reads stays as it is.
  const entries = read
    ? log.entries(linesOf(parts, 'utf8'), same)
    : log.entries(linesOf(parts, 'latin1'), (text) => Buffer.from(text, 'latin1').toString());
  const clean = (text: string) => (read ? forLog(safeLines(text), env) : text);
  return stream(written(entries, log, { style, clean, encoding: read ? 'utf8' : 'latin1' }));
}

const same = (text: string): string => text;

const isText = ({ format, fields, query, sort, limit }: LogOptions): boolean =>
  (format === 'table' || format === 'text') && [fields, query, sort, limit].every((each) => each === undefined);

type LogOptions = Pick<RenderOptions, 'format'> & { readonly [key in 'fields' | 'query' | 'sort' | 'limit']?: unknown };

/** Rejects what a log cannot be printed as. `endless`: it is followed, so what needs its end is rejected, too. */
export function checkLogShape(options: LogOptions, endless: boolean): void {
  const { format, query, sort, limit } = options;
  if (format === 'ids') throw usage('-o ids needs ids, which the entries of a log do not have.');
  if (!endless || isText(options)) return;
  if (sort !== undefined || limit !== undefined) throw usage('-f cannot be combined with --sort or --limit.', 'Use --lines.');
  if (format.endsWith('json') || ((format === 'csv' || format === 'tsv') && query === undefined)) return;
  throw usage(
    format === 'yaml' ? '-f cannot be combined with -o yaml.' : `-f with --query or --fields needs -o ndjson or -o json.`,
    'Use -o ndjson.',
  );
}

/** Ctrl-C is how to end a log that has no end, so it says nothing. */
async function* endingQuietly(parts: AsyncIterable<LogPart>): AsyncGenerator<LogPart> {
  try {
    yield* parts;
  } catch (error) {
    throw isError(error, 'interrupted', 'terminated', 'hangup') ? new Ended(error.exitCode, error) : error;
  }
}

async function* statesOf(batches: AsyncIterable<readonly LogEntry[]>): AsyncGenerator<LiveState> {
  for await (const entries of batches) for (const entry of entries) yield { view: record(entry, shown), changed: true };
}

/** A line of JSON per entry, to which a query applies: the same with -f and without. */
async function* queriedLines(batches: AsyncIterable<readonly LogEntry[]>, options: RenderOptions): AsyncGenerator<Uint8Array> {
  for await (const entries of batches) for (const entry of entries) yield Buffer.from(await render(record(entry, shown), options));
}

const NEWLINE = 10;

/** Says which file follows: as tail does, before the first of several files, and whenever it is another one. */
function headingsOf(several: boolean, style?: Style) {
  let last: string | undefined;
  return (file: string): string => {
    if (file === last) return '';
    const first = last === undefined;
    last = file;
    const heading = `==> ${safe(file)} <==`;
    return first && !several ? '' : `${first ? '' : '\n'}${style ? style.bold(heading) : heading}\n`;
  };
}

async function* unchanged(parts: AsyncIterable<LogPart>, several: boolean): AsyncGenerator<Uint8Array> {
  const headingOf = headingsOf(several);
  let ended = true;
  for await (const { file, bytes } of parts) {
    if (bytes.length === 0) continue;
    const heading = headingOf(file);
    if (heading !== '') yield Buffer.from(`${ended ? '' : '\n'}${heading}`);
    yield bytes;
    ended = bytes.at(-1) === NEWLINE;
  }
}

interface LogTextOptions {
  readonly style: Style;
  /** Removes what a reader must not get. */
  readonly clean: (text: string) => string;
  readonly encoding: BufferEncoding;
}

async function* written(
  batches: AsyncIterable<readonly LogEntry[]>,
  { headings, traces, sites = [] }: Log,
  { style, clean, encoding }: LogTextOptions,
): AsyncGenerator<Uint8Array> {
  const headingOf = headingsOf(headings, style);
  const marks = marksOf(sites, style);
  for await (const entries of batches) {
    const texts = entries.map((entry) => {
      const heading = sites.length > 1 ? '' : headingOf(entry.file);
      const { line, trace } = forPeople(entry, encoding);
      const text = `${colored(clean(line), style)}\n${tracedText(trace, traces, { style, clean })}`;
      return { heading, text: sites.length > 1 ? text.replace(/^(?=.|\n)/gm, () => marks.get(entry.site ?? '') ?? '') : text };
    });
    yield Buffer.concat(texts.flatMap(({ heading, text }) => [Buffer.from(heading), Buffer.from(text, encoding)]));
  }
}

/** A line of JSON as Monolog writes it for people, who read UTF-8 here. Programs get every line as it is. */
function forPeople({ line, trace }: LogEntry, encoding: BufferEncoding): Pick<LogEntry, 'line' | 'trace'> {
  const record = encoding === 'utf8' && trace === null ? monologRecord(line) : undefined;
  return record ? { line: record.text, trace: record.trace.join('\n') || null } : { line, trace };
}

/** What Laravel writes in a trace before an exception that led to another one: likely the cause. */
const PREVIOUS = '[previous exception]';

/** The trace of an entry, or the exceptions in it and how long it is. */
function tracedText(trace: string | null, shown: boolean, { style, clean }: Pick<LogTextOptions, 'style' | 'clean'>): string {
  if (trace === null) return '';
  if (shown) return `${clean(trace)}\n`;
  const lines = trace.split('\n');
  const previous = lines.filter((each) => each.startsWith(PREVIOUS));
  const count = lines.length - previous.length;
  const more = style.dim(`    + ${count} more ${count === 1 ? 'line' : 'lines'} (--trace)`);
  return [...previous.map(clean), more, ''].join('\n');
}

const COLORS = ['accent', 'green', 'yellow', 'red'] as const;

function marksOf(sites: readonly string[], style: Style): ReadonlyMap<string, string> {
  const width = Math.max(...sites.map(({ length }) => length));
  return new Map(sites.map((site, index) => [site, `${style[COLORS[index % COLORS.length] ?? 'dim'](safe(site).padEnd(width))} `]));
}

/** The level of an entry of Laravel or nginx: `[2026-01-02 03:04:05] production.ERROR: …`, `2026/01/02 03:04:05 [error] …`. */
const LEVEL =
  /^(\[\d{4}-\d\d-\d\d[^\]]{0,40}\] [\w.-]{1,40}\.|\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[)(EMERGENCY|ALERT|CRITICAL|ERROR|WARNING|emerg|alert|crit|error|warn)(?=:|\])/;

const colored = (line: string, { red, yellow }: Style): string =>
  line.replace(LEVEL, (_, before: string, level: string) => `${before}${(/^warn/i.test(level) ? yellow : red)(level)}`);

/** A longer line is split, so that a file without lines does not fill the memory. In UTF-16 code units. */
const LONGEST = 32_000_000;

interface OpenLine {
  readonly id: string;
  readonly origin: Omit<LogLine, 'line'>;
  readonly decoder: StringDecoder;
  texts: string[];
  length: number;
}

/** Splits parts of log files into whole lines: those that each part completes. A file that ends, ends its last line. */
async function* linesOf(parts: AsyncIterable<LogPart>, encoding: BufferEncoding): AsyncGenerator<LogBatch> {
  const begun = new Map<string, OpenLine>();
  for await (const { site, source, file, id, bytes, pause } of parts) {
    if (pause) yield { lines: [], pause: { of: pause, site } };
    if (bytes.length === 0) continue;
    const lines: LogLine[] = [];
    const origin = { site, source, file };
    const key = `${site} ${file}`;
    let open = begun.get(key);
    if (open?.id !== id) {
      if (open) lines.push(...lastOf(open));
      open = { id, origin, decoder: new StringDecoder(encoding), texts: [], length: 0 };
      begun.set(key, open);
    }
    const [first = '', ...others] = open.decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).split('\n');
    const last = others.pop();
    open.texts.push(first);
    open.length += first.length;
    if (last !== undefined || open.length > LONGEST) {
      for (const line of [open.texts.join(''), ...others]) lines.push({ ...origin, line });
      open.texts = [last ?? ''];
      open.length = last?.length ?? 0;
    }
    if (lines.length > 0) yield { lines };
  }
  const rest = [...begun.values()].flatMap(lastOf);
  if (rest.length > 0) yield { lines: rest };
}

function lastOf({ origin, decoder, texts }: OpenLine): readonly LogLine[] {
  const line = texts.join('') + decoder.end();
  return line === '' ? [] : [{ ...origin, line }];
}
