import { DnxError, isError, usage } from '../../base/errors.ts';
import { columns, ending, type Result, rows, type View } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { deploy } from './deploy.ts';
import type { DeployValues } from './options.ts';
import { type Deploying, resumeCommand, spotOf } from './place.ts';
import { type DeployResult, deployColumns, type Ended, resultOf } from './result.ts';

const AT_A_TIME = 4;
const MOST_AT_A_TIME = 20;

/** About 40 polls a minute in all, so that the limit of 60 leaves room for the requests that start things. */
const PACE_MS = 1_500;

/** Deploys many sites, a few at a time, and answers with the outcome of each in the order given. */
export async function deploySeveral(
  ctx: Deploying,
  all: readonly Targets[],
  values: DeployValues,
): Promise<{ readonly all: readonly Ended[]; readonly view: Result }> {
  const { concurrency = AT_A_TIME, max_failures: limit = Number.POSITIVE_INFINITY } = values;
  if (concurrency < 1 || concurrency > MOST_AT_A_TIME) throw usage(`--concurrency takes 1 to ${MOST_AT_A_TIME}.`);
  const done: Ended[] = [];
  let next = 0;
  let active = 0;
  let failures = 0;
  const pace = () => (active > 1 ? active * PACE_MS : 0);

  const worker = async () => {
    while (next < all.length) {
      const index = next++;
      const targets = all[index] ?? {};
      if (failures >= limit || ctx.signal.aborted) {
        done[index] = notStarted(targets);
        continue;
      }
      active += 1;
      const ended = await one(ctx, targets, values, pace).finally(() => {
        active -= 1;
      });
      if (ended.failure) failures += 1;
      done[index] = ended;
    }
  };
  const close = ctx.ci.group(`Deploy ${all.length} sites`);
  await Promise.all(Array.from({ length: Math.min(concurrency, all.length) }, worker)).finally(close);
  return { all: done, view: view(ctx, all, done) };
}

/** One of many: nobody is asked, and what goes wrong is a result like any other. */
async function one(ctx: Deploying, targets: Targets, values: DeployValues, pace: () => number): Promise<Ended> {
  const progress = ctx.progress.branch();
  const ask = { ...ctx.ask, allowed: false };
  const label = targets.site?.label;
  const finish = (ended: Ended): Ended => {
    progress.done();
    if (ended.failure) ctx.progress.warn(ended.failure.message);
    else ctx.progress.note(`${label}: ${ended.result.outcome}`);
    return ended;
  };
  try {
    return finish(await deploy({ ...ctx, ask, progress, targets, ci: { ...ctx.ci, group: () => () => {} } }, values, pace));
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    return finish({ result: { ...notStarted(targets).result }, failure: error });
  }
}

const notStarted = ({ site, server }: Targets): Ended => ({
  result: resultOf({ site: site ?? { label: '' }, server: server ?? { label: '' } }, { outcome: null }),
  failure: new DnxError('partial', `${site?.label} was not deployed, for too many others had failed.`),
});

function view(ctx: Deploying, all: readonly Targets[], done: readonly Ended[]): Result {
  const failed = done.filter(({ failure }) => failure);
  const items = done.map(({ result, failure }): DeployResult & { error?: { code: string; message: string } } =>
    failure ? { ...result, error: { code: failure.code, message: failure.message } } : result,
  );
  const shown = [
    ...deployColumns.filter(({ key }) => key !== 'outcome' && key !== 'status'),
    ...columns<DeployResult>({ key: 'outcome', cell: ({ outcome }) => outcome ?? 'not started' }),
  ];
  const stopped = done.find(({ failure }) => isError(failure, 'interrupted', 'terminated'))?.failure;
  const open = done.flatMap(({ result }, index) => (result.outcome === 'started' ? [resumeCommand(ctx, spotOf(all[index] ?? {}))] : []));
  const failure = stopped
    ? stopped.withHint(['The remote work goes on. Follow it with:', ...open].join('\n'))
    : failed.length > 0
      ? new DnxError('partial', `${failed.length} of ${done.length} failed.`)
      : undefined;
  return { view: ending(rows(items, shown, '')), exit: failure };
}

/** What would be deployed, and with how many requests. */
export function plan(all: readonly Targets[], { wait }: DeployValues): View {
  const each = wait === false ? 1 : 3;
  const items = all.map(({ site, server }) => ({ site: site?.label, server: server?.label, requests: each }));
  return rows(items, columns<(typeof items)[number]>('site', 'server', 'requests'), '');
}
