import { setMaxListeners } from 'node:events';
import { DnxError, isStop, usage } from '../../base/errors.ts';
import { columns, ending, type Result, rows, type View } from '../../cli/output/view.ts';
import { allowanceOf, within } from '../../platform/follow/follow.ts';
import type { Targets } from '../../platform/names/names.ts';
import { type DeployValues, readsSiteFirst } from './options.ts';
import { type DeployReport, type DeployResult, deployColumns, deployResult } from './result.ts';
import { SharedSites } from './shared-sites.ts';
import { type DeployContext, siteCommand, siteReference } from './snapshot.ts';

const AT_A_TIME = 4;
const MOST_AT_A_TIME = 20;

/** Deploys one site. */
type DeployOne = (ctx: DeployContext, values: DeployValues) => Promise<DeployReport>;

/** Deploys several sites, a few at a time. Reports are in the given order. */
export async function deploySeveral(
  ctx: DeployContext,
  all: readonly Targets[],
  values: DeployValues,
  deployOne: DeployOne,
): Promise<{ readonly all: readonly DeployReport[]; readonly view: Result }> {
  const { concurrency = AT_A_TIME, max_failures: limit = Number.POSITIVE_INFINITY } = values;
  if (concurrency < 1 || concurrency > MOST_AT_A_TIME) throw usage(`--concurrency must be between 1 and ${MOST_AT_A_TIME}.`);
  const done: DeployReport[] = [];
  let next = 0;
  let failures = 0;
  // Each request and each pause listens to it; Node warns about more than ten.
  setMaxListeners(0, ctx.signal);
  const sites = new SharedSites(ctx, all);
  const each = { ...ctx, ...(all.length > 1 && { sites }) };
  const enter = entering(each, sites, values, () => failures >= limit || ctx.signal.aborted);

  const worker = async () => {
    while (next < all.length) {
      const index = next++;
      const targets = all[index] ?? {};
      const entry = await enter(targets);
      const report = entry
        ? await one(entry.inner, (branch) => deployOne(branch, values)).finally(entry.leave)
        : notStarted(targets, ctx.signal);
      if (report.failure) failures += 1;
      done[index] = report;
    }
  };
  const close = ctx.ci.group(`Deploy ${all.length} sites`);
  await Promise.all(Array.from({ length: Math.min(concurrency, all.length) }, worker)).finally(close);
  return { all: done, view: view(ctx, all, done) };
}

/** Lets sites start in turn, when the rate limit has room for the requests up to the POST: the state before it must not get old. */
function entering(ctx: DeployContext, sites: SharedSites, values: DeployValues, isOver: () => boolean) {
  const requests = requestsFor(values);
  let last: Promise<unknown> = Promise.resolve();
  const enter = async (targets: Targets) => {
    try {
      if (!isOver()) await ctx.api.room(requests, () => sites.outstanding(requests));
    } catch (error) {
      if (!ctx.signal.aborted) throw error;
    }
    if (isOver()) return undefined;
    const inner = { ...ctx, ...within(ctx, allowanceOf(values)), targets };
    return { inner, leave: sites.enter(siteReference(targets), inner.deadline) };
  };
  /** Returns undefined if the site is not started any more. */
  return (targets: Targets) => {
    const entry = last.then(() => enter(targets));
    last = entry;
    return entry;
  };
}

/** Deploys one of several sites without prompts. Turns a failure into a report. */
async function one(ctx: DeployContext, work: (inner: DeployContext) => Promise<DeployReport>): Promise<DeployReport> {
  const { ask, ci, targets } = ctx;
  const progress = ctx.progress.branch();
  const inner = { ...ctx, ask: { ...ask, allowed: false }, progress, ci: { ...ci, group: () => () => {} } };
  const report = await work(inner).catch((error: unknown): DeployReport => {
    if (!(error instanceof DnxError)) throw error;
    return { result: unstarted(targets), failure: error };
  });
  progress.done();
  if (isStop(report.failure)) return report;
  if (report.failure) ctx.progress.failed(withName(report.failure.message, targets), report.failure.details);
  else ctx.progress.succeeded(report.done ?? `${targets.site?.label}: ${report.result.outcome}`);
  return report;
}

