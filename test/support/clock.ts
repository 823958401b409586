import type { Clock } from '../../src/machine/world.ts';

interface Sleeper {
  readonly at: number;
  /** An event of the test, which happens while something waits and never moves time by itself. */
  readonly event?: boolean;
  readonly wake: () => void;
}

/** A clock that jumps to the next thing that waits, as soon as no request is under way: fifteen minutes take milliseconds. */
export class FakeClock implements Clock {
  /** ms that `sleep` was asked for, in order. */
  readonly slept: number[] = [];
  /** ms by which this machine's clock is ahead of the right time; it may change while something waits. */
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
  /** The right time, as a server has it. */
  right = (): number => this.start + this.time;
  elapsed = (): number => this.time;

  sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    this.slept.push(ms);
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

  /** Calls `event` once that much time has passed, while something waits. */
  at(ms: number, event: () => void): void {
    this.add({ at: ms, wake: event, event: true });
  }

  /** Time stands still while `work` goes on. */
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

  /** A few turns of the event loop, so that whoever was just woken can begin its next request first. */
  private schedule(turns = 4): void {
    if (turns === 4 && this.due) return;
    this.due = true;
    setImmediate(() => {
      if (turns > 1) return this.schedule(turns - 1);
      this.due = false;
      if (this.busy > 0) return;
      const [first, ...others] = this.sleepers;
      if (!first) return;
      // Nobody waits for time to pass: what runs is still loading, or waits for something else.
      if (this.sleepers.every(({ event }) => event)) return;
      this.sleepers = others;
      this.time = Math.max(this.time, first.at);
      first.wake();
      if (others.length > 0) this.schedule();
    });
  }
}
