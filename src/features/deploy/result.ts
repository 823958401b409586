import { type Detail, DnxError, type Next } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { either, item, listOf, nullable, number, objectOf, oneOf, type Printed, type Shape, word } from '../../cli/language/shape.ts';
import { columns, ending, record } from '../../cli/output/view.ts';
import { commandLine } from '../../cli/run/line.ts';
import { timedOut } from '../../platform/follow/follow.ts';
import { type Located, siteUrl, type Target } from '../../platform/names/names.ts';
import type { Outcome } from './judge.ts';
import { describeRelease, type Release } from './release.ts';
import { siteCommand } from './site.ts';

/** The result of deploy, watch and rollback for scripts. Times are ISO 8601. */
const fields = {
  site: word,
  server: word,
  status: nullable(word),
  /** Null for one of several sites whose deployment could not be requested; `not_started` after failures of others. */
  outcome: nullable(oneOf<Outcome>('succeeded', 'failed', 'started', 'timed_out', 'superseded', 'rolled_back', 'unknown', 'not_started')),
  started_at: nullable(word),
  finished_at: nullable(word),
  duration_s: nullable(number),
  release: nullable(word),
  /** The release that is live now; null if that is unknown. */
  live: nullable(word),
};
export const deployShape = objectOf(fields);
/** Of several sites, a list, in which a failed one may have an `error`. */
export const severalDeployedShape = either(deployShape, listOf(objectOf(fields, { error: item })));
/** A change of variables, and the deployment after it. */
export const deployedAfterShape = <T>(variables: Shape<T>) => either(variables, objectOf({ variables, deployment: nullable(deployShape) }));
export type DeployResult = Printed<typeof deployShape>;

/** A result with null for unknown values. */
export const deployResult = (
  { site, server }: Readonly<Record<'site' | 'server', Pick<Target, 'label'>>>,
  { outcome, ...known }: Partial<DeployResult> & Pick<DeployResult, 'outcome'>,
): DeployResult => ({
  site: site.label,
  server: server.label,
  status: null,
  outcome,
  started_at: null,
  finished_at: null,
  duration_s: null,
  release: null,
  live: null,
  ...known,
});

/** The end of a deployment: the result for scripts, and a sentence or a failure for people. */
export interface DeployReport {
  readonly result: DeployResult;
  readonly failure?: DnxError | undefined;
  /** The ✓ sentence: `Deployed shop.example.com in 16s`. */
  readonly done?: string;
  /** The release in the result. */
  readonly release?: Release | null;
  /** What went live instead of the commit of a plan. */
  readonly other?: string | undefined;
  readonly undo?: readonly string[] | undefined;
  readonly next?: readonly Next[];
  /** The error behind a failure that is a bug of dnx. */
  readonly bug?: { readonly error: unknown };
}

interface Subject extends Located {
  readonly kind: 'deploy' | 'rollback';
  /** True for a deployment that someone else started. */
  readonly attached?: boolean;
}

interface ReportParts {
  readonly release?: Release | null | undefined;
  readonly live?: Release | undefined;
  readonly undo?: readonly string[] | undefined;
  /** After how long the command times out, in ms. */
  readonly timeoutMs?: number;
}

/** `deployment of shop.example.com`, for the middle of a sentence. */
export const deployJob = ({ kind, site }: Subject): string => `${kind === 'deploy' ? 'deployment' : 'rollback'} of ${site.label}`;

/** Adds to a result the ✓ sentence or the failure. */
export const deployReport = (subject: Subject, result: DeployResult, reason: string | null, seen: ReportParts = {}): DeployReport => ({
  result,
  release: seen.release ?? null,
  done: sentenceOf(subject, result),
  undo: seen.undo,
  failure: failureOf(subject, result, reason, seen),
});

function sentenceOf(subject: Subject, { outcome, duration_s, release }: DeployResult): string {
  const { kind, attached, site } = subject;
  const time = duration_s === null ? '' : ` in ${duration(duration_s * 1000)}`;
  if (outcome === 'started') return `Started a ${deployJob(subject)}${kind === 'rollback' && release ? ` to ${release}` : ''}`;
  if (kind === 'rollback') return `Rolled back ${site.label}${release ? ` to ${release}` : ''}${time}`;
  return attached ? `Deployment of ${site.label} succeeded${time} (started elsewhere)` : `Deployed ${site.label}${time}`;
}

function failureOf(subject: Subject, result: DeployResult, reason: string | null, seen: ReportParts): DnxError | undefined {
  const { outcome, release, duration_s } = result;
  const job = deployJob(subject);
  const title = `${job.charAt(0).toUpperCase()}${job.slice(1)}`;
  const why = `${subject.attached ? ' (started elsewhere)' : ''}${reason ? `: ${reason}` : ''}`;
  const details = detailsOf(outcome, release, seen);
  const next =
    outcome === 'failed'
      ? [{ command: siteCommand('why', subject), why: 'Find out why', label: 'why' }]
      : [{ command: siteCommand('releases', subject), why: 'See' }];
  const failed = (message: string, code: 'failed' | 'rolled_back' = 'failed') => new DnxError(code, message, { details, next });
  switch (outcome) {
    case 'failed':
      return failed(`${title} failed${duration_s === null ? '' : ` after ${duration(duration_s * 1000)}`}${why}`);
    case 'superseded':
      return failed(`${title} was superseded${why}`);
    case 'rolled_back':
      return failed(`${title} was rolled back${reason ? ` ${reason}` : ''}`, 'rolled_back');
    case 'unknown':
      return failed(`The result of the ${job} is unknown${why}`);
    case 'timed_out':
      return timedOut(job, seen.timeoutMs ?? 0, { command: siteCommand('watch', subject), why: 'Resume with' });
    default:
      return undefined;
  }
}

function detailsOf(outcome: Outcome | null, name: string | null, { release, live }: ReportParts): readonly Detail[] {
  const described = release ? describeRelease(release) : name;
  const label = outcome === 'failed' || outcome === 'rolled_back' ? 'failed' : 'release';
  const lines: Detail[] = described === null ? [] : [[label, described]];
  if (!live) return lines;
  const serving = outcome === 'failed' && live.id !== release?.id;
  return [...lines, ['live', `${describeRelease(live)}${serving ? '   (still serving)' : ''}`]];
}

/** The columns of a result. */
export const deployColumns = columns<DeployResult>(
  ...(['site', 'server', 'outcome', 'status', 'release'] as const),
  { key: 'duration_s', title: 'Duration', cell: ({ duration_s }) => (duration_s === null ? null : duration(duration_s * 1000)) },
  { key: 'live', wide: true },
);

/** Turns a report into the result of a command. `url` is the site's, if it differs from the domain. */
export function commandResult(
  { result, failure, done, release, undo: undoing, next = [] }: DeployReport,
  { settings }: Context,
  url: string | undefined = siteUrl(result.site),
) {
  const person = settings.format === 'table';
  const undo = failure ? undefined : undoing;
  const details: readonly (Detail | undefined | false)[] = [
    // A rollback has named it in its sentence.
    result.release !== null && !done?.includes(result.release) && ['release', release ? describeRelease(release) : result.release],
    result.live !== null && result.live !== result.release && ['live', result.live],
    result.outcome !== 'started' && url !== undefined && ['url', url],
    undo && ['undo', commandLine(undo, settings)],
  ];
  return {
    view: ending(record(result, deployColumns, done, details.filter(Boolean) as readonly Detail[])),
    exit: failure,
    next: [...next, ...(undo && !person ? [{ command: undo, why: 'Undo' }] : [])],
  };
}
