import type { Context } from '../../cli/language/command.ts';
import { nothing, type Result } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { checkPort, whileForwarded } from '../remote/forward.ts';
import { clientFor } from './clients.ts';
import { type Credentials, readDatabase } from './credentials.ts';
import { openForward } from './forward.ts';

interface Options {
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly options: readonly string[] | undefined;
}

type Needs = Pick<Context, 'api' | 'reach' | 'ask' | 'clock' | 'progress' | 'settings' | 'signal' | 'world'>;

/** What clients say about a wrong password or account. */
const REFUSED = /Access denied for user|authentication failed for user|no password supplied|role .* does not exist/;

/** How they end if they could not connect. */
const FAILED: readonly number[] = [1, 2];

/** `dnx db shell`: runs the client of this machine through a tunnel, and ends with its exit code. */
export async function openShell(ctx: Needs, targets: Targets, { user, port, options = [] }: Options): Promise<Result> {
  checkPort(port);
  const { place, credentials } = await readDatabase(ctx, targets, user);
  const client = await clientFor(ctx.world, credentials, place.site.label);
  const forward = await openForward(ctx, place.machine, credentials, { port, shared: true });
  const { file, args, env, bare } = client(forward.port);
  if (bare) ctx.progress.note(`${file} does not read its option files, because they set a password.`);
  const [first, rest] = leading(options);
  let said = '';
  const observe = (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-4_000);
  };
  // Its errors would reach the terminal after its next prompt.
  const interactive = ctx.world.stdin.isTTY === true && options.length === 0;
  const child = { file, args: [...first, ...args, ...rest], env, foreground: true, ...(!interactive && { observe }) } as const;
  const exit = await whileForwarded(ctx, forward, () => ctx.world.spawn(child));
  if (interactive ? FAILED.includes(exit) : exit !== 0 && REFUSED.test(said)) ctx.progress.warn(explained(credentials));
  return { view: nothing, exit };
}

/** Options such as `--defaults-file`, which the clients of MySQL read only before all others. */
function leading(options: readonly string[]): [first: readonly string[], rest: readonly string[]] {
  const end = options.findIndex((each) => !/^--(no-defaults|defaults-|login-path|no-login-paths)/.test(each));
  return end < 0 ? [options, []] : [options.slice(0, end), options.slice(end)];
}

const explained = ({ username, source }: Credentials): string => `The user ${username} and the password are from ${source}.`;
