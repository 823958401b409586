import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** A readable end of the process: standard input. */
export type Input = Readable & {
  readonly isTTY?: boolean | undefined;
  readonly setRawMode?: (raw: boolean) => unknown;
};

/** A writable end of the process: standard output or standard error. */
export type Output = Writable & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** True for the null device: what is written is gone. A standard output that is closed is one, too. */
  readonly discards?: boolean | undefined;
};

/** Environment variables, by name. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Time. `now` is wall-clock epoch ms and may jump; `elapsed` is monotonic ms from an arbitrary start. */
export interface Clock {
  now(): number;
  elapsed(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Somebody is there to answer a dialog of the desktop. */
export interface Attended {
  /** Called when such a dialog is waited for. */
  waiting(): void;
}

/**
 * The operating system's store of secrets. Every method throws a DnxError that explains itself when there is no usable one. A store that is
 * locked is such a failure at once, unless somebody is there to unlock it.
 */
export interface Keychain {
  read(account: string, attended?: Attended): Promise<string | undefined>;
  write(account: string, secret: string, attended?: Attended): Promise<void>;
  /** False when there was nothing to remove. */
  remove(account: string, attended?: Attended): Promise<boolean>;
}

/** A request as it goes over the wire. */
export interface HttpRequest {
  readonly method: string;
  /** Absolute http(s) URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** An answer of which the head has come; the body comes as it is read. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Bytes as they arrive; throws a NetworkFault when they end early, stop coming, go on for too long or are too many. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The same bytes of a file, which may be of any size and take any time as long as something comes. */
  readonly file: AsyncIterable<Uint8Array>;
  /** Ends a body that nobody wants, with its connection. */
  readonly discard: () => void;
}

/** Calls back after so many ms of real time, unless it is canceled by the function that it returns. It keeps no process alive. */
export type Timer = (ms: number, callback: () => void) => () => void;

/** One HTTP exchange: no redirects, no retries, no cookies. Rejects with a NetworkFault, or with the signal's reason. */
export interface Transport {
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** A process to run on the user's behalf: ssh, an editor, a script under the sandbox. It has our own standard streams. */
export interface Child {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Env;
  /** Where its standard output goes when ours is for the result alone. */
  readonly output?: 'stderr';
  /** Ends it, in place of the signal of the process. */
  readonly signal?: AbortSignal;
}

/** Everything that a process is given. Nothing outside it and `process.ts` touches `process`, timers or the network. */
export interface World {
  readonly env: Env;
  readonly cwd: string;
  /** Throws a DnxError where the user has none. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** The version of Node, such as `20.19.0`. */
  readonly node: string;
  /** The command line that runs this dnx again: node and its script. */
  readonly self: readonly [node: string, script: string];
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly clock: Clock;
  /** A number from 0 to 1, by which processes that wait for the same moment are spread; Math.random if there is none. */
  readonly random?: () => number;
  readonly keychain: Keychain;
  /** Opens the network, once a command needs it: directly, or through the proxy that the environment names. */
  readonly connect: () => Promise<Transport>;
  /** Runs a child to its end and answers with its exit code. */
  readonly spawn: (child: Child) => Promise<number>;
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP; the reason is a DnxError with code `interrupted`, `terminated` or `hangup`. */
  readonly signal: AbortSignal;
}

/** The absolute path of a file that the user named; `~/` is the home directory, for shells leave it alone after an `@` or an `=`. */
export const pathOf = (name: string, world: Pick<World, 'cwd' | 'home'>): string =>
  name.startsWith('~/') ? resolve(world.home, name.slice(2)) : resolve(world.cwd, name);

/** The connection failed. `sent` tells whether the request may have reached the other side. */
export class NetworkFault extends Error {
  override readonly name = 'NetworkFault';
  readonly sent: boolean;
  readonly reason: string | undefined;

  constructor(message: string, details: { sent: boolean; reason?: string | undefined; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.sent = details.sent;
    this.reason = details.reason;
  }
}
