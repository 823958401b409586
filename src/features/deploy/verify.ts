import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { NetworkFault, type Transport } from '../../machine/world.ts';
import { liveOf, type Release } from './judge.ts';
import type { Verification } from './options.ts';
import { requestRollback } from './request.ts';
import { nameOf, type Report, reportOf } from './result.ts';
import type { Remembered } from './runs.ts';
import { type DeployContext, type SiteReference, type Snapshot, siteCommand } from './snapshot.ts';
import { followRun } from './watch.ts';

/** A rollback must be possible before anything is deployed. */
export function refuseUnverifiable({ rollback }: Verification, { site, releases }: Snapshot, of: SiteReference): void {
  const possible = liveOf(releases) && site.zero_downtime_enabled !== false;
  if (!rollback || possible) return;
  throw usage(`${of.site.label} has no release to go back to, so nothing was deployed.`, undefined, {
    command: siteCommand('enable-zero-downtime', of),
    why: 'A rollback needs zero-downtime releases. Leave --rollback-on-fail out, or see',
  });
}

interface Deployed {
  readonly run: Remembered;
  readonly report: Report;
  readonly before: Snapshot;
  readonly verification: Verification;
  readonly timeoutMs: number | undefined;
}

/** Verifies a deployment that succeeded, and rolls it back where that is wanted and needed. */
export async function verifyDeployment(ctx: DeployContext, deployed: Deployed): Promise<Report> {
  const { run, report, before, verification } = deployed;
  const { result } = report;
  const name = run.run.site.label;
  const began = ctx.clock.elapsed();
  const finish = (outcome: 'succeeded' | 'failed' | 'rolled_back', reason: string | null): Report => {
    const duration = (result.duration_s ?? 0) + Math.round((ctx.clock.elapsed() - began) / 1000);
    const finished = { ...result, outcome, finished_at: new Date(ctx.clock.now()).toISOString(), duration_s: duration };
    run.change({ result: finished, reason });
    return reportOf(run.run, finished, reason);
  };

  run.change({ reason: UNVERIFIED });
  const close = ctx.ci.group(`Verify ${name}`);
  const why = await orStopped(report, () => verify(ctx, verification, { name, release: result.release })).finally(close);
  if (typeof why === 'object') return why;
  if (why === undefined) {
    ctx.progress.note(`${name} passes verification.`);
    return finish('succeeded', null);
  }
  ctx.progress.warn(`${name} fails verification: ${why}.`);
  const back = liveOf(before.releases);
  if (!verification.rollback || !back) return finish('failed', `it was deployed, but fails verification: ${why}`);
  const again = await orStopped(report, () => rollBack(ctx, deployed, back));
  if (typeof again === 'object') return again;
  if (again !== undefined) return finish('failed', `it fails verification (${why}), and so does the rollback to ${nameOf(back)}: ${again}`);
  return finish('rolled_back', `to ${nameOf(back)}, for it fails verification: ${why}`);
}

/** What is said of a deployment whose verification did not come to an end. */
const UNVERIFIED = 'it was not verified to the end';

/** Rolls back and verifies that too. Answers why it is not good; undefined: it is. */
async function rollBack(
  ctx: DeployContext,
  { run, before, verification, timeoutMs }: Deployed,
  back: Release,
): Promise<string | undefined> {
  const { run: of } = run;
  const name = of.site.label;
  const close = ctx.ci.group(`Roll ${name} back to ${nameOf(back)}`);
  try {
    const { failure } = await followRun(ctx, await requestRollback(ctx, of, before, back), { timeoutMs });
    if (isStop(failure)) throw failure;
    return failure ? failure.message : await verify(ctx, verification, { name, release: nameOf(back) });
  } finally {
    close();
  }
}

/** Ctrl-C or a refusal while verifying: the deployment itself is done, and the command still fails. */
async function orStopped(report: Report, work: () => Promise<string | undefined>): Promise<string | undefined | Report> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    return { result: { ...report.result, outcome: 'unknown' }, failure: error };
  }
}

type Needs = Pick<Context, 'clock' | 'signal' | 'progress' | 'world'>;

const PAUSE_MS = 2_000;
const LONGEST_BODY = 1_000_000;

/** Requests the site itself, without any token, and runs the user's own command. Answers why it is not good; undefined: it is. */
async function verify(ctx: Needs, verification: Verification, site: { name: string; release: string | null }): Promise<string | undefined> {
  const base = verification.url ?? `https://${site.name}`;
  const why = verification.path === undefined ? undefined : await poll(ctx, verification, new URL(verification.path, base).href);
  return why ?? (verification.command === undefined ? undefined : runCommand(ctx, verification.command, { base, ...site }));
}

async function poll(ctx: Needs, verification: Verification, url: string): Promise<string | undefined> {
  const { clock, signal, progress, world } = ctx;
  const transport = await world.connect();
  const started = clock.elapsed();
  try {
    for (let passes = 0; ; ) {
      const why = await probe(transport, url, verification, signal);
      passes = why === undefined ? passes + 1 : 0;
      progress.step(
        `${url}: ${why ?? `good (${passes} of ${verification.passes})`}`,
        () => `${Math.round((clock.elapsed() - started) / 1000)} s`,
      );
      if (passes >= verification.passes) return undefined;
      if (clock.elapsed() - started + PAUSE_MS > verification.withinMs) return `${url} ${why ?? 'was not good for long enough'}`;
      await clock.sleep(PAUSE_MS, signal);
    }
  } finally {
    progress.done();
    await transport.close();
  }
}

/** One answer of the site: why it is not good. It gets nothing of ours but the request. */
async function probe(transport: Transport, url: string, { expect, body }: Verification, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await transport.request({ method: 'GET', url, headers: { accept: '*/*', 'user-agent': 'dnx' }, signal });
    let text = '';
    for await (const chunk of response.body) {
      if (text.length < LONGEST_BODY) text += Buffer.from(chunk).toString('utf8');
    }
    if (response.status !== expect) return `answered ${response.status} instead of ${expect}`;
    return body === undefined || text.includes(body) ? undefined : `does not show “${body}”`;
  } catch (error) {
    if (error instanceof NetworkFault) return `did not answer: ${error.message}`;
    throw error;
  }
}

async function runCommand(
  { world, progress }: Needs,
  command: string,
  { name, base, release }: { name: string; base: string; release: string | null },
): Promise<string | undefined> {
  const [file, ...args] = world.platform === 'win32' ? ['cmd', '/d', '/s', '/c', command] : ['sh', '-c', command];
  // The token is for Deploynix alone.
  const { DNX_TOKEN: _token, ...env } = world.env;
  progress.note(`Verifying ${name} with: ${command}`);
  const go = progress.hold();
  try {
    const code = await world.spawn({
      file: file ?? 'sh',
      args,
      env: { ...env, DNX_SITE_URL: base, DNX_RELEASE: release ?? '' },
      output: 'stderr',
    });
    return code === 0 ? undefined : `“${command}” ended with ${code}`;
  } catch (error) {
    if (isError(error, 'usage')) return error.message;
    throw error;
  } finally {
    go();
  }
}
