import { DnxError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { SSH_FAILED, sshFailure, withoutSsh } from '../remote/failure.ts';
import type { Machine } from '../remote/machine.ts';
import { quietly } from '../remote/run.ts';
import { scripted, sshProgram } from '../remote/ssh.ts';
import { type Frame, framesIn } from './frames.ts';
import type { Memory } from './memory.ts';
import { SCRIPT } from './script.ts';

type Needs = Pick<Context, 'ask' | 'world'>;

/** What to read. */
export interface Wanted {
  readonly machine: Machine;
  /** The arguments of `ROOT`: those of a site, or two empty words. */
  readonly directories: readonly string[];
  /** Four words for each file: see `paths.ts`. */
  readonly candidates: readonly string[];
  readonly lines: number;
  readonly follow: boolean;
}

/** A running script on a server. */
export interface Connection {
  /** Ends when the connection does. */
  readonly frames: AsyncIterator<Frame>;
  /** Why it ended, once it has. */
  readonly failure: () => Promise<DnxError>;
  readonly stop: () => void;
}

/** How long a silent connection may stay, in s. ssh then ends it. */
const SILENCE = ['-o', 'ServerAliveInterval=10', '-o', 'ServerAliveCountMax=3'] as const;

/** The exit code of a shell that does not find a program. */
const NOT_FOUND = 127;

/** The most of the messages of ssh that is kept. */
const KEPT = 10_000;

/** Starts the script on a server. With a `memory`, it goes on where a lost connection was. */
export async function connect(ctx: Needs, wanted: Wanted, memory?: Memory): Promise<Connection> {
  const { machine, directories, candidates, lines, follow } = wanted;
  const [live = '', offsets = '', files = ''] = memory?.words() ?? [];
  const words = [...directories, memory ? '' : String(lines), follow ? 'follow' : '', live, offsets, files, ...candidates];
  const program = await sshProgram(machine, { options: [...quietly(ctx), ...SILENCE], command: scripted(SCRIPT, ...words) }, ctx.world);
  // An open input, which ends with dnx: the script then ends, too. Ctrl-C is for dnx alone, which would otherwise see a lost connection.
  const child = await ctx.world.start({ ...program, background: true, ...(follow && { stdin: 'pipe' }) });
  if (!child) throw withoutSsh(ctx.world);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-KEPT);
  });
  return {
    frames: framesIn(child.stdout),
    failure: async () => {
      const code = await child.ended;
      if (code === SSH_FAILED || code > 128) return sshFailure(said, machine, ctx.world);
      if (code === NOT_FOUND && /ssh: (command )?not found/.test(said)) return withoutSsh(ctx.world);
      return new DnxError('failed', `Could not run sh on ${machine.server.label} (exit code ${code}): ${said.trim() || 'no message'}`);
    },
    stop: child.stop,
  };
}
