import { join } from 'node:path';
import type { Context } from '../../../cli/language/command.ts';
import type { Starting } from '../../../cli/run/perform.ts';
import { hasJsonFiles } from '../../../machine/files/text-file.ts';
import type { DeployReport } from '../result.ts';
import type { SiteReference } from '../site.ts';

type Needs = Pick<Context, 'api' | 'clock' | 'progress' | 'settings'>;

/** True if `saved.ts` has a temporary branch of a site. Every command with a site asks, so nothing else is loaded for it. */
export const hasBranches = ({ settings }: Pick<Needs, 'settings'>): boolean => hasJsonFiles(join(settings.directories.state, 'branches'));

/** Restores the branch that an interrupted `deploy --branch` left, before the next command for that site. */
export async function beforeCommand(ctx: Needs, starting: Starting): Promise<(() => Promise<void>) | undefined> {
  if (!starting.targets.some(({ site }) => site) || !hasBranches(ctx)) return undefined;
  return (await import('./restore.ts')).restoreBefore(ctx, starting);
}

/** Restores it once the interrupted deployment was followed to its end. */
export async function afterFollowing(ctx: Needs, of: SiteReference, { result }: DeployReport): Promise<void> {
  if (result.finished_at !== null && hasBranches(ctx)) await (await import('./restore.ts')).repairBranch(ctx, of, { over: true });
}
