import { DnxError } from '../../../base/errors.ts';
import { wordOf } from '../../../base/text.ts';
import { shownTime, timeOf } from '../../../base/time.ts';
import type { Site } from '../baseline.ts';
import { PATIENCE_MS } from '../evidence.ts';
import { type DeployContext, type SiteReference, siteCommand } from '../snapshot.ts';

/** How far ahead a scheduled deployment counts at least, in ms: an interrupted deployment keeps its branch longer than its wait. */
const AHEAD_MS = 3_600_000;

/** Fails if a scheduled deployment could begin while the site has another branch. */
export function refuseScheduled(ctx: Pick<DeployContext, 'clock' | 'deadline'>, of: SiteReference, site: Site): void {
  const { scheduled_deploy_at: value } = site;
  const at = timeOf(value);
  if (wordOf(value).trim() === '') return;
  const left = Math.max(ctx.deadline - ctx.clock.elapsed(), AHEAD_MS);
  // A time that has passed may just be late.
  if (at !== undefined && (at < ctx.clock.now() - PATIENCE_MS || at > ctx.clock.now() + left)) return;
  throw new DnxError(
    'differences',
    `A deployment of ${of.site.label} is scheduled for ${shownTime(value)}, and could deploy the wrong branch. Nothing was deployed.`,
    {
      next: [{ command: siteCommand('unschedule', of), why: 'Cancel it with' }],
    },
  );
}
