import { DnxError, isError, orError } from '../../../base/errors.ts';
import type { JsonObject } from '../../../base/json.ts';
import { wordOf } from '../../../base/text.ts';
import { duration, HOUR, timeOf } from '../../../base/time.ts';
import type { Context } from '../../../cli/language/command.ts';
import { variablesEndpoint } from '../../env/variables.ts';
import { isOwned, isPreview, markOfSite } from '../../preview/names.ts';
import { openProject } from '../../preview/project.ts';
import { saidIn } from '../../preview/record.ts';
import type { AuditPlace } from '../finding.ts';
import type { Ledger, ListReader } from '../ledger.ts';

/** A site that is a preview. */
export interface AuditedPreview {
  readonly place: AuditPlace;
  readonly site: JsonObject;
}

interface PreviewAudit {
  readonly reader: ListReader;
  readonly ledger: Ledger;
  readonly now: number;
  readonly previews: AuditedPreview[];
}

const SWEEP = ['preview', 'sweep'];

/** Checks the variables of a preview, and collects it. */
export async function auditPreview(site: JsonObject, place: AuditPlace, { reader, ledger, now, previews }: PreviewAudit): Promise<void> {
  if (!isPreview(site)) return;
  const isOld = now - (timeOf(site.created_at) ?? now) > HOUR;
  // A younger one may still be on its way.
  if (isOld) previews.push({ place, site });
  const variables = await reader(variablesEndpoint, place, ['preview-overdue', 'preview-unmarked']);
  if (!variables) return;
  const said = saidIn(variables);
  const late = typeof said === 'object' ? now - said.deadline : 0;
  const overdue = { message: `The deadline of this preview passed ${duration(late)} ago`, fix: SWEEP };
  const fix = ['preview', 'up', wordOf(site.branch)];
  const unmarked = { message: 'This preview was never finished: it has no DNX_PREVIEW', fix };
  ledger.found('preview-overdue', place, late > 0 ? [overdue] : []);
  ledger.found('preview-unmarked', place, said === 'none' && isOld ? [unmarked] : []);
}

/** Checks whether the previews of this project have a branch. Elsewhere, nobody can tell. */
export async function auditBranches(ctx: Context, { ledger, previews }: Pick<PreviewAudit, 'ledger' | 'previews'>): Promise<void> {
  if (previews.length === 0 || !ctx.settings.link?.hasPreviews) return;
  const project = await orError(openProject(ctx));
  if (isError(project, 'usage', 'not_found')) return;
  const heads = project instanceof DnxError ? project : await orError(project.heads());
  for (const { place, site } of previews) {
    if (!(project instanceof DnxError) && !isOwned(markOfSite(site), project.owner)) continue;
    const orphaned = { message: `The branch ${wordOf(site.branch)} of this preview is gone`, fix: SWEEP };
    if (heads instanceof DnxError) ledger.unchecked(place, ['preview-orphaned'], { reason: heads.message, error: heads });
    else ledger.found('preview-orphaned', place, heads.has(wordOf(site.branch)) ? [] : [orphaned]);
  }
}
