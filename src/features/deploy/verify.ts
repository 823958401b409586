import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { childEnv, envWithoutSecrets } from '../../machine/env.ts';
import { NetworkFault, shellCommand, type Transport } from '../../machine/world.ts';
import { inTime, runUntil, transportUntil, within } from '../../platform/api/deadline.ts';
import { type Located, siteUrl } from '../../platform/names/names.ts';
import { type Baseline, newSince, type Site, workInProgress } from './baseline.ts';
import { followRun } from './follow-run.ts';
import { PATIENCE_MS } from './judge.ts';
import type { Verification } from './options.ts';
import { isInProgress, keepsNoReleases, liveRelease, type Release } from './release.ts';
import { requestRollback } from './request.ts';
import { type DeployReport, deployReport } from './result.ts';
import type { SavedRun } from './run-file.ts';
import { type DeployContext, readSite, rollbackCommand, type Snapshot, siteCommand, takeSnapshot } from './site.ts';

/** Fails before the deployment if the site cannot be requested, or --rollback-on-fail would not be possible. */
export function refuseUnverifiable({ path, rollback, url }: Verification, { site, releases }: Snapshot, siteRef: Located): void {
  if (path !== undefined && url === undefined && siteUrl(siteRef.site.label) === undefined)
    throw usage(`'${siteRef.site.label}' has no URL that can be requested. Nothing was deployed.`, 'Use --url.');
  const possible = liveRelease(releases) && !keepsNoReleases(site);
  if (!rollback || possible) return;
  const unmarked = `The API does not say which release of ${siteRef.site.label} is live. Nothing was deployed.`;
  if ((releases ?? []).length > 1 && !keepsNoReleases(site)) throw usage(unmarked, 'Deploy without --rollback-on-fail.');
  throw usage(
    `${siteRef.site.label} has no release to roll back to. Nothing was deployed.`,
    'Deploy without --rollback-on-fail, or turn on zero-downtime releases.',
    { command: siteCommand('enable-zero-downtime', siteRef), why: 'Turn them on with' },
  );
}

interface FinishedRun {
  readonly saved: SavedRun;
  readonly report: DeployReport;
  readonly before: Snapshot;
  readonly verification: Verification;
}

/** The reason in the run file until the verification has finished. */
const UNVERIFIED = 'it went live, but its verification has not finished';

/** Verifies a successful deployment, and rolls back if that fails and is wanted. After an error, the deployment itself is still done. */
export async function verifyDeployment(ctx: DeployContext, finished: FinishedRun): Promise<DeployReport> {
  const { report, saved } = finished;
  saved.change({ result: { ...report.result, outcome: 'unknown' }, reason: UNVERIFIED });
  try {
    return await verifyLive(ctx, finished);
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    const isLate = error.code === 'timed_out';
    const next = isLate && saved.run.reason === UNVERIFIED ? [{ command: rollbackCommand(saved.run), why: 'If it does not work' }] : [];
    return {
      result: { ...report.result, outcome: isLate ? 'timed_out' : 'unknown' },
      failure: error.with({ next: [...error.next, ...next] }),
    };
  }
}

function finishing({ saved, report: { result, release, undo } }: FinishedRun) {
  return (outcome: 'succeeded' | 'failed' | 'superseded' | 'rolled_back', reason: string | null, live?: Release, ended?: Baseline) => {
    const finished = { ...result, outcome, live: live?.name ?? null };
    saved.change({ result: finished, reason, ...(ended && { ended }) });
    return deployReport(saved.run, finished, reason, { release, undo, live });
  };
}

