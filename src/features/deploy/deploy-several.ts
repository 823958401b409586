import { setMaxListeners } from 'node:events';
import { DnxError, isStop, usage } from '../../base/errors.ts';
import { inParallel } from '../../base/parallel.ts';
import { columns, ending, rows } from '../../cli/output/view.ts';
import { errorOf } from '../../cli/run/several.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import type { Targets } from '../../platform/names/names.ts';
import { deploySite } from './deploy-site.ts';
import { type DeployValues, readsSiteFirst, type Verification } from './options.ts';
import { type DeployReport, type DeployResult, deployColumns, deployResult } from './result.ts';
import { SharedSites } from './shared-sites.ts';
import { type DeployContext, siteCommand, siteReference } from './site.ts';

/** How many sites are deployed at a time. */
const MOST_AT_A_TIME = 20;

/** How many sites of a server are deployed at a time without --concurrency, and of all servers with --max-failures. */
const FEW_AT_A_TIME = 4;

interface Several {
  readonly verification: Verification | undefined;
  readonly canary: Targets | undefined;
}

/** Deploys several sites, a few at a time, the canary before the others. Reports are in the given order; whatever happens to one site, the others have theirs. */
export async function deploySeveral(
  outer: DeployContext,
  all: readonly Targets[],
  values: DeployValues,
  { verification, canary }: Several,
) {
  const concurrency = concurrencyOf(values);
  // Each request and each pause listens to it; Node warns about more than ten.
  setMaxListeners(0, outer.signal);
  const sites = new SharedSites(outer, all);
  const ctx = { ...outer, ...(all.length > 1 && { sites }) };
  let mostFailures = values.max_failures ?? Number.POSITIVE_INFINITY;
  let failures = 0;
  const starts = openStarts(ctx, sites, values, () => failures >= mostFailures || ctx.signal.aborted);
  const reports = new Map<Targets, DeployReport>();
  const deployNext = async (targets: Targets) => {
    const report = await starts
      .next(targets)
      .then((started) => (started ? deployOneOf(started.ctx, values, verification).finally(started.leave) : skippedReport(targets)))
      .catch((error: unknown) => (ctx.signal.aborted ? skippedReport(targets) : stoppedReport(targets, error, null)));
    if (report.failure) failures += 1;
    reports.set(targets, report);
  };
  const close = ctx.ci.group(`Deploy ${all.length} sites`);
  if (canary) await deployNext(canary);
  if (failures > 0) mostFailures = 0;
  await inTurns(
    all.filter((targets) => targets !== canary),
    concurrency,
    deployNext,
  ).finally(close);
  return severalResult(
    ctx,
    all,
    all.map((targets) => reports.get(targets) ?? skippedReport(targets)),
  );
}

/** How many sites are deployed at a time, of all servers; undefined for a few of each. The more run at a time, the more fail before it is known. */
function concurrencyOf({ max_failures, concurrency = max_failures === undefined ? undefined : FEW_AT_A_TIME }: DeployValues) {
  if (concurrency !== undefined && (concurrency < 1 || concurrency > MOST_AT_A_TIME))
    throw usage(`--concurrency must be between 1 and ${MOST_AT_A_TIME}.`);
  return concurrency;
}

/** Starts one site after the other, each once the rate limit has room for its requests up to the POST: the state before it must not get old. */
function openStarts(ctx: DeployContext, sites: SharedSites, values: DeployValues, isOver: () => boolean) {
  const requests = requestsFor(values);
  let isFirst = true;
  let turn: Promise<unknown> = Promise.resolve();
  const start = async (targets: Targets) => {
    if (!isOver()) await ctx.api.room(requests, () => sites.outstanding(requests), allowanceOf(values));
    if (isOver()) return undefined;
    const inner = { ...ctx, ...within(ctx, allowanceOf(values)), targets };
    return { ctx: inner, ...sites.enter(siteReference(targets), inner.deadline) };
  };
  return {
    /** The context of its deployment, which ends with `leave`; undefined if no other one is to start. */
    next(targets: Targets) {
      const starting = turn.then(() => start(targets));
      // What was read of the first one tells how many others use the rate limit.
      const begun = isFirst ? starting.then((started) => started?.begun) : starting;
      isFirst = false;
      turn = begun.catch(() => {});
      return starting;
    },
  };
}

/** Runs a function for each site, a few at a time. Those of a server follow one another, because one list serves all that are deployed at once. */
async function inTurns(all: readonly Targets[], concurrency: number | undefined, run: (targets: Targets) => Promise<unknown>) {
  const serverIds = [...new Set(all.map(({ server }) => server?.id))];
  const byServer = serverIds.flatMap((id) => all.filter(({ server }) => server?.id === id));
  const running = new Set<Targets>();
  const runCounted = async (targets: Targets) => {
    running.add(targets);
    await run(targets).finally(() => running.delete(targets));
  };
  const isFree = ({ server }: Targets) =>
    concurrency !== undefined || [...running].filter((other) => other.server?.id === server?.id).length < FEW_AT_A_TIME;
  await inParallel(concurrency === 1 ? all : byServer, runCounted, concurrency ?? MOST_AT_A_TIME, isFree);
}

