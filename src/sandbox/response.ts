/** A response. `body` is sent as JSON unless it is a string or bytes; undefined for no body. */
export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/** 200 with `{data}`. */
export const okResponse = (data: unknown): ApiResponse => ({ status: 200, headers: {}, body: { data } });

/** 201 with `{data}` and extra keys, such as a new token. */
export const createdResponse = (data: unknown, beside: Record<string, unknown> = {}): ApiResponse => ({
  status: 201,
  headers: {},
  body: { data, ...beside },
});

/** 204: deleted. */
export const gone = (): ApiResponse => ({ status: 204, headers: {}, body: undefined });

/** 202 with a message and, if there is one, the resource. */
export const accepted = (message: string, data?: unknown): ApiResponse => ({
  status: 202,
  headers: {},
  body: data === undefined ? { message } : { message, data },
});

/**
 * The response to an error. A client that does not accept JSON gets what a Laravel browser route sends: a redirect to the login
 * page for a 401, a redirect back for a 422, an HTML page otherwise.
 */
export function failureResponse(error: unknown, wantsJson: boolean): ApiResponse {
  const refusal =
    error instanceof ApiRefusal ? error : new ApiRefusal(500, `The sandbox failed: ${(error as Error).stack ?? String(error)}`);
  const { status, message, errors, headers } = refusal;
  if (wantsJson) return { status, headers: { ...headers }, body: errors === undefined ? { message } : { message, errors } };
  if (status === 401) return page(302, 'Redirecting to /login', { ...headers, Location: '/login' });
  if (status === 422) return page(302, 'Redirecting to /', { ...headers, Location: '/' });
  return page(status, message, headers);
}

const BODILESS = new Set([204, 205, 304]);

/** The body as bytes, with its content type and length. */
export function encode(response: ApiResponse): { status: number; headers: Record<string, string>; bytes: Uint8Array | undefined } {
  const { status, body } = response;
  if (body === undefined || body === null || BODILESS.has(status)) return { status, headers: response.headers, bytes: undefined };
  const [type, bytes] = typed(body);
  return { status, headers: { 'Content-Type': type, 'Content-Length': String(bytes.length), ...response.headers }, bytes };
}

function typed(body: unknown): [string, Uint8Array] {
  if (body instanceof Uint8Array) return ['application/octet-stream', body];
  if (typeof body === 'string') return ['text/html; charset=UTF-8', Buffer.from(body)];
  return ['application/json', Buffer.from(JSON.stringify(body))];
}

/** An HTML page with one sentence. */
export function page(status: number, text: string, headers: Record<string, string>): ApiResponse {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return {
    status,
    headers: { ...headers },
    body: `<!DOCTYPE html>\n<html><head><title>${escaped}</title></head><body>${escaped}</body></html>\n`,
  };
}

/** An error response, thrown by operations. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly errors: Record<string, string[]> | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, errors?: Record<string, string[]>, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

/** 403 with a reason. */
export const forbidden = (message: string): ApiRefusal => new ApiRefusal(403, message);

/** 404 in the words of Laravel's route model binding. */
export const notFoundRefusal = (model: string, id: string): ApiRefusal =>
  new ApiRefusal(404, `No query results for model [App\\Models\\${model}] ${id}`);

/** 422 without fields: a plan limit, or a state that does not allow the action. */
export const unprocessable = (message: string): ApiRefusal => new ApiRefusal(422, message);

/** 422 with fields. The message summarizes them as Laravel does: "The name field is required. (and 1 more error)". */
export function invalid(errors: Record<string, string[]>): ApiRefusal {
  const texts = Object.values(errors).flat();
  const more = texts.length - 1;
  const rest = more > 0 ? ` (and ${more} more ${more === 1 ? 'error' : 'errors'})` : '';
  return new ApiRefusal(422, `${texts[0]}${rest}`, errors);
}
