import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { either, item, listOf, nullable, objectOf, word, words } from '../../cli/language/shape.ts';
import { log, message } from '../../cli/output/view.ts';

/** The endpoint of a server's log. */
export const logsEndpoint = 'GET /servers/{server}/logs';

/** As the API sent it: text, or an object or a list that holds it. */
export const serverLogShape = either(nullable(word), item, words);
/** Entries of files, or a log at Deploynix. */
export const logsShape = either(
  listOf(
    objectOf({
      site: nullable(word),
      source: nullable(word),
      file: word,
      time: nullable(word),
      level: nullable(word),
      line: word,
      trace: nullable(word),
    }),
  ),
  serverLogShape,
);

/** The log of a server at Deploynix; for people, only its last `lines`. */
export async function serverLog(ctx: Pick<Context<typeof logsEndpoint>, 'call'>, lines?: number) {
  const { data, body } = await ctx.call(logsEndpoint);
  const text = serverLogText(data);
  return text === '' ? message('No logs.', body ?? null) : log(lines === undefined ? text : lastLines(text, lines), data);
}

/** The fields that hold a log or its lines, and those of an entry. */
const HOLDERS = ['content', 'logs', 'log', 'output', 'lines', 'entries', 'items', 'data'];
const TIMES = ['timestamp', 'time', 'datetime', 'date', 'created_at', 'logged_at'];
const TEXTS = ['message', 'msg', 'text', 'line'];

/** The log in a response of undocumented shape: a text, lines, entries with a message, or an object with any of them. */
export function serverLogText(data: unknown): string {
  if (data === undefined || data === null) return '';
  if (typeof data === 'string') return data;
  if (Array.isArray(data)) return data.map((part) => serverLogText(part).replace(/\n$/, '')).join('\n');
  if (!isObject(data)) return String(data);
  const holder = HOLDERS.find((key) => key in data);
  if (holder) return serverLogText(data[holder]);
  const first = (keys: readonly string[]) => keys.map((key) => wordOf(data[key])).find((word) => word !== '');
  const text = first(TEXTS);
  if (text !== undefined) return [first(TIMES), wordOf(data.level).toUpperCase(), text].filter(Boolean).join(' ');
  // A log by its name.
  return Object.entries(data)
    .map(([key, value]) =>
      isObject(value) || Array.isArray(value) || wordOf(value).includes('\n')
        ? `==> ${key} <==\n${serverLogText(value).replace(/\n$/, '')}`
        : `${key}: ${wordOf(value)}`,
    )
    .join('\n');
}

// A newline at the end begins no line.
const lastLines = (text: string, count: number): string =>
  text
    .split('\n')
    .slice(text.endsWith('\n') ? -count - 1 : -count)
    .join('\n');
