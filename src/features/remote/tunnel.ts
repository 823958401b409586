import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { number, objectOf, type Printed, word } from '../../cli/language/shape.ts';
import { columns, overview } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { checkPort, forwardTo, keptOpen, MOST_PORT } from './forward.ts';
import { readMachine, readSiteOnMachine } from './machine.ts';

type TunnelOptions = Given<{ user: string; port: number; command: readonly string[] }> & { readonly remote_port: number };

/** What scripts get. */
export const portTunnel = objectOf({ host: word, port: number, server: word, remote_port: number });
type PortTunnel = Printed<typeof portTunnel>;

const tunnelColumns = columns<PortTunnel>('host', 'port', 'server', 'remote_port');

/** Ports below need root. */
const LEAST_PORT = 1_024;

/** `dnx tunnel`: forwards a local port to one on the loopback of a server until a signal, or while a command runs. */
export async function openPortTunnel(ctx: Context, targets: Targets, { remote_port: remote, user, port, command = [] }: TunnelOptions) {
  if (remote > MOST_PORT) throw usage(`The port must be at most ${MOST_PORT}, not ${remote}.`);
  checkPort(port);
  const { machine } = targets.site ? await readSiteOnMachine(ctx, targets, user) : { machine: await readMachine(ctx, targets, user) };
  const { label } = machine.server;
  const far = {
    name: `${label}:${remote}`,
    // Not 127.0.0.1: some programs listen on ::1 only.
    address: `localhost:${remote}`,
    first: remote < LEAST_PORT ? remote + 8_000 : remote,
    title: 'a program',
    hint: `Check that a program on ${label} listens on port ${remote}.`,
  };
  const forward = await forwardTo(ctx, machine, far, { port, shared: command.length > 0 });
  const item: PortTunnel = { host: '127.0.0.1', port: forward.port, server: label, remote_port: remote };
  const view = overview(item, tunnelColumns, `127.0.0.1:${forward.port} → ${far.name}`, []);
  return keptOpen(ctx, forward, command, { TUNNEL_HOST: '127.0.0.1', TUNNEL_PORT: String(forward.port) }, view);
}
