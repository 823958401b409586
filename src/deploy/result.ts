import type { Target } from '../context.ts';
import { DnxError } from '../errors.ts';
import type { Outcome, Release, Site } from '../follow/judge.ts';
import { columns, failing, record, type View } from '../output/view.ts';

/** The one object that a deploy, a watch and a rollback print. Times are ISO 8601; `duration_s` is in seconds. */
export interface DeployResult {
  readonly site: string;
  readonly server: string;
  readonly status: string | null;
  readonly outcome: Outcome;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly duration_s: number | null;
  /** The release's name; null where it is not known. */
  readonly release: string | null;
}

export const deployColumns = columns<DeployResult>('site', 'server', 'outcome', 'status', 'release', {
  key: 'duration_s',
  title: 'Duration',
  cell: ({ duration_s }) => (duration_s === null ? null : `${duration_s} s`),
});

export const nameOf = (release: Release | null): string | null => (release ? String(release.name ?? release.id) : null);

/** How a site is called in results and messages: its domain once it is known. */
export const siteName = (target: Target | undefined, site?: Site): string => site?.domain ?? target?.label ?? '';

/** A result as a view that fails when its outcome does. */
export function deployView(
  result: DeployResult,
  details: { readonly what: string; readonly reason?: string | undefined; readonly resume: string },
): View {
  return failing(record(result, deployColumns), failureOf(result, details));
}

function failureOf(
  { outcome, site, release }: DeployResult,
  { what, reason, resume }: { what: string; reason?: string | undefined; resume: string },
) {
  const look = `Look at it with: dnx site releases ${site}   and: dnx server logs`;
  const why = reason ? `: ${reason}` : '';
  switch (outcome) {
    case 'failed':
      return new DnxError('failed', `${what} failed${release ? ` (release ${release})` : ''}${why}.`, { hint: look });
    case 'superseded':
      return new DnxError('failed', `${what} was superseded${why}.`, { hint: look });
    case 'unknown':
      return new DnxError('failed', `How ${what.charAt(0).toLowerCase()}${what.slice(1)} ended cannot be told${why}.`, { hint: look });
    case 'timed_out':
      return new DnxError('timed_out', `${what} did not end within the time allowed; it goes on.`, { hint: `Follow it with: ${resume}` });
    default:
      return undefined;
  }
}
