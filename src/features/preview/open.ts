import { DnxError } from '../../base/errors.ts';
import { quotedName } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { openWebsite } from '../open/open.ts';
import { branchOf } from './branch.ts';
import { findPreviews } from './find.ts';
import { markOf } from './names.ts';
import { openProject } from './project.ts';

/** `dnx preview open`. */
export async function openPreview(ctx: Context, options: Given<{ branch: string; from: string; print: boolean }>) {
  const branch = await branchOf(ctx.world, options.branch);
  const project = await openProject(ctx, { from: options.from });
  const { previews, lookalikes } = await findPreviews(ctx, project, markOf(project.owner, branch));
  const [preview, ...others] = previews;
  if (!preview)
    throw new DnxError('not_found', `No preview of ${quotedName(branch)}.`, {
      details: lookalikes.map(({ target, why }) => [target.label, why]),
      next: [{ command: ['preview', 'up', branch], why: 'Create it' }],
    });
  if (others.length > 0)
    throw new DnxError('ambiguous', `${quotedName(branch)} has several previews.`, {
      next: previews.map(({ place: { site, server } }) => ({
        command: ['open', site.label, '--server', server.label],
        why: 'Open one of them',
      })),
    });
  return openWebsite(ctx, preview.place, preview.place.site, preview.site, options.print);
}
