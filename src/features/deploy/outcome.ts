import { type Detail, DnxError } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import { timedOut } from '../../platform/follow/rules.ts';
import { describe } from './describe.ts';
import type { Outcome } from './evidence.ts';
import type { Release } from './release.ts';
import type { DeployResult, Report } from './result.ts';
import { type SiteReference, siteCommand } from './snapshot.ts';

/** A deployment or rollback of a site. */
export interface Subject extends SiteReference {
  readonly kind: 'deploy' | 'rollback';
  /** True for a deployment that someone else started. */
  readonly attached?: boolean;
}

/** Details for people in addition to the result. */
export interface Seen {
  /** The release that was deployed or rolled back to. */
  readonly release?: Release | null | undefined;
  /** The live release, if the API marks one. */
  readonly live?: Release | undefined;
  readonly undo?: readonly string[] | undefined;
  /** How long the command has waited, in ms, if that differs from the duration of the result. */
  readonly elapsedMs?: number;
}

/** `deployment of shop.example.com`, for the middle of a sentence. */
export const jobOf = ({ kind, site }: Subject): string => `${kind === 'deploy' ? 'deployment' : 'rollback'} of ${site.label}`;

/** Adds to a result the ✓ sentence or the failure. */
export const reportOf = (of: Subject, result: DeployResult, reason: string | null, seen: Seen = {}): Report => ({
  result,
  release: seen.release ?? null,
  done: sentenceOf(of, result),
  undo: seen.undo,
  failure: failureOf(of, result, reason, seen),
});

/** `Deployed shop.example.com in 16s`. */
function sentenceOf(of: Subject, { outcome, duration_s, release }: DeployResult): string {
  const { kind, attached, site } = of;
  const time = duration_s === null ? '' : ` in ${duration(duration_s * 1000)}`;
  if (outcome === 'started') return `Started a ${jobOf(of)}${kind === 'rollback' && release ? ` to ${release}` : ''}`;
  if (kind === 'rollback') return `Rolled back ${site.label}${release ? ` to ${release}` : ''}${time}`;
  return attached ? `Deployment of ${site.label} succeeded${time} (started elsewhere)` : `Deployed ${site.label}${time}`;
}

function failureOf(of: Subject, { outcome, release, duration_s }: DeployResult, reason: string | null, seen: Seen): DnxError | undefined {
  const job = jobOf(of);
  const subject = `${job.charAt(0).toUpperCase()}${job.slice(1)}`;
  const why = `${of.attached ? ' (started elsewhere)' : ''}${reason ? `: ${reason}` : ''}`;
  const details = detailsOf(outcome, release, seen);
  const next =
    outcome === 'failed'
      ? [{ command: siteCommand('why', of), why: 'Find out why', label: 'why' }]
      : [{ command: siteCommand('releases', of), why: 'See' }];
  const elapsedMs = seen.elapsedMs ?? (duration_s ?? 0) * 1000;
  const failed = (message: string, code: 'failed' | 'rolled_back' = 'failed') => new DnxError(code, message, { details, next });
  switch (outcome) {
    case 'failed':
      return failed(`${subject} failed${duration_s === null ? '' : ` after ${duration(duration_s * 1000)}`}${why}`);
    case 'superseded':
      return failed(`${subject} was superseded${why}`);
    case 'rolled_back':
      return failed(`${subject} was rolled back${reason ? ` ${reason}` : ''}`, 'rolled_back');
    case 'unknown':
      return failed(`The result of the ${job} is unknown${why}`);
    case 'timed_out':
      return timedOut(job, elapsedMs, { command: siteCommand('watch', of), why: 'Resume with' });
    default:
      return undefined;
  }
}

/** The lines under a failure: the failed release and the live one. */
function detailsOf(outcome: Outcome | null, name: string | null, { release, live }: Seen): readonly Detail[] {
  const own = release ? describe(release) : name;
  const label = outcome === 'failed' || outcome === 'rolled_back' ? 'failed' : 'release';
  const lines: Detail[] = own === null ? [] : [[label, own]];
  if (!live) return lines;
  const serving = outcome === 'failed' && live.id !== release?.id;
  return [...lines, ['live', `${describe(live)}${serving ? '   (still serving)' : ''}`]];
}
