import { authenticate, authorize } from './auth.ts';
import type { Limiter } from './limits.ts';
import { bind, type OpenOperation, type SandboxOperation, type SignedOperation } from './operation.ts';
import { ApiRefusal, type ApiResponse, failureResponse } from './response.ts';
import type { State } from './state.ts';

/** An incoming request. `ids` are the path parameters. */
export interface Incoming {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly ids: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The state and services that an operation uses. `now` is in epoch ms. */
export interface SandboxWorld {
  readonly state: State;
  readonly limiter: Limiter;
  readonly now: number;
}

/** Performs an operation. Errors become responses. */
export function performOperation(operation: SandboxOperation, incoming: Incoming, world: SandboxWorld): ApiResponse {
  const throttle: Record<string, string> = {};
  try {
    const response = operation.open ? runOpen(operation, incoming, world, throttle) : runSigned(operation, incoming, world, throttle);
    return { ...response, headers: { ...throttle, ...response.headers } };
  } catch (error) {
    const response = failureResponse(error, wantsJson(incoming.headers));
    return { ...response, headers: { ...throttle, ...response.headers } };
  }
}

/** Whether the client accepts JSON errors. Like Laravel, checks only the first type in the Accept header. */
export const wantsJson = (headers: Headers): boolean => /^[^,;]*[/+]json\b/i.test(headers.get('accept') ?? '');

function runOpen(
  operation: OpenOperation,
  incoming: Incoming,
  { state, limiter, now }: SandboxWorld,
  throttle: Record<string, string>,
): ApiResponse {
  // All clients on loopback have the same address, so all logins share a window.
  if (operation.limit) Object.assign(throttle, limiter.own(operation.limit, 'guest', now));
  return operation.run({ state, now, ...partsOf(incoming) });
}

function runSigned(
  operation: SignedOperation,
  incoming: Incoming,
  { state, limiter, now }: SandboxWorld,
  throttle: Record<string, string>,
): ApiResponse {
  const bearer = authenticate(state, incoming.headers.get('authorization'), now);
  const who = String(bearer.current.id);
  Object.assign(throttle, limiter.general(who, now));
  if (operation.limit) Object.assign(throttle, limiter.own(operation.limit, who, now));
  authorize(state, bearer, operation.ability);
  const bound = bind(state, operation.path, incoming.ids);
  return operation.run({ state, now, ...bearer, ...partsOf(incoming) }, bound);
}

const partsOf = (incoming: Incoming) => ({
  address: incoming.url.origin + incoming.url.pathname,
  query: incoming.url.searchParams,
  body: jsonOf(incoming),
});

function jsonOf({ method, headers, body }: Incoming): Record<string, unknown> {
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
