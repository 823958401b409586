import type { Clock } from '../../src/machine/world.ts';

interface Sleeper {
  readonly at: number;
  /** An event of the test, which never advances the clock. */
  readonly event?: boolean;
  readonly wake: () => void;
}

/** A clock that jumps to the next timer while no request is in progress, so that minutes take milliseconds. */
export class FakeClock implements Clock {
  /** How far this machine's clock is ahead, in ms. It may change while something waits. */
  ahead = 0;
  private readonly start: number;
  private time = 0;
  private busy = 0;
  private due = false;
  private sleepers: Sleeper[] = [];

  constructor(start = '2026-04-16T12:00:00Z') {
    this.start = Date.parse(start);
  }

  now = (): number => this.right() + this.ahead;
  /** The correct time, as on a server. */
  right = (): number => this.start + this.time;
  elapsed = (): number => this.time;

  sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        this.sleepers = this.sleepers.filter((each) => each !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper = { at: this.time + Math.max(0, ms), wake };
      signal?.addEventListener('abort', abort);
      this.add(sleeper);
    });
  };

  /** Calls `event` after this time, while something waits. */
  at(ms: number, event: () => void): void {
    this.add({ at: ms, wake: event, event: true });
  }

  /** Stops the clock during `work`. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.busy += 1;
    try {
      return await work();
    } finally {
      this.busy -= 1;
      this.schedule();
    }
  }

  private add(sleeper: Sleeper): void {
    this.sleepers = [...this.sleepers, sleeper].sort((a, b) => a.at - b.at);
    this.schedule();
  }

  /** Waits a few turns of the event loop, so that whatever woke up can start its next request. */
  private schedule(turns = 4): void {
    if (turns === 4 && this.due) return;
    this.due = true;
    setImmediate(() => {
      if (turns > 1) return this.schedule(turns - 1);
      this.due = false;
      if (this.busy > 0) return;
      const [first, ...others] = this.sleepers;
      if (!first) return;
      // Only events are pending: code is loading or waits for something else.
      if (this.sleepers.every(({ event }) => event)) return;
      this.sleepers = others;
      this.time = Math.max(this.time, first.at);
      first.wake();
      if (others.length > 0) this.schedule();
    });
  }
}
