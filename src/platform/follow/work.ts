import { DnxError, type Next } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { type Phase, phaseOf } from '../../base/status.ts';
import { capitalized, wordOf } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Reply } from '../api/api.ts';
import { inTime } from '../api/deadline.ts';
import { idIn } from '../names/names.ts';
import { type Followed, follow, readBefore, timedOut, type Waiting } from './follow.ts';

/** A resource whose `status` shows the progress of its work. */
export interface Thing {
  readonly id: string | number;
  readonly status?: unknown;
  readonly reason?: unknown;
}

/** How a kind of resource is polled. */
export interface Reader<T extends Thing> {
  /** Reads the resource; undefined if it does not exist. */
  readonly one: (id: string, options?: { readonly retry?: boolean }) => Promise<T | undefined>;
  /** Overrides the phase of the status. `before` is undefined for a new resource. */
  readonly phase?: (thing: T, before: T | undefined) => Phase | undefined;
}

/** A request that starts work, how to follow it, and its names in messages. */
export interface Work<T extends Thing> {
  readonly reader: Reader<T>;
  /** The id of the resource; undefined if the request creates it. */
  readonly on?: string;
  /** Reads the list before a create; throws `forbidden` if the token cannot. */
  readonly list?: () => Promise<unknown>;
  readonly start: () => Promise<Reply>;
  /** True: must follow. False: do not follow. Undefined: follow if the token can. */
  readonly wait: boolean | undefined;
  /** The resource: `server web-3`. */
  readonly what: string;
  /** The work as a noun: `creation of server web-3`. */
  readonly job: string;
  /** The progress message: `Creating server web-3`. */
  readonly doing: string;
  readonly resume: (id: string) => readonly string[];
}

/** How work is followed, whoever started it. */
export type Followable<T extends Thing = Thing> = Pick<Work<T>, 'reader' | 'what' | 'job' | 'doing' | 'resume'>;

interface WorkOutcome<T extends Thing> {
  readonly reply: Reply;
  /** The last state; undefined if it was not followed. */
  readonly thing?: T | undefined;
  /** Milliseconds; undefined if it was not followed. */
  readonly elapsedMs?: number;
  readonly failure?: DnxError | undefined;
}

/** Starts work that continues after the response, and follows it if wanted and possible. */
export async function startAndFollow<T extends Thing>(
  ctx: Waiting & { readonly timeoutMs: number },
  work: Work<T>,
): Promise<WorkOutcome<T>> {
  const { wait, job } = work;
  const snapshot = wait === false ? undefined : await inTime(snapshotOf(ctx, work), `the ${job}`);
  const reply = await inTime(work.start(), `the ${job}`);
  return snapshot ? { reply, ...(await followStarted(ctx, work, reply.data, snapshot.before)) } : { reply };
}

/** Follows work that has begun. `data`: what the response to its request has. */
export async function followStarted<T extends Thing>(
  ctx: Waiting & { readonly timeoutMs: number },
  work: Followable<T> & Pick<Work<T>, 'wait'>,
  data: unknown,
  before?: T,
): Promise<Omit<WorkOutcome<T>, 'reply'>> {
  const { wait, doing, job } = work;
  const started = isObject(data) ? (data as unknown as T) : before;
  const id = idIn(started?.id);
  if (started === undefined || id === undefined) {
    const unnamed = `The response has no id, so the ${job} cannot be followed.`;
    if (wait) return { failure: new DnxError('failed', unnamed, { hint: 'The request was accepted.' }) };
    ctx.progress.warn(unnamed);
    return {};
  }
  ctx.progress.step(doing);
  const resume = { command: work.resume(id), why: 'Check it with' };
  const { thing, ...followed } = await followThing(ctx, work, before, started, resume);
  return {
    thing,
    elapsedMs: followed.elapsedMs,
    failure: failureOf(work, thing, { ...followed, timeoutMs: ctx.timeoutMs }, resume),
  };
}

/** The resource before the request; `before` is undefined if the request creates it. */
function snapshotOf<T extends Thing>({ progress }: Waiting, { reader, on, list, wait, job }: Work<T>) {
  const read = async () => {
    if (on !== undefined) return { before: await reader.one(on) };
    await list?.();
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

/** Polls until the work has ended. The first polls may still show the old state, so only a change counts. */
async function followThing<T extends Thing>(
  ctx: Waiting,
  { reader, what, job }: Pick<Work<T>, 'reader' | 'what' | 'job'>,
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
  { job }: Pick<Work<T>, 'job'>,
  { reason }: T,
  { verdict, status, elapsedMs, timeoutMs }: Followed<'good' | 'bad'> & { readonly timeoutMs: number },
  resume: Next,
): DnxError | undefined {
  if (verdict === undefined) return timedOut(job, timeoutMs, resume);
  if (verdict === 'good') return undefined;
  const why = reason ? `: ${reason}` : status === 'failed' ? '' : ` (status “${status}”)`;
  return new DnxError('failed', `${capitalized(job)} failed after ${duration(elapsedMs)}${why}`, { next: [{ ...resume, why: 'See' }] });
}
