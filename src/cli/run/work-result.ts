import { startAndFollow, type Thing, type Work } from '../../platform/follow/work.ts';
import type { Context } from '../language/command.ts';
import { answer } from '../language/resource.ts';
import { type Column, ending, type Result, record } from '../output/view.ts';

/** Starts work, follows it where that is wanted and possible, and shows the thing as it was read last. */
export async function workResult<T extends Thing>(
  ctx: Pick<Context, 'clock' | 'deadline' | 'signal' | 'progress'>,
  { columns, ...work }: Work<T> & { readonly columns: readonly Column[] },
): Promise<Result> {
  const { reply, thing, failure } = await startAndFollow(ctx, work);
  const view = thing ? ending(record(thing, columns), 'data') : answer(reply, columns, `Started the ${work.doing} of ${work.what}.`);
  return { view, exit: failure };
}
