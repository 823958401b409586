import type { Clock, HttpResponse, Transport } from '../../machine/world.ts';
import type { Endpoint } from './endpoint.ts';
import type { Reply } from './reply.ts';

/** Query parameters. Undefined ones are left out; a list is sent as one parameter per value. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** What a request carries besides its path parameters. */
export interface SendOptions {
  readonly query?: Query | undefined;
  readonly body?: unknown;
  /** False: the caller has its own loop and wants to see every failure. Only a GET is ever retried after a fault or a 5xx. */
  readonly retry?: boolean;
  /** True: the answer is worth little. It is asked for once, and a rate limit that outlasts the deadline fails at once. */
  readonly casual?: boolean;
  /** False for `POST /login`, the only call without a token; a 429 on it is reported, not waited out. */
  readonly authenticated?: boolean;
}

/** The API as commands see it. Failures are DnxErrors. */
export interface Api {
  /** One request; a reply of any permitted shape. */
  send<T>(endpoint: Endpoint, params?: object, options?: SendOptions): Promise<Reply<T>>;
  /** Every page of a list, in order. */
  list<T>(
    endpoint: Endpoint,
    params?: object,
    options?: { readonly query?: Query; readonly retry?: boolean; readonly casual?: boolean },
  ): Promise<T[]>;
  /** The same API with another token, and perhaps another host, which gets only that token. */
  as(token: string, host?: string): Api;
  /** The same API, where requests, retries and rate limit pauses fail with `timed_out` at this moment of the monotonic clock. */
  until(deadline: number): Api;
  /** One request to any path. Returns answers of any status. */
  ask(method: string, path: string, options?: SendOptions): Promise<Reply>;
  /** The answer before its body is read, for downloads. Any status; sent once. */
  raw(method: string, path: string): Promise<HttpResponse>;
}

/** Tells a person what requests are waiting for. */
export interface RequestProgress {
  /** A request to this host began; call the returned function when it ends. */
  begin(host: string): () => void;
  /** The API refused a request for so many ms. Called once for all requests that wait. */
  limited(ms: number): void;
  /** A request is waiting for the rate limit for so many ms; call the returned function when it goes on. */
  pause(ms: number): () => void;
}

/** What the client is given. */
export interface ClientOptions {
  /** `https://deploynix.io`: what comes before `/api/v1`. */
  readonly host: string;
  readonly token: () => Promise<string>;
  readonly connect: () => Promise<Transport>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly userAgent: string;
  /** A line about an exchange, without tokens, bodies and queries. */
  readonly debug: (line: string) => void;
  readonly requests: RequestProgress;
  /** How long a request may wait for the rate limit in total, in ms. */
  readonly patienceMs: number;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** When everything ends, in ms of the monotonic clock. */
  readonly deadline?: number;
  /** How many items of a list are wanted, if more than usual. */
  readonly mostItems?: number | undefined;
}
