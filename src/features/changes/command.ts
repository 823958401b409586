import { DnxError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Result } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { inProgress } from '../deploy/release.ts';
import { readReleases, readSite, siteReference } from '../deploy/snapshot.ts';
import { type Changes, changesOf } from './changes.ts';
import { differs, shown } from './show.ts';

interface Options {
  readonly fetch: boolean | undefined;
  readonly exit_code: boolean | undefined;
}

/** `dnx changes`. */
export async function changes(
  ctx: Pick<Context, 'api' | 'ask' | 'clock' | 'progress' | 'settings' | 'world'>,
  targets: Targets,
  { fetch, exit_code }: Options,
): Promise<Result> {
  const [site, releases] = await Promise.all([readSite(ctx, siteReference(targets)), readReleases(ctx, siteReference(targets))]);
  const of = siteReference(targets, site.domain);
  const found = await changesOf(ctx, { of, site, releases, fetch });
  const view = shown(found, ctx);
  const going = releases && inProgress(releases).length > 0;
  const note = going ? `A deployment of ${found.site} is in progress. This compares the release that is live now.` : undefined;
  return { view, ...(note !== undefined && { note }), ...(exit_code && { exit: verdictOf(found)?.withHint(note) }) };
}

/** How `--exit-code` ends; undefined if everything is known and equal. */
function verdictOf(found: Changes): DnxError | undefined {
  if (differs(found)) return new DnxError('differences', `The next deployment of ${found.site} would bring changes.`);
  return found.unknown.length > 0 ? new DnxError('failed', 'Not everything is known, and nothing known differs.') : undefined;
}
