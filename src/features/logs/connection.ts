import { DnxError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Machine } from '../remote/machine.ts';
import { startOn } from '../remote/run.ts';
import { scripted } from '../remote/ssh.ts';
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

/** Starts the script on a server. With a `memory`, it goes on where a lost connection was. */
export async function openConnection(ctx: Needs, wanted: Wanted, memory?: Memory): Promise<Connection> {
  const { machine, directories, candidates, lines, follow } = wanted;
  const [live = '', offsets = '', files = ''] = memory?.words() ?? [];
  const words = [...directories, memory ? '' : String(lines), follow ? 'follow' : '', live, offsets, files, ...candidates];
  // An open input, which ends with dnx: the script then ends, too.
  const { ssh, said, failure } = await startOn(ctx, machine, scripted(SCRIPT, ...words), follow ? { stdin: 'pipe' } : {});
  return {
    frames: framesIn(ssh.stdout),
    failure: async () => {
      const code = await ssh.ended;
      const message = said().trim() || 'no message';
      return failure(code) ?? new DnxError('failed', `Could not run sh on ${machine.server.label} (exit code ${code}): ${message}`);
    },
    stop: ssh.stop,
  };
}
