import { DnxError, type Next } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { type Phase, phaseOf } from '../../base/status.ts';
import { capitalized, wordOf } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Reply } from '../api/reply.ts';
import { idIn } from '../names/names.ts';
import { type Followed, follow, type Waiting } from './follow.ts';
import { inTime, readBefore, timedOut } from './rules.ts';

/** A resource whose `status` shows how far the work on it is. */
export interface Thing {
  readonly id: string | number;
  readonly status?: unknown;
  /** Why it failed, if the API says so. */
  readonly reason?: unknown;
}

/** How a kind of resource is polled. */
export interface Reader<T extends Thing> {
  /** The resource as it is now; undefined if it does not exist. */
  readonly one: (id: string, options?: { readonly retry?: boolean }) => Promise<T | undefined>;
  /** Called before a create request: throws `forbidden` if the token cannot read this kind. */
  readonly any: () => Promise<unknown>;
  /** For a resource whose status alone is not enough. `before` is undefined for a new one. */
  readonly phase?: (thing: T, before: T | undefined) => Phase | undefined;
}

/** A request that starts work, how to follow it, and how to speak of it. */
export interface Work<T extends Thing> {
  readonly reader: Reader<T>;
  /** The id of the resource; undefined if the request creates it. */
  readonly on?: string;
  readonly start: () => Promise<Reply>;
  /** True: following is required. False: not wanted. Undefined: followed if the token can. */
  readonly wait: boolean | undefined;
  /** The resource in the user's words: `server web-3`. */
  readonly what: string;
  /** The work as a noun: `creation of server web-3`. */
  readonly job: string;
  /** The work while it runs: `Creating server web-3`. */
  readonly doing: string;
  /** The command that shows the status. */
  readonly resume: (id: string) => readonly string[];
}

/** How the work ended. */
export interface Worked<T extends Thing> {
  readonly reply: Reply;
  /** As it was read last; undefined if it was not followed. */
  readonly thing?: T | undefined;
  /** Milliseconds; undefined if it was not followed. */
  readonly elapsedMs?: number;
  readonly failure?: DnxError | undefined;
}

/** Starts work that continues after the API's answer and, if wanted and possible, follows it to the end. */
export async function startAndFollow<T extends Thing>(ctx: Waiting, work: Work<T>): Promise<Worked<T>> {
  const { wait, doing, job } = work;
  const snapshot = wait === false ? undefined : await inTime(snapshotOf(ctx, work), `the ${job}`);
  const reply = await inTime(work.start(), `the ${job}`);
  if (!snapshot) return { reply };
  const started = isObject(reply.data) ? (reply.data as unknown as T) : snapshot.before;
  const id = idIn(started?.id);
  if (started === undefined || id === undefined) {
    const unnamed = `The answer has no id, so the ${job} cannot be followed.`;
    if (wait) return { reply, failure: new DnxError('failed', unnamed, { hint: 'It has started.' }) };
    ctx.progress.warn(unnamed);
    return { reply };
  }
  ctx.progress.step(doing);
  const resume = { command: work.resume(id), why: 'Check it with' };
  const { thing, ...followed } = await followThing(ctx, work, snapshot.before, started, resume);
  return { reply, thing, elapsedMs: followed.elapsedMs, failure: failureOf(work, thing, followed, resume) };
}

/** The resource before the request; `before` is undefined if the request creates it. */
function snapshotOf<T extends Thing>({ progress }: Waiting, { reader, on, wait, job }: Work<T>) {
  const read = async () => {
    if (on !== undefined) return { before: await reader.one(on) };
    await reader.any();
    return { before: undefined };
  };
  return readBefore(progress, read, {
    required: wait === true,
    refusal: (why) => ({
      message: `The ${job} could not be followed, so nothing was started: ${why}`,
      hint: 'Use --no-wait, or a token that can read it.',
    }),
    warning: (why) => `This token cannot follow the ${job}: ${why}`,
  });
}

/** Polls until the work has ended. The first polls may still show the state before the request, so only a change counts. */
async function followThing<T extends Thing>(
  ctx: Waiting,
  { reader, what, job }: Work<T>,
  before: T | undefined,
  started: T,
  resume: Next,
): Promise<Followed<'good' | 'bad'> & { readonly thing: T }> {
  let thing = started;
  let changed = before === undefined || phaseOf(started.status) === 'going';
  const read = async () => {
    const seen = await reader.one(String(started.id), { retry: false });
    if (!seen) return { status: 'not found' };
    thing = seen;
    const phase = reader.phase?.(seen, before) ?? phaseOf(seen.status);
    changed ||= phase === 'going' || toJson(seen) !== toJson(before);
    return { status: wordOf(seen.status) || 'unknown', verdict: changed && phase !== 'going' ? phase : undefined };
  };
  return { ...(await follow(ctx, { what, job, read, resume })), thing };
}

function failureOf<T extends Thing>(
  { job }: Work<T>,
  { reason }: T,
  { verdict, status, elapsedMs }: Followed<'good' | 'bad'>,
  resume: Next,
): DnxError | undefined {
  if (verdict === undefined) return timedOut(job, elapsedMs, resume);
  if (verdict === 'good') return undefined;
  const why = reason ? `: ${reason}` : status === 'failed' ? '' : ` (status “${status}”)`;
  return new DnxError('failed', `${capitalized(job)} failed after ${duration(elapsedMs)}${why}`, { next: [{ ...resume, why: 'See' }] });
}
