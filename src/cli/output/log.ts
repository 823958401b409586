import { StringDecoder } from 'node:string_decoder';
import { isError, usage } from '../../base/errors.ts';
import type { Env } from '../../machine/world.ts';
import type { RenderOptions } from './render.ts';
import type { Style } from './style.ts';
import { forLog, safeLine as safe, safeLines } from './text.ts';
import { columns, type LiveState, type LogPart, record, rows, stream, type View } from './view.ts';
import { Ended } from './write.ts';

type Log = View & { readonly kind: 'lines' };

const shown = columns<LogLine>('source', 'file', 'line');

/** The view that prints log files in a format: their bytes, or an item per line. */
export function logView(log: Log, options: RenderOptions, env: Env): View {
  const { format, fields, query, sort, limit, terminal } = options;
  const shaped = fields !== undefined || query !== undefined || sort !== undefined || limit !== undefined;
  if (format === 'ids') throw usage('-o ids needs ids, which the lines of a log do not have.');
  const parts = log.endless ? endingQuietly(log.parts) : log.parts;
  const bytes = (format === 'table' || format === 'text') && !shaped;
  if (log.endless && !bytes) check(options);
  if (!bytes)
    return log.endless && format.endsWith('json') ? { kind: 'live', states: statesOf(parts) } : rows(logLinesIn(parts), shown, '');
  // Whoever requests a URL writes into a log. What people read must not move a cursor, or run a command of GitHub Actions.
  const read = terminal || (format === 'table' && env.GITHUB_ACTIONS === 'true');
  return stream(read ? readable(parts, log.headings, options.style, env) : unchanged(parts, log.headings));
}

/** Rejects what needs the end of the log. */
function check({ format, query, sort, limit }: RenderOptions): void {
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

async function* statesOf(parts: AsyncIterable<LogPart>): AsyncGenerator<LiveState> {
  for await (const lines of logLinesIn(parts)) for (const each of lines) yield { view: record(each, shown), changed: true };
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

/** The bytes as they are. */
async function* unchanged(parts: AsyncIterable<LogPart>, several: boolean): AsyncGenerator<Uint8Array> {
  const headingOf = headingsOf(several);
  let ended = true;
  for await (const { file, bytes } of parts) {
    const heading = headingOf(file);
    if (heading !== '') yield Buffer.from(`${ended ? '' : '\n'}${heading}`);
    yield bytes;
    ended = bytes.at(-1) === NEWLINE;
  }
}

/** Whole lines for people, without control characters. */
async function* readable(parts: AsyncIterable<LogPart>, several: boolean, style: Style, env: Env): AsyncGenerator<Uint8Array> {
  const headingOf = headingsOf(several, style);
  for await (const lines of logLinesIn(parts)) {
    const text = lines.map(({ file, line }) => `${headingOf(file)}${colored(forLog(safeLines(line), env), style)}\n`);
    yield Buffer.from(text.join(''));
  }
}

/** The level of a line of Laravel: `[2026-01-02 03:04:05] production.ERROR: …`. */
const LEVEL = /^(\[\d{4}-\d\d-\d\d[^\]]{0,40}\] [\w.-]{1,40}\.)(EMERGENCY|ALERT|CRITICAL|ERROR|WARNING)(?=:)/;

const colored = (line: string, { red, yellow }: Style): string =>
  line.replace(LEVEL, (_, before: string, level: string) => `${before}${(level === 'WARNING' ? yellow : red)(level)}`);

/** A line of a log file. */
export type LogLine = Pick<LogPart, 'source' | 'file'> & { readonly line: string };

/** A longer line is split, so that a file without lines does not fill the memory. In UTF-16 code units. */
const LONGEST = 32_000_000;

/** The beginning of a line whose end has not been read. */
interface Begun {
  readonly id: string;
  readonly source: string | null;
  readonly decoder: StringDecoder;
  texts: string[];
  length: number;
}

/** Splits parts of log files into whole lines: those that each part completes. A file that ends, ends its last line. */
export async function* logLinesIn(parts: AsyncIterable<LogPart>): AsyncGenerator<readonly LogLine[]> {
  const begun = new Map<string, Begun>();
  for await (const { source, file, id, bytes } of parts) {
    const found: LogLine[] = [];
    let open = begun.get(file);
    if (open?.id !== id) {
      if (open) found.push(...lastOf(file, open));
      open = { id, source, decoder: new StringDecoder('utf8'), texts: [], length: 0 };
      begun.set(file, open);
    }
    const [first = '', ...others] = open.decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).split('\n');
    const last = others.pop();
    open.texts.push(first);
    open.length += first.length;
    if (last !== undefined || open.length > LONGEST) {
      for (const line of [open.texts.join(''), ...others]) found.push({ source, file, line });
      open.texts = [last ?? ''];
      open.length = last?.length ?? 0;
    }
    if (found.length > 0) yield found;
  }
  const rest = [...begun].flatMap(([file, open]) => lastOf(file, open));
  if (rest.length > 0) yield rest;
}

function lastOf(file: string, { source, decoder, texts }: Begun): readonly LogLine[] {
  const line = texts.join('') + decoder.end();
  return line === '' ? [] : [{ source, file, line }];
}
