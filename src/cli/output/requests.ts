import { duration } from '../../base/time.ts';
import { hostName } from '../../machine/settings/host.ts';
import type { Clock } from '../../machine/world.ts';
import type { RequestProgress } from '../../platform/api/api.ts';
import type { Progress } from './progress.ts';

/** The spinner shows requests that take longer than this. */
const QUIET_MS = 300;

/** Shows a spinner for slow requests and a countdown for the rate limit, or a line without a terminal. */
export function openRequests(progress: Progress, clock: Clock): RequestProgress {
  const slow = shared(progress.branch({ background: true }));
  const limit = shared(progress.branch());
  return {
    begin(host) {
      if (!progress.spins) return () => {};
      const started = clock.elapsed();
      const quick = new AbortController();
      let hide = () => {};
      clock.sleep(QUIET_MS, quick.signal).then(
        () => {
          hide = slow.show(hostName(host), () => passed(clock.elapsed() - started));
        },
        () => {},
      );
      return () => {
        quick.abort();
        hide();
      };
    },
    limited(ms) {
      if (!progress.spins) progress.note(`Rate limited; retrying in ${countdown(ms)}`);
    },
    pause(ms) {
      const until = clock.elapsed() + ms;
      return limit.show('Rate limited; retrying in', () => countdown(until - clock.elapsed()));
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

/** The elapsed time; empty in the first second. */
const passed = (ms: number): string => (ms < 1000 ? '' : duration(Math.floor(ms / 1000) * 1000));
