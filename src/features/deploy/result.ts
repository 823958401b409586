import { DnxError } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import { columns, ending, type Result, record } from '../../cli/output/view.ts';
import type { Target } from '../../platform/names/names.ts';
import type { Outcome, Release } from './judge.ts';

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

/** How a deployment ended for us: the result that a script reads and, unless it went well, the failure that a person reads. */
export interface Ended {
  readonly result: DeployResult;
  readonly failure?: DnxError | undefined;
}

/** How a person sees results. */
export const deployColumns = columns<DeployResult>('site', 'server', 'outcome', 'status', 'release', {
  key: 'duration_s',
  title: 'Duration',
  cell: ({ duration_s }) => (duration_s === null ? null : `${duration_s} s`),
});

/** The name of a release, or its id where it has none; null where there is no release. */
export const nameOf = (release: Release | null | undefined): string | null => (release ? wordOf(release.name ?? release.id) : null);

/** One deployment as the result of a command. */
export const endedResult = ({ result, failure }: Ended): Result => ({ view: ending(record(result, deployColumns)), exit: failure });

interface Details {
  /** The work in the user's words: `The deployment of shop.example.com`. */
  readonly what: string;
  readonly reason?: string | null | undefined;
  readonly resume: string;
}

/** A result with the failure that its outcome is, if it is one. */
export const ended = (result: DeployResult, details: Details): Ended => ({ result, failure: failureOf(result, details) });

function failureOf({ outcome, site, server, release }: DeployResult, { what, reason, resume }: Details): DnxError | undefined {
  const hint = `Look at it with: dnx site releases ${site} --server ${server}`;
  const why = reason ? `: ${reason}` : '';
  switch (outcome) {
    case 'failed':
      return new DnxError('failed', `${what} failed${release ? ` (release ${release})` : ''}${why}.`, { hint });
    case 'superseded':
      return new DnxError('failed', `${what} was superseded${why}.`, { hint });
    case 'rolled_back':
      return new DnxError('rolled_back', `${what} was rolled back${why}.`, { hint });
    case 'unknown':
      return new DnxError('failed', `How ${what.charAt(0).toLowerCase()}${what.slice(1)} ended cannot be told${why}.`, { hint });
    case 'timed_out':
      return new DnxError('timed_out', `${what} did not end within the time allowed; it goes on.`, { hint: `Follow it with: ${resume}` });
    default:
      return undefined;
  }
}