/** Prefixes a message with the site, unless it contains it. */
const withName = (message: string, { site }: Targets): string =>
  !site || message.includes(site.label) ? message : `${site.label}: ${message}`;

const unstarted = ({ site, server }: Targets): DeployResult =>
  deployResult({ site: site ?? { label: '' }, server: server ?? { label: '' } }, { outcome: null });

/** The report of a skipped site. */
function notStarted(targets: Targets, { aborted }: AbortSignal): DeployReport {
  const why = aborted ? 'dnx was interrupted' : 'too many other sites failed';
  return { result: unstarted(targets), failure: new DnxError('partial', `${targets.site?.label} was not deployed: ${why}.`) };
}

function view({ settings, signal: { reason }, world }: DeployContext, all: readonly Targets[], done: readonly DeployReport[]): Result {
  const failed = done.filter(({ failure }) => failure);
  const items = done.map(({ result, failure }): DeployResult & { error?: { code: string; message: string } } =>
    failure ? { ...result, error: { code: failure.code, message: failure.message } } : result,
  );
  const person = settings.format === 'table' && world.stdout.isTTY === true;
  const others = deployColumns.filter(({ key }) => {
    if (person && key !== 'server' && done.every(({ result }) => result[key as keyof DeployResult] === null)) return false;
    return key !== 'outcome' && key !== 'status' && key !== 'site';
  });
  const shown = [...columns<DeployResult>('site', { key: 'outcome', cell: ({ outcome }) => outcome ?? 'not started' }), ...others];
  const leftOut = done.some(({ result, failure }) => result.outcome === null && failure?.code === 'partial');
  const stopped = done.find(({ failure }) => isStop(failure))?.failure ?? (leftOut && reason instanceof DnxError ? reason : undefined);
  const open = all.filter((_, index) => done[index]?.result.outcome === 'started').map((targets) => siteReference(targets));
  const failure = stopped
    ? stopped.withHint(
        'The deployments that were started continue.',
        ...open.map((of) => ({ command: siteCommand('watch', of), why: 'Resume with' })),
      )
    : failed.length > 0
      ? new DnxError('partial', `${failed.length} of ${done.length} sites failed`, {
          next: failed.flatMap(({ failure }) => failure?.next ?? []),
        })
      : undefined;
  return { view: ending(rows(items, shown, '')), exit: failure, next: done.flatMap(({ next = [] }) => next) };
}

/**
 * The number of requests that start one deployment. Another branch takes two more: its repository, and the change. The guard takes
 * up to three: variables, repository and server.
 */
const requestsFor = (values: DeployValues): number =>
  (values.branch !== undefined ? 5 : readsSiteFirst(values) ? 3 : 1) + (values.guard ? (readsSiteFirst(values) ? 3 : 5) : 0);

/** The number of requests of one deployment without following it. Restoring the branch takes two. */
export const requestsInAll = (values: DeployValues): number => requestsFor(values) + (values.branch === undefined ? 0 : 2);

/** The rows of --dry-run: the sites and the number of requests. */
export const planned = (all: readonly Targets[], values: DeployValues) => {
  const { branch } = values;
  const more = { ...(branch !== undefined && { branch }), requests: requestsInAll(values) };
  return all.map(({ site, server }) => ({ site: site?.label, server: server?.label, ...more }));
};

/** The result of --dry-run. */
export function plan(all: readonly Targets[], values: DeployValues): View {
  const keys = ['site', 'server', ...(values.branch === undefined ? [] : ['branch' as const]), 'requests'] as const;
  return rows(planned(all, values), columns<ReturnType<typeof planned>[number]>(...keys), '');
}
