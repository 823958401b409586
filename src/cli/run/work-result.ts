import { duration } from '../../base/time.ts';
import type { Thing, Work } from '../../platform/follow/work.ts';
import type { Creation } from '../../platform/names/creation.ts';
import type { Context } from '../language/command.ts';
import { answer } from '../language/resource.ts';
import { type Column, ending, record } from '../output/view.ts';

interface Shown<T extends Thing> extends Work<T> {
  readonly columns: readonly Column[];
  /** The success line, to which the time is added: `Created server web-3`. */
  readonly did: string;
  /** How to find what the request creates if its response is lost. */
  readonly creates?: Creation;
}

/** Starts and follows work, and shows the last state of the resource. */
export async function workResult<T extends Thing>(
  ctx: Pick<Context, 'api' | 'clock' | 'deadline' | 'signal' | 'progress' | 'timeoutMs'>,
  { columns, did, creates, ...work }: Shown<T>,
) {
  const { startAndFollow } = await import('../../platform/follow/work.ts');
  const once = creates && (await import('../../platform/names/creation.ts')).creatingOnce(ctx, creates, work.start);
  // The list also shows whether the token can follow what it creates.
  const started = { ...work, ...(once && { list: once.read, start: once.create }) };
  const { reply, thing, elapsedMs = 0, failure } = await startAndFollow(ctx, started);
  const view = thing ? ending(record(thing, columns, `${did} in ${duration(elapsedMs)}`), 'data') : answer(reply, columns, work.doing);
  return { view, exit: failure };
}
