import { setMaxListeners } from 'node:events';
import { DnxError, isStop, usage } from '../../base/errors.ts';
import { inParallel } from '../../base/parallel.ts';
import type { Consent, Context } from '../../cli/language/command.ts';
import { columns, ending, rows } from '../../cli/output/view.ts';
import { errorOf } from '../../cli/run/several.ts';
import type { Origin } from '../../machine/settings/host.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import type { Located, Target, Targets } from '../../platform/names/names.ts';
import { linkConsent } from '../link/confirmation.ts';
import { deploySite } from './deploy-site.ts';
import { type DeployValues, deployOptions, readsSiteFirst, refuseContradictions, type Verification, verificationOf } from './options.ts';
import { commandResult, type DeployReport, type DeployResult, deployColumns, deployResult } from './result.ts';
import { type DeployContext, siteCommand, siteReference } from './site.ts';

/** `dnx deploy`. With --all the result is a list, even for a single site. */
export async function deploy(outer: DeployContext & { readonly all: readonly Targets[] }, values: DeployValues) {
  const { all } = outer;
  if (all.length === 0) throw usage('Nothing to deploy: there are no sites.');
  refuseContradictions(values);
  const canary = canaryOf(all, values);
  const verification = verificationOf(values);
  if (outer.recorder) {
    const inOrder = canary ? [canary, ...all.filter((targets) => targets !== canary)] : all;
    return (await import('../changes/dry-run.ts')).recordDeployments(outer, inOrder, values, verification);
  }
  if (all.length > 1 || values.all) return deploySeveral(outer, all, values, { verification, canary });
  const close = outer.ci.group(`Deploy ${outer.targets.site?.label}`);
  return commandResult(await deploySite(outer, values, verification).finally(close), outer, values.url);
}

/** Deploys a site as a step of another command. */
export function deployNow(ctx: Context, targets: Located, outer: Partial<DeployValues>) {
  const unset = Object.fromEntries(Object.keys(deployOptions).map((key) => [key, undefined])) as unknown as DeployValues;
  return deploy({ ...ctx, ...within(ctx, allowanceOf(outer)), targets, all: [targets] }, { ...unset, ...outer });
}

/** How many sites are deployed at a time. */
const MOST_AT_A_TIME = 20;

/** How many sites of a server are deployed at a time without --concurrency, and of all servers with --max-failures. */
const FEW_AT_A_TIME = 4;

