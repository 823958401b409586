import { DnxError } from '../../base/errors.ts';
import { quotedName } from '../../base/text.ts';
import { HOUR } from '../../base/time.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import { siteEndpoint } from '../../platform/follow/readers.ts';
import { targetIds } from '../../platform/names/names.ts';
import { databaseOf, findPreviews } from './find.ts';
import type { Preview, PreviewDatabase, PreviewProject } from './model.ts';
import { deadlineText } from './model.ts';
import { markInDatabase, markInDomain, markOf } from './names.ts';
import { branchOf, openProject } from './project.ts';
import { lookalikeRow, type Removal, type RemovalOptions, type RemovalRow, removeConfirmed, rowOf } from './removal.ts';

/** `dnx preview sweep`: removes previews whose deadline has passed or whose branch is gone, and databases that are left of one. */
export async function sweepPreviews(ctx: Context, options: RemovalOptions, consent: GivenConsent) {
  const project = await openProject(ctx, options);
  // Where the branches cannot be read, nothing goes: it may be the wrong clone.
  await project.heads();
  const now = await clockThere(ctx, project);
  const found = await findPreviews(ctx, project);
  const sites = [...found.previews.map(({ place: { server, site } }) => ({ server, target: site })), ...found.lookalikes];
  const kept = found.lookalikes.map(lookalikeRow);
  const removals: Removal[] = [];
  for (const preview of found.previews) {
    const { server, site } = preview.place;
    const { goes, why } = await verdictOn(preview, project, now());
    if (goes) removals.push({ server, preview, database: databaseOf(preview, found), why });
    else kept.push(rowOf({ server, preview, why }, 'site', site));
  }
  for (const database of found.databases) {
    const { server, mark } = database;
    const own = sites.filter((site) => markInDomain(site.target.label) === mark);
    const [site] = own;
    if (!site) removals.push({ server, database, why: 'it has no site' });
    else if (own.every((one) => one.server.id !== server.id))
      kept.push(rowOf({ server, why: `${site.target.label} on ${site.server.label} has the same mark` }, 'database', database.database));
  }
  const doubt = async (one: Preview | PreviewDatabase) => {
    const { goes, why } = await verdictOn(one, project, now());
    return goes ? undefined : why;
  };
  return removeConfirmed(ctx, project, removals, { options, consent, kept, doubt });
}

/** The time at Deploynix, which created what there is: with a clock that is ahead, everything here would be overdue. */
async function clockThere({ api, clock }: Pick<Context, 'api' | 'clock'>, { base }: PreviewProject): Promise<() => number> {
  const { headers } = await api.send(siteEndpoint, targetIds(base));
  const ahead = clock.now() - Date.parse(headers.date ?? '');
  return () => clock.now() - (ahead || 0);
}

/** Whether a preview, or a database without a site, goes although nobody names it, and why. */
async function verdictOn(found: Preview | PreviewDatabase, { heads }: PreviewProject, now: number) {
  const young = youth(found.createdAt, now);
  if ('database' in found) return { goes: young === undefined, why: young ?? 'it has no site' };
  const { branch, deadline } = found;
  const branches = await heads();
  if (deadline !== undefined && deadline <= now) return { goes: true, why: `overdue since ${deadlineText(deadline)}` };
  if (branches.has(branch)) return { goes: false, why: deadline === undefined ? 'its branch exists' : `until ${deadlineText(deadline)}` };
  return { goes: young === undefined, why: young === undefined ? 'its branch is gone' : `its branch is gone, but ${young}` };
}

/** An `up` may still be at work on what is this young. */
function youth(createdAt: number | undefined, now: number): string | undefined {
  if (createdAt === undefined) return 'Deploynix does not say when it was created';
  return now - createdAt < HOUR ? 'it is younger than an hour' : undefined;
}

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
