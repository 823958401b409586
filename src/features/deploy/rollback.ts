import { cancelled, DnxError, type Next, usage } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import { inTime, within } from '../../platform/follow/rules.ts';
import { describe } from './describe.ts';
import { followRun } from './follow-run.ts';
import { reportOf } from './outcome.ts';
import { announced, MIGRATIONS, pickRelease, placed } from './pick.ts';
import { previousOf, usable } from './previous.ts';
import { liveOf, type Release, wordFor } from './release.ts';
import { requestRollback } from './request.ts';
import { nameOf, type Report, resultOf } from './result.ts';
import {
  type DeployContext,
  rollbackCommand,
  type SiteReference,
  type Snapshot,
  siteCommand,
  siteReference,
  snapshotBefore,
  snapshotNamed,
} from './snapshot.ts';

/** The options of `dnx rollback`. */
export interface RollbackValues {
  /** A release's name or id. */
  readonly to: string | undefined;
  readonly yes: boolean | undefined;
  readonly wait: boolean | undefined;
}

/** Makes an earlier release live, and follows until it is. */
export async function rollback(outer: DeployContext, { to, yes, wait }: RollbackValues): Promise<Report> {
  const job = `the rollback of ${siteReference(outer.targets).site.label}`;
  const before = await inTime(snapshotBefore(outer, true), job);
  const of = siteReference(outer.targets, before?.site.domain);
  if (!before) throw none(of);
  const left = outer.deadline - outer.clock.elapsed();
  const choice = await chosen(outer, of, before, { to, yes });
  // A prompt does not count towards --timeout, and the site may have changed during it.
  const ctx = yes ? outer : { ...outer, ...within(outer, left) };
  const now = yes ? before : await inTime(snapshotNamed(ctx), job);
  const live = liveOf(now.releases);
  const target = yes ? choice : again(of, now.releases ?? [], live, choice);
  const run = await inTime(requestRollback(ctx, of, now, target), job);
  const { started_at } = run.run;
  const undo = live && rollbackCommand(of, wordFor(live, now.releases ?? []));
  if (wait === false) {
    const result = resultOf(of, { started_at, outcome: 'started', release: nameOf(target) });
    const next = [{ command: siteCommand('watch', of), why: 'Watch it with' }];
    return { ...reportOf({ kind: 'rollback', ...of }, result, null, { release: target, undo }), next };
  }
  const report = await followRun(ctx, run);
  return report.failure ? report : { ...report, undo };
}

/** Chooses the release to roll back to, with prompts unless `--yes` was given. */
async function chosen(
  ctx: DeployContext,
  of: SiteReference,
  { site, releases: kept }: Snapshot,
  { to, yes }: Omit<RollbackValues, 'wait'>,
): Promise<Release> {
  const releases = kept ?? [];
  const live = liveOf(releases);
  if (site.zero_downtime_enabled === false) throw keepsNone(of);
  const picks = to === undefined && !yes;
  if (picks && usable(releases, live).length === 0) throw none(of);
  const target = picks
    ? await pickRelease(ctx, of, releases, live)
    : to === undefined
      ? previous(of, releases, live)
      : named(of, releases, live, to);
  ctx.progress.note(announced(of, live, target));
  ctx.progress.note(MIGRATIONS);
  if (!yes && !(await ctx.ask.confirm(`Roll back ${placed(of)}?`))) throw cancelled();
  return target;
}

/** The release with this id, or the only one with this name. */
function named(of: SiteReference, releases: readonly Release[], live: Release | undefined, to: string): Release {
  const [found, ...others] = releases.some(({ id }) => id === to)
    ? releases.filter(({ id }) => id === to)
    : releases.filter(({ name }) => name === to);
  if (found && others.length > 0) {
    const rows = [found, ...others].map((each) => `\n  ${each.id}  ${describe(each)}`);
    throw new DnxError('ambiguous', `'${to}' matches ${rows.length} releases:${rows.join('')}`, { hint: 'Use the id.' });
  }
  if (!found) {
    const near = nearest(
      to,
      usable(releases, live).map(({ name }) => name),
    );
    const meant = near === undefined ? '' : ` Did you mean ${near}?`;
    throw new DnxError('not_found', `Release '${to}' not found.${meant}`, { next: [seeReleases(of)] });
  }
  if (found === live) throw alreadyLive(of, found);
  return found;
}

/** The chosen release as it is now. Its name may mean another one by now, and it may have failed. */
function again(of: SiteReference, releases: readonly Release[], live: Release | undefined, chosen: Release): Release {
  const found = releases.find(({ id }) => id === chosen.id);
  const next = [seeReleases(of)];
  if (!found) throw new DnxError('not_found', `Release ${chosen.name} no longer exists. Nothing was rolled back.`, { next });
  if (found === live) throw alreadyLive(of, found);
  // Whoever named a failed release got what they asked for.
  if (found.phase !== chosen.phase && !usable(releases, live).includes(found))
    throw new DnxError('differences', `Release ${found.name} is “${found.word}” now. Nothing was rolled back.`, { next });
  return found;
}

/** The release before the live one. Fails if that is uncertain. */
function previous(of: SiteReference, releases: readonly Release[], live: Release | undefined): Release {
  const { release, doubt } = previousOf(releases, live);
  if (doubt) throw usage(`${doubt}. Nothing was rolled back.`, 'Choose a release with --to.', seeReleases(of));
  if (!release) throw none(of);
  return release;
}

const alreadyLive = (of: SiteReference, { name }: Release): DnxError =>
  new DnxError('differences', `Release ${name} is already live.`, { next: [seeReleases(of)] });

const none = (of: SiteReference): DnxError =>
  new DnxError('not_found', `${of.site.label} has no earlier release to roll back to.`, { next: [seeReleases(of)] });

const keepsNone = (of: SiteReference): DnxError =>
  new DnxError('not_found', `${of.site.label} does not keep releases, so it cannot be rolled back.`, {
    next: [{ command: siteCommand('enable-zero-downtime', of), why: 'Turn on zero-downtime releases first' }],
  });

const seeReleases = (of: SiteReference): Next => ({ command: siteCommand('releases', of), why: 'See' });
