import type { Context } from '../../cli/language/command.ts';
import { reportsWork, type Site } from './baseline.ts';
import { LAG_MS } from './judge.ts';
import { type Run, recallRuns } from './run-file.ts';

/** How many deployments of a site have to agree. */
const ENOUGH = 3;

/** For how long each of the last three deployments of a site showed, in ms; 0 if one did not, or there are fewer. */
function leastShownMs(ctx: Context, { host, site }: Run): number {
  const times = recallRuns(ctx).flatMap(({ run }) => (run.host === host && run.site.id === site.id ? (run.shown_ms ?? []) : []));
  return times.length < ENOUGH ? 0 : Math.min(...times.slice(0, ENOUGH));
}

/** Watches how a deployment shows on its site. Only one that is followed from its request tells something. */
export function watchShown(ctx: Context, run: Run, resumed: boolean) {
  const isWhole = run.kind === 'deploy' && run.asked && !run.attached && !run.blurred && !resumed;
  // Read only for a deployment that does not show at once.
  let leastMs: number | undefined;
  // The monotonic clock stops while the computer sleeps.
  const times = () => [ctx.clock.elapsed(), ctx.clock.now()] as const;
  let [asked, longestMs, shownMs] = [times(), 0, 0];
  let first: number | undefined;
  return {
    async read(send: () => Promise<Site>): Promise<Site> {
      const sent = times();
      const site = await send();
      const now = times();
      longestMs = Math.max(longestMs, now[0] - asked[0], now[1] - asked[1]);
      asked = sent;
      if (reportsWork(site, [])) {
        first ??= now[0];
        shownMs = now[0] - first;
      }
      return site;
    },
    /** True if a deployment that had begun would have been seen: they all show, for longer than the polls were apart. */
    wouldShow(): boolean {
      leastMs ??= isWhole ? leastShownMs(ctx, run) : 0;
      return longestMs + LAG_MS <= leastMs;
    },
    /** For how long it showed, at least. */
    shown: () => (isWhole ? { shown_ms: shownMs } : {}),
  };
}

/** Forgets how the deployments on this host showed. Returns how many there were. */
export function forgetShown(ctx: Context): number {
  const shown = recallRuns(ctx).filter(({ run }) => run.host === ctx.settings.host && typeof run.shown_ms === 'number');
  for (const saved of shown) saved.change({ shown_ms: null });
  return shown.length;
}
