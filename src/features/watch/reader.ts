import type { Context } from '../../cli/language/command.ts';
import type { World } from '../../machine/world.ts';

/** What noticing it needs. */
export interface Needs extends Pick<Context, 'signal'> {
  readonly world: Pick<World, 'env' | 'platform' | 'spawn' | 'stdout'>;
}

/** Whether somebody still reads what dnx prints. */
export interface Reader {
  readonly gone: () => boolean;
  readonly onGone: (callback: () => void) => void;
  readonly stop: () => void;
}

/** Ends with dnx, or by SIGPIPE when the pipe that is its output has no reader: GNU tail alone notices that. */
const SENTINEL = 'exec tail --pid=$PPID -f /dev/null 2>/dev/null';

/** 128 and SIGPIPE. */
const BROKEN_PIPE = 141;

/**
 * Notices that the reader of a pipe has ended, as in `dnx logs -f | head -1`. Node notices only when it writes, and a quiet log or an
 * unchanged list gives it nothing to write. Without GNU tail, `dnx` ends at the next line.
 */
export function watchReader({ signal, world }: Needs): Reader {
  const ended = new AbortController();
  let gone = false;
  let tell = () => {};
  const watch = async () => {
    const code = await world.spawn({
      file: 'sh',
      args: ['-c', SENTINEL],
      env: world.env,
      signal: AbortSignal.any([signal, ended.signal]),
    });
    gone = code === BROKEN_PIPE;
    if (gone) tell();
  };
  // It only helps: without it, a write notices.
  if (!world.stdout.isTTY && world.platform === 'linux') void watch().catch(() => {});
  return {
    gone: () => gone,
    onGone: (callback) => {
      tell = callback;
    },
    stop: () => ended.abort(),
  };
}
