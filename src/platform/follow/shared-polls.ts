import type { Clock } from '../../machine/world.ts';
import { waitUntil } from '../api/deadline.ts';

/** One reading of a shared poll. Times are ms of the monotonic clock. */
interface PollResult<T> {
  readonly value: T;
  /** Counts up with each read. */
  readonly number: number;
  readonly startedAt: number;
}

interface PollOptions<T> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** `retry`: false for a poll, because its followers tolerate faults. */
  readonly read: (options: { readonly retry: boolean }) => Promise<T>;
  /** How long the next poll has to wait if the last one began at this time, in ms. */
  readonly wait: (last: number) => number | Promise<number>;
}

/** How old a reading or a fault may be when it is served, in ms. Shorter than the pause of a follower, so that it gets each once. */
const FRESH_MS = 1_000;

/** A follower whose deadline is nearer than this does not wait for its turn, in ms. */
const LAST_LOOK_MS = 2_000;

/** Polls something for several followers: one read serves all who are waiting for it. */
export class SharedPolls<T> {
  /** The number of reads so far. A reading with a higher number began later. */
  started = 0;
  private startedAt: number;
  private running: Promise<PollResult<T>> | undefined;
  private latest: (PollResult<T> & { readonly at: number }) | undefined;
  private failure: { readonly error: unknown; readonly number: number; readonly at: number } | undefined;
  /** Who sleeps until the next reading, and who waits for the turn of the next read, even if it fails. */
  private readonly sleepers = new Set<AbortController>();
  private readonly waiters = new Set<AbortController>();
  private readonly options: PollOptions<T>;

  constructor(options: PollOptions<T>) {
    this.options = options;
    this.startedAt = options.clock.elapsed();
  }

  /** A reading that began after reading `after`. Its turn comes at the pace, whoever else is waiting. */
  async next(after: number, deadline: number): Promise<PollResult<T>> {
    const { clock, signal, wait: waitAfter } = this.options;
    for (;;) {
      const now = clock.elapsed();
      const { latest, failure } = this;
      if (latest && latest.number > after && now - latest.at <= FRESH_MS) return latest;
      if (failure && failure.number > after && now - failure.at <= FRESH_MS) throw failure.error;
      if (this.running && this.started > after) return waitUntil(this.running, deadline, clock, signal);
      const wait = Math.min(await waitAfter(this.startedAt), deadline - LAST_LOOK_MS - now);
      if (wait <= 0) return waitUntil(this.start({ retry: false }), deadline, clock, signal);
      await this.sleepAmong(this.waiters, wait);
    }
  }

  /** A reading that began at most a second ago, without waiting for a turn. */
  async now(deadline: number): Promise<PollResult<T>> {
    const { clock, signal } = this.options;
    const isFresh = this.started > 0 && clock.elapsed() - this.startedAt <= FRESH_MS;
    if (isFresh && this.latest?.number === this.started) return this.latest;
    const running = isFresh ? this.running : undefined;
    return waitUntil(running ?? this.start({ retry: true }), deadline, clock, signal);
  }

  /** Sleeps until a reading arrives, but not longer than `ms`. */
  sleep(ms: number): Promise<void> {
    return this.sleepAmong(this.sleepers, ms);
  }

  private async sleepAmong(others: Set<AbortController>, ms: number): Promise<void> {
    const { clock, signal } = this.options;
    const awake = new AbortController();
    others.add(awake);
    try {
      await clock.sleep(ms, AbortSignal.any([signal, awake.signal]));
    } catch (error) {
      if (!awake.signal.aborted) throw error;
    } finally {
      others.delete(awake);
    }
  }

  private start(options: { readonly retry: boolean }): Promise<PollResult<T>> {
    const { clock, read } = this.options;
    this.started += 1;
    this.startedAt = clock.elapsed();
    const { started: number, startedAt } = this;
    const running = read(options).then(
      (value) => {
        const polled = { value, number, startedAt, at: clock.elapsed() };
        if (number > (this.latest?.number ?? 0)) this.latest = polled;
        this.end(running, this.sleepers, this.waiters);
        return polled;
      },
      (error: unknown) => {
        this.failure = { error, number, at: clock.elapsed() };
        this.end(running, this.waiters);
        throw error;
      },
    );
    // Everyone who waits for it may have left.
    running.catch(() => {});
    this.running = running;
    return running;
  }

  /** Wakes up these after a read. */
  private end(read: Promise<PollResult<T>>, ...awaken: Set<AbortController>[]): void {
    if (this.running === read) this.running = undefined;
    for (const sleeper of awaken.flatMap((set) => [...set])) sleeper.abort();
  }
}
