import { DnxError, isStop } from '../../base/errors.ts';
import { statusOf } from '../../base/status.ts';
import { utcOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { continues, type Following, type FollowReading, follow } from '../../platform/follow/follow.ts';
import { type Baseline, baselineOf, isInstallation, newSince, reportsWork, type Site, standingOf, timesOf } from './baseline.ts';
import { dueMs, type Evidence, judge, judgeRollback, LAG_MS, type Observation, PATIENCE_MS, type Verdict } from './judge.ts';
import { isAmbiguous, isInProgress, keepsNoReleases, liveRelease, type Release, releaseBeforeLive } from './release.ts';
import { type DeployReport, type DeployResult, deployReport, deployResult } from './result.ts';
import { baselineOfRun, type Run, recallRuns, type SavedRun } from './run-file.ts';
import {
  type DeployContext,
  REQUESTS_OF_A_POLL,
  readReleases,
  readSite,
  rollbackCommand,
  type SiteFollower,
  siteCommand,
  takeSnapshot,
} from './site.ts';

/** Follows a run to its end and saves the result. If the wait ends early, it can be resumed. `resumed`: it may have ended already. */
export async function followRun(ctx: DeployContext, saved: SavedRun, resumed = false): Promise<DeployReport> {
  const { run } = saved;
  const followed = {
    what: run.site.label,
    job: run.kind === 'deploy' ? 'deployment' : 'rollback',
    resume: { command: siteCommand('watch', run), why: 'Resume with' },
  };
  try {
    const baseline = run.baseline ?? (await readBaseline(ctx, saved, followed));
    const poll = runPoll(ctx, saved, baseline, resumed);
    const { verdict, status, elapsedMs } = await follow(ctx, { ...followed, ...poll, immediately: resumed });
    const last = poll.last();
    const other = verdict?.outcome === 'succeeded' ? otherCommit(ctx, run, verdict.release) : undefined;
    const result = deployResult(run, {
      ...(timesSaid(run, verdict, last, baseline) ?? timesSeen(ctx, run, verdict, resumed ? undefined : elapsedMs)),
      status,
      outcome: other === undefined ? (verdict?.outcome ?? 'timed_out') : 'failed',
      release: verdict?.release?.name ?? null,
      live: liveRelease(last?.releases)?.name ?? null,
    });
    const reason = other === undefined ? (verdict?.reason ?? null) : `it went live, but ${other}`;
    // What two deployments show together says nothing about one.
    const shown = verdict?.outcome === 'superseded' ? {} : poll.shown();
    if (verdict) saved.change({ result, reason, ...shown, ...(last && { ended: baselineOf(last.site, last.releases) }) });
    const { release } = verdict ?? {};
    const report = deployReport(run, result, reason, {
      release,
      live: liveRelease(last?.releases),
      undo: undoOf(run, verdict, last),
      timeoutMs: ctx.timeoutMs,
    });
    const next = [{ command: rollbackCommand(run), why: 'Roll back with' }];
    return other === undefined ? report : { ...report, other, failure: report.failure?.with({ next }) };
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    const outcome = isStop(error) ? 'started' : 'unknown';
    return { result: deployResult(run, { started_at: run.started_at, outcome }), failure: error };
  }
}

type Times = Pick<DeployResult, 'started_at' | 'finished_at' | 'duration_s'>;

/** When a deployment began and ended as the API says, whenever dnx saw it. */
function timesSaid({ kind }: Run, verdict: Verdict | undefined, last: Observation | undefined, baseline: Baseline): Times | undefined {
  const times = kind === 'deploy' && verdict?.release && last ? timesOf(verdict.release, last.site, baseline) : undefined;
  if (!times) return undefined;
  const { began, ended } = times;
  return { started_at: timestamp(began), finished_at: timestamp(ended), duration_s: Math.round((ended - began) / 1000) };
}

/** The same as dnx saw it. `elapsedMs`: since the request, if it was followed from there. */
function timesSeen(
  { clock }: DeployContext,
  { attached, started_at: asked }: Run,
  verdict: Verdict | undefined,
  elapsedMs?: number,
): Times {
  const created = utcOf(verdict?.release?.created);
  const started_at = attached && created !== undefined && Date.parse(created) < Date.parse(asked) ? created : asked;
  const ms = attached ? undefined : elapsedMs;
  return {
    started_at,
    finished_at: verdict ? timestamp(clock.now()) : null,
    duration_s: Math.round((ms ?? Math.max(0, clock.now() - Date.parse(started_at))) / 1000),
  };
}

const timestamp = (ms: number): string => new Date(ms).toISOString();

function otherCommit({ progress }: DeployContext, { planned }: Run, release: Release | null): string | undefined {
  if (planned === undefined) return undefined;
  const commit = release?.commit.toLowerCase() ?? '';
  if (!/^[0-9a-f]{7,}$/.test(commit)) {
    progress.warn('The API does not say which commit was deployed, so it was not compared with the plan.');
    return undefined;
  }
  return planned.startsWith(commit) ? undefined : `it deployed commit ${commit.slice(0, 7)}, not ${planned.slice(0, 7)} as planned`;
}

async function readBaseline(ctx: DeployContext, saved: SavedRun, followed: Pick<Following<Verdict>, 'job' | 'resume'>): Promise<Baseline> {
  const snapshot = await takeSnapshot(ctx, saved.run).catch((error: unknown) => {
    throw error instanceof DnxError ? continues(error, followed) : error;
  });
  const baseline = baselineOfRun(saved.run, snapshot);
  saved.change({ baseline });
  return baseline;
}

/** The command that undoes a deployment; undefined unless the previous release is certain. */
function undoOf(run: Run, verdict: Verdict | undefined, last: Observation | undefined): readonly string[] | undefined {
  if (run.kind !== 'deploy' || verdict?.outcome !== 'succeeded' || (last && keepsNoReleases(last.site))) return undefined;
  const { release } = releaseBeforeLive(last?.releases ?? [], liveRelease(last?.releases));
  return release && rollbackCommand(run);
}

/** Polls a run. Reads the releases only while the site reports no work in progress. */
function runPoll(ctx: DeployContext, saved: SavedRun, baseline: Baseline, resumed: boolean) {
  const { run } = saved;
  const work = watchShown(ctx, run, resumed);
  const evidence: Evidence = { ...evidenceOf(run, baseline, resumed), wouldShow: work.wouldShow };
  const follower = ctx.sites?.follower(ctx, run);
  const reads = releaseReads(ctx, baseline, evidence);
  let shown: Pick<FollowReading<Verdict>, 'status' | 'words'> | undefined;
  let last: Observation | undefined;
  const began = ctx.clock.elapsed();
  const read = async (): Promise<FollowReading<Verdict>> => {
    const site = await work.read(() => follower?.read() ?? readSite(ctx, run, { retry: false }));
    const standing = standingOf(baseline, site);
    const readable = baseline.releases !== null && (standing !== 'going' || isAmbiguous(statusOf(site)));
    if (readable && !reads.areDue(site)) {
      shown ??= { status: statusOf(site) ?? 'unknown', words: standing === 'idle' ? 'queued' : undefined };
      return { ...shown, dueMs: dueMs(evidence, ctx.clock.elapsed()) };
    }
    const isWanted = readable || (ctx.observe !== undefined && baseline.releases !== null);
    const releases = isWanted ? await readReleases(ctx, run, { retry: false }) : null;
    reads.note(site);
    last = { site, releases, at: ctx.clock.elapsed() };
    ctx.observe?.(last);
    // No response is that stale.
    if (last.at - began >= 2 * LAG_MS) evidence.sawUnfinished = true;
    // A deployment that was requested before ours may have begun after it.
    if (run.sent_at !== undefined) evidence.blurred = ctx.clock.now() - Date.parse(run.started_at) < PATIENCE_MS;
    const verdict = verdictOf(run, baseline, evidence, last);
    if (evidence.going && !saved.run.going) saved.change({ going: true });
    const fresh = newSince(baseline, releases);
    const status = (verdict ? undefined : fresh.find(isInProgress)?.word) ?? statusOf(site) ?? 'unknown';
    // An unchanged state is that of the previous deployment.
    const queued = !verdict && standing === 'idle' && fresh.length === 0 && !evidence.going;
    shown = { status, words: queued ? 'queued' : undefined };
    return { ...shown, verdict, dueMs: dueMs(evidence, last.at) };
  };
  /** `last`: the last poll that got a response. */
  return { sleep: pausing(ctx, run, resumed, follower), read, last: () => last, shown: work.shown };
}

/** The pauses between polls. If the rate limit is shared, the first one ends when a deployment of the site usually does. */
function pausing({ api, clock, deadline, signal }: DeployContext, { usual_ms = 0 }: Run, resumed: boolean, follower?: SiteFollower) {
  const sleep = follower?.sleep ?? ((ms: number) => clock.sleep(ms, signal));
  let isFirst = !resumed;
  return async (ms: number) => {
    const backoff = await api.backoff(REQUESTS_OF_A_POLL);
    const left = Math.max(0, deadline - clock.elapsed());
    // The times of the API may mean something else.
    const usual = isFirst && (follower || backoff > 0) ? Math.min(usual_ms, left / 2) : 0;
    isFirst = false;
    // The polls that sites share wait for their turn themselves.
    await sleep(Math.min(Math.max(ms, usual, follower ? 0 : backoff), left));
  };
}

/**
 * Decides whether the releases are worth a request. With several sites: only if the site changed, if a verdict may be due, and now and
 * then, because not every platform shows work on the site.
 */
function releaseReads({ sites, clock }: DeployContext, baseline: Baseline, evidence: Evidence) {
  const keyOf = (site: Partial<Site> | Baseline) =>
    JSON.stringify([statusOf({ ...site }) ?? null, site.last_deployed_at ?? null, site.updated_at ?? null]);
  let last = { key: keyOf(baseline), at: clock.elapsed(), againMs: LAG_MS };
  return {
    areDue(site: Site): boolean {
      const waitMs = Math.min(last.againMs, dueMs(evidence, last.at) ?? last.againMs);
      return !sites || keyOf(site) !== last.key || clock.elapsed() - last.at >= waitMs;
    },
    /** Call this after a read, and whenever the site reports work in progress. */
    note(site: Site): void {
      last = { key: keyOf(site), at: clock.elapsed(), againMs: sites?.between() ?? 0 };
    },
  };
}

function evidenceOf({ going, attached, asked, blurred, requested_at }: Run, baseline: Baseline, resumed: boolean): Evidence {
  const foreign = attached && isInstallation(baseline.status);
  const siteWorked = attached ? baseline.idle === false : going;
  const since = requested_at === undefined ? undefined : Date.parse(requested_at);
  return {
    going: going || attached,
    siteWorked,
    sawUnfinished: resumed,
    settledAt: undefined,
    blurred,
    since,
    maybeNotSent: !asked,
    foreign,
  };
}

const verdictOf = (run: Run, baseline: Baseline, evidence: Evidence, observation: Observation): Verdict | undefined =>
  run.to === null
    ? judge(baseline, evidence, observation)
    : judgeRollback(baseline, { to: run.to, commit: run.commit ?? null }, evidence, observation);

/** How many deployments of a site have to agree. */
const ENOUGH = 3;

/** For how long each of the last three deployments of a site showed, in ms; 0 if one did not, or there are fewer. */
function leastShownMs(ctx: Context, { host, site }: Run): number {
  const times = recallRuns(ctx).flatMap(({ run }) => (run.host === host && run.site.id === site.id ? (run.shown_ms ?? []) : []));
  return times.length < ENOUGH ? 0 : Math.min(...times.slice(0, ENOUGH));
}

/** Watches how a deployment shows on its site. Only one that is followed from its request tells something. */
function watchShown(ctx: Context, run: Run, resumed: boolean) {
  const isWhole = run.kind === 'deploy' && run.asked && !run.attached && !run.blurred && !resumed;
  // Read only for a deployment that does not show at once.
  let leastMs: number | undefined;
  // The monotonic clock stops while the computer sleeps.
  const times = () => [ctx.clock.elapsed(), ctx.clock.now()] as const;
  let [asked, longestMs, shownMs] = [times(), 0, 0];
  let first: number | undefined;
  return {
    async read(send: () => Promise<Site>): Promise<Site> {
      const sent = times();
      const site = await send();
      const now = times();
      longestMs = Math.max(longestMs, now[0] - asked[0], now[1] - asked[1]);
      asked = sent;
      if (reportsWork(site, [])) {
        first ??= now[0];
        shownMs = now[0] - first;
      }
      return site;
    },
    /** True if a deployment that had begun would have been seen: they all show, for longer than the polls were apart. */
    wouldShow(): boolean {
      leastMs ??= isWhole ? leastShownMs(ctx, run) : 0;
      return longestMs + LAG_MS <= leastMs;
    },
    /** For how long it showed, at least. */
    shown: () => (isWhole ? { shown_ms: shownMs } : {}),
  };
}
