import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { identify } from './auth.ts';
import { sandboxOperations, settle } from './operations.ts';
import { type Limiter, type Perform, performOperation, wantsJson } from './perform.ts';
import { ApiRefusal, type ApiResponse, encode, failureResponse } from './response.ts';
import type { Shaping } from './shapes/shaping.ts';
import type { State } from './state.ts';

const PREFIX = '/api/v1';

interface Parts {
  readonly state: State;
  readonly limiter: Limiter;
  readonly faults: FaultBox;
  readonly calls: RecordedCall[];
  readonly now: () => number;
  readonly latency: number;
  readonly changed: () => void;
  readonly closing: AbortSignal;
  readonly shapes: Shaping | undefined;
}

type Bindings = HttpBindings & { readonly parts: Parts };
type Here = Context<{ Bindings: Bindings }>;

/** Answers the requests of one sandbox. */
export const answering =
  (parts: Parts) =>
  (request: Request, http: object): Response | Promise<Response> =>
    isLocal((http as HttpBindings).incoming)
      ? app.fetch(request, { ...(http as HttpBindings), parts })
      : respond((http as HttpBindings).outgoing, failureResponse(new ApiRefusal(421, LOCAL_ONLY), true));

const LOCAL_ONLY = 'The sandbox answers only to 127.0.0.1 and localhost, with its port.';

/** Whether a request names this machine: a page in a browser may reach the sandbox under a name of its own that leads here. */
function isLocal({ headers: { host = '' }, socket }: IncomingMessage): boolean {
  const [name = '', port = '80'] = host.split(':');
  return ['127.0.0.1', 'localhost'].includes(name.toLowerCase()) && port === String(socket.localPort);
}

/** The routes, the same for every sandbox: a router is made only once. */
const app = new Hono<{ Bindings: Bindings }>();
for (const operation of sandboxOperations) {
  app.on(operation.method, honoPath(operation.path), (here) =>
    serve(here, operation.path, (incoming, world) => performOperation(operation, incoming, world)),
  );
}
for (const path of new Set(sandboxOperations.map((operation) => operation.path))) {
  app.all(honoPath(path), (here) =>
    serve(here, path, ({ method, headers }) => failureResponse(wrongMethod(method, path), wantsJson(headers))),
  );
}
// The sandbox was closed during a request, or has a bug.
app.onError((error, { env: { outgoing, parts } }) =>
  parts.closing.aborted ? RESPONSE_ALREADY_SENT : respond(outgoing, failureResponse(error, true)),
);
app.notFound((here) => serve(here, undefined, ({ url, headers }) => failureResponse(unknownRoute(url.pathname), wantsJson(headers))));

/**
 * Records a request, and delays it; faults apply; due changes are settled; then it is performed and saved. `template` is the path of its
 * operation; undefined if it is none.
 */
async function serve(here: Here, template: string | undefined, perform: Perform): Promise<Response> {
  const { outgoing, parts } = here.env;
  const { state, limiter, faults, calls, closing } = parts;
  const { method } = here.req;
  const url = new URL(here.req.url);
  const { headers } = here.req.raw;
  const body = method === 'GET' ? '' : await here.req.text();
  const path = url.pathname.startsWith(PREFIX) ? url.pathname.slice(PREFIX.length) : url.pathname;
  const token = identify(state, headers.get('authorization'))?.current.name ?? null;
  const call = { method, path, query: Object.fromEntries(url.searchParams), body: readable(body), token, status: 0 };
  calls.push(call);
  if (calls.length > KEPT_CALLS) calls.shift();
  if (parts.latency > 0) await delay(parts.latency, undefined, { signal: closing });
  const fault = faults.take(method, path);
  const run = parts.shapes?.shaped(template, perform) ?? perform;
  const regular = (): ApiResponse => {
    const now = parts.now();
    settle(state, now);
    const response = run({ method, url, headers, ids: here.req.param(), body }, { state, limiter, now });
    parts.changed();
    return response;
  };
  outgoing.setHeader('Date', new Date(parts.now()).toUTCString());
  return send(fault, regular, call, here.env);
}

function honoPath(path: string): string {
  return PREFIX + path.replace(/\{(\w+)\}/g, ':$1');
}

async function send(
  fault: FaultReply | undefined,
  regular: () => ApiResponse,
  call: RecordedCall,
  { outgoing, parts }: Bindings,
): Promise<Response> {
  const recorded = (response: ApiResponse): ApiResponse => {
    call.status = response.status;
    return response;
  };
  if (fault === undefined) return respond(outgoing, recorded(regular()));
  if (typeof fault === 'function') return respond(outgoing, recorded(fault(regular())));
  if (typeof fault === 'object') return respond(outgoing, recorded({ headers: {}, body: undefined, ...fault }));
  if (fault === 'cut') await cutShort(outgoing, recorded(regular()));
  else if (fault === 'trickle') await trickle(outgoing, recorded(regular()), parts.closing);
  else {
    if (fault.endsWith('-after')) regular();
    if (fault.startsWith('hang')) return new Promise(() => {});
    outgoing.destroy();
  }
  return RESPONSE_ALREADY_SENT;
}