/** The number of requests that start one deployment. The guard takes up to three: variables, repository and server. */
const requestsFor = (values: DeployValues): number =>
  (readsSiteFirst(values) ? 3 : 1) + (values.guard ? (readsSiteFirst(values) ? 3 : 5) : 0);

/** Deploys one of several sites, without prompts and with its own progress. A failure is a report. */
async function deployOneOf(outer: DeployContext, values: DeployValues, verification: Verification | undefined): Promise<DeployReport> {
  const { ask, ci, targets } = outer;
  const progress = outer.progress.branch();
  const ctx = { ...outer, ask: { ...ask, allowed: false }, progress, ci: { ...ci, group: () => () => {} } };
  const report = await deploySite(ctx, values, verification).catch((error: unknown) => stoppedReport(targets, error, 'unknown'));
  progress.done();
  const { done, failure, result } = report;
  if (isStop(failure)) return report;
  const named = (message: string) => (message.includes(result.site) ? message : `${result.site}: ${message}`);
  if (failure) outer.progress.failed(named(failure.message), failure.details);
  else outer.progress.succeeded(done ?? `${result.site}: ${result.outcome}`);
  return report;
}

/** The report of a site that an error stopped. `after`: the outcome after a bug of dnx, which may have deployed it. */
function stoppedReport({ site, server }: Targets, error: unknown, after: 'unknown' | null): DeployReport {
  const siteRef = { site: site ?? { label: '' }, server: server ?? { label: '' } };
  if (error instanceof DnxError) return { result: deployResult(siteRef, { outcome: null }), failure: error };
  const failure = new DnxError('failed', `A bug in dnx stopped the deployment of ${siteRef.site.label}.`, {
    cause: error,
    next: site && server ? [{ command: siteCommand('watch', { site, server }), why: 'Check it with' }] : [],
  });
  return { result: deployResult(siteRef, { outcome: after }), failure, bug: { error } };
}

/** The report of a site that was not started, which is no failure of its own. */
const skippedReport = ({ site, server }: Targets): DeployReport => ({
  result: deployResult({ site: site ?? { label: '' }, server: server ?? { label: '' } }, { outcome: 'not_started' }),
});

function severalResult({ settings, signal, world }: DeployContext, all: readonly Targets[], reports: readonly DeployReport[]) {
  const items = reports.map(({ result, failure }) => (failure ? { ...result, error: errorOf(failure, settings) } : result));
  const person = settings.format === 'table' && world.stdout.isTTY === true;
  const others = deployColumns.filter(({ key }) => {
    if (person && key === 'live' && items.every(({ live, release }) => live === null || live === release)) return false;
    if (person && key !== 'server' && items.every((result) => result[key as keyof DeployResult] === null)) return false;
    return key !== 'outcome' && key !== 'status' && key !== 'site';
  });
  const shown = [
    ...columns<DeployResult>('site', {
      key: 'outcome',
      cell: ({ outcome }) => (outcome === null || outcome === 'not_started' ? 'not started' : outcome),
    }),
    ...others,
  ];
  const bug = reports.find((report) => report.bug)?.bug;
  return {
    view: ending(rows(items, shown, '')),
    exit: failureOfAll(all, reports, signal),
    next: reports.flatMap(({ next = [] }) => next),
    // Reported once the results are printed.
    ...(bug && { afterwards: () => Promise.reject(bug.error) }),
  };
}

function failureOfAll(all: readonly Targets[], reports: readonly DeployReport[], { reason }: AbortSignal): DnxError | undefined {
  const failed = reports.filter(({ failure }) => failure);
  const notStarted = reports.filter(({ result }) => result.outcome === 'not_started').length;
  const stopped =
    failed.find(({ failure }) => isStop(failure))?.failure ?? (notStarted > 0 && reason instanceof DnxError ? reason : undefined);
  if (stopped) {
    // A request that was sent but not answered says how to check it.
    const isOpen = ({ result, failure }: DeployReport) =>
      result.outcome === 'started' || (isStop(failure) && (failure?.next.length ?? 0) > 0);
    const open = all.filter((_, index) => reports[index] && isOpen(reports[index])).map((targets) => siteReference(targets));
    const next = open.map((siteRef) => ({ command: siteCommand('watch', siteRef), why: 'Resume with' }));
    return stopped.withHint('The deployments that were started continue.', ...next);
  }
  if (failed.length === 0) return undefined;
  const next = failed.flatMap(({ failure }) => failure?.next ?? []);
  const counts =
    notStarted > 0 ? `${failed.length} failed, ${notStarted} not started` : `${failed.length} of ${reports.length} sites failed`;
  return new DnxError('partial', counts, { next });
}
