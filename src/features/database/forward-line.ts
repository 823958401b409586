import { isIPv6 } from 'node:net';
import { DnxError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { answers } from '../../machine/loopback.ts';
import type { Started } from '../../machine/world.ts';
import { sshFailure } from '../remote/failure.ts';
import type { Machine } from '../remote/machine.ts';
import { startOn } from '../remote/run.ts';
import { scripted } from '../remote/ssh.ts';
import type { Credentials } from './credentials.ts';

/** One connection of ssh that forwards a local port to a database. */
export interface Line {
  /** Resolves once it is gone. */
  readonly ended: Promise<unknown>;
}

/** What to forward. */
export interface Route {
  readonly machine: Machine;
  readonly credentials: Credentials;
  readonly port: number;
}

/** No connection that is shared with others, which would outlive this one. */
const OPTIONS = ['-S', 'none', '-o', 'ExitOnForwardFailure=yes'];

/** Tells that the port is forwarded. Ends the connection when dnx is gone, even if it was killed and clients are still connected. */
const HOLD = 'echo ready; cat >/dev/null; kill -HUP "$PPID"';

/** How long a database may take to answer, in ms. */
const ANSWER_MS = 15_000;

/** What makes a database answer before anyone signs in: MySQL speaks first, PostgreSQL is asked whether it has TLS. */
const hellos: Readonly<Record<Credentials['driver'], Uint8Array>> = {
  mysql: new Uint8Array(),
  pgsql: new Uint8Array([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]),
};

/** The port is taken. */
export class Taken extends Error {}

/** Connects, and resolves once the database answers through the port. `started` receives the ssh, to end it. */
export async function openLine(
  ctx: Pick<Context, 'ask' | 'world'>,
  route: Route,
  signal: AbortSignal,
  started: (ssh: Started) => void,
): Promise<Line> {
  const { machine, credentials, port } = route;
  const options = [...OPTIONS, '-L', `127.0.0.1:${port}:${farEnd(credentials)}`];
  const { ssh, said, failure } = await startOn(ctx, machine, scripted(HOLD), { options, stdin: 'pipe' });
  started(ssh);
  const ready = new Promise<'ready'>((resolve) => ssh.stdout.once('data', () => resolve('ready')));
  ssh.stdout.resume();
  const first = await Promise.race([ready, ssh.ended]);
  signal.throwIfAborted();
  if (first !== 'ready') throw busyPort(said(), route) ?? failure(first) ?? sshFailure(said(), machine, ctx.world);
  const answered = await answers(port, hellos[credentials.driver], ANSWER_MS, signal);
  signal.throwIfAborted();
  if (answered) return { ended: ssh.ended };
  ssh.stop();
  await ssh.ended;
  throw unreachable(said(), route);
}

/** The database as ssh wants it after the port. */
function farEnd({ socket, host, port }: Credentials): string {
  return socket ?? `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** The error if ssh could not listen on a port; undefined otherwise. */
function busyPort(said: string, { machine, port }: Route): Error | undefined {
  const [, busy] = /cannot listen to port: (\d+)/.exec(said) ?? [];
  if (busy === undefined) return undefined;
  if (Number(busy) === port) return new Taken();
  return new DnxError('failed', `ssh could not listen on port ${busy}, which your ssh configuration forwards: it is in use.`, {
    hint: `End the program that uses it, or remove LocalForward or DynamicForward ${busy} for ${machine.server.label}.`,
  });
}

function unreachable(said: string, { machine: { server }, credentials }: Route): DnxError {
  const reason = /open failed: (?:connect failed: )?([^\n\r]+)/.exec(said)?.[1];
  const prohibited = reason?.startsWith('administratively prohibited');
  return new DnxError('network', `${server.label} did not reach the database at ${farEnd(credentials)}${reason ? `: ${reason}` : '.'}`, {
    hint: prohibited
      ? 'The SSH server does not allow port forwarding. See AllowTcpForwarding in its sshd_config.'
      : `Check that the database is running, and DB_HOST and DB_PORT (from ${credentials.source}).`,
    ...(!prohibited && { next: [{ command: ['server', 'show', server.label], why: 'See the server' }] }),
  });
}
