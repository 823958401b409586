import { phaseOf, statusOf } from '../../base/status.ts';
import { timeOf } from '../../base/time.ts';
import { type Site, workInProgress } from '../deploy/baseline.ts';
import { liveRelease, type Release } from '../deploy/release.ts';

/** What is to be explained: a failed deployment, a deployment in progress, or how the site is. */
export interface Incident {
  readonly kind: 'deployment' | 'in_progress' | 'site';
  /** The failed release; undefined if the deployment failed before there was one. */
  readonly release: Release | undefined;
  /** The live release, or the one before the failed one. */
  readonly previous: Release | undefined;
  /** When it began, in epoch ms. */
  readonly at: number | undefined;
  /** The time in which a line may belong to it, in epoch ms. */
  readonly from: number;
  readonly to: number;
  /** True if the time was given, so that it counts although the site answers by now. */
  readonly past: boolean;
}

/** An incident whose time was not given. */
type Latest = Omit<Incident, 'past'>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How far the clocks of Deploynix and a server may differ. */
const SKEW_MS = 2 * MINUTE;
/** How long a deployment takes at most. */
const LONGEST_MS = HOUR;

/** What was read of a site. `down`: it does not answer. */
interface Seen {
  readonly site: Site;
  /** Newest first. */
  readonly releases: readonly Release[] | null;
  readonly down: boolean;
  /** How far to look back, in ms. */
  readonly since: number | undefined;
}

/** Finds out what is to be explained. A deployment that failed long ago does not explain that the site is down now. */
export function incidentOf({ site, releases, down, since }: Seen, now: number): Incident {
  const incident = latestOf(site, releases, now);
  const age = now - (incident.at ?? now);
  if (incident.kind === 'deployment' && age < (since ?? (down ? LONGEST_MS : Number.POSITIVE_INFINITY)))
    return { ...incident, past: false };
  const from = now - (since ?? HOUR);
  if (incident.kind !== 'deployment') return { ...incident, from, past: since !== undefined };
  return { kind: 'site', release: undefined, previous: incident.previous, at: undefined, from, to: now, past: since !== undefined };
}

function latestOf(site: Site, releases: readonly Release[] | null, now: number): Latest {
  const [newest] = releases ?? [];
  const live = liveRelease(releases);
  const previous = live && live !== newest ? live : releases?.find((each) => each !== newest && each.phase === 'good');
  if (workInProgress(site, releases) !== undefined)
    return { kind: 'in_progress', release: undefined, previous: live, at: undefined, from: now - HOUR, to: now };
  if (newest?.phase === 'bad') return { kind: 'deployment', release: newest, previous, ...spanOf(timeOf(newest.created), now) };
  if (phaseOf(statusOf(site)) !== 'bad')
    return { kind: 'site', release: undefined, previous: live, at: undefined, from: now - HOUR, to: now };
  // It failed before Deploynix listed its release.
  const updated = timeOf(site.updated_at);
  const before = timeOf(newest?.created);
  const from = Math.max((updated ?? now) - LONGEST_MS, (before ?? 0) + MINUTE);
  return { kind: 'deployment', release: undefined, previous: live ?? newest, at: updated, from, to: (updated ?? now) + SKEW_MS };
}

function spanOf(at: number | undefined, now: number): Pick<Incident, 'at' | 'from' | 'to'> {
  if (at === undefined) return { at, from: now - LONGEST_MS, to: now };
  return { at, from: at - SKEW_MS, to: at + LONGEST_MS };
}
