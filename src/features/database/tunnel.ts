import type { Detail, Next } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { number, objectOf, type Printed, word } from '../../cli/language/shape.ts';
import { columns, nothing, overview } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { checkPort, forwardTo, keptOpen, whileForwarded } from '../remote/forward.ts';
import type { SiteOnMachine } from '../remote/machine.ts';
import { databaseEnd, readDatabase } from './credentials.ts';
import { clientFor, environmentFor } from './local-server.ts';

type ForwardOptions = Given<{ user: string; port: number; command?: readonly string[]; options?: readonly string[] }>;

/** What scripts get. */
export const databaseTunnel = objectOf({ host: word, port: number, database: word, username: word, driver: word });
export type DatabaseTunnel = Printed<typeof databaseTunnel>;

const tunnelColumns = columns<DatabaseTunnel>('host', 'port', 'database', 'username', 'driver');

/** `dnx db tunnel`: keeps a tunnel open until a signal, or while a command runs. */
export async function openTunnel(ctx: Context, targets: Targets, { user, port, command = [] }: ForwardOptions) {
  checkPort(port);
  const { place, credentials } = await readDatabase(ctx, targets, user);
  const forward = await forwardTo(ctx, place.machine, databaseEnd(credentials), { port, shared: command.length > 0 });
  const { database, username, connection, source } = credentials;
  const item: DatabaseTunnel = { host: '127.0.0.1', port: forward.port, database, username, driver: connection };
  const details: readonly Detail[] = [
    ['driver', connection],
    ['username', username],
    ...(source === STORED ? [] : [['password', `in ${source}`] as const]),
  ];
  const view = overview(item, tunnelColumns, `127.0.0.1:${forward.port} → ${database}`, details);
  const kept = await keptOpen(ctx, forward, command, environmentFor(credentials, forward.port), view);
  return { ...kept, next: command.length === 0 && source === STORED ? [passwordOf(place)] : [] };
}

const STORED = 'Deploynix';

const passwordOf = ({ site }: SiteOnMachine): Next => ({
  command: ['env', 'get', 'DB_PASSWORD', '--site', site.label],
  why: 'Print the password with',
});

const REFUSED = /Access denied for user|authentication failed for user|no password supplied|role .* does not exist/;

const FAILED: readonly number[] = [1, 2];

/** `dnx db shell`: runs the client of this machine through a tunnel, and ends with its exit code. */
export async function openShell(ctx: Context, targets: Targets, { user, port, options = [] }: ForwardOptions) {
  checkPort(port);
  const { place, credentials } = await readDatabase(ctx, targets, user);
  const client = await clientFor(ctx.world, credentials, place.site.label);
  const forward = await forwardTo(ctx, place.machine, databaseEnd(credentials), { port, shared: true });
  const { file, args, env, bare } = client(forward.port);
  if (bare) ctx.progress.note(`${file} does not read its option files, because they set a password.`);
  let said = '';
  const observe = (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-4_000);
  };
  // Its errors would reach the terminal after its next prompt.
  const interactive = ctx.world.stdin.isTTY === true && options.length === 0;
  const child = { file, args: [...args, ...options], env, foreground: true, ...(!interactive && { observe }) } as const;
  const exit = await whileForwarded(ctx, forward, () => ctx.world.spawn(child));
  const isRefused = interactive ? FAILED.includes(exit) : exit !== 0 && REFUSED.test(said);
  if (isRefused) ctx.progress.warn(`The user ${credentials.username} and the password are from ${credentials.source}.`);
  return { view: nothing, exit };
}
