import { duration } from '../../base/time.ts';
import { startAndFollow, type Thing, type Work } from '../../platform/follow/work.ts';
import type { Context } from '../language/command.ts';
import { answer } from '../language/resource.ts';
import { type Column, ending, type Result, record } from '../output/view.ts';

/** Starts and follows work, and shows the last state of the resource. `did`: `Created server web-3`. */
export async function workResult<T extends Thing>(
  ctx: Pick<Context, 'clock' | 'deadline' | 'signal' | 'progress'>,
  { columns, did, ...work }: Work<T> & { readonly columns: readonly Column[]; readonly did: string },
): Promise<Result> {
  const { reply, thing, elapsedMs = 0, failure } = await startAndFollow(ctx, work);
  const view = thing ? ending(record(thing, columns, `${did} in ${duration(elapsedMs)}`), 'data') : answer(reply, columns, work.doing);
  return { view, exit: failure };
}
