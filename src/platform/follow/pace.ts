import type { Clock, HttpResponse } from '../../machine/world.ts';
import type { Api } from '../api/api.ts';

const MINUTE_MS = 60_000;

/** Requests a minute, until a response names another limit. */
const USUAL_LIMIT = 60;

/** The highest limit that makes a difference. */
const MOST_LIMIT = 1_000;

/** The part of the limit up to which new work is started. */
const FOR_WORK = 0.8;

/** The part up to which work in progress is polled; the rest is for other commands. */
const FOR_ALL = 0.95;

/** The part for polls alone. */
const FOR_POLLS = 0.4;

/** The most polls a minute that one command needs. */
export const POLLS_A_MINUTE = USUAL_LIMIT * FOR_POLLS;

/** The number of requests that read a list of this length. */
export const pagesOf = (items: number): number => Math.max(1, Math.ceil(items / 100));

/** Keeps the requests of one command that does several things at a time below the rate limit. Times are ms of the monotonic clock. */
export class Pace {
  private readonly clock: Clock;
  private limit = USUAL_LIMIT;
  /** When the requests of the last minute were sent. */
  private sent: number[] = [];
  /** When those that were not sent yet were reserved. */
  private reserved: number[] = [];
  private first = true;
  /** Resolves with the first response. */
  private readonly opening: Promise<void>;
  /** Ends the wait of `reserve` for the first response. */
  readonly open: () => void;

  constructor(clock: Clock) {
    this.clock = clock;
    let open = () => {};
    this.opening = new Promise((resolve) => {
      open = resolve;
    });
    this.open = open;
  }

  /** The shortest time between two polls of one thing if so many are polled, in ms. */
  between(things: number): number {
    return Math.ceil((things * MINUTE_MS) / (this.limit * FOR_POLLS));
  }

  /** How long a poll has to wait for room, in ms. */
  untilRoom(): number {
    return this.wait(1, FOR_ALL);
  }

  /** How long new work with so many requests has to wait for room, in ms. */
  untilStart(count: number): number {
    return this.wait(count, FOR_WORK);
  }

  /**
   * Waits for room for new work with so many requests, and returns a client whose first requests are these. The second one waits
   * for the first response, which tells how much of the limit is used up.
   */
  async reserve(api: Api, count: number, signal: AbortSignal): Promise<Api> {
    if (!this.first) await this.opening;
    this.first = false;
    for (let wait = this.untilStart(count); wait > 0; wait = this.untilStart(count)) await this.clock.sleep(wait, signal);
    const at = this.clock.elapsed();
    for (let left = count; left > 0; left--) this.reserved.push(at);
    return this.counted(api, { at, left: count });
  }

  /** A client whose requests count. */
  counted(api: Api, own = { at: 0, left: 0 }): Api {
    const count = () => {
      own.left -= 1;
      const index = own.left < 0 ? -1 : this.reserved.indexOf(own.at);
      if (index >= 0) this.reserved.splice(index, 1);
      this.sent.push(this.clock.elapsed());
    };
    return {
      ...api,
      send: async <T>(...given: Parameters<Api['send']>) => {
        count();
        try {
          const reply = await api.send<T>(...given);
          this.learn(reply.headers);
          return reply;
        } finally {
          this.open();
        }
      },
      list: async <T>(...given: Parameters<Api['list']>) => {
        count();
        const items = await api.list<T>(...given);
        for (let page = pagesOf(items.length); page > 1; page--) count();
        return items;
      },
      until: (deadline) => this.counted(api.until(deadline), own),
    };
  }

  /** How long until so many more requests fit into this part of the limit, in ms. */
  private wait(count: number, part: number): number {
    const now = this.clock.elapsed();
    this.sent = this.sent.filter((at) => now - at < MINUTE_MS);
    this.reserved = this.reserved.filter((at) => now - at < MINUTE_MS);
    const all = [...this.sent, ...this.reserved].sort((one, other) => one - other);
    // With nothing in the last minute, even a large piece of work can start.
    const over = Math.min(all.length, all.length + count - Math.floor(this.limit * part));
    return over > 0 ? (all[over - 1] ?? now) + MINUTE_MS - now : 0;
  }

  /** Learns the limit, and what others have used of it. */
  private learn(headers: HttpResponse['headers']): void {
    const limit = Number.parseInt(headers['x-ratelimit-limit'] ?? '', 10);
    const remaining = Number.parseInt(headers['x-ratelimit-remaining'] ?? '', 10);
    if (!(limit > 0)) return;
    this.limit = Math.min(limit, MOST_LIMIT);
    const at = this.clock.elapsed();
    this.sent = this.sent.filter((each) => at - each < MINUTE_MS);
    const used = Math.min(limit - remaining, this.limit);
    while (this.sent.length < used) this.sent.push(at);
  }
}