async function verifyLive(ctx: DeployContext, finished: FinishedRun): Promise<DeployReport> {
  const { saved, report, before, verification } = finished;
  const { label: name } = saved.run.site;
  const finish = finishing(finished);
  let why: string | undefined;
  let now: Snapshot | undefined;
  let theirs: ReturnType<typeof otherDeployment>;
  const close = ctx.ci.group(`Verify ${name}`);
  try {
    const then = report.release ? undefined : await readSite(ctx, saved.run);
    why = report.other ?? (await probeSite(ctx, verification, { name, release: report.result.release }));
    // The run file has the failure even if dnx is stopped now.
    if (why !== undefined) finish('failed', brokenSince(why), report.release ?? undefined);
    const timed = why !== undefined && verification.rollback ? late(ctx) : ctx;
    ({ now, theirs } = await recheck(timed, finished, then).catch((error: unknown) => {
      // It failed, whatever else happened since.
      if (why !== undefined && !verification.rollback && isError(error, 'timed_out')) return { now: undefined, theirs: undefined };
      return withoutRollback(error, why);
    }));
  } finally {
    close();
  }
  const live = now ? liveRelease(now.releases) : (report.release ?? undefined);
  if (why !== undefined && theirs) ctx.progress.warn(`${name} failed verification: ${why}.`);
  if (theirs?.live) return finish('superseded', theirs.reason, live);
  if (why === undefined) {
    ctx.progress.note(`${name} passed verification.`);
    return finish('succeeded', null, live);
  }
  const back = liveRelease(before.releases);
  if (!verification.rollback || !back || !now) return finish('failed', brokenSince(why), live);
  if (theirs) return finish('superseded', `${theirs.reason}, so nothing was rolled back`, live);
  if (saved.run.attached)
    return finish('failed', `it was started elsewhere, so it was not rolled back after it failed verification: ${why}`, live);
  const { refusal, again, ended } = await rollBack(late(ctx), finished, now, back);
  if (refusal !== undefined) {
    const left = await takeSnapshot(late(ctx), saved.run).catch(ifFailed);
    return finish('failed', `it failed verification: ${why}; the rollback to ${back.name} failed: ${refusal}`, liveRelease(left?.releases));
  }
  if (again === undefined) return finish('rolled_back', `to ${back.name}: ${why}`, back, ended);
  const first = again === why ? '' : ` (${why})`;
  return finish('failed', `it failed verification${first}, and so did ${back.name} after the rollback: ${again}`, back, ended);
}

function ifFailed(error: unknown): undefined {
  if (!(error instanceof DnxError) || isStop(error)) throw error;
}

const brokenSince = (why: string): string => `it went live but failed verification: ${why}`;

/** Adds to a read error that the deployment failed verification and was not rolled back. */
function withoutRollback(error: unknown, why: string | undefined): never {
  if (why === undefined || !(error instanceof DnxError) || isStop(error)) throw error;
  throw error.withHint(`It failed verification: ${why}. It was not rolled back.`);
}

/** How long a rollback may take if --timeout ends before, in ms. */
const ROLLBACK_MS = 120_000;

/** A context with at least so much time left: the end of --timeout leaves no broken release live. */
const late = (ctx: DeployContext, leastMs = ROLLBACK_MS): DeployContext =>
  ctx.deadline - ctx.clock.elapsed() >= leastMs ? ctx : { ...ctx, ...within(ctx, leastMs), timeoutMs: leastMs };

const PAUSE_MS = 5_000;

/** Checks whether our release is still live. An older live release may be a stale response, so it must persist. */
async function recheck(ctx: DeployContext, finished: FinishedRun, then: Site | undefined) {
  const { before, saved } = finished;
  for (const began = ctx.clock.elapsed(); ; await ctx.clock.sleep(Math.min(PAUSE_MS, ctx.deadline - ctx.clock.elapsed()), ctx.signal)) {
    const now = await takeSnapshot(ctx, saved.run);
    const theirs = otherDeployment(finished, then, now);
    const old = before.releases?.some(({ id }) => id === liveRelease(now.releases)?.id);
    if (!theirs?.live || !old || ctx.clock.elapsed() - began >= PATIENCE_MS) return { now, theirs };
  }
}

/** Someone else's deployment since ours, if any. `live`: it replaced ours. `then`: the site before the verification, if it has no releases. */
function otherDeployment({ before, report }: FinishedRun, then: Site | undefined, now: Snapshot) {
  const ours = report.release;
  const live = liveRelease(now.releases);
  if (ours && live && live.id !== ours.id) return { reason: `release ${live.name} is live instead of ${ours.name}`, live: true };
  const fresh = newSince(before.baseline, now.releases);
  // The oldest new release is ours, even if it was not visible when the deployment was judged.
  const others = ours ? fresh.filter(({ id }) => id !== ours.id) : fresh.slice(0, -1);
  const [other] = others;
  if (other && !live && !isInProgress(other)) return { reason: `release ${other.name} was deployed after it`, live: true };
  if (then && (now.site.last_deployed_at ?? null) !== (then.last_deployed_at ?? null))
    return { reason: 'the site was deployed again', live: true };
  const busy = other ?? workInProgress(now.site, now.releases);
  return busy === undefined ? undefined : { reason: 'another deployment is in progress', live: false };
}

