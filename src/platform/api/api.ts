import type { DnxError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Clock, HttpResponse, Transport } from '../../machine/world.ts';
import type { Endpoint } from './endpoint.ts';
import type { Budgets, RateStatus } from './limit/budget.ts';

/** Query parameters. Undefined ones are omitted; a list becomes one parameter per value. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** Options of a request. */
export interface SendOptions {
  readonly query?: Query | undefined;
  readonly body?: unknown;
  /** False: never retry, for callers that poll. Only a GET is ever retried after a network fault or a 5xx. */
  readonly retry?: boolean;
  /** True for optional data: requested once, and a rate limit that outlasts the deadline fails immediately. */
  readonly casual?: boolean;
  /** How long the rate limit may delay it at most, in ms, for a request after what was read. */
  readonly mostDelayMs?: number | undefined;
  /** False for `POST /login`, the only call without a token; its 429 is not waited out. */
  readonly authenticated?: boolean;
  /** True for a file, which must arrive as it is: not compressed. */
  readonly file?: boolean;
  /** True for a path that may not be written as in the API reference. */
  readonly typed?: boolean;
  /** Called each time that the request leaves: again after a 429 that was waited out. */
  readonly onSend?: () => void;
  /** How much of the response is read, in bytes. A larger one is a fault. */
  readonly mostBytes?: number;
  /** What a dry run takes for the response, to go on with the requests that follow. Without it, a dry run ends here. */
  readonly assume?: JsonObject;
  /** The change of the history that it takes back. */
  readonly undoes?: { readonly run: string; readonly n: number } | undefined;
}

/** A response, parsed. */
export interface Reply<T = unknown> {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  readonly tookMs?: number | undefined;
  /** Of a 429 that was not waited out: the option that would wait longer, and what the command had sent before. */
  readonly limited?: { readonly bound: string | undefined; readonly sent: string } | undefined;
  /** The JSON as received; undefined if the body is empty or not JSON. */
  readonly body: unknown;
  /** The resource, unwrapped from `data` if needed. Undefined if there is only a message, or nothing. */
  readonly data: T | undefined;
  readonly message: string | undefined;
  /** The raw text of a body that is not JSON, such as a proxy's page. */
  readonly text: string | undefined;
}

/** Sends one request and resolves when the response headers arrive. */
export type Exchange = (method: string, path: string, options: SendOptions) => Promise<HttpResponse>;

/** The API client. Failures are DnxErrors. */
export interface Api {
  /** Sends a request. Throws on a status of 300 or more. */
  send<T>(endpoint: Endpoint, params?: object, options?: SendOptions): Promise<Reply<T>>;
  /** Every page of a list, in order; with `most`, only those that have so many items. */
  list<T>(
    endpoint: Endpoint,
    params?: object,
    options?: { readonly query?: Query; readonly retry?: boolean; readonly casual?: boolean; readonly most?: number | undefined },
  ): Promise<T[]>;
  /** A client with another token, and optionally another host, which gets only that token. `base`: the path of an API that is not Deploynix's. */
  as(token: string, host?: string, base?: string): Api;
  /** A client whose requests, retries and pauses fail with `timed_out` at this time of the monotonic clock. */
  until(deadline: number): Api;
  /** A client without a deadline that Ctrl-C does not stop, to put something back. The process ends soon after a signal anyway. */
  unstopped(): Api;
  /** Sends a request to any path, and returns a response of any status. */
  ask(method: string, path: string, options?: SendOptions): Promise<Reply>;
  /** Like `ask`, but never retried and with an unread body, for downloads. */
  raw(
    method: string,
    path: string,
    options?: Pick<SendOptions, 'authenticated' | 'casual' | 'onSend' | 'mostBytes'>,
  ): Promise<HttpResponse>;
  /**
   * Waits, past any deadline, until new work can send so many requests without a pause, with room left for `others`, and for a window also
   * for those who use the limit elsewhere. Also leaves room for polls, if the work may take only a few windows (`timeoutMs`). Books nothing.
   */
  room(requests: number, others: () => number, timeoutMs: number): Promise<void>;
  /** How long a poll of so many requests leaves the rate limit to those who use it elsewhere, in ms. 0 if it suffices for all. */
  backoff(requests: number): Promise<number>;
  /** Says that this is what a request with this body created, although its response was lost. */
  found(body: JsonObject, item: JsonObject): Promise<void>;
  /** How much of the rate limit is used, without a request. */
  rate(): Promise<RateStatus>;
}

/** Shows what requests are waiting for. */
export interface RequestProgress {
  /** A request failed for this reason and is retried in `ms`. `turn`: `1 of 3`. Call the returned function when it resumes. */
  retrying(reason: string, ms: number, turn: string): () => void;
  /** A request to this host began: a poll, or one that someone is waiting for. Call the returned function when it ends. */
  begin(host: string, poll?: boolean): () => void;
  /** A request pauses for the rate limit, for this many ms. `refused`: after a 429. Call the returned function when it resumes. */
  pause(ms: number, refused: boolean): () => void;
}

/** Gets the pages of a list. `done` is called only if it was read to its end. */
export interface Listing {
  add(items: readonly unknown[]): void;
  done(): void;
}

/** Stands before every request that changes something: a dry run records it, anything else writes it into the history. */
export interface Gate {
  /** Sends the request, or returns what a dry run takes for its response, or throws `Planned`. `get` reads a path. */
  change<T>(
    method: string,
    path: string,
    options: SendOptions,
    send: () => Promise<Reply<T>>,
    get: (path: string) => Promise<Reply>,
  ): Promise<Reply<T>>;
  /** Gets what was read, by path without the query. */
  read(path: string, data: unknown): void;
  /** Gets what a request with this body created, if its response was lost. */
  found?(body: JsonObject, item: JsonObject): Promise<void>;
}

/** Is told what this token lists and changes, to remember names. */
export interface Observer {
  /** A list without filters is being read since `since`, in epoch ms. Undefined if it has nothing to remember. */
  listing(endpoint: Endpoint, params: object, since: number): Listing | undefined;
  /** A request other than GET succeeded, or may have. */
  changed(method: string, path: string): void;
}

/** What the client needs. */
export interface ClientOptions {
  readonly host: string;
  /** What stands between the host and a path. Default: `/api/v1`. */
  readonly base?: string;
  readonly token: () => Promise<string>;
  readonly connect: () => Promise<Transport>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly userAgent: string;
  /** Gets a line per request and response, without tokens, bodies and queries. */
  readonly debug: (line: string) => void;
  readonly requests: RequestProgress;
  /** The rate limits of tokens, shared with other processes. */
  readonly budgets: Budgets;
  /** The longest total rate limit pause of a request, in ms. */
  readonly maxWaitMs: number;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** In ms of the monotonic clock. */
  readonly deadline?: number;
  /** The error for an operation that is not sent, if only GET requests may be. A dry run sends no others. */
  readonly readOnly?: ((operation: string) => DnxError) | undefined;
  readonly gate?: Gate | undefined;
  /** Counts the changes that were sent. Undefined for a command that only reads. */
  readonly changes?: { sent: number } | undefined;
  /** Not told about requests with another token. */
  readonly observer?: Observer | undefined;
}
