import { DnxError } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, overview, type Result, rows } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import type { DeployValues, GuardCheck } from '../deploy/options.ts';
import { readReleases, readSite, sitePlace, siteReference } from '../deploy/site.ts';
import { type Changes, changesOf } from './changes.ts';
import { examined, stopped } from './guard.ts';
import { changeDetails, countedList } from './show.ts';

type Needs = Pick<Context, 'api' | 'ask' | 'clock' | 'deadline' | 'progress' | 'settings' | 'world'>;

/** What `deploy --dry-run` says of a site, for scripts. */
interface Plan extends Pick<Changes, 'site' | 'server' | 'live' | 'target' | 'commits' | 'undone' | 'unknown'> {
  /** The branch to deploy; null if the API does not say. */
  readonly branch: string | null;
  readonly guard?: 'passes' | 'stops';
  readonly reasons?: readonly string[];
}

/** A plan, and what is behind it. */
interface Planned {
  readonly plan: Plan;
  readonly changes: Changes;
  readonly place: string;
  /** The checks of the guard for which it stops. */
  readonly stops: readonly GuardCheck[];
  readonly refusal: DnxError | undefined;
}

/** `deploy --dry-run`: the branch, the live release and the commits between, as far as this clone shows them, and what the guard says. */
export async function deployPlan(ctx: Needs, all: readonly Targets[], values: DeployValues): Promise<Result> {
  const planned: Planned[] = [];
  for (const targets of all) planned.push(await planOf(ctx, targets, values));
  const refusals = planned.flatMap(({ refusal }) => refusal ?? []);
  const next = refusals.flatMap((each) => each.next);
  const exit =
    refusals.length === 0
      ? undefined
      : new DnxError('differences', `--guard would stop ${refusals.length} of ${all.length} sites`, { next });
  const [only, ...others] = planned;
  const view =
    only && others.length === 0 && !values.all ? shownPlan(ctx, only, values) : rows(plansOf(planned), severalColumns(values), '');
  return { view, exit, note: 'Nothing was deployed.' };
}

async function planOf(ctx: Needs, targets: Targets, values: DeployValues): Promise<Planned> {
  const site = await readSite(ctx, siteReference(targets));
  const of = siteReference(targets, site.domain);
  const read = { site, releases: await readReleases(ctx, of) };
  const branch = values.branch ?? (wordOf(site.branch) || null);
  const found = values.guard
    ? await examined(ctx, of, values, read)
    : { changes: await changesOf(ctx, { of, ...read, branch: values.branch, files: false }), refusal: undefined };
  const { changes } = found;
  const { live, target, commits, undone, unknown } = changes;
  const guarded = values.guard && {
    guard: found.refusal ? ('stops' as const) : ('passes' as const),
    reasons: found.refusal?.reasons ?? [],
  };
  return {
    plan: { site: of.site.label, server: of.server.label, branch, live, target, commits, undone, unknown, ...guarded },
    changes,
    place: sitePlace(of),
    stops: found.refusal?.checks ?? [],
    refusal: found.refusal && stopped(of, values, found.refusal),
  };
}

const fields = ['site', 'server', 'branch', 'live', 'target', 'commits', 'undone', 'unknown'] as const;

/** The plan of one site. */
function shownPlan({ clock, world }: Needs, { plan, changes, place, stops }: Planned, { guard }: DeployValues) {
  const time = (at: string) => shownTimeIn(at, { now: clock.now(), terminal: world.stdout.isTTY === true });
  const { branch, target, commits } = plan;
  const count = commits === null ? '' : `: ${countedList(commits, 'commit')[0] ?? 'no new commits'}`;
  const details = [
    ...(target === null && branch !== null ? [['branch', branch] as const] : []),
    ...changeDetails(changes, time),
    ...(guard ? [['guard', stops.length === 0 ? 'passes' : `stops for ${stops.join(', ')}`] as const] : []),
  ];
  return overview(
    plan,
    columns<Plan>(...fields, ...(guard ? (['guard', 'reasons'] as const) : [])),
    `Would deploy ${place}${count}`,
    details,
  );
}

const plansOf = (planned: readonly Planned[]): readonly Plan[] => planned.map(({ plan }) => plan);

const severalColumns = ({ guard }: DeployValues) =>
  columns<Plan>(
    'site',
    'server',
    'branch',
    { key: 'live', cell: ({ live }) => live?.commit?.slice(0, 7) ?? live?.release },
    { key: 'target', title: 'Deploys', cell: ({ target }) => target?.commit.slice(0, 7) },
    { key: 'commits', cell: ({ commits }) => commits?.length },
    ...(guard ? (['guard', { key: 'reasons', wrap: true }] as const) : []),
  );
