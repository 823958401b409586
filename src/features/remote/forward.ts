import { DnxError, isError, reasonOf, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { number, objectOf, type Printed, word } from '../../cli/language/shape.ts';
import { columns, nothing, overview, type View } from '../../cli/output/view.ts';
import { childEnv } from '../../machine/env.ts';
import { accepts, answers, anyFreePort, refusalOf } from '../../machine/loopback.ts';
import type { Env, Started } from '../../machine/world.ts';
import type { Targets } from '../../platform/names/names.ts';
import { sshFailure } from './failure.ts';
import { memberAt } from './fleet.ts';
import type { Machine } from './machine.ts';
import { scripted, startOn, unasked } from './ssh.ts';

/** What a port leads to, as the server reaches it. */
export interface FarEnd {
  /** For people: the name of a database, `port 6379`. */
  readonly name: string;
  /** As ssh wants it after the port: a socket, or a host and a port. */
  readonly address: string;
  /** The local port to try first, and those after it. */
  readonly first: number;
  /** What makes it answer before anyone signs in; undefined if it need not answer, only accept a connection. */
  readonly hello?: Uint8Array;
  /** What it is, and what to check if the server cannot reach it. */
  readonly title: string;
  readonly hint: string;
}

/** A local port that leads to something on a server, and stays the same when the connection drops. */
export type Forward = Awaited<ReturnType<typeof forwardTo>>;

const TRIES = 40;

/** The pauses between attempts to reconnect, in ms. */
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** The highest port. */
const MOST_PORT = 65_535;

/** Rejects a number that is no port. */
export function checkPort(port: number | undefined): void {
  if (port !== undefined && port > MOST_PORT) throw usage(`--port must be at most ${MOST_PORT}, not ${port}.`);
}

interface Route {
  readonly machine: Machine;
  readonly far: FarEnd;
  readonly signal: AbortSignal;
  ssh?: Started;
}

/**
 * Forwards a local port, or a free one, and resolves once what it leads to answers. `shared`: another program has the terminal meanwhile, so
 * ssh must not prompt when it connects again.
 */
export async function forwardTo(
  ctx: Context,
  machine: Machine,
  far: FarEnd,
  { port: wanted, shared }: { readonly port: number | undefined; readonly shared: boolean },
) {
  const end = new AbortController();
  const route: Route = { machine, far, signal: AbortSignal.any([ctx.signal, end.signal]) };
  ctx.progress.done();
  const { port, ssh } = await firstLine(ctx, route, wanted);
  // Rejects when the connection cannot be restored, or with the reason of a signal.
  const lost = keep(shared ? unasked(ctx) : ctx, route, port, ssh);
  // Whoever waits for it learns of it later.
  lost.catch(() => {});
  const close = async () => {
    end.abort();
    route.ssh?.stop();
    await Promise.allSettled([lost, route.ssh?.ended]);
  };
  /** Waits until it is lost or a signal comes, then ends ssh. */
  const kept = async () => {
    try {
      await lost;
    } finally {
      await close();
    }
  };
  return { port, lost, close, kept };
}

/** Connects on a port. A free one may be taken by another program in between. */
async function firstLine(ctx: Context, route: Route, wanted: number | undefined) {
  for (let next = route.far.first; ; ) {
    const port = wanted ?? (await freePort(next));
    const refusal = wanted === undefined ? undefined : await refusalOf(port);
    if (refusal !== undefined) throw refused(port, refusal);
    try {
      return { port, ssh: await openLine(ctx, route, port) };
    } catch (error) {
      if (!(error instanceof Taken)) throw error;
      if (wanted !== undefined) throw refused(port, 'EADDRINUSE');
      next = port + 1;
    }
  }
}

async function freePort(first: number): Promise<number> {
  for (let port = first; port < first + TRIES; port += 1) if ((await refusalOf(port)) === undefined) return port;
  return anyFreePort();
}

const refused = (port: number, code: string): DnxError =>
  new DnxError('failed', `Could not listen on port ${port}: ${code === 'EADDRINUSE' ? 'it is in use' : (reasonOf(code) ?? code)}.`, {
    hint: 'Use another --port, or leave it out to use a free one.',
  });

/** Connects again on the same port whenever the connection is lost. */
async function keep(ctx: Context, route: Route, port: number, first: Started): Promise<never> {
  const { progress } = ctx;
  for (let ssh = first; ; ) {
    await ssh.ended;
    route.signal.throwIfAborted();
    progress.warn(`Lost the connection to ${route.machine.server.label}; reconnecting`);
    ssh = await reconnected(ctx, route, port);
    progress.succeeded(`Reconnected 127.0.0.1:${port} → ${route.far.name}`);
  }
}

async function reconnected(ctx: Context, route: Route, port: number): Promise<Started> {
  for (let pause = PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await openLine(ctx, route, port);
    } catch (error) {
      if (error instanceof Taken) throw refused(port, 'EADDRINUSE');
      if (!isError(error, 'network')) throw error;
      await ctx.clock.sleep(pause, route.signal);
    }
  }
}

