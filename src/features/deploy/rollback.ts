import { DnxError, type Next, usage } from '../../base/errors.ts';
import { shownTime } from '../../base/time.ts';
import { inTime } from '../../platform/follow/rules.ts';
import { followRun } from './follow-run.ts';
import { isGoing, isOlder, liveOf, type Release } from './release.ts';
import { requestRollback } from './request.ts';
import { nameOf, type Report, resultOf } from './result.ts';
import { type DeployContext, type SiteReference, siteCommand, siteReference, snapshotBefore } from './snapshot.ts';

/** What `dnx rollback` was given. */
export interface RollbackValues {
  /** A release's name or id. */
  readonly to: string | undefined;
  readonly yes: boolean | undefined;
  readonly wait: boolean | undefined;
}

/** Makes an earlier release live and follows until it is. */
export async function rollback(ctx: DeployContext, { to, yes, wait }: RollbackValues): Promise<Report> {
  const undone = `${siteReference(ctx.targets).site.label} was not rolled back`;
  const before = await inTime(snapshotBefore(ctx, true), undone);
  const of = siteReference(ctx.targets, before?.site.domain);
  const { label } = of.site;
  const releases = before?.releases ?? [];
  const live = liveOf(releases);
  const asks = to === undefined && !yes && ctx.ask.allowed;
  const target = asks ? await pick(ctx, of, releases, live) : choose(of, releases, live, to);
  if (!before || !target) throw none(of);
  ctx.progress.note(`${label} goes back from ${describe(live)}\nto ${describe(target)}.\nDatabase migrations are not undone.`);
  const run = await inTime(requestRollback(ctx, of, before, target), undone);
  const { started_at } = run.run;
  const started = { result: resultOf(of, { started_at, outcome: 'started', release: nameOf(target) }) };
  const report: Report = wait === false ? started : await followRun(ctx, run);
  if (report.failure || !live) return report;
  const undo = ['rollback', label, '--server', of.server.label, '--to', live.name];
  return { ...report, next: [{ command: undo, why: 'To undo it' }] };
}

const isUsable = (release: Release): boolean => release.phase !== 'bad' && !isGoing(release);

/** `20260318_143200 (4f0c1d2, Fix rounding of VAT, 2026-03-18 14:32 UTC)`. */
function describe(release: Release | undefined): string {
  if (!release) return 'the live release';
  const parts = [release.commit.slice(0, 7), release.message, shownTime(release.created)].filter(Boolean);
  return `${release.name}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

async function pick(ctx: DeployContext, of: SiteReference, releases: readonly Release[], live: Release | undefined): Promise<Release> {
  const others = releases.filter((each) => each !== live && isUsable(each));
  if (others.length === 0) throw none(of);
  ctx.progress.note(`Live now: ${live ? describe(live) : 'not known'}`);
  return ctx.ask.select(
    'Which release shall be live?',
    others.map((value) => ({ name: describe(value), value })),
  );
}

function choose(of: SiteReference, releases: readonly Release[], live: Release | undefined, to: string | undefined): Release | undefined {
  if (to === undefined) return previous(of, releases, live);
  const chosen = releases.find(({ id }) => id === to) ?? releases.find(({ name }) => name === to);
  if (!chosen) throw none(of, to);
  if (chosen === live) throw new DnxError('differences', `Release ${to} is live already.`, { next: [seeReleases(of)] });
  return chosen;
}

/** The newest usable release before the live one, if that is certain. */
function previous(of: SiteReference, releases: readonly Release[], live: Release | undefined): Release | undefined {
  const others = releases.filter((each) => each !== live && isUsable(each));
  if (others.length === 0 || (!live && others.length === 1)) return undefined;
  if (!live) throw undecided(of, 'Which release is live is not known');
  const [newest, second] = others.filter((each) => isOlder(each, live));
  const tied = others.some(({ at }) => at === live.at) || (newest && newest.at === second?.at);
  if (tied) throw undecided(of, 'Which release came before the live one is not known');
  return newest;
}

const undecided = (of: SiteReference, what: string): DnxError =>
  usage(`${what}, so nothing was rolled back.`, 'Name the release with --to.', seeReleases(of));

const none = (of: SiteReference, to?: string): DnxError => {
  const { label } = of.site;
  const message = to === undefined ? `${label} keeps no release before the live one.` : `${label} keeps no release ${to}.`;
  return new DnxError('not_found', message, { next: [seeReleases(of)] });
};

const seeReleases = (of: SiteReference): Next => ({ command: siteCommand('releases', of), why: 'See which there are with' });
