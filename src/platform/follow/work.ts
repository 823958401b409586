import { type Phase, phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { type Followed, follow, type Waiting } from './follow.ts';

/** Anything whose `status` tells how the work on it stands. */
export interface Thing {
  readonly id: string | number;
  readonly status?: unknown;
  /** Why it failed, where the API says so. */
  readonly reason?: unknown;
}

/** How a kind of thing is looked at while the work on it goes on. */
export interface Reader<T extends Thing> {
  /** One of them as it is now; undefined where it is not among them. */
  readonly one: (id: string, options?: { readonly retry?: boolean }) => Promise<T | undefined>;
  /** Asked before one is made: throws `forbidden` where this token may not look at them. */
  readonly any: () => Promise<unknown>;
  /** For a thing whose status alone does not tell. `before` is undefined for a new one. */
  readonly phase?: (thing: T, before: T | undefined) => Phase | undefined;
}

interface Work<T extends Thing> {
  readonly reader: Reader<T>;
  /** What is waited for, in the user's words. */
  readonly what: string;
  /** As it was before the request; undefined for a thing that the request made. */
  readonly before: T | undefined;
  /** As the answer to the request showed it. */
  readonly started: T;
  readonly timeoutMs: number;
  readonly resume: string;
}

/** The thing after the work on it, and whether that went well. */
export interface Worked<T extends Thing> extends Followed<'good' | 'bad'> {
  /** As it was seen last. */
  readonly thing: T;
}

/** Polls a thing until the work on it has ended. What reads as it did before the request may still be of then: only a change counts. */
export async function followWork<T extends Thing>(
  ctx: Waiting,
  { reader, what, before, started, timeoutMs, resume }: Work<T>,
): Promise<Worked<T>> {
  let thing = started;
  let changed = before === undefined || phaseOf(started.status) === 'going';
  const look = async () => {
    const seen = await reader.one(String(started.id), { retry: false });
    if (!seen) return { status: 'not to be seen' };
    thing = seen;
    const phase = reader.phase?.(seen, before) ?? phaseOf(seen.status);
    changed ||= phase === 'going' || JSON.stringify(seen) !== JSON.stringify(before);
    return { status: wordOf(seen.status) || 'unknown', verdict: changed && phase !== 'going' ? phase : undefined };
  };
  return { ...(await follow(ctx, { what, look, timeoutMs, resume })), thing };
}
