import type { Context } from '../../../cli/language/command.ts';
import { nextLine } from '../../../cli/run/command-line.ts';
import type { Starting } from '../../../cli/run/perform.ts';
import { type SiteReference, siteCommand, siteReference } from '../snapshot.ts';
import { repair } from './repair.ts';
import { forgetFor, holderOf, savedFor } from './saved.ts';

type Needs = Pick<Context, 'api' | 'clock' | 'progress' | 'settings'>;

/** These restore the branch at the right moment themselves. */
const OWN = ['site deploy', 'site watch'];

/**
 * Restores the branch that an interrupted deployment of `--branch` left, before the next command for that site. A command that only reads
 * warns instead. Returns what to do after a command that decides about the branch itself.
 */
export async function beforeCommand(ctx: Needs, { name, targets, body, reads }: Starting): Promise<(() => Promise<void>) | undefined> {
  const sites = targets.filter(({ site, server }) => site && server).map((each) => siteReference(each));
  const left = sites.filter((of) => savedFor(ctx, of));
  if (left.length === 0 || OWN.includes(name)) return undefined;
  if (name === 'site delete' || (name === 'site update' && body.branch !== undefined)) {
    return async () => void (await Promise.all(left.map((of) => forgetFor(ctx, of))));
  }
  for (const of of left) {
    if (reads) warnLeft(ctx, of);
    else await repair(ctx, of);
  }
  return undefined;
}

/** Warns of a branch that nobody restores, without a request. */
function warnLeft(ctx: Needs, of: SiteReference): void {
  const saved = savedFor(ctx, of);
  if (!saved || holderOf(saved, ctx.clock.now())) return;
  const { site, from, to } = saved;
  const line = nextLine({ command: siteCommand('watch', of), why: 'Restore it with' }, ctx.settings);
  ctx.progress.warn(`A deployment of ${site.label} from branch '${to}' was interrupted, so its branch may not be '${from}' again. ${line}`);
}
