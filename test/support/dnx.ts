import { setMaxListeners } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { DnxError } from '../../src/base/errors.ts';
import '../../src/cli/output/print.ts';
import '../../src/cli/run/context.ts';
import '../../src/cli/run/parse.ts';
import '../../src/cli/run/execute.ts';
import '../../src/features/auth/denied.ts';
import { captureChild, startChild } from '../../src/machine/child.ts';
import { openEnv } from '../../src/machine/env.ts';
import '../../src/machine/files/lock.ts';
import '../../src/machine/settings/settings.ts';
import {
  type Attendant,
  type Captured,
  type Child,
  type HttpRequest,
  type Keychain,
  NetworkFault,
  type Piped,
  type Transport,
} from '../../src/machine/world.ts';
import { main } from '../../src/main.ts';
import '../../src/platform/api/failure.ts';
import { openNetwork } from '../../src/platform/api/network/transport.ts';
import '../../src/platform/api/network/unreachable.ts';
import { type Sandbox, type SandboxOptions, type State, seed, startSandbox } from '../../src/sandbox/index.ts';
import { FakeClock } from './clock.ts';
import { after } from './exchange.ts';
import { mustBeRead } from './results.ts';
import { refuseUnknownRoutes } from './routes.ts';
import { recordedShapes } from './shapes.ts';
import { capture, input, keyboard, typist } from './streams.ts';
import { validateOutput } from './validated.ts';

// Loaded here, because the fake clock does not wait for code that is loading.

/** The result of a run of dnx. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  /** The bytes of stdout. */
  readonly bytes: Buffer;
  readonly stderr: string;
  /** Requests of this run, as `GET /servers/01J…`. */
  readonly calls: readonly string[];
  /** How often it began to connect before its first request. */
  readonly early: number;
  /** Those that are not a GET. */
  readonly changes: readonly string[];
  /** How long it waited on the fake clock, in ms. */
  readonly waited: number;
  readonly json: <T = Record<string, unknown>>() => T;
}

/** Options of a run of dnx. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** Connects standard input and output to a program that talks to dnx. */
  readonly pipes?: { readonly stdin: Readable; readonly stdout: Writable };
  /** Makes stdout and stderr terminals of this width. */
  readonly columns?: number;
  /** Ctrl-C (or SIGTERM) after this many ms on the fake clock, while dnx waits. */
  readonly interruptAt?: number;
  readonly terminateAt?: number;
  /** Closes the terminal after this many ms. */
  readonly hangUpAt?: number;
  /** Ctrl-C as soon as stderr contains this text. */
  readonly interruptOn?: string;
  /** Ctrl-C after this many real ms, for commands that must never hang. */
  readonly limitMs?: number;
  /** Receives requests to other machines, which then fail as unreachable. Without it, such a request fails the test. */
  readonly elsewhere?: (request: HttpRequest) => void;
  /** The exit code of a child process (default 0). */
  readonly child?: (child: Child) => number | Promise<number>;
  /** Stands in for a program whose output dnx reads. Without it, the real program runs; there is no ssh unless `env` has a PATH. */
  readonly program?: typeof captureChild;
  /** Stands in for the desktop's browser: false if there is none, as without it. */
  readonly browser?: (url: string) => boolean;
  /** The user takes this many ms to unlock the keychain. */
  readonly unlocksAfter?: number;
  /** Keys pressed at prompts on a terminal. */
  readonly keys?: string;
  /** Lines typed on a terminal, one at each question. */
  readonly typed?: string;
  /** The random numbers that spread requests after a rate limit (default 0). */
  readonly random?: () => number;
  /** The platform of this machine (default Linux). */
  readonly platform?: NodeJS.Platform;
  /** Makes dnx this executable, which trusts releases with this key. */
  readonly executable?: { readonly file: string; readonly releaseKey: string };
  /** Makes stdout the null device. */
  readonly discards?: boolean;
  /** Delays each write to stdout, as a slow reader does. */
  readonly slowly?: () => Promise<void>;
  /** Real ms of silence after which a connection times out. */
  readonly idleMs?: number;
  /** Real ms after which a JSON body times out. */
  readonly bodyMs?: number;
  /** Replaces the signals above. */
  readonly signal?: AbortSignal;
  /** The API does not keep to its reference, so its records need not match `dnx schema`. */
  readonly lies?: boolean;
  /** Wraps the network. */
  readonly through?: (network: Transport) => Transport;
}