/** Deploys several sites, a few at a time. Reports are in the given order; whatever happens to one site, the others have theirs. */
async function deploySeveral(
  outer: DeployContext,
  all: readonly Targets[],
  values: DeployValues,
  { verification, canary }: { readonly verification: Verification | undefined; readonly canary: Targets | undefined },
) {
  const { max_failures = Number.POSITIVE_INFINITY } = values;
  // The more run at a time, the more fail before it is known.
  const { concurrency = values.max_failures === undefined ? undefined : FEW_AT_A_TIME } = values;
  if (concurrency !== undefined && (concurrency < 1 || concurrency > MOST_AT_A_TIME))
    throw usage(`--concurrency must be between 1 and ${MOST_AT_A_TIME}.`);
  // Each request and each pause listens to it; Node warns about more than ten.
  setMaxListeners(0, outer.signal);
  const { SharedSites } = await import('./shared-sites.ts');
  const sites = new SharedSites(outer, all);
  const ctx = { ...outer, ...(all.length > 1 && { sites }) };
  let failures = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let isCanaryBroken = false;
  const isOver = () => failures >= max_failures || isCanaryBroken || ctx.signal.aborted;

  /** Starts a site once the rate limit has room for its requests up to the POST: the state before it must not get old. */
  const start = async (targets: Targets) => {
    const requests = requestsFor(values);
    if (!isOver()) await ctx.api.room(requests, () => sites.outstanding(requests), allowanceOf(values));
    if (isOver()) return undefined;
    const inner = { ...ctx, ...within(ctx, allowanceOf(values)), targets };
    return { inner, ...sites.enter(siteReference(targets), inner.deadline) };
  };
  const deployInTurn = async (targets: Targets): Promise<DeployReport> => {
    const starting = turn.then(() => start(targets));
    // What was read of the first one tells how many others use the rate limit.
    turn = starting.then((started) => (targets === (canary ?? all[0]) ? started?.begun : undefined)).catch(() => {});
    try {
      const started = await starting;
      return started ? await deployOneOf(started.inner, values, verification).finally(started.leave) : skippedReport(targets);
    } catch (error) {
      return ctx.signal.aborted ? skippedReport(targets) : stoppedReport(targets, error, null);
    }
  };
  const deployCounted = async (targets: Targets) => {
    const report = targets === canary ? await first : await deployInTurn(targets);
    if (report?.failure) failures += 1;
    return report ?? skippedReport(targets);
  };
  const close = ctx.ci.group(`Deploy ${all.length} sites`);
  const first = canary && (await deployInTurn(canary));
  isCanaryBroken = first?.failure !== undefined;
  const reports = new Map<Targets, DeployReport>();
  await inTurns(all, concurrency, async (targets) => reports.set(targets, await deployCounted(targets))).finally(close);
  return severalResult(
    ctx,
    all,
    all.map((targets) => reports.get(targets) ?? skippedReport(targets)),
  );
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

/** The site of --canary, which must be one of several. */
function canaryOf(all: readonly Targets[], { canary: word }: DeployValues): Targets | undefined {
  if (word === undefined) return undefined;
  if (all.length < 2) throw usage('--canary needs several sites.');
  const [canary, ...others] = all.filter(
    ({ site, server }) =>
      site && [site.id, site.label, `${server?.label}/${site.label}`].some((name) => name.toLowerCase() === word.toLowerCase()),
  );
  if (!canary) throw usage(`--canary must be one of the sites, not '${word}'.`);
  if (others.length > 0)
    throw usage(`--canary '${word}' means ${others.length + 1} sites.`, `Use ${canary.server?.label}/${canary.site?.label}.`);
  return canary;
}

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
      cell: ({ outcome }) => (outcome === 'not_started' ? null : outcome) ?? 'not started',
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
  const leftOut = notStarted > 0;
  const stopped = failed.find(({ failure }) => isStop(failure))?.failure ?? (leftOut && reason instanceof DnxError ? reason : undefined);
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

/** The number of requests that start one deployment. The guard takes up to three: variables, repository and server. */
const requestsFor = (values: DeployValues): number =>
  (readsSiteFirst(values) ? 3 : 1) + (values.guard ? (readsSiteFirst(values) ? 3 : 5) : 0);

/** What a deployment asks first: if the link file wants it, or for every site of a server. */
export async function deployConsent(ctx: Context, all: readonly Targets[], values: DeployValues): Promise<Consent | undefined> {
  refuseContradictions(values);
  return (await linkConsent(ctx, all, 'Deploy')) ?? (values.all ? wholeConsent(ctx, all) : undefined);
}

/** What else than the command line may name a server. */
const originWords: Readonly<Partial<Record<Origin, string>>> = {
  environment: 'DNX_SERVER',
  'link file': 'the link file',
  profile: 'the profile',
};

/** `w1`, or `w1 (from DNX_SERVER)`. */
function serverWords({ id, label }: Target, { server, origins }: Context['settings']): string {
  const origin = server === id || server === label ? originWords[origins.server ?? 'option'] : undefined;
  return origin === undefined ? label : `${label} (from ${origin})`;
}

function wholeConsent({ ask, progress, settings }: Context, all: readonly Targets[]): Consent | undefined {
  const [server] = all.map((targets) => targets.server);
  if (!server) return undefined;
  const count = new Set(all.map((targets) => targets.server?.id)).size;
  const names = all.map((targets) => (count === 1 ? targets.site?.label : `${targets.server?.label}/${targets.site?.label}`) ?? '');
  const place = count === 1 ? `of ${serverWords(server, settings)}` : `on ${count} servers`;
  if (ask.allowed) progress.note([`Every site ${place}:`, ...names.map((name) => `  ${name}`)].join('\n'));
  return {
    level: 'moderate',
    action: `Deploy all ${all.length} sites ${place}`,
    ...(!ask.allowed && { warning: `--all would deploy ${all.length} sites ${place}: ${names.join(', ')}.` }),
  };
}
