import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { Hono } from 'hono/quick';
import { identify } from './auth.ts';
import { type Call, readable, record } from './calls.ts';
import type { FaultBox, Reply } from './faults.ts';
import { Refusal } from './http/refusal.ts';
import { type ApiResponse, failure } from './http/response.ts';
import { cut, drop, respond, trickle } from './http/wire.ts';
import type { Limiter } from './limits.ts';
import { operations } from './operations.ts';
import { type Incoming, perform, type World, wantsJson } from './perform.ts';
import { settle } from './settle.ts';
import type { State } from './state.ts';

/** The prefix of every path. */
const PREFIX = '/api/v1';

/** Options of the app. */
interface Parts {
  readonly state: State;
  readonly limiter: Limiter;
  readonly faults: FaultBox;
  readonly calls: Call[];
  readonly now: () => number;
  /** Real delay before each response, in ms. */
  readonly latency: number;
  /** Called after each request that may have changed the state. */
  readonly changed: () => void;
  /** Aborted when the sandbox closes. */
  readonly closing: AbortSignal;
}

type Here = Context<{ Bindings: HttpBindings }>;

/** Creates the routes. Each request is recorded and delayed; faults apply; due changes are settled; then it is performed and saved. */
export function createApp(parts: Parts): Hono<{ Bindings: HttpBindings }> {
  const { state, limiter, faults, calls, closing } = parts;

  const serve = async (here: Here, run: (incoming: Incoming, world: World) => ApiResponse): Promise<Response> => {
    const incoming = await read(here);
    const { method, url } = incoming;
    const path = url.pathname.startsWith(PREFIX) ? url.pathname.slice(PREFIX.length) : url.pathname;
    const token = identify(state, incoming.headers.get('authorization'))?.current.name ?? null;
    const call = record(calls, {
      method,
      path,
      query: Object.fromEntries(url.searchParams),
      body: readable(incoming.body),
      token,
      status: 0,
    });
    if (parts.latency > 0) await delay(parts.latency, undefined, { signal: closing });
    const fault = faults.take(method, path);
    const regular = (): ApiResponse => {
      const now = parts.now();
      settle(state, now);
      const response = run(incoming, { state, limiter, now });
      parts.changed();
      return response;
    };
    here.env.outgoing.setHeader('Date', new Date(parts.now()).toUTCString());
    return await send(fault, regular, call, here.env.outgoing, closing);
  };

  const app = new Hono<{ Bindings: HttpBindings }>();
  for (const operation of operations) {
    app.on(operation.method, honoPath(operation.path), (here) => serve(here, (incoming, world) => perform(operation, incoming, world)));
  }
  for (const path of new Set(operations.map((operation) => operation.path))) {
    app.all(honoPath(path), (here) => serve(here, ({ method, headers }) => failure(wrongMethod(method, path), wantsJson(headers))));
  }
  // The sandbox was closed during a request, or has a bug.
  app.onError((error) => (closing.aborted ? RESPONSE_ALREADY_SENT : respond(failure(error, true))));
  app.notFound((here) => serve(here, ({ method, url }) => failure(unknownRoute(method, url.pathname), true)));
  return app;
}

const honoPath = (path: string): string => PREFIX + path.replace(/\{(\w+)\}/g, ':$1');

async function read(here: Here): Promise<Incoming> {
  const { method, url } = here.req;
  return { method, url: new URL(url), headers: here.req.raw.headers, ids: here.req.param(), body: await here.req.text() };
}

async function send(
  fault: Reply | undefined,
  regular: () => ApiResponse,
  call: Call,
  outgoing: ServerResponse,
  closing: AbortSignal,
): Promise<Response> {
  const known = (response: ApiResponse): ApiResponse => {
    call.status = response.status;
    return response;
  };
  if (fault === undefined) return respond(known(regular()));
  if (typeof fault === 'function') return respond(known(fault(regular())));
  if (typeof fault === 'object') return respond(known({ status: fault.status, headers: fault.headers ?? {}, body: fault.body }));
  switch (fault) {
    case 'hang':
      return new Promise(() => {});
    case 'hang-after':
      regular();
      return new Promise(() => {});
    case 'cut':
      await cut(outgoing, known(regular()));
      break;
    case 'trickle':
      await trickle(outgoing, known(regular()), closing);
      break;
    case 'drop-after':
      regular();
      drop(outgoing);
      break;
    case 'drop':
      drop(outgoing);
      break;
  }
  return RESPONSE_ALREADY_SENT;
}

function wrongMethod(method: string, path: string): Refusal {
  const methods = operations.filter((operation) => operation.path === path).map((operation) => operation.method);
  const supported = methods.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ');
  const route = `${PREFIX}${path}`.slice(1);
  return new Refusal(405, `The ${method} method is not supported for route ${route}. Supported methods: ${supported}.`, undefined, {
    Allow: supported,
  });
}

const unknownRoute = (method: string, path: string): Refusal =>
  new Refusal(500, `Unknown route: ${method} ${path}. It is not in the API reference.`);
