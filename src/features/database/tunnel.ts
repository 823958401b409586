import type { Detail, Next } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, nothing, type Result } from '../../cli/output/view.ts';
import { childEnv } from '../../machine/env.ts';
import type { Targets } from '../../platform/names/names.ts';
import { checkPort, type Forward, whileForwarded } from '../remote/forward.ts';
import type { SiteOnMachine } from '../remote/machine.ts';
import { environmentFor } from './clients.ts';
import { type Credentials, readDatabase } from './credentials.ts';
import { openForward } from './forward.ts';

interface Options {
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly command: readonly string[] | undefined;
}

type Needs = Pick<Context, 'api' | 'reach' | 'ask' | 'clock' | 'progress' | 'settings' | 'signal' | 'world'>;

/** What scripts get. */
export interface DatabaseTunnel {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly driver: string;
}

/** The columns of a tunnel. */
const tunnelColumns = columns<DatabaseTunnel>('host', 'port', 'database', 'username', 'driver');

/** `dnx db tunnel`: keeps a tunnel open until a signal, or while a command runs. */
export async function openTunnel(ctx: Needs, targets: Targets, { user, port, command = [] }: Options): Promise<Result> {
  checkPort(port);
  const { place, credentials } = await readDatabase(ctx, targets, user);
  const forward = await openForward(ctx, place.machine, credentials, { port, shared: command.length > 0 });
  return command.length > 0 ? runThrough(ctx, forward, credentials, command) : shown(forward, credentials, place);
}

/** Runs a command that finds the tunnel in its environment. */
async function runThrough(
  ctx: Needs,
  forward: Forward,
  credentials: Credentials,
  [file = '', ...args]: readonly string[],
): Promise<Result> {
  const env = childEnv(ctx.world.env, environmentFor(credentials, forward.port));
  const exit = await whileForwarded(ctx, forward, () => ctx.world.spawn({ file, args, env, foreground: true }));
  return { view: nothing, exit };
}

/** Prints where the tunnel is, and keeps it. */
function shown(forward: Forward, credentials: Credentials, place: SiteOnMachine): Result {
  const { database, username, connection } = credentials;
  const { port } = forward;
  const item: DatabaseTunnel = { host: '127.0.0.1', port, database, username, driver: connection };
  const details: readonly Detail[] = [
    ['driver', connection],
    ['username', username],
    ...(credentials.source === STORED ? [] : [['password', `in ${credentials.source}`] as const]),
  ];
  return {
    view: { kind: 'record', item: { ...item }, columns: tunnelColumns, title: `127.0.0.1:${port} → ${database}`, details },
    note: 'Press Ctrl-C to close the tunnel.',
    next: credentials.source === STORED ? [passwordOf(place)] : [],
    afterwards: forward.kept,
  };
}

const STORED = 'Deploynix';

const passwordOf = ({ site }: SiteOnMachine): Next => ({
  command: ['env', 'get', 'DB_PASSWORD', '--site', site.label],
  why: 'Print the password with',
});