/** Rolls back, and verifies that, too. Follows a rollback whose response was lost. `again`: why the release that is live again failed, too. */
async function rollBack(ctx: DeployContext, { saved, verification }: FinishedRun, now: Snapshot, back: Release) {
  const { run: siteRef } = saved;
  const name = siteRef.site.label;
  const close = ctx.ci.group(`Roll back ${name} to ${back.name}`);
  ctx.progress.note(`${name} failed verification; rolling back to ${back.name}`);
  let lost: DnxError | undefined;
  const request = requestRollback(ctx, siteRef, now, back, (error) => {
    lost = error;
  });
  try {
    const rollback = await inTime(request, `the rollback of ${name}`);
    const { failure } = await followRun(ctx, rollback);
    if (isStop(failure) || failure?.code === 'timed_out') throw failure;
    const timed = late(ctx, verification.withinMs + PAUSE_MS);
    const again = failure ? undefined : await probeSite(timed, verification, { name, release: back.name });
    // The run of the deployment has the result.
    rollback.forget();
    const { ended } = rollback.run;
    return failure ? { refusal: (lost?.status === undefined ? failure : lost).message } : { again, ended };
  } catch (error) {
    // Rejected by the API. After any other error the outcome is unknown.
    if (error instanceof DnxError && error.status !== undefined) return { refusal: error.message };
    throw error;
  } finally {
    close();
  }
}

interface Subject {
  readonly name: string;
  readonly release: string | null;
}

const PROBE_PAUSE_MS = 2_000;
const LONGEST_BODY = 1_000_000;
const LATE = 'did not respond in time';

/** Requests the site, without the token, and runs the user's command. Resolves to the reason for a failure. */
async function probeSite(ctx: Context, verification: Verification, site: Subject): Promise<string | undefined> {
  const { command, path } = verification;
  const base = verification.url ?? siteUrl(site.name);
  const why = path === undefined || base === undefined ? undefined : await probeUntil(ctx, verification, pageOf(base, path), site);
  return why ?? (command === undefined ? undefined : runCommand(ctx, command, { base: base ?? '', ...site }));
}

/** `https://example.com/blog` and `/up` -> `https://example.com/blog/up`. Whatever the path is, its host is that of the base. */
function pageOf(base: string, path: string): string {
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/*$/, '/');
  return new URL(`./${path.replace(/^\//, '')}`, url).href;
}

/** Requests the page until it passes as often as it must. Resolves to the reason for a failure if it does not in time. */
async function probeUntil(ctx: Context, verification: Verification, url: string, { name }: Subject): Promise<string | undefined> {
  const { clock, deadline, settings, signal, progress, world } = ctx;
  const started = clock.elapsed();
  const end = Math.min(started + verification.withinMs, deadline);
  const transport = transportUntil(await world.connect(settings.caFile), clock, end);
  const over = (why: string | undefined) => {
    // Too little time is no failure of the site.
    if (end === deadline && (why === undefined || why === LATE)) throw outOfTime(name);
    const last = why ?? `did not pass ${verification.passes} times in a row`;
    return `${url} ${last}${end === deadline ? ' when --timeout ended' : ''}`;
  };
  try {
    let last: string | undefined;
    for (let passes = 0; ; ) {
      const why = await probe(transport, url, verification, signal, last);
      last = why;
      passes = why === undefined ? passes + 1 : 0;
      progress.step(`${url}: ${why ?? `passed (${passes} of ${verification.passes})`}`, () => duration(clock.elapsed() - started));
      if (passes >= verification.passes) return undefined;
      if (clock.elapsed() + PROBE_PAUSE_MS >= end) return over(why);
      await clock.sleep(PROBE_PAUSE_MS, signal);
    }
  } finally {
    progress.done();
    await transport.close();
  }
}

const outOfTime = (name: string): DnxError => new DnxError('timed_out', `Timed out while verifying ${name}; its release is live`);

/** Requests the site once. Resolves to the reason for a failure; `last` is the previous one. */
async function probe(transport: Transport, url: string, { expect, body }: Verification, signal: AbortSignal, last: string | undefined) {
  try {
    const response = await transport.request({ method: 'GET', url, headers: { accept: '*/*', 'user-agent': 'dnx' }, signal });
    const text = await beginningOf(response.body);
    if (response.status !== expect) return `returned ${response.status} instead of ${expect}`;
    return body === undefined || text.includes(body) ? undefined : `does not contain '${body}'`;
  } catch (error) {
    if (error instanceof NetworkFault) return `did not respond: ${error.message}`;
    if (isError(error, 'timed_out')) return last ?? LATE;
    throw error;
  }
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= LONGEST_BODY) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function runCommand(ctx: Context, command: string, { name, base, release }: Subject & { readonly base: string }) {
  ctx.progress.note(`Verifying ${name} with: ${command}`);
  const env = childEnv(envWithoutSecrets(ctx.world.env), { DNX_SITE_URL: base, DNX_RELEASE: release ?? '' });
  const ended = await runUntil(ctx, { ...shellCommand(command, ctx.world), env }, ctx.deadline, () => outOfTime(name));
  if (isError(ended, 'timed_out')) throw ended;
  if (isError(ended)) return ended.message;
  return ended === 0 ? undefined : `'${command}' exited with code ${ended}`;
}
