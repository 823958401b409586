import { DnxError } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import { type HttpResponse, NetworkFault } from '../../machine/world.ts';
import type { Reply } from './api.ts';
import { bodyText } from './network/response.ts';

/** A response without its body. */
export const emptyReply = ({ status, headers, tookMs }: Pick<HttpResponse, 'status' | 'headers' | 'tookMs'>): Reply<never> => ({
  status,
  headers,
  tookMs,
  body: undefined,
  data: undefined,
  message: undefined,
  text: undefined,
});

/** Parses a body: `{data}`, `{message}`, `{message,data}`, a bare object or array, or nothing. */
export async function readReply<T>(response: HttpResponse): Promise<Reply<T>> {
  const { status, headers, tookMs } = response;
  // Some servers send a byte order mark.
  const text = (await bodyText(response)).replace(/^\ufeff/, '');
  const nothing = emptyReply(response);
  if (text.trim() === '') return nothing;
  let body: unknown;
  try {
    body = fromJson(text);
  } catch (error) {
    if (!(error instanceof RangeError)) return { ...nothing, text };
    // The status is enough to know why a request failed.
    if (status >= 300) return nothing;
    const cause = new NetworkFault(error.message, { sent: true });
    throw new DnxError('failed', `Could not read the response (${status}): ${error.message}.`, { cause });
  }
  return { status, headers, tookMs, body, ...unwrap<T>(body), text: undefined };
}

function unwrap<T>(body: unknown): { data: T | undefined; message: string | undefined } {
  if (!isObject(body)) return { data: (body ?? undefined) as T | undefined, message: undefined };
  const message = typeof body.message === 'string' ? body.message : undefined;
  if ('data' in body) return { data: (body.data ?? undefined) as T | undefined, message };
  const bare = Object.keys(body).some((key) => key !== 'message');
  return { data: bare ? (body as T) : undefined, message };
}