/** Runs a program while a port is forwarded, and warns if the connection is lost for good. */
export async function whileForwarded<T>({ progress, signal }: Context, forward: Forward, run: () => Promise<T>): Promise<T> {
  let over = false;
  forward.lost.catch((error: unknown) => {
    if (!over && !signal.aborted && error instanceof Error) progress.warn(error.message);
  });
  try {
    return await run();
  } finally {
    over = true;
    await forward.close();
  }
}

/** Keeps a tunnel open: while a command runs with these variables, or as this view until a signal. */
export async function keptOpen<V extends View>(
  ctx: Context,
  forward: Forward,
  [file, ...args]: readonly string[],
  variables: Env,
  view: V,
) {
  if (file === undefined) return { view, note: 'Press Ctrl-C to close the tunnel.', afterwards: forward.kept };
  const env = childEnv(ctx.world.env, variables);
  return { view: nothing, exit: await whileForwarded(ctx, forward, () => ctx.world.spawn({ file, args, env, foreground: true })) };
}

/** No connection that is shared with others, which would outlive this one. */
const OPTIONS = ['-S', 'none', '-o', 'ExitOnForwardFailure=yes'];

/**
 * Tells that the port is forwarded, and repeats what it gets. Ends the connection when dnx is gone, even if it was killed and clients are
 * still connected.
 */
const HOLD = 'echo ready; cat; kill -HUP "$PPID"';

/** How long what the port leads to may take to answer, in ms. */
const ANSWER_MS = 15_000;

class Taken extends Error {}

/** Connects once, and resolves once what the port leads to answers. */
async function openLine(ctx: Context, route: Route, port: number): Promise<Started> {
  const { machine, far, signal } = route;
  const options = [...OPTIONS, '-L', `127.0.0.1:${port}:${far.address}`];
  const { ssh, said, failure } = await startOn(ctx, machine, scripted(HOLD), { options, owned: true, stdin: 'pipe' });
  route.ssh = ssh;
  if (signal.aborted) ssh.stop();
  const ready = new Promise<'ready'>((resolve) => ssh.stdout.once('data', () => resolve('ready')));
  ssh.stdout.resume();
  const first = await Promise.race([ready, ssh.ended]);
  signal.throwIfAborted();
  if (first !== 'ready') throw busyPort(said(), machine, port) ?? failure(first) ?? sshFailure(said(), machine, ctx.world, ssh.limitS);
  const answered = far.hello ? await answers(port, far.hello, ANSWER_MS, signal) : await accepts(port, () => echo(ssh), signal);
  signal.throwIfAborted();
  if (answered) return ssh;
  ssh.stop();
  await ssh.ended;
  throw notReached(/open failed: (?:connect failed: )?([^\n\r]+)/.exec(said())?.[1], route);
}

/**
 * Resolves once the server has repeated a line. Messages of ssh keep their order, so by then the server has said, too, if a connection
 * that was made before is refused.
 */
