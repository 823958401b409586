import { DnxError } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import { type HttpResponse, NetworkFault } from '../../machine/world.ts';
import { textOf } from './response.ts';

/** A response, parsed. */
export interface Reply<T = unknown> {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  /** The JSON as received; undefined if the body is empty or not JSON. */
  readonly body: unknown;
  /** The resource, unwrapped from `data` if needed. Undefined if there is only a message, or nothing. */
  readonly data: T | undefined;
  readonly message: string | undefined;
  /** The raw text of a body that is not JSON, such as a proxy's page. */
  readonly text: string | undefined;
}

/** A response without its body. */
export const emptyReply = ({ status, headers }: Pick<HttpResponse, 'status' | 'headers'>): Reply<never> => ({
  status,
  headers,
  body: undefined,
  data: undefined,
  message: undefined,
  text: undefined,
});

/** Parses a body: `{data}`, `{message}`, `{message,data}`, a bare object or array, or nothing. */
export async function readReply<T>(response: HttpResponse): Promise<Reply<T>> {
  const { status, headers } = response;
  // Some servers send a byte order mark.
  const text = (await textOf(response)).replace(/^\ufeff/, '');
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
  return { status, headers, body, ...unwrap<T>(body), text: undefined };
}

function unwrap<T>(body: unknown): { data: T | undefined; message: string | undefined } {
  if (!isObject(body)) return { data: (body ?? undefined) as T | undefined, message: undefined };
  const message = typeof body.message === 'string' ? body.message : undefined;
  if ('data' in body) return { data: (body.data ?? undefined) as T | undefined, message };
  const bare = Object.keys(body).some((key) => key !== 'message');
  return { data: bare ? (body as T) : undefined, message };
}
