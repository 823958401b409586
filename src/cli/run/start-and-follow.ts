import { DnxError, isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { Reply } from '../../platform/api/reply.ts';
import { DEFAULT_TIMEOUT_MS } from '../../platform/follow/follow.ts';
import { followWork, type Reader, type Thing, type Worked } from '../../platform/follow/work.ts';
import type { Context } from '../language/command.ts';
import { answer } from '../language/resource.ts';
import { type Column, ending, type Result, record, type View } from '../output/view.ts';

/** A request that starts work, and how to follow that. */
interface Work<T extends Thing> {
  readonly reader: Reader<T>;
  /** The id of the thing; undefined where the request makes it. */
  readonly on?: string;
  readonly start: () => Promise<Reply>;
  /** True: following is demanded. False: not wanted. Undefined: followed where the token can. */
  readonly wait: boolean | undefined;
  readonly timeout: number | undefined;
  /** What is done and to what, in the user's words, for the middle of a sentence: `backup`, `database shop`. */
  readonly doing: string;
  readonly what: string;
  /** The command that shows how it stands. */
  readonly look: (id: string) => string;
  readonly columns: readonly Column[];
}

/** Starts work that goes on after the answer and, where that is wanted and possible, follows it to its end. */
export async function startAndFollow<T extends Thing>(
  ctx: Pick<Context, 'api' | 'clock' | 'signal' | 'progress'>,
  of: Work<T>,
): Promise<View | Result> {
  const { reader, wait, doing, what, columns } = of;
  const sight = wait === false ? undefined : await firstSight(ctx, of);
  const reply = await of.start();
  const started = isObject(reply.data) ? (reply.data as unknown as T) : sight?.before;
  const view = answer(reply, columns, `Started the ${doing} of ${what}.`);
  if (!sight) return view;
  if (started?.id === undefined) {
    const lost = `The answer does not say which one it is, so the ${doing} of ${what} cannot be followed.`;
    if (wait) return { view, exit: new DnxError('failed', lost, { hint: 'It was started all the same.' }) };
    ctx.progress.warn(lost);
    return view;
  }
  const resume = of.look(String(started.id));
  ctx.progress.note(`Started the ${doing} of ${what}.`);
  const timeoutMs = of.timeout ?? DEFAULT_TIMEOUT_MS;
  const worked = await followWork(ctx, { reader, what, before: sight.before, started, timeoutMs, resume });
  return { view: ending(record(worked.thing, columns), 'data'), exit: failureOf(worked, `The ${doing} of ${what}`, resume) };
}

/** The thing before the request. Undefined: this token cannot look, and following was not demanded. */
async function firstSight<T extends Thing>(
  { progress }: Pick<Context, 'progress'>,
  { reader, on, wait, doing, what }: Work<T>,
): Promise<{ readonly before: T | undefined } | undefined> {
  try {
    if (on !== undefined) return { before: await reader.one(on) };
    await reader.any();
    return { before: undefined };
  } catch (error) {
    if (!isError(error, 'forbidden')) throw error;
    if (wait !== true) {
      progress.warn(`This token cannot follow the ${doing} of ${what}: ${error.message}`);
      return undefined;
    }
    throw new DnxError('forbidden', `--wait cannot follow the ${doing} of ${what}, so nothing was started: ${error.message}`, {
      status: error.status,
      hint: 'Leave --wait out to start it without following, or use a token that may look.',
    });
  }
}

function failureOf<T extends Thing>({ verdict, status, thing }: Worked<T>, subject: string, resume: string): DnxError | undefined {
  if (verdict === undefined)
    return new DnxError('timed_out', `${subject} did not end within the time allowed; it goes on.`, { hint: `Look at it with: ${resume}` });
  if (verdict === 'good') return undefined;
  const why = thing.reason ? `: ${thing.reason}` : status === 'failed' ? '' : ` (${status})`;
  return new DnxError('failed', `${subject} failed${why}.`, { hint: `Look at it with: ${resume}` });
}
