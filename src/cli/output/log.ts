import { StringDecoder } from 'node:string_decoder';
import { isError } from '../../base/errors.ts';
import { monologRecord } from '../../base/monolog.ts';
import type { Env } from '../../machine/world.ts';
import { checkFields } from './fields.ts';
import { type RenderOptions, render } from './render.ts';
import { checkLogShape, isLogText } from './shaping.ts';
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
export async function shownLog(log: Log, options: RenderOptions, env: Env): Promise<View> {
  const { format, query, sort, limit, style, terminal } = options;
  checkLogShape(options, log.endless);
  const parts = log.endless ? endingQuietly(log.parts) : log.parts;
  if (!isLogText(options)) {
    const entries = log.entries(linesOf(parts, 'utf8'), same);
    if (log.endless && format.endsWith('json')) return { kind: 'live', states: statesOf(entries) };
    const isByLine = format === 'ndjson' || ((format === 'csv' || format === 'tsv') && query === undefined);
    if (isByLine && sort === undefined && limit === undefined) return stream(printedLines(entries, options));
    const all: LogEntry[] = [];
    for await (const batch of entries) for (const entry of batch) all.push(entry);
    return rows(all, shown, '');
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

/** A line per entry, to which a query applies: the same with -f and without. */
async function* printedLines(batches: AsyncIterable<readonly LogEntry[]>, options: RenderOptions): AsyncGenerator<Uint8Array> {
  let { header } = options;
  let isChecked = options.fields === undefined;
  for await (const entries of batches)
    for (const entry of entries) {
      const view = record(entry, shown);
      if (!isChecked) checkFields(view, options);
      isChecked = true;
      yield Buffer.from(await render(view, { ...options, header }));
      header = false;
    }
  if (header && options.query === undefined) yield Buffer.from(await render(rows([], shown, ''), options));
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
