import type { Context } from '../../cli/language/command.ts';
import type { Capture } from '../../machine/world.ts';
import { SSH_FAILED, sshFailure, withoutSsh } from './failure.ts';
import type { Machine } from './machine.ts';
import { sshProgram } from './ssh.ts';

/** The options of an ssh that nobody sees. It may ask for a passphrase only if dnx may prompt. */
export const quietly = ({ ask }: Pick<Context, 'ask'>): readonly string[] => (ask.allowed ? [] : ['-o', 'BatchMode=yes']);

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
