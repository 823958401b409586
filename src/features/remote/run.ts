import type { DnxError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Capture, Piped, Started } from '../../machine/world.ts';
import { SSH_FAILED, sshFailure, withoutSsh } from './failure.ts';
import type { Machine } from './machine.ts';
import { alive, sshProgram } from './ssh.ts';

/** The options of an ssh that nobody sees. It may ask for a passphrase only if dnx may prompt, and never on Windows, where it has no console. */
export const quietly = ({ ask, world }: Pick<Context, 'ask' | 'world'>): readonly string[] =>
  ask.allowed && world.platform !== 'win32' ? [] : ['-o', 'BatchMode=yes'];

/** Runs a command on a server and returns its output. Throws if ssh does not connect. `limitMs` ends it with `timed_out`. */
export async function runOn(
  ctx: Pick<Context, 'ask' | 'world'>,
  machine: Machine,
  command: string,
  { limitMs }: { readonly limitMs?: number } = {},
): Promise<Capture> {
  const program = await sshProgram(machine, { options: quietly(ctx), command }, ctx.world);
  const ran = await ctx.world.capture({ ...program, ...(limitMs !== undefined && { limitMs }) });
  if (!ran) throw withoutSsh(ctx.world);
  if (ran.code === SSH_FAILED) throw sshFailure(ran.stderr, machine, ctx.world);
  return ran;
}

/** A running ssh whose streams dnx handles. */
interface Running {
  readonly ssh: Started;
  /** The last of its messages. */
  readonly said: () => string;
  /** What its exit code means; undefined if it is that of the command. */
  readonly failure: (code: number) => DnxError | undefined;
}

/** How much of its messages is kept, in characters. */
const KEPT = 10_000;

/** The exit code of a shell that does not find a program. */
const NOT_FOUND = 127;

/** Starts a command on a server, for as long as the connection lives. Ctrl-C is for dnx alone, which would otherwise see a lost connection. */
export async function startOn(
  ctx: Pick<Context, 'ask' | 'world'>,
  machine: Machine,
  command: string,
  { options = [], stdin }: { readonly options?: readonly string[] } & Pick<Piped, 'stdin'>,
): Promise<Running> {
  const program = await sshProgram(machine, { options: [...quietly(ctx), ...alive, ...options], command }, ctx.world);
  const ssh = await ctx.world.start({ ...program, background: true, ...(stdin && { stdin }) });
  if (!ssh) throw withoutSsh(ctx.world);
  let said = '';
  ssh.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-KEPT);
  });
  return {
    ssh,
    said: () => said,
    failure(code) {
      // The shell that starts it found no ssh.
      if (code === NOT_FOUND && /ssh: (command )?not found/.test(said)) return withoutSsh(ctx.world);
      return code === SSH_FAILED || code > 128 ? sshFailure(said, machine, ctx.world) : undefined;
    },
  };
}
