import { DnxError, isError } from '../../base/errors.ts';
import { phaseOf } from '../../base/status.ts';
import { andList, quotedName } from '../../base/text.ts';
import { shownTimeIn, utcOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { nullable, objectOf, oneOf, type Printed, word } from '../../cli/language/shape.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import { called } from '../../platform/names/names.ts';
import { openWebsite } from '../open/open.ts';
import type { TimeReader } from '../overview/overview.ts';
import { databaseOf, findPreviews } from './find.ts';
import type { FoundPreviews, Preview, PreviewProject } from './model.ts';
import { deadlineText } from './model.ts';
import { markOf, previewUrl } from './names.ts';
import { branchOf, openProject } from './project.ts';

/** `orphaned`: its branch is gone. `unmarked`: it has no DNX_PREVIEW. */
const states = ['up', 'creating', 'failed', 'overdue', 'orphaned', 'unmarked'] as const;

/** A preview in a list. */
export const listedPreview = objectOf({
  branch: word,
  site: word,
  url: nullable(word),
  server: word,
  state: oneOf(...states),
  /** Null if the API shows nothing that tells. */
  deadline: nullable(word),
  created_at: nullable(word),
  database: nullable(word),
});
type ListedPreview = Printed<typeof listedPreview>;

const tones = { up: 'green', creating: 'yellow', failed: 'red', overdue: 'yellow', orphaned: 'yellow', unmarked: 'yellow' } as const;

const columnsOf = (reader: TimeReader) =>
  columns<ListedPreview>(
    'branch',
    { key: 'state', tone: ({ state }) => tones[state] },
    'server',
    'url',
    { key: 'deadline', title: 'Until', cell: ({ deadline }) => (deadline === null ? '' : shownTimeIn(deadline, reader)) },
    { key: 'database', wide: true },
    { key: 'site', data: true },
    { key: 'created_at', wide: true },
  );

/** `dnx preview list`. */
export async function listPreviews(
  ctx: Context,
  { from }: { readonly from?: string | undefined },
): Promise<Result<readonly ListedPreview[]>> {
  const project = await openProject(ctx, { from });
  const found = await findPreviews(ctx, project);
  const heads = await project.heads().catch((error: unknown) => {
    if (!isError(error)) throw error;
    ctx.progress.warn(`Cannot tell which branches are gone. ${error.message}`);
    return undefined;
  });
  for (const { kind, server, target, why } of found.lookalikes)
    ctx.progress.warn(`The ${called(kind, target)} on ${server.label} does not count as a preview: ${why}.`);
  const now = ctx.clock.now();
  const listed = found.previews.map((preview) => listedAs(preview, stateOf(preview, now, heads), found, project));
  const left = found.databases.filter(({ mark }) => !found.previews.some((preview) => preview.mark === mark));
  const isSwept = left.length > 0 || listed.some(({ state }) => state === 'overdue' || state === 'orphaned');
  return {
    view: rows(listed, columnsOf({ now, terminal: ctx.world.stdout.isTTY === true }), `No previews of ${project.base.site.label}.`, [
      'preview',
      'up',
    ]),
    ...(left.length > 0 && { note: `Left of previews: ${andList(left.map((one) => `${one.database.label} on ${one.server.label}`))}` }),
    ...(isSwept && { next: [{ command: ['preview', 'sweep', '--dry-run'], why: 'See what a sweep would remove' }] }),
  };
}

/** How a preview is. What a sweep would remove comes first. Without `heads`, no branch counts as gone. */
function stateOf(
  { branch, deadline, record, site }: Preview,
  now: number,
  heads: ReadonlyMap<string, string> | undefined,
): (typeof states)[number] {
  if (heads && !heads.has(branch)) return 'orphaned';
  if (deadline !== undefined && deadline <= now) return 'overdue';
  const phase = phaseOf(site.status);
  if (phase === 'bad') return 'failed';
  if (phase === 'going' && !site.last_deployed_at) return 'creating';
  return record === 'none' ? 'unmarked' : 'up';
}

function listedAs(preview: Preview, state: ListedPreview['state'], found: FoundPreviews, { settings }: PreviewProject): ListedPreview {
  const { branch, place, site, deadline } = preview;
  return {
    branch,
    site: place.site.label,
    url: previewUrl(place.site.label, settings) ?? null,
    server: place.server.label,
    state,
    deadline: deadline === undefined ? null : deadlineText(deadline),
    created_at: utcOf(site.created_at) ?? null,
    database: databaseOf(preview, found)?.database.label ?? null,
  };
}

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
