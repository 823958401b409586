import { exits } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Result } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { readReleases, readSite, siteReference } from '../deploy/snapshot.ts';
import { changesOf } from './changes.ts';
import { differs, shown } from './show.ts';

interface Options {
  readonly fetch: boolean | undefined;
  readonly exit_code: boolean | undefined;
}

/** `dnx changes`. */
export async function changes(
  ctx: Pick<Context, 'api' | 'clock' | 'settings' | 'world'>,
  targets: Targets,
  { fetch, exit_code }: Options,
): Promise<Result> {
  const [site, releases] = await Promise.all([readSite(ctx, siteReference(targets)), readReleases(ctx, siteReference(targets))]);
  const of = siteReference(targets, site.domain);
  const found = await changesOf(ctx, { of, site, releases, fetch });
  const view = shown(found, ctx);
  if (!exit_code) return { view };
  return { view, exit: differs(found) ? exits.differences : found.unknown.length > 0 ? exits.failed : 0 };
}
