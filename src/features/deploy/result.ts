import { DnxError, type Next } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import { columns, ending, type Result, record } from '../../cli/output/view.ts';
import { timedOut } from '../../platform/follow/rules.ts';
import type { Target } from '../../platform/names/names.ts';
import type { Outcome } from './evidence.ts';
import type { Release } from './release.ts';
import { type SiteReference, siteCommand } from './snapshot.ts';

/** The one object that a deploy, a watch and a rollback print. Times are ISO 8601; `duration_s` is in seconds. */
export interface DeployResult {
  readonly site: string;
  readonly server: string;
  readonly status: string | null;
  /** Null for one of several that was not started. */
  readonly outcome: Outcome | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly duration_s: number | null;
  /** The release's name; null where it is not known. */
  readonly release: string | null;
}

/** A result of this site, as far as it is known. */
export const resultOf = (
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
  ...known,
});

/** What came of a deployment: the result that a script reads and, unless it went well, the failure that a person reads. */
export interface Report {
  readonly result: DeployResult;
  readonly failure?: DnxError | undefined;
  /** The release that the result names. */
  readonly release?: Release | null;
  /** What to run next after a success. */
  readonly next?: readonly Next[];
}

/** How a person sees results. */
export const deployColumns = columns<DeployResult>('site', 'server', 'outcome', 'status', 'release', {
  key: 'duration_s',
  title: 'Duration',
  cell: ({ duration_s }) => (duration_s === null ? null : duration(duration_s * 1000)),
});

/** The name of a release; null if there is none. */
export const nameOf = (release: Release | null | undefined): string | null => release?.name ?? null;

/** One report as the result of a command. */
export const commandResult = ({ result, failure, next = [] }: Report): Result => ({
  view: ending(record(result, deployColumns)),
  exit: failure,
  next,
});

/** What was started, and where. */
interface Subject extends SiteReference {
  readonly kind: 'deploy' | 'rollback';
}

/** A run in the user's words, at the beginning of a sentence. */
export const subjectOf = ({ kind, site }: Subject): string => `The ${kind === 'deploy' ? 'deployment' : 'rollback'} of ${site.label}`;

/** A result with the failure that its outcome is, if it is one. */
export const reportOf = (of: Subject, result: DeployResult, reason: string | null): Report => ({
  result,
  failure: failureOf(of, result, reason),
});

function failureOf(of: Subject, { outcome, release }: DeployResult, reason: string | null): DnxError | undefined {
  const what = subjectOf(of);
  const next = [{ command: siteCommand('releases', of), why: 'Look at it with' }];
  const why = reason ? `: ${reason}` : '';
  switch (outcome) {
    case 'failed':
      return new DnxError('failed', `${what} failed${release ? ` (release ${release})` : ''}${why}.`, { next });
    case 'superseded':
      return new DnxError('failed', `${what} was superseded${why}.`, { next });
    case 'rolled_back':
      return new DnxError('rolled_back', `${what} was rolled back${why}.`, { next });
    case 'unknown':
      return new DnxError('failed', `How ${what.charAt(0).toLowerCase()}${what.slice(1)} ended cannot be told${why}.`, { next });
    case 'timed_out':
      return timedOut(what, { command: siteCommand('watch', of), why: 'Follow it with' });
    default:
      return undefined;
  }
}