function wrongMethod(method: string, path: string): ApiRefusal {
  const methods = sandboxOperations.filter((operation) => operation.path === path).map((operation) => operation.method);
  const supported = methods.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ');
  const route = `${PREFIX}${path}`.slice(1);
  return new ApiRefusal(405, `The ${method} method is not supported for route ${route}. Supported methods: ${supported}.`, undefined, {
    Allow: supported,
  });
}

const unknownRoute = (path: string): ApiRefusal => new ApiRefusal(404, `The route ${path.slice(1)} could not be found.`);

const PIECES = 16;
const BETWEEN_PIECES_MS = 2;

/** Sends a response as it is: a `Response` object would cost a tenth of a request. */
function respond(outgoing: ServerResponse, response: ApiResponse): Response {
  const { status, headers, bytes } = encode(response);
  outgoing.writeHead(status, headers).end(bytes);
  return RESPONSE_ALREADY_SENT;
}

async function cutShort(outgoing: ServerResponse, response: ApiResponse): Promise<void> {
  const { status, headers, bytes = Buffer.from('{}') } = encode(response);
  outgoing.writeHead(status, { ...headers, 'Content-Length': bytes.length });
  await new Promise<void>((resolve) => {
    outgoing.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => resolve());
  });
  outgoing.destroy();
}

async function trickle(outgoing: ServerResponse, response: ApiResponse, signal: AbortSignal): Promise<void> {
  const { status, headers, bytes = Buffer.alloc(0) } = encode(response);
  outgoing.writeHead(status, headers);
  outgoing.flushHeaders();
  const size = Math.max(1, Math.ceil(bytes.length / PIECES));
  for (let start = 0; start < bytes.length; start += size) {
    await delay(BETWEEN_PIECES_MS, undefined, { signal });
    outgoing.write(bytes.subarray(start, start + size));
  }
  outgoing.end();
}

const KEPT_CALLS = 1_000;

/** A request that the sandbox received. */
export interface RecordedCall {
  readonly method: string;
  /** Without `/api/v1`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The JSON body, or its text if it is not JSON; undefined without a body. */
  readonly body: unknown;
  /** The name of the token; null without a valid one. */
  readonly token: string | null;
  /** 0 until the response; stays 0 after a hang or a drop. */
  status: number;
}

function readable(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Which requests a fault applies to. Paths leave out `/api/v1`; a string may contain parameters: `/servers/{server}`. */
export interface Match {
  readonly method?: string;
  readonly path?: string | RegExp;
}

/**
 * What happens instead of the regular response.
 * Request not performed: a custom response; `hang` (no response until close); `drop` (closed without a response).
 * Request performed: `drop-after` (closed without a response); `hang-after` (no response until close); `cut` (closed after half the
 * body); `trickle` (the regular response in small, slow pieces); a function of the regular response, to test other valid shapes.
 */
export type FaultReply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | object }
  | 'hang'
  | 'drop'
  | 'drop-after'
  | 'hang-after'
  | 'cut'
  | 'trickle'
  | ((response: ApiResponse) => ApiResponse);

/** Faults as the server sees them. */
type FaultBox = ReturnType<typeof createFaults>;

/** Injects faults. The first fault that matches a request applies. */
export type Faults = Omit<FaultBox, 'take'>;

/** Creates an empty set of faults. */
export function createFaults() {
  let faults: { readonly match: Match; readonly reply: FaultReply; left: number }[] = [];
  const add = (match: Match, reply: FaultReply, left: number) => {
    const fault = { match, reply, left };
    faults.push(fault);
    return () => {
      faults = faults.filter((other) => other !== fault);
    };
  };
  return {
    /** Applies to the next `times` matching requests. */
    next: (match: Match, reply: FaultReply, times = 1): void => void add(match, reply, times),
    /** Applies to every matching request until the returned function is called. */
    always: (match: Match, reply: FaultReply): (() => void) => add(match, reply, Number.POSITIVE_INFINITY),
    clear: (): void => {
      faults = [];
    },
    take: (method: string, path: string): FaultReply | undefined => {
      const fault = faults.find(({ match, left }) => left > 0 && fits(match, method, path));
      if (fault) fault.left -= 1;
      return fault?.reply;
    },
  };
}

function fits(match: Match, method: string, path: string): boolean {
  if (match.method !== undefined && match.method.toUpperCase() !== method) return false;
  if (match.path === undefined) return true;
  if (match.path instanceof RegExp) return path.search(match.path) >= 0;
  const pattern = match.path.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('[^/]+')}$`).test(path);
}
