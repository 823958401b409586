import type { Context } from '../../cli/language/command.ts';

/** How often a log gets a line. */
const EVERY_MS = 30_000;

/** Shows how many servers were audited: in the spinner, or with a line every 30 seconds. */
export function progressOf({ progress, clock }: Pick<Context, 'progress' | 'clock'>, total: number): { next(): void } {
  let done = 0;
  let shownAt = clock.elapsed();
  const words = () => `Auditing ${done} of ${total} ${total === 1 ? 'server' : 'servers'}`;
  progress.spin(words());
  return {
    next() {
      done += 1;
      if (progress.spins) return progress.spin(words());
      if (clock.elapsed() - shownAt < EVERY_MS) return;
      shownAt = clock.elapsed();
      progress.step(words());
    },
  };
}
