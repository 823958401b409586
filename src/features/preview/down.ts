import { DnxError } from '../../base/errors.ts';
import { quotedName } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import { branchOf } from './branch.ts';
import { databaseOf, findPreviews } from './find.ts';
import { markInDatabase, markInDomain, markOf } from './names.ts';
import { openProject } from './project.ts';
import { lookalikeRow, type Removal, type RemovalOptions, type RemovalRow, removeConfirmed } from './removal.ts';

type DownOptions = RemovalOptions & { readonly branch: string | undefined; readonly if_exists: boolean | undefined };

/** `dnx preview down`: removes the preview of a branch, whatever its age, and what an interrupted one has left of it. */
export async function removePreview(ctx: Context, options: DownOptions, consent: GivenConsent) {
  const branch = await branchOf(ctx.world, options.branch);
  const project = await openProject(ctx, options);
  const mark = markOf(project.owner, branch);
  const found = await findPreviews(ctx, project, mark);
  const [stranger] = found.lookalikes.filter(({ target: { label } }) => mark === (markInDomain(label) ?? markInDatabase(label)));
  const other = found.previews.find((preview) => preview.branch !== branch);
  const [label, reason] = stranger
    ? [stranger.target.label, stranger.why]
    : [other?.place.site.label, `it is that of ${quotedName(other?.branch ?? '')}, which has the same mark`];
  if (label !== undefined)
    throw new DnxError('differences', `${label} is not the preview of ${quotedName(branch)}: ${reason}. Nothing was removed.`);
  const removals: readonly Removal[] = [
    ...found.previews.map((preview) => ({ server: preview.place.server, preview, database: databaseOf(preview, found), why: 'asked for' })),
    ...found.databases
      .filter(({ server }) => !found.previews.some(({ place }) => place.server.id === server.id))
      .map((database) => ({ server: database.server, database, why: 'asked for' })),
  ];
  const why = `No preview of ${quotedName(branch)}.`;
  if (removals.length === 0 && options.if_exists) return { view: message(`${why} Nothing to remove.`, []) as View<readonly RemovalRow[]> };
  if (removals.length === 0) throw new DnxError('not_found', why, { next: [{ command: ['preview', 'list'], why: 'List previews with' }] });
  return removeConfirmed(ctx, project, removals, { options, consent, kept: found.lookalikes.map(lookalikeRow) });
}
