import { DnxError, type Next } from '../../base/errors.ts';
import { phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { shownTime } from '../../base/time.ts';
import { isGoing, liveOf, type Release } from './judge.ts';
import { requestRollback } from './request.ts';
import { nameOf, type Report, resultOf } from './result.ts';
import { type DeployContext, type SiteReference, siteCommand, siteReference, snapshotBefore } from './snapshot.ts';
import { followRun } from './watch.ts';

/** What `dnx rollback` was given. */
export interface RollbackValues {
  /** A release's name or id. */
  readonly to: string | undefined;
  readonly yes: boolean | undefined;
  readonly wait: boolean | undefined;
  readonly timeout: number | undefined;
}

/** Makes an earlier release live and follows until it is. */
export async function rollback(ctx: DeployContext, { to, yes, wait, timeout }: RollbackValues): Promise<Report> {
  const before = await snapshotBefore(ctx, siteReference(ctx.targets), true);
  const of = siteReference(ctx.targets, before?.site.domain);
  const { label } = of.site;
  const releases = before?.releases ?? [];
  const live = liveOf(releases);
  const asks = to === undefined && !yes && ctx.ask.allowed;
  const target = asks ? await pick(ctx, of, releases, live) : choose(of, releases, live, to);
  if (!before || !target) throw none(of);
  ctx.progress.note(`${label} goes back from ${describe(live)}\nto ${describe(target)}.\nDatabase migrations are not undone.`);
  const run = await requestRollback(ctx, of, before, target);
  const { started_at } = run.run;
  const started = { result: resultOf(of, { started_at, outcome: 'started', release: nameOf(target) }) };
  const report: Report = wait === false ? started : await followRun(ctx, run, { timeoutMs: timeout });
  if (report.failure || !live) return report;
  const undo = ['rollback', label, '--server', of.server.label, '--to', nameOf(live) ?? ''];
  return { ...report, next: [{ command: undo, why: 'To undo it' }] };
}

const isUsable = (release: Release): boolean => phaseOf(release.status) !== 'bad' && !isGoing(release);

/** `20260318_143200 (4f0c1d2, Fix rounding of VAT, 2026-03-18 14:32 UTC)`. */
function describe(release: Release | undefined): string {
  if (!release) return 'nothing';
  const parts = [wordOf(release.commit_hash).slice(0, 7), release.commit_message, shownTime(release.created_at)].filter(Boolean);
  return `${nameOf(release)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

async function pick(ctx: DeployContext, of: SiteReference, releases: readonly Release[], live: Release | undefined): Promise<Release> {
  const others = releases.filter((each) => each !== live && isUsable(each));
  if (others.length === 0) throw none(of);
  ctx.progress.note(`Live now: ${describe(live)}`);
  return ctx.ask.select(
    'Which release shall be live?',
    others.map((value) => ({ name: describe(value), value })),
  );
}

function choose(of: SiteReference, releases: readonly Release[], live: Release | undefined, to: string | undefined): Release | undefined {
  if (to === undefined) return releases.filter(isUsable).find((each) => !live || isOlder(each, live, releases));
  const chosen = releases.find(({ id, name }) => String(id) === to || name === to);
  if (!chosen) throw none(of, to);
  if (chosen === live) throw new DnxError('differences', `Release ${to} is live already.`, { next: [seeReleases(of)] });
  return chosen;
}

/** The list is newest first. */
const isOlder = (one: Release, other: Release, releases: readonly Release[]): boolean => releases.indexOf(one) > releases.indexOf(other);

const none = (of: SiteReference, to?: string): DnxError => {
  const { label } = of.site;
  const message = to === undefined ? `${label} keeps no release before the live one.` : `${label} keeps no release ${to}.`;
  return new DnxError('not_found', message, { next: [seeReleases(of)] });
};

const seeReleases = (of: SiteReference): Next => ({ command: siteCommand('releases', of), why: 'See which there are with' });
