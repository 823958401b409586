import { HOUR, MINUTE } from '../base/time.ts';
import { authenticate, authorize } from './auth.ts';
import { bind, type OwnLimit, type SandboxOperation, type SignedRequest } from './operation.ts';
import { ApiRefusal, type ApiResponse, failureResponse } from './response.ts';
import type { State } from './state.ts';

/** An incoming request. `ids` are the path parameters. */
export interface IncomingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly ids: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The state and services that an operation uses. `now` is in epoch ms. */
interface SandboxWorld {
  readonly state: State;
  readonly limiter: Limiter;
  readonly now: number;
}

/** What answers a request. */
export type Perform = (incoming: IncomingRequest, world: SandboxWorld) => ApiResponse;

/** Performs an operation. Errors become responses. */
export function performOperation(
  operation: SandboxOperation,
  incoming: IncomingRequest,
  { state, limiter, now }: SandboxWorld,
): ApiResponse {
  const { url, headers, ids } = incoming;
  const throttle: Record<string, string> = {};
  let response: ApiResponse;
  try {
    const bearer = operation.open ? undefined : authenticate(state, headers.get('authorization'), now);
    // All clients on loopback have the same address, so all logins share a window.
    const who = bearer ? String(bearer.current.id) : 'guest';
    if (bearer) Object.assign(throttle, limiter.general(who, now));
    if (operation.limit) Object.assign(throttle, limiter.own(operation.limit, who, now));
    if (bearer) authorize(state, bearer, operation.ability);
    const bound = bind(state, operation.path, ids);
    const request = { state, now, ...bearer, address: url.origin + url.pathname, query: url.searchParams, body: jsonOf(incoming) };
    response = operation.run(request as SignedRequest, bound);
  } catch (error) {
    response = failureResponse(error, wantsJson(headers));
  }
  return { ...response, headers: { ...throttle, ...response.headers } };
}

/** Whether the client accepts JSON errors. Like Laravel, checks only the first type in the Accept header. */
export const wantsJson = (headers: Headers): boolean => /^[^,;]*[/+]json\b/i.test(headers.get('accept') ?? '');

function jsonOf({ method, headers, body }: IncomingRequest): Record<string, unknown> {
  if (body.trim() === '' || (method !== 'POST' && method !== 'PUT')) return {};
  if (!/[/+]json\b/i.test(headers.get('content-type') ?? ''))
    throw new ApiRefusal(400, 'The request body must be JSON with Content-Type: application/json.');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new ApiRefusal(400, 'The request body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ApiRefusal(400, 'The request body must be a JSON object.');
  return value as Record<string, unknown>;
}

const limits: { readonly [L in OwnLimit]: { readonly max: number; readonly window: number } } = {
  login: { max: 5, window: MINUTE },
  'token-creation': { max: 10, window: MINUTE },
  'backup-download': { max: 10, window: HOUR },
};

/** Counts requests. */
export type Limiter = ReturnType<typeof createLimiter>;

/**
 * Fixed windows, as in Laravel's RateLimiter: a window opens with the first request, and refused requests are not counted. Counts
 * are in memory and reset when the sandbox starts. Returns the headers of Laravel's throttle, or throws a 429.
 */
export function createLimiter(max: number, window = MINUTE) {
  const windows = new Map<string, { ends: number; used: number }>();

  const take = (key: string, { max, window }: (typeof limits)[OwnLimit], now: number): Record<string, string> => {
    let open = windows.get(key);
    if (open === undefined || open.ends <= now) {
      open = { ends: now + window, used: 0 };
      windows.set(key, open);
    }
    const headers = { 'X-RateLimit-Limit': String(max), 'X-RateLimit-Remaining': String(Math.max(0, max - open.used - 1)) };
    if (open.used >= max) {
      throw new ApiRefusal(429, 'Too Many Attempts.', undefined, {
        ...headers,
        'Retry-After': String(Math.ceil((open.ends - now) / 1_000)),
        'X-RateLimit-Reset': String(Math.ceil(open.ends / 1_000)),
      });
    }
    open.used += 1;
    return headers;
  };

  return {
    general: (who: string, now: number) => (max > 0 ? take(`general ${who}`, { max, window }, now) : {}),
    own: (limit: OwnLimit, who: string, now: number) => take(`${limit} ${who}`, limits[limit], now),
  };
}
