import { cancelled, DnxError, type Next, usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { ago } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { allowanceOf, inTime, within } from '../../platform/api/deadline.ts';
import type { Located } from '../../platform/names/names.ts';
import { followRun } from './follow-run.ts';
import {
  describeRelease,
  failedSince,
  keepsNoReleases,
  liveRelease,
  type Release,
  releaseBeforeLive,
  releaseWord,
  shortened,
  usableReleases,
} from './release.ts';
import { requestRollback, sendRollback } from './request.ts';
import { commandResult, type DeployReport, deployReport, deployResult } from './result.ts';
import {
  type DeployContext,
  rollbackCommand,
  type Snapshot,
  siteCommand,
  sitePlace,
  siteReference,
  snapshotBefore,
  snapshotNamed,
} from './site.ts';

type RollbackValues = Given<{ to: string; yes: boolean; wait: boolean }>;

/** `dnx rollback`: makes an earlier release live, and follows until it is. */
export async function rollback(outer: DeployContext, values: RollbackValues) {
  return commandResult(await rollBack(outer, values), outer);
}

/** Rolls back a site to a release as a step of another command. */
export function rollbackNow(
  ctx: Context,
  targets: Located,
  outer: Pick<RollbackValues, 'to' | 'wait'> & { readonly timeout: number | undefined },
) {
  const inner = { ...ctx, ...within(ctx, allowanceOf(outer)), targets };
  return rollback(inner, { ...outer, yes: true });
}

async function rollBack(outer: DeployContext, { to, yes, wait }: RollbackValues): Promise<DeployReport> {
  const job = `the rollback of ${siteReference(outer.targets).site.label}`;
  const before = await inTime(snapshotBefore(outer, true), job);
  const siteRef = siteReference(outer.targets, before?.site.domain);
  if (!before) throw none(siteRef);
  const left = outer.deadline - outer.clock.elapsed();
  const choice = await chosen(outer, siteRef, before, to, yes);
  // A prompt does not count towards --timeout, and the site may have changed during it.
  const ctx = yes ? outer : { ...outer, ...within(outer, left) };
  const now = yes ? before : await inTime(snapshotNamed(ctx), job);
  const live = liveRelease(now.releases);
  const target = yes ? choice : again({ siteRef, releases: now.releases ?? [], live }, choice);
  if (ctx.recorder) await recordRollback(ctx, siteRef, live, target);
  const saved = await inTime(requestRollback(ctx, siteRef, now, target), job);
  const { started_at } = saved.run;
  const undo = live && rollbackCommand(siteRef, releaseWord(live, now.releases ?? []));
  if (wait === false) {
    const result = deployResult(siteRef, { started_at, outcome: 'started', release: target.name, live: live?.name ?? null });
    const next = [{ command: siteCommand('watch', siteRef), why: 'Watch it with' }];
    return { ...deployReport({ kind: 'rollback', ...siteRef }, result, null, { release: target, undo }), next };
  }
  const report = await followRun(ctx, saved);
  return report.failure ? report : { ...report, undo };
}

async function recordRollback({ api, recorder }: DeployContext, siteRef: Located, live: Release | undefined, target: Release) {
  const details = [...movedFrom(live, target), ['note', MIGRATIONS]] as const;
  recorder?.about({ live: live ? { release: live.name } : null, target: target.name }, details);
  await sendRollback(api, siteRef, target);
}

interface Choice {
  readonly siteRef: Located;
  readonly releases: readonly Release[];
  readonly live: Release | undefined;
}

async function chosen(
  ctx: DeployContext,
  siteRef: Located,
  { site, releases }: Snapshot,
  to: string | undefined,
  yes: boolean | undefined,
): Promise<Release> {
  const live = liveRelease(releases);
  const choice = { siteRef, releases: releases ?? [], live };
  if (keepsNoReleases(site)) throw keepsNone(siteRef);
  const target = to !== undefined ? named(choice, to) : yes ? previous(choice) : await pickRelease(ctx, choice);
  // The plan of a dry run has both.
  if (!ctx.recorder) {
    const lines = movedFrom(live, target).map(([label, words]) => `\n  ${label.padEnd(4)}  ${words}`);
    ctx.progress.note(`Rolling back ${sitePlace(siteRef)}${lines.join('')}`);
    ctx.progress.note(MIGRATIONS);
  }
  if (!yes && !(await ctx.ask.confirm(`Roll back ${sitePlace(siteRef)}?`))) throw cancelled();
  return target;
}

function named({ siteRef, releases, live }: Choice, to: string): Release {
  const byId = releases.filter(({ id }) => id === to);
  const [found, ...others] = byId.length > 0 ? byId : releases.filter(({ name }) => name === to);
  if (found && others.length > 0) {
    const rows = [found, ...others].map((item) => `\n  ${item.id}  ${describeRelease(item)}`);
    throw new DnxError('ambiguous', `'${to}' matches ${rows.length} releases:${rows.join('')}`, { hint: 'Use the id.' });
  }
  if (!found) {
    const names = usableReleases(releases, live).map(({ name }) => name);
    throw refusal('not_found', siteRef, `Release '${to}' not found.${didYouMean(to, names)}`);
  }
  if (found === live) throw alreadyLive(siteRef, found);
  return found;
}

/** The chosen release as it is now. Its name may mean another one by now, and it may have failed. */
function again({ siteRef, releases, live }: Choice, chosen: Release): Release {
  const found = releases.find(({ id }) => id === chosen.id);
  if (!found) throw refusal('not_found', siteRef, `Release ${chosen.name} no longer exists. Nothing was rolled back.`);
  if (found === live) throw alreadyLive(siteRef, found);
  // Whoever named a failed release got what they asked for.
  if (found.phase !== chosen.phase && !usableReleases(releases, live).includes(found))
    throw refusal('differences', siteRef, `Release ${found.name} is “${found.word}” now. Nothing was rolled back.`);
  return found;
}

/** The release before the live one. Fails if that is uncertain, and after a failed deployment, which left the one before it live. */
function previous({ siteRef, releases, live }: Choice): Release {
  const { release, doubt } = releaseBeforeLive(releases, live);
  const failed = failedSince(live, releases);
  if (live && failed) throw stillLive(siteRef, live, failed, release && releaseWord(release, releases));
  if (doubt) throw usage(`${doubt}. Nothing was rolled back.`, 'Choose a release with --to.', seeReleases(siteRef));
  if (!release) throw none(siteRef);
  return release;
}

const alreadyLive = (siteRef: Located, { name }: Release): DnxError => refusal('differences', siteRef, `Release ${name} is already live.`);

const stillLive = (siteRef: Located, live: Release, failed: Release, before: string | undefined): DnxError =>
  new DnxError('differences', `${neverLive(failed)}, so ${live.name} is still live. Nothing was rolled back.`, {
    next: before === undefined ? [seeReleases(siteRef)] : [{ command: rollbackCommand(siteRef, before), why: 'Go one further back with' }],
  });

const neverLive = ({ name }: Release): string => `Release ${name} failed and never went live`;

const none = (siteRef: Located): DnxError => refusal('not_found', siteRef, `${siteRef.site.label} has no earlier release to roll back to.`);

const keepsNone = (siteRef: Located): DnxError =>
  new DnxError('not_found', `${siteRef.site.label} does not keep releases, so it cannot be rolled back.`, {
    next: [{ command: siteCommand('enable-zero-downtime', siteRef), why: 'Turn on zero-downtime releases first' }],
  });

const refusal = (code: 'not_found' | 'differences', siteRef: Located, message: string): DnxError =>
  new DnxError(code, message, { next: [seeReleases(siteRef)] });

const seeReleases = (siteRef: Located): Next => ({ command: siteCommand('releases', siteRef), why: 'See' });

async function pickRelease({ ask, clock, progress, world }: DeployContext, { siteRef, releases, live }: Choice): Promise<Release> {
  if (usableReleases(releases, live).length === 0) throw none(siteRef);
  const { release: previous } = releaseBeforeLive(releases, live);
  const others = usableReleases(releases, live).filter((release) => release !== previous);
  const shown = previous ? [previous, ...others] : others;
  const failed = failedSince(live, releases);
  if (live) progress.note(`Live: ${describeRelease(live)}`);
  if (failed) progress.warn(`${neverLive(failed)}.`);
  const room = (world.stderr.columns || 80) - POINTER;
  return ask.select(
    `Roll back ${sitePlace(siteRef)} to:`,
    shown.map((value) => {
      const age = value.at === undefined ? '' : `  ${ago(String(value.at), clock.now())}`;
      const end = `${age}${value === previous ? '  (previous)' : ''}`;
      const name = `${shortened(describeRelease(value), room - end.length)}${end}`;
      return { name, short: value.name, value, ...(value.message !== '' && { description: shortened(value.message, MOST_BELOW) }) };
    }),
  );
}

/** What stands before a choice and after it. */
const POINTER = 3;
const MOST_BELOW = 72;

const movedFrom = (live: Release | undefined, target: Release) =>
  [
    ['from', live ? describeRelease(live) : 'the live release'],
    ['to', describeRelease(target)],
  ] as const;

const MIGRATIONS = 'Database migrations are not undone.';
