import { duration } from '../../base/time.ts';
import { hostName } from '../../machine/settings/host.ts';
import type { Clock } from '../../machine/world.ts';
import type { RequestProgress } from '../../platform/api/api.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import type { Progress } from './progress.ts';

/** The spinner shows requests that take longer than this. */
const QUIET_MS = 300;

/** The same for a poll, because a line that comes and goes with each of them would flicker. */
const QUIET_POLL_MS = 3_000;

/** Shorter pauses for the rate limit are not shown. */
const SHORT_MS = 1_000;

/** Requests at most this far apart count as one wait. */
const PAUSE_MS = 1_000;

/** Shows a spinner for slow requests and a countdown for the rate limit and retries, or a line without a terminal. */
export function openRequests(progress: Progress, clock: Clock): RequestProgress {
  const slow = slowRequests(progress, clock);
  const limit = shared(progress.branch());
  const retries = shared(progress.branch());
  /** Concurrent requests fail together, and one line is enough. */
  let announced = false;
  let pauses = 0;
  return {
    begin: slow.begin,
    pause(ms, refused) {
      if (ms < SHORT_MS) return () => {};
      const words = refused ? 'Rate limited; retrying in' : 'Waiting for the rate limit:';
      if (!progress.spins && pauses === 0) progress.note(`${words} ${countdown(ms)}`);
      pauses += 1;
      const until = clock.elapsed() + ms;
      const hide = limit.show(words, () => countdown(until - clock.elapsed()));
      return () => {
        pauses -= 1;
        slow.restart();
        hide();
      };
    },
    retrying(reason, ms, turn) {
      const until = clock.elapsed() + ms;
      const left = () => `${countdown(Math.max(1, until - clock.elapsed()))} (${turn})`;
      const isFirst = !announced;
      announced = true;
      if (isFirst && !progress.spins) progress.note(`${reason}; retrying in ${left()}`);
      const hide = retries.show(`${reason}; retrying in`, left);
      return () => {
        if (isFirst) announced = false;
        slow.restart();
        hide();
      };
    },
  };
}

/** A spinner for requests that take long, with the seconds since the first of them. */
function slowRequests(progress: Progress, clock: Clock) {
  const slow = shared(progress.branch({ background: true }));
  let open = 0;
  let ended = Number.NEGATIVE_INFINITY;
  /** The start of the wait, in which the first request was slow. */
  let since: number | undefined;
  return {
    begin(host: string, poll = false): () => void {
      if (!progress.spins) return () => {};
      const started = clock.elapsed();
      if (open === 0 && started - ended > PAUSE_MS) since = undefined;
      open += 1;
      const quick = new AbortController();
      let hide = () => {};
      clock.sleep(poll ? QUIET_POLL_MS : QUIET_MS, quick.signal).then(
        () => {
          since ??= started;
          hide = slow.show(`Waiting for ${hostName(host)}`, () => passed(clock.elapsed() - (since ?? started)));
        },
        () => {},
      );
      return () => {
        open -= 1;
        ended = clock.elapsed();
        quick.abort();
        hide();
      };
    },
    /** Counts from now on, because a pause is not a slow response. */
    restart() {
      if (since !== undefined) since = clock.elapsed();
    },
  };
}

/** A spinner line shared by concurrent tasks. It is removed with the last one. */
function shared(progress: Progress) {
  let open = 0;
  return {
    show(text: string, detail: () => string): () => void {
      open += 1;
      progress.spin(text, detail);
      return () => {
        open -= 1;
        if (open === 0) progress.done();
      };
    },
  };
}

const countdown = (ms: number): string => duration(Math.ceil(Math.max(0, ms) / 1000) * 1000);

const passed = (ms: number): string => (ms < 1000 ? '' : ` ${duration(Math.floor(ms / 1000) * 1000)}`);

/** A search of up to this many servers is not worth a line. */
const FEW = 5;

/** Shows how many servers a search has read: in the spinner, or with one line for a site that is looked up elsewhere. */
export function searchingWith(progress: Progress): Scope['searching'] {
  return (servers, word) => {
    if (servers <= FEW) return { next: () => {}, end: () => {} };
    const line = progress.branch();
    let read = 0;
    const detail = () => ` ${read}/${servers}`;
    if (word === undefined) line.spin(`Reading the sites of ${servers} servers`, detail);
    else line.step(`Searching ${servers} servers for ${word}`, detail);
    const next = () => {
      read += 1;
    };
    return { next, end: line.done };
  };
}
