import { DnxError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { nothing, type Result } from '../../cli/output/view.ts';
import { isNotInstalled } from '../../machine/child.ts';
import { refusalIn, SSH_FAILED, withoutSsh } from './failure.ts';
import type { Machine } from './machine.ts';
import { sshProgram } from './ssh.ts';

/** How much of what ssh says last is kept, in characters. */
const KEPT = 8_192;

/**
 * Runs ssh on the standard streams, with a terminal on the server if both are terminals, and ends with its exit code. If ssh itself
 * failed, says what to do.
 */
export async function runSession(
  { world, progress }: Pick<Context, 'progress' | 'world'>,
  machine: Machine,
  command: string | undefined,
): Promise<Result> {
  const terminal = world.stdin.isTTY === true && world.stdout.isTTY === true;
  let said = '';
  const observe = (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-KEPT);
  };
  const program = await sshProgram(machine, { terminal, ...(command !== undefined && { command }) }, world);
  progress.done();
  // Without a terminal on the server, Ctrl-C ends ssh.
  const exit = await world.spawn({ ...program, ...(terminal && { foreground: true }), observe }).catch((error: unknown) => {
    throw isNotInstalled(error) ? withoutSsh(world) : error;
  });
  if (exit !== SSH_FAILED) return { view: nothing, exit };
  // ssh ends with its own code after a signal.
  if (world.signal.reason instanceof DnxError) return { view: nothing, exit: world.signal.reason.exitCode };
  const { hint, next } = refusalIn(said, machine, world) ?? {};
  return { view: nothing, exit, ...(hint !== undefined && { note: hint }), ...(next && { next }) };
}