/** A sandbox, fake clock, in-memory keychain and private directories. Command lines run in this process over real HTTP. */
export interface Bed {
  readonly sandbox: Sandbox;
  readonly clock: FakeClock;
  readonly keychain: Map<string, string>;
  /** Contains the config, cache, state and working directories. */
  readonly directory: string;
  readonly children: Child[];
  dnx(line: string | readonly string[], options?: RunOptions): Promise<Run>;
  close(): Promise<void>;
}

const API = '/api/v1';

// In memory if possible: tests spend most of their time writing and removing files.
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Creates an empty directory, in memory if possible. */
export const temporary = (): string => mkdtempSync(join(memory, 'dnx-test-'));

/** The seed as JSON, by its time: parsing it takes a tenth of the time of making it. */
const seeds = new Map<number, string>();

function newState(now: number): State {
  const text = seeds.get(now) ?? JSON.stringify(seed(now));
  seeds.set(now, text);
  return JSON.parse(text) as State;
}

/** Opens a new bed, with DNX_TOKEN of the sandbox's owner. It has no rate limit unless one is given. */
export async function openBed({ rateLimit = 0, ...options }: Omit<SandboxOptions, 'now'> = {}): Promise<Bed> {
  const clock = new FakeClock();
  const sandbox = await startSandbox({ ...recordedShapes, ...options, rateLimit, now: clock.right, state: newState(clock.now()) });
  const keychain = new Map<string, string>();
  const children: Child[] = [];
  const directory = temporary();

  async function dnx(line: string | readonly string[], run: RunOptions = {}): Promise<Run> {
    const toRead = mustBeRead<Run>(`dnx ${typeof line === 'string' ? line : line.join(' ')}`);
    const stdout = capture(run.columns !== undefined, run.columns, undefined, run.slowly);
    const interruption = new AbortController();
    // As in the process of dnx.
    setMaxListeners(0, interruption.signal);
    const interrupt = () => interruption.abort(new DnxError('interrupted', 'Interrupted.'));
    const { interruptAt, interruptOn, terminateAt, hangUpAt, through = (network: Transport) => network } = run;
    const watch = (words: string) => (text: string) => text.includes(words) && interrupt();
    const typing = run.typed === undefined ? undefined : typist(run.typed);
    const stderr = capture(run.columns !== undefined, run.columns, interruptOn === undefined ? typing?.seen : watch(interruptOn));
    if (interruptAt !== undefined) clock.at(clock.elapsed() + interruptAt, interrupt);
    if (terminateAt !== undefined)
      clock.at(clock.elapsed() + terminateAt, () => interruption.abort(new DnxError('terminated', 'Terminated.')));
    if (hangUpAt !== undefined) clock.at(clock.elapsed() + hangUpAt, () => interruption.abort(new DnxError('hangup', 'Hangup.')));
    const limit = run.limitMs === undefined ? undefined : setTimeout(interrupt, run.limitMs);
    const before = sandbox.calls.length;
    const start = clock.elapsed();
    const env = {
      // Text is easier to test without colors. A test of colors sets FORCE_COLOR.
      ...(run.env?.FORCE_COLOR === undefined && { NO_COLOR: '1' }),
      DNX_HOST: sandbox.url,
      DNX_TOKEN: sandbox.token,
      DNX_CONFIG_DIR: join(directory, 'config'),
      DNX_CACHE_DIR: join(directory, 'cache'),
      DNX_STATE_DIR: join(directory, 'state'),
      DNX_NO_UPDATE_NOTIFIER: '1',
      ...(rateLimit === 0 && { DNX_RATE_LIMIT: 'off' }),
      ...run.env,
    };
    // ssh would contact the address of a sandbox server.
    const isMissing = ({ file }: Captured | Piped) => ['ssh', 'rsync'].includes(file) && run.env?.PATH === undefined;
    const opened: Transport[] = [];
    const sent: string[] = [];
    let early = 0;
    const argv = typeof line === 'string' ? split(line) : line;
    const code = await main(argv, {
      env: openEnv(env, run.platform ?? 'linux'),
      cwd: run.cwd ?? directory,
      home: directory,
      platform: run.platform ?? 'linux',
      node: run.executable ? undefined : '20.19.0',
      self: run.executable ? [run.executable.file] : ['node', 'dnx'],
      ...(run.executable && { releaseKey: run.executable.releaseKey }),
      stdin: run.pipes?.stdin ?? (run.keys === undefined ? (typing?.stream ?? input(run.stdin ?? '')) : keyboard(run.keys)),
      stdout: run.pipes?.stdout ?? (run.discards ? Object.assign(stdout.stream, { discards: true }) : stdout.stream),
      stderr: stderr.stream,
      clock,
      random: run.random ?? (() => 0),
      keychain: inMemory(keychain, async (attended) => {
        if (run.unlocksAfter === undefined) return;
        attended?.waiting();
        await clock.sleep(run.unlocksAfter);
      }),
      signal: run.signal ?? interruption.signal,
      connectEarly(_url, _caFile, load) {
        early++;
        return load();
      },
      connect: async (caFile) => {
        const network = await openNetwork({ env, after, caFile, limits: limitsOf(run) });
        opened.push(network);
        return through(guarded(network, clock, sent, run.elsewhere));
      },
      spawn: async (child) => {
        children.push(child);
        return (await run.child?.(child)) ?? 0;
      },
      capture: async (child) => {
        if (!run.program && isMissing(child)) return undefined;
        const parent = { signal: interruption.signal, after, onExit: () => () => {} };
        return clock.during(async () => (run.program ?? captureChild)(child, parent));
      },
      start: async (child) =>
        isMissing(child) ? undefined : startChild(child, { signal: interruption.signal, after, onExit: () => () => {}, platform: 'linux' }),
      open: async (url) => run.browser?.(url) ?? false,
      hold: (work) => work(),
      suspend: () => {},
      onExit: () => () => {},
    });
    clearTimeout(limit);
    // As the end of the process would.
    for (const each of opened) await each.close();
    await validateOutput(argv, { stdout: stdout.text(), stderr: stderr.text(), lies: run.lies });
    if (!argv.includes('api') && !argv.includes('--api')) refuseUnknownRoutes(sent);
    const calls = sandbox.calls.slice(before).map(({ method, path }) => `${method} ${path}`);
    return toRead({
      code,
      stdout: stdout.text(),
      bytes: stdout.bytes(),
      stderr: stderr.text(),
      calls,
      changes: calls.filter((call) => !call.startsWith('GET ')),
      early,
      waited: clock.elapsed() - start,
      json: <T>() => JSON.parse(stdout.text()) as T,
    });
  }

  return {
    sandbox,
    clock,
    keychain,
    directory,
    children,
    dnx,
    async close() {
      await sandbox.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Opens a new bed with the rate limit of the API, 60 requests a minute, which dnx keeps to. */
export const openLimitedBed = (): Promise<Bed> => openBed({ rateLimit: 60 });

/** Splits a line into words like a shell; only quotes are special. */
export const split = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single),
  );

const inMemory = (secrets: Map<string, string>, unlock: (attended?: Attendant) => Promise<void>): Keychain => ({
  async read(account, attended) {
    await unlock(attended);
    return secrets.get(account);
  },
  write: async (account, secret) => void secrets.set(account, secret),
  remove: async (account) => secrets.delete(account),
});

/** Stops the clock during requests, keeps their paths, and never contacts another machine. */
export function guarded(transport: Transport, clock: FakeClock, sent: string[], elsewhere: RunOptions['elsewhere']): Transport {
  return {
    async request(request) {
      const { hostname, pathname } = new URL(request.url);
      const to = request.at ?? hostname;
      // A redirect may lead anywhere, and gets no token.
      if (pathname.startsWith(API) && request.headers.authorization) sent.push(pathname.slice(API.length));
      if (to !== 'localhost' && !/^127(\.\d+){3}$/.test(to)) {
        if (!elsewhere) throw new Error(`unexpected request to ${to}`);
        elsewhere(request);
        throw new NetworkFault('there is no such host', { sent: false });
      }
      const response = await clock.during(() => transport.request(request));
      return { ...response, body: still(response.body), file: still(response.file) };
    },
    close: () => transport.close(),
  };

  function still(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const iterator = bytes[Symbol.asyncIterator]();
    return { [Symbol.asyncIterator]: () => ({ next: () => clock.during(() => iterator.next()) }) };
  }
}

const limitsOf = ({ idleMs, bodyMs }: RunOptions) => ({
  ...(idleMs !== undefined && { connectMs: idleMs, headMs: idleMs, silenceMs: idleMs }),
  ...(bodyMs !== undefined && { bodyMs }),
});
