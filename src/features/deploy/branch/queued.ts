import { DnxError } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { isOver } from '../baseline.ts';
import { PATIENCE_MS } from '../evidence.ts';
import { baselineOfRun, recall } from '../runs.ts';
import { type SiteReference, type Snapshot, siteCommand } from '../snapshot.ts';

/** Fails if a deployment that this machine requested may begin with the new branch. Those of others are not known before they begin. */
export function refuseQueued(ctx: Pick<Context, 'clock' | 'progress' | 'settings'>, of: SiteReference, before: Snapshot): void {
  const last = recall(ctx).find(({ run }) => run.host === ctx.settings.host && run.site.id === of.site.id)?.run;
  if (!last || last.kind === 'rollback' || last.result || isOver(baselineOfRun(last, before), before.site, before.releases)) return;
  if (ctx.clock.now() - Date.parse(last.started_at) >= PATIENCE_MS) return;
  throw new DnxError('differences', `The last deployment of ${of.site.label} may not have begun yet. Nothing was deployed.`, {
    next: [{ command: siteCommand('watch', of), why: 'Follow it with' }],
  });
}
