import { isObject, toJson } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { log, message, type View } from '../../cli/output/view.ts';

/** The endpoint of a server's log. */
export const logsEndpoint = 'GET /servers/{server}/logs';

/** The log of a server at Deploynix; for people, only its last `lines`. */
export async function serverLog(ctx: Pick<Context<typeof logsEndpoint>, 'call'>, lines?: number): Promise<View> {
  const { data, body } = await ctx.call(logsEndpoint);
  const text = serverLogText(data);
  return text === '' ? message('No logs.', body ?? null) : log(lines === undefined ? text : lastLines(text, lines), data);
}

/** The log in a response of undocumented shape: a text, lines, or an object with either. */
export function serverLogText(data: unknown): string {
  if (data === undefined || data === null) return '';
  if (typeof data === 'string') return data;
  if (Array.isArray(data)) return data.map(serverLogText).join('\n');
  if (!isObject(data)) return String(data);
  const holder = ['content', 'logs', 'log', 'output', 'message'].find((key) => key in data);
  return holder ? serverLogText(data[holder]) : toJson(data);
}

function lastLines(text: string, count: number): string {
  // A newline at the end begins no line.
  let at = text.endsWith('\n') ? text.length - 1 : text.length;
  for (let left = count; left > 0; left -= 1) {
    at = text.lastIndexOf('\n', at - 1);
    if (at <= 0) return at === 0 && left === 1 ? text.slice(1) : text;
  }
  return text.slice(at + 1);
}
