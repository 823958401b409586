import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { number, objectOf, type Printed, word } from '../../cli/language/shape.ts';
import { columns, overview } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { checkPort, forwardTo, keptOpen, MOST_PORT } from './forward.ts';
import { readMachine, readSiteOnMachine } from './machine.ts';

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
  const { machine } = targets.site ? await readSiteOnMachine(ctx, targets, user) : { machine: await readMachine(ctx, targets, user) };
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
function farEndIn(word: string) {
  const [, host, digits] = /^(?:([A-Za-z0-9][\w.-]*|\[[\da-fA-F:.]+\]):)?(\d+)$/.exec(word) ?? [];
  const port = Number(digits);
  if (digits === undefined)
    throw usage(`'${word}' is not a port or HOST:PORT.`, /:.*:/.test(word) ? 'Put an IPv6 address in brackets: [::1]:6379' : undefined);
  if (port < 1 || port > MOST_PORT) throw usage(`The port must be from 1 to ${MOST_PORT}, not ${digits}.`);
  return { host, port };
}