const echo = ({ stdin, stdout }: Started): Promise<unknown> => {
  const repeated = new Promise((resolve) => stdout.once('data', resolve));
  stdin?.write('\n');
  return repeated;
};

function busyPort(said: string, { server }: Machine, port: number): Error | undefined {
  const [, busy] = /cannot listen to port: (\d+)/.exec(said) ?? [];
  if (busy === undefined) return undefined;
  if (Number(busy) === port) return new Taken();
  return new DnxError('failed', `ssh could not listen on port ${busy}, which your ssh configuration forwards: it is in use.`, {
    hint: `End the program that uses it, or remove LocalForward or DynamicForward ${busy} for ${server.label}.`,
  });
}

/** The error for something that its server does not reach, and why, if that is known. */
export function notReached(reason: string | undefined, { machine: { server }, far }: Pick<Route, 'machine' | 'far'>): DnxError {
  const prohibited = reason?.startsWith('administratively prohibited');
  return new DnxError('network', `${server.label} did not reach ${far.title} at ${far.address}${reason ? `: ${reason}` : '.'}`, {
    hint: prohibited ? 'The SSH server does not allow port forwarding. See AllowTcpForwarding in its sshd_config.' : far.hint,
    ...(!prohibited && { next: [{ command: ['server', 'show', server.label], why: 'See the server' }] }),
  });
}

type TunnelOptions = Given<{ user: string; port: number; command: readonly string[] }> & { readonly far: string };

/** What scripts get. */
export const portTunnel = objectOf({ host: word, port: number, server: word, remote_host: word, remote_port: number });
type PortTunnel = Printed<typeof portTunnel>;

const tunnelColumns = columns<PortTunnel>('host', 'port', 'server', 'remote_host', 'remote_port');

/** Ports below need root. */
const LEAST_PORT = 1_024;

/** `dnx tunnel`: forwards a local port to one that a server reaches, until a signal or while a command runs. */
export async function openPortTunnel(ctx: Context, targets: Targets, { far: end, user, port, command = [] }: TunnelOptions) {
  const { host, port: remote } = farEndIn(end);
  checkPort(port);
  const { machine } = (await memberAt(ctx, targets, user)).place();
  const { label } = machine.server;
  const far = {
    name: host === undefined ? `${label}:${remote}` : `${host}:${remote} through ${label}`,
    // Not 127.0.0.1: some programs listen on ::1 only.
    address: `${host ?? 'localhost'}:${remote}`,
    first: remote < LEAST_PORT ? remote + 8_000 : remote,
    title: 'a program',
    hint:
      host === undefined
        ? `Check that a program on ${label} listens on port ${remote}.`
        : `Check that ${host} accepts connections from ${label} on port ${remote}.`,
  };
  const forward = await forwardTo(ctx, machine, far, { port, shared: command.length > 0 });
  const item: PortTunnel = {
    ...{ host: '127.0.0.1', port: forward.port, server: label },
    ...{ remote_host: host?.replace(/^\[(.*)\]$/, '$1') ?? 'localhost', remote_port: remote },
  };
  const view = overview(item, tunnelColumns, `127.0.0.1:${forward.port} → ${far.name}`, []);
  return keptOpen(ctx, forward, command, { TUNNEL_HOST: '127.0.0.1', TUNNEL_PORT: String(forward.port) }, view);
}

/** A port of the server itself, or a host and a port. Nothing else may get into an option of ssh. */
function farEndIn(typed: string) {
  const [, host, digits] = /^(?:([A-Za-z0-9][\w.-]*|\[[\da-fA-F:.]+\]):)?(\d+)$/.exec(typed) ?? [];
  const port = Number(digits);
  if (digits === undefined)
    throw usage(`'${typed}' is not a port or HOST:PORT.`, /:.*:/.test(typed) ? 'Put an IPv6 address in brackets: [::1]:6379' : undefined);
  if (port < 1 || port > MOST_PORT) throw usage(`The port must be from 1 to ${MOST_PORT}, not ${digits}.`);
  return { host, port };
}
