import { DnxError } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { type Phase, phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import type { Reply } from '../api/reply.ts';
import { idIn } from '../names/names.ts';
import { type Followed, follow, type Waiting } from './follow.ts';
import { inTime, readBefore, timedOut } from './rules.ts';

/** Anything whose `status` tells how the work on it stands. */
export interface Thing {
  readonly id: string | number;
  readonly status?: unknown;
  /** Why it failed, where the API says so. */
  readonly reason?: unknown;
}

/** How a kind of thing is read while the work on it goes on. */
export interface Reader<T extends Thing> {
  /** One of them as it is now; undefined where it is not among them. */
  readonly one: (id: string, options?: { readonly retry?: boolean }) => Promise<T | undefined>;
  /** Called before one is made: throws `forbidden` where this token may not read them. */
  readonly any: () => Promise<unknown>;
  /** For a thing whose status alone does not tell. `before` is undefined for a new one. */
  readonly phase?: (thing: T, before: T | undefined) => Phase | undefined;
}

/** A request that starts work, and how to follow that. */
export interface Work<T extends Thing> {
  readonly reader: Reader<T>;
  /** The id of the thing; undefined where the request makes it. */
  readonly on?: string;
  readonly start: () => Promise<Reply>;
  /** True: following is required. False: not wanted. Undefined: followed where the token can. */
  readonly wait: boolean | undefined;
  /** What is done and to what, in the user's words, for the middle of a sentence: `backup`, `database shop`. */
  readonly doing: string;
  readonly what: string;
  /** The words of the command that shows how it stands. */
  readonly resume: (id: string) => readonly string[];
}

/** What came of the work. */
export interface Worked<T extends Thing> {
  readonly reply: Reply;
  /** As it was read last; undefined where it was not followed. */
  readonly thing?: T | undefined;
  readonly failure?: DnxError | undefined;
}

/** Starts work that goes on after the answer and, where that is wanted and possible, follows it to its end. */
export async function startAndFollow<T extends Thing>(ctx: Waiting, work: Work<T>): Promise<Worked<T>> {
  const { wait, doing, what } = work;
  const undone = `the ${doing} of ${what} was not started`;
  const snapshot = wait === false ? undefined : await inTime(snapshotOf(ctx, work), undone);
  const reply = await inTime(work.start(), undone);
  if (!snapshot) return { reply };
  const started = isObject(reply.data) ? (reply.data as unknown as T) : snapshot.before;
  const id = idIn(started?.id);
  if (started === undefined || id === undefined) {
    const unnamed = `The answer does not say which one it is, so the ${doing} of ${what} cannot be followed.`;
    if (wait) return { reply, failure: new DnxError('failed', unnamed, { hint: 'It was started all the same.' }) };
    ctx.progress.warn(unnamed);
    return { reply };
  }
  ctx.progress.note(`Started the ${doing} of ${what}.`);
  const resume = work.resume(id);
  const { thing, ...followed } = await followThing(ctx, work, snapshot.before, started, resume);
  return { reply, thing, failure: failureOf(work, thing, followed, resume) };
}

/** The thing before the request; nothing in it where the request makes one. */
function snapshotOf<T extends Thing>({ progress }: Waiting, { reader, on, wait, doing, what }: Work<T>) {
  const read = async () => {
    if (on !== undefined) return { before: await reader.one(on) };
    await reader.any();
    return { before: undefined };
  };
  return readBefore(progress, read, {
    required: wait === true,
    refusal: (why) => ({
      message: `--wait cannot follow the ${doing} of ${what}, so nothing was started: ${why}`,
      hint: 'Leave --wait out to start it without following, or use a token that may look.',
    }),
    warning: (why) => `This token cannot follow the ${doing} of ${what}: ${why}`,
  });
}

/** Polls a thing until the work on it has ended. What reads as it did before the request may still be of then: only a change counts. */
async function followThing<T extends Thing>(
  ctx: Waiting,
  { reader, what }: Work<T>,
  before: T | undefined,
  started: T,
  resume: readonly string[],
): Promise<Followed<'good' | 'bad'> & { readonly thing: T }> {
  let thing = started;
  let changed = before === undefined || phaseOf(started.status) === 'going';
  const read = async () => {
    const seen = await reader.one(String(started.id), { retry: false });
    if (!seen) return { status: 'not to be seen' };
    thing = seen;
    const phase = reader.phase?.(seen, before) ?? phaseOf(seen.status);
    changed ||= phase === 'going' || toJson(seen) !== toJson(before);
    return { status: wordOf(seen.status) || 'unknown', verdict: changed && phase !== 'going' ? phase : undefined };
  };
  return { ...(await follow(ctx, { what, read, resume })), thing };
}

function failureOf<T extends Thing>(
  { doing, what }: Work<T>,
  { reason }: T,
  { verdict, status }: Followed<'good' | 'bad'>,
  resume: readonly string[],
): DnxError | undefined {
  const subject = `The ${doing} of ${what}`;
  const next = { command: resume, why: 'Look at it with' };
  if (verdict === undefined) return timedOut(subject, next);
  if (verdict === 'good') return undefined;
  const why = reason ? `: ${reason}` : status === 'failed' ? '' : ` (${status})`;
  return new DnxError('failed', `${subject} failed${why}.`, { next: [next] });
}
