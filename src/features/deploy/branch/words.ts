import { DnxError, type Next } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { commandLine } from '../../../cli/run/command-line.ts';
import { type SiteReference, siteCommand } from '../snapshot.ts';
import { holderOf, savedFor, type TemporaryBranch } from './saved.ts';

/** The command that restores the branch of a site. */
export const restoring = (of: SiteReference, branch: string): readonly string[] => [...siteCommand('update', of), '--branch', branch];

/** Says that a site still has its temporary branch, and how it gets the other one back. */
export const stillOn = ({ site, to }: TemporaryBranch, why = ''): string =>
  `The branch of ${site.label} is still '${to}'${why}. It is restored by the next dnx command for this site once the deployment is over`;

const NOW = 'Or restore it now with';

/** Warns that a site still has its temporary branch. */
export function warnStillOn({ progress, settings }: Pick<Context, 'progress' | 'settings'>, saved: TemporaryBranch, why?: string): void {
  progress.warn(`${stillOn(saved, why)}, or now with: ${commandLine(restoring(saved, saved.from), settings)}`);
}

/** Adds that to a failure. */
export function withStillOn(failure: DnxError, saved: TemporaryBranch): DnxError {
  const hint = [failure.hint, `${stillOn(saved)}.`].filter(Boolean).join(' ');
  return failure.withHint(hint, ...failure.next, nowWith(saved));
}

/** The command that restores the branch now. */
export const nowWith = (saved: TemporaryBranch): Next => ({ command: restoring(saved, saved.from), why: NOW });

/** The error if another process deploys another branch of the site. */
export function takenBy(ctx: Pick<Context, 'clock' | 'settings'>, of: SiteReference): DnxError {
  const saved = savedFor(ctx, of);
  const holder = saved && holderOf(saved, ctx.clock.now());
  const who = holder ? `Process ${holder.pid} on ${holder.host}` : 'Another dnx';
  const what = saved ? `branch '${saved.to}' of ` : '';
  return new DnxError('failed', `${who} is deploying ${what}${of.site.label}. Nothing was deployed.`, {
    next: [{ command: siteCommand('watch', of), why: 'Follow it with' }],
  });
}
