import { resolve, sep } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** Standard input. */
export type Input = Readable & {
  readonly isTTY?: boolean | undefined;
  readonly setRawMode?: (raw: boolean) => unknown;
  /** Takes what was typed and nobody has read, if the stream may be late with it. */
  readonly takeTyped?: () => string;
};

/** Standard output or standard error. */
export type Output = Writable & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** True for the null device. A closed stdout counts as one. */
  readonly discards?: boolean | undefined;
};

/** Environment variables, by name; on Windows in any case. `childEnv` has the one for a child process. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Time. `now` is wall-clock epoch ms and may jump; `elapsed` is monotonic ms from an arbitrary start. */
export interface Clock {
  now(): number;
  elapsed(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A user who can respond to a desktop dialog. */
export interface Attendant {
  /** Called when dnx starts to wait for the dialog. */
  waiting(): void;
}

/** The keychain of the operating system. Methods throw a DnxError if it is unavailable or, without `attended`, locked. */
export interface Keychain {
  read(account: string, attended?: Attendant): Promise<string | undefined>;
  write(account: string, secret: string, attended?: Attendant): Promise<void>;
  /** False if there was nothing to remove. */
  remove(account: string, attended?: Attendant): Promise<boolean>;
}

/** An HTTP request. */
export interface HttpRequest {
  readonly method: string;
  /** Absolute http(s) URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
  /** How large the body of the response may be, if less than of any other, in bytes. */
  readonly mostBytes?: number | undefined;
  /** Connects to this address instead of those of the host, as curl does with --resolve. Any certificate will do: the response has it. */
  readonly at?: string | undefined;
}

/** The certificate of a server. `problem`: why it is none for the host of a request; null if it is. */
export interface ServerCertificate {
  readonly names: readonly string[];
  readonly issuer: string;
  /** In epoch ms; undefined if it does not say. */
  readonly expiresAt: number | undefined;
  readonly problem: string | null;
}

/** An HTTP response whose headers have arrived. */
export interface HttpResponse {
  readonly status: number;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** How long its headers took, in ms, without a wait for the rate limit. */
  readonly tookMs?: number | undefined;
  /** Of a 429 that was not waited out: the option that would wait longer, and what the command had sent before. */
  readonly limited?: { readonly bound: string | undefined; readonly sent: string } | undefined;
  /** Of a request over TLS that says where to connect. */
  readonly certificate?: ServerCertificate | undefined;
  /** The bytes as they arrive. Throws a NetworkFault if the body is cut off, stalls, takes too long or is too large. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The same without limits on size and total time, for files. */
  readonly file: AsyncIterable<Uint8Array>;
  readonly discard: () => void;
}

/** Calls back after `ms`; the returned function cancels. Does not keep the process alive. */
export type Timer = (ms: number, callback: () => void) => () => void;

/** Sends HTTP requests, without redirects, retries or cookies. Rejects with a NetworkFault or the signal's reason. */
export interface Transport {
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Begins to connect to the host of a URL, for a request within the next seconds. Never fails: the request would tell. */
  open?(url: string): Promise<void>;
  close(): Promise<void>;
}

/** A program to run. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Env;
  /** The working directory, if not that of dnx. */
  readonly cwd?: string;
  /** The arguments are for cmd, which reads quotes itself. Without effect except on Windows. */
  readonly verbatim?: true;
}

/** A child process, such as ssh or an editor. It inherits the standard streams. */
export interface Child extends Program {
  /** Redirects its stdout to stderr, to keep stdout for the result. */
  readonly output?: 'stderr';
  /** It takes over the terminal, and Ctrl-C in it. dnx passes on every other signal, and waits for it to end. */
  readonly foreground?: true;
  /** Ends the child, instead of the signal of the World. */
  readonly signal?: AbortSignal;
  /** Sends a signal that ends it again each second: a shell that is about to read a line misses one. */
  readonly insist?: true;
  readonly tick?: { readonly ms: number; readonly call: () => void };
  /** Receives its stderr, which the user sees as well. Its stderr is then a pipe. */
  readonly observe?: (chunk: Buffer) => void;
}

/** A child process whose output dnx reads, such as git. */
export interface Captured extends Program {
  /** Lets the user see its stderr, and type: for a program that asks for a password. Otherwise its standard input is empty. */
  readonly attended?: true;
  /** How long it may run, in ms; by default as long as dnx. Then it fails with `timed_out`. */
  readonly limitMs?: number;
  /** Ends the child, and is thrown, instead of the signal of the World. */
  readonly signal?: AbortSignal;
}

/** How a captured child process ended. */
export interface Capture {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A child process whose standard output, and optionally input, dnx handles, such as a dump over ssh. */
export interface Piped extends Program {
  /** `pipe`: dnx writes its standard input. Empty by default. */
  readonly stdin?: 'pipe';
  /** Ctrl-C in the terminal does not reach it: a tunnel, while another program has the terminal. If the program is missing, it ends with 127. */
  readonly background?: true;
  /** Ends the child, instead of the signal of the World: for what must finish once it began. */
  readonly signal?: AbortSignal;
}

/** A started child process. It is ended with dnx, or by the signal of the World. */
export interface Started {
  /** Undefined unless it is a pipe. If the child no longer reads, its exit code tells why. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit code, or 128 and the signal, once its whole output has been read. */
  readonly ended: Promise<number>;
  /** Ends it, by SIGKILL if it must. */
  stop(): void;
}

/** A question to a person, as a value: yes or no, or a name to type. */
export interface Question {
  readonly kind: 'confirm' | 'input';
  readonly text: string;
}

/** Somebody who answers without a terminal: with what they agreed to or typed, or undefined for a question that was not answered yet. */
export type Person = (question: Question) => true | string | undefined;

/** An MCP client, as it names itself, and the words that it sent, without secrets. */
export interface AskedBy {
  readonly client: string;
  readonly command: readonly string[];
}

/** Everything outside of the process. Tests pass their own; `process.ts` has the real one. */
export interface World {
  readonly env: Env;
  readonly cwd: string;
  /** Throws a DnxError if the user has no home directory. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** The version of Node, such as `20.19.0`; undefined in an executable. */
  readonly node: string | undefined;
  /** The command that runs this dnx again: Node and its script, or the executable. */
  readonly self: readonly [node: string, script: string] | readonly [executable: string];
  /** The public key that signs releases, in base64. Default: that of package.json. */
  readonly releaseKey?: string;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly clock: Clock;
  /** A number from 0 to 1, to spread processes that wait for the same moment. Default: Math.random. */
  readonly random?: () => number;
  readonly keychain: Keychain;
  /**
   * Opens the network, directly or through the proxy of the environment. Trusts the certificates in `caFile` too, an absolute path.
   * `background`: dnx never waits for its requests, not even for a lookup of a name when it ends.
   */
  readonly connect: (caFile: string | undefined, how?: { readonly background?: boolean }) => Promise<Transport>;
  /** Begins to connect to a host over TLS, and loads something meanwhile. The next `connect` with the same file returns what has that connection. */
  readonly connectEarly?: (<T>(url: string, caFile: string | undefined, load: () => Promise<T>) => Promise<T>) | undefined;
  readonly spawn: (child: Child) => Promise<number>;
  /** Runs a child process and returns its output; undefined if the program does not exist. Output of more than 64 MB is an error. */
  readonly capture: (child: Captured) => Promise<Capture | undefined>;
  /** Starts a child process and returns its streams; undefined if the program does not exist. */
  readonly start: (child: Piped) => Promise<Started | undefined>;
  /** Does what must be done although dnx ends: after a signal, dnx waits for it as for a child process. A second signal does not. */
  readonly hold: <T>(work: () => Promise<T>) => Promise<T>;
  readonly open: (url: string) => Promise<boolean>;
  /** Stops dnx and the programs around it until `fg`, as Ctrl-Z does. stdout then emits `continue`. Without job control, nothing happens. */
  readonly suspend: () => void;
  /** Keeps a secret that was typed, for a plan that this process will apply. Returns the reference that reads it. */
  readonly keep?: ((secret: string) => string) | undefined;
  /** The only server, or site of it, that a client of `dnx mcp` may know of, by id. */
  readonly within?: { readonly server: string; readonly site: string | undefined } | undefined;
  /** Answers the questions of `dnx apply`, instead of a terminal. */
  readonly person?: Person | undefined;
  /** Whose command a plan is, that is applied for an MCP client: what the history shows. */
  readonly asked?: AskedBy | undefined;
  /** False where no connection may stay open after a command. */
  readonly keepsConnections?: false;
  /** Calls back when dnx ends while a command is still running: at a second signal or a bug. The returned function cancels. */
  readonly onExit: (callback: () => void) => () => void;
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP. The reason is a DnxError with code `interrupted`, `terminated` or `hangup`. */
  readonly signal: AbortSignal;
}

/** The absolute path of a file that the user named. Expands `~/`, which shells do not after an `@` or `=`, and `~\\` on Windows. */
export const pathOf = (name: string, world: Pick<World, 'cwd' | 'home'>): string =>
  name.startsWith('~/') || name.startsWith(`~${sep}`) ? resolve(world.home, name.slice(2)) : resolve(world.cwd, name);

/** A failed connection. `sent`: the request may have reached the server. */
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

/** Runs a command line of the user in sh, or in cmd on Windows. cmd removes the outer quotes and reads the rest as typed. */
export const shellCommand = (command: string, { platform }: Pick<World, 'platform'>): Omit<Program, 'env' | 'cwd'> =>
  platform === 'win32' ? { file: 'cmd', args: ['/d', '/s', '/c', `"${command}"`], verbatim: true } : { file: 'sh', args: ['-c', command] };
