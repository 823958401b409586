import { phaseOf, statusOf } from '../status.ts';

/** A site, as far as following a deployment reads it. */
export interface Site {
  readonly id: string;
  readonly domain?: string;
  readonly status?: string;
  readonly last_deployed_at?: string | null;
  readonly updated_at?: string | null;
  readonly zero_downtime_enabled?: boolean;
  readonly [field: string]: unknown;
}

export interface Release {
  readonly id: string;
  readonly name?: string;
  readonly status?: string;
  readonly active?: boolean;
  readonly commit_hash?: string | null;
  readonly commit_message?: string | null;
  readonly created_at?: string;
  readonly [field: string]: unknown;
}

/** The site before our request: what is new after it is ours. Plain JSON, so that a run can be taken up again later. */
export interface Baseline {
  readonly status: string | null;
  readonly last_deployed_at: string | null;
  readonly updated_at: string | null;
  /** Ids of the releases there were; null where they cannot be read. */
  readonly releases: readonly string[] | null;
  readonly live: string | null;
}

/** What was seen since. */
export interface Evidence {
  /** An in-progress status after our request. */
  going: boolean;
  /** Looks in a row whose parts contradict each other. */
  contradictions: number;
}

export type Outcome = 'succeeded' | 'failed' | 'started' | 'timed_out' | 'superseded' | 'rolled_back' | 'unknown';

export interface Verdict {
  readonly outcome: Extract<Outcome, 'succeeded' | 'failed' | 'superseded' | 'unknown'>;
  readonly release: Release | null;
  /** Why it is not simply a success, for a person. */
  readonly reason?: string;
}

/** After this many looks that contradict each other the outcome is unknown. */
const PATIENCE = 3;

export const baselineOf = (site: Site, releases: readonly Release[] | null): Baseline => ({
  status: statusOf(site) ?? null,
  last_deployed_at: site.last_deployed_at ?? null,
  updated_at: site.updated_at ?? null,
  releases: releases?.map(({ id }) => String(id)) ?? null,
  live: releases?.find(({ active }) => active)?.id ?? null,
});

/** The baseline of somebody else's deployment that is already under way: its release counts as new. */
export const baselineOfRunning = (site: Site, releases: readonly Release[] | null): Baseline => {
  const before = releases?.filter(({ status }) => phaseOf(status) !== 'going') ?? null;
  return baselineOf(site, before);
};

/**
 * Whose deployment is it, and how did it end? The first looks may still show the previous deployment, so a status counts only
 * once something is new. The release is the identity: exactly one new one is ours, and its own status decides; with two,
 * somebody else deployed as well. `releases` is null where they cannot be read; then the site's fields must do.
 */
export function judge(baseline: Baseline, evidence: Evidence, site: Site, releases: readonly Release[] | null): Verdict | undefined {
  const phase = phaseOf(statusOf(site));
  if (phase === 'going') evidence.going = true;
  if (phase !== 'good' && phase !== 'bad') {
    evidence.contradictions = 0;
    return undefined;
  }
  const fresh = baseline.releases && releases ? releases.filter(({ id }) => !baseline.releases?.includes(String(id))) : [];
  const [ours, ...others] = fresh;
  if (ours && others.length > 0) {
    return {
      outcome: 'superseded',
      release: null,
      reason: `${fresh.length} deployments ran meanwhile, so which one is ours cannot be told`,
    };
  }
  return ours ? judgeRelease(evidence, phase, ours) : judgeSite(baseline, evidence, phase, site);
}

function judgeRelease(evidence: Evidence, phase: 'good' | 'bad', release: Release): Verdict | undefined {
  const own = phaseOf(release.status);
  if (own === 'bad') return { outcome: 'failed', release };
  if (own === phase || (own === undefined && release.status === undefined))
    return { outcome: phase === 'good' ? 'succeeded' : 'failed', release };
  return contradiction(evidence, release, `the site is ${phase === 'good' ? 'active' : 'failed'} but the release is ${release.status}`);
}

/** Without a new release to name the deployment. */
function judgeSite(baseline: Baseline, evidence: Evidence, phase: 'good' | 'bad', site: Site): Verdict | undefined {
  const deployed = (site.last_deployed_at ?? null) !== baseline.last_deployed_at;
  const touched = (site.updated_at ?? null) !== baseline.updated_at;
  const keepsReleases = site.zero_downtime_enabled === true && (baseline.releases?.length ?? 0) > 0;
  if (phase === 'bad') {
    const started = evidence.going || deployed || touched;
    return started ? { outcome: 'failed', release: null } : undefined;
  }
  // A site that keeps releases has a new one after every deployment; an edit of the site alone changes updated_at too.
  if (keepsReleases)
    return evidence.going || deployed ? contradiction(evidence, null, 'the site is active again, but there is no new release') : undefined;
  const started = evidence.going || deployed || (touched && site.last_deployed_at === undefined);
  return started ? { outcome: 'succeeded', release: null } : undefined;
}

function contradiction(evidence: Evidence, release: Release | null, reason: string): Verdict | undefined {
  evidence.contradictions += 1;
  return evidence.contradictions < PATIENCE ? undefined : { outcome: 'unknown', release, reason };
}
