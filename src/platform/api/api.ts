import type { Clock, HttpResponse, Transport } from '../../machine/world.ts';
import type { Endpoint } from './endpoint.ts';
import type { Reply } from './reply.ts';

/** Query parameters; one that is undefined is left out, and a list is sent as one parameter for each of its values. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** What a request carries beside the parameters of its path. */
export interface SendOptions {
  readonly query?: Query | undefined;
  readonly body?: unknown;
  /** False: the caller has a loop of its own and wants to see each failure. Only a GET is ever retried after a fault or a 5xx. */
  readonly retry?: boolean;
  /** False for `POST /login`, the one call made without a token; a 429 on it is reported, not waited for. */
  readonly authenticated?: boolean;
}

/** The API as commands see it. Failures are DnxErrors. */
export interface Api {
  /** One request; a reply of any permitted shape. */
  send<T>(endpoint: Endpoint, params?: object, options?: SendOptions): Promise<Reply<T>>;
  /** Every page of a list, in order. */
  list<T>(endpoint: Endpoint, params?: object, options?: { readonly query?: Query; readonly retry?: boolean }): Promise<T[]>;
  /** The same API with another token, to check one before it is kept; and at another host, which gets that token alone. */
  as(token: string, host?: string): Api;
  /** The same API, in which everything ends with `timed_out` at this moment of the monotonic clock: requests, retries, and pauses for the rate limit. */
  until(deadline: number): Api;
  /** One request to any path; its answer, whatever its status. */
  ask(method: string, path: string, options?: SendOptions): Promise<Reply>;
  /** The answer before its body is read, for downloads. Any status; sent once. */
  raw(method: string, path: string): Promise<HttpResponse>;
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
  /** A line about an exchange: never a token, a body or a query. */
  readonly debug: (line: string) => void;
  /** Says why nothing happens for a while. */
  readonly notice: (line: string) => void;
  /** Milliseconds that one request may wait in all for the rate limit. */
  readonly patienceMs: number;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** When everything ends, in ms of the monotonic clock. */
  readonly deadline?: number;
  /** How many items of a list are wanted, where that is more than usual. */
  readonly mostItems?: number | undefined;
}
