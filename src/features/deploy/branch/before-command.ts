import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../../cli/language/command.ts';
import { nextLine } from '../../../cli/run/command-line.ts';
import type { Starting } from '../../../cli/run/starting.ts';
import { type SiteReference, siteCommand, siteReference } from '../snapshot.ts';
import { repairBranch } from './restore.ts';
import { branchHolder, forgetBranch, savedBranch } from './saved.ts';

/** Where the temporary branches of sites are remembered. */
export const directoryIn = (state: string): string => join(state, 'branches');

/** True if a site may have a temporary branch. Every command with a site asks, so nothing else is loaded for it. */
export function hasBranches(state: string): boolean {
  try {
    return readdirSync(directoryIn(state)).length > 0;
  } catch {
    return false;
  }
}

type Needs = Pick<Context, 'api' | 'clock' | 'progress' | 'settings'>;

/** These restore the branch at the right moment themselves. */
const OWN = ['site deploy', 'site watch'];

/**
 * Restores the branch that an interrupted deployment of `--branch` left, before the next command for that site. A command that only reads
 * warns instead. Returns what to do after a command that decides about the branch itself.
 */
export async function beforeCommand(ctx: Needs, { name, targets, body, reads }: Starting): Promise<(() => Promise<void>) | undefined> {
  const sites = targets.filter(({ site, server }) => site && server).map((each) => siteReference(each));
  const left = sites.filter((of) => savedBranch(ctx, of));
  if (left.length === 0 || OWN.includes(name)) return undefined;
  if (name === 'site delete' || (name === 'site update' && body.branch !== undefined)) {
    return async () => void (await Promise.all(left.map((of) => forgetBranch(ctx, of))));
  }
  for (const of of left) {
    if (reads) warnLeft(ctx, of);
    else await repairBranch(ctx, of);
  }
  return undefined;
}

/** Warns of a branch that nobody restores, without a request. */
function warnLeft(ctx: Needs, of: SiteReference): void {
  const saved = savedBranch(ctx, of);
  if (!saved || branchHolder(saved, ctx.clock.now())) return;
  const { site, from, to } = saved;
  const line = nextLine({ command: siteCommand('watch', of), why: 'Restore it with' }, ctx.settings);
  ctx.progress.warn(`A deployment of ${site.label} from branch '${to}' was interrupted, so its branch may not be '${from}' again. ${line}`);
}
