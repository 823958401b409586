import { phaseOf, statusOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';

/** A site, as far as following a deployment reads it. */
export interface Site {
  readonly id: string;
  readonly domain?: string;
  readonly status?: string;
  readonly last_deployed_at?: string | null;
  readonly updated_at?: string | null;
  readonly scheduled_deploy_at?: string | null;
  readonly zero_downtime_enabled?: boolean;
  readonly [field: string]: unknown;
}

/** A kept release, as far as following a deployment reads it. */
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
}

/** What was seen since, and what is not certain. */
export interface Evidence {
  /** An in-progress status after our request. */
  going: boolean;
  /** Polls in a row that leave a doubt. */
  doubts: number;
  /** So much time passed between the baseline and our request that another deployment may have come and gone. */
  readonly blurred?: boolean;
  /** The answer to our request was lost: perhaps it was never performed. */
  readonly unsure?: boolean;
}

/** How a deployment or a rollback ended for us. `started`: it was not followed to its end. */
export type Outcome = 'succeeded' | 'failed' | 'started' | 'timed_out' | 'superseded' | 'rolled_back' | 'unknown';

/** How the work ended, and the release that shows it. */
export interface Verdict {
  readonly outcome: Extract<Outcome, 'succeeded' | 'failed' | 'superseded' | 'unknown'>;
  readonly release: Release | null;
  /** Why it is not simply a success, for a person. */
  readonly reason?: string;
}

/** A doubt must last for so many polls before it becomes the verdict; with the pace of the loop about 25 s. */
const PATIENCE = 5;
/** The same for a rollback after which another release is live. */
const ROLLBACK_PATIENCE = 3;

/** The baseline of a site and its releases as they are now. */
export const baselineOf = (site: Site, releases: readonly Release[] | null): Baseline => ({
  status: statusOf(site) ?? null,
  last_deployed_at: site.last_deployed_at ?? null,
  updated_at: site.updated_at ?? null,
  releases: releases?.map(({ id }) => String(id)) ?? null,
});

/** The baseline of somebody else's deployment that is already under way: its release counts as new. */
export const baselineOfRunning = (site: Site, releases: readonly Release[] | null): Baseline => ({
  ...baselineOf(site, releases?.filter((each) => !isGoing(each)) ?? null),
});

/** True for a release that is being deployed. */
export const isGoing = ({ status }: Release): boolean => phaseOf(status) === 'going';

/** The release that serves the site. */
export const liveOf = (releases: readonly Release[] | null | undefined): Release | undefined => releases?.find(({ active }) => active);

/** The releases that were not there at the baseline, newest first. */
const freshOf = ({ releases: before }: Baseline, releases: readonly Release[] | null): readonly Release[] =>
  before && releases ? releases.filter(({ id }) => !before.includes(String(id))) : [];

/**
 * Whose deployment is it, and how did it end? The first polls may still show the previous deployment, so a status counts only
 * once something is new. The release is the identity: exactly one new one is ours, and its own status decides; with two,
 * somebody else deployed as well. `releases` is null where they cannot be read; then the site's fields must do.
 */
export function judge(baseline: Baseline, evidence: Evidence, site: Site, releases: readonly Release[] | null): Verdict | undefined {
  const phase = phaseOf(statusOf(site));
  if (phase === 'going') {
    evidence.going = true;
    evidence.doubts = 0;
    return undefined;
  }
  const [ours, ...others] = freshOf(baseline, releases);
  if (!ours) return judgeSite(baseline, evidence, site);
  if (others.length > 0) {
    const reason = `${others.length + 1} deployments ran meanwhile, so which one is ours cannot be told`;
    return { outcome: 'superseded', release: null, reason };
  }
  return judgeRelease(evidence, site, ours, releases ?? []);
}

/** The one new release names the deployment. */
function judgeRelease(evidence: Evidence, site: Site, ours: Release, releases: readonly Release[]): Verdict | undefined {
  const phase = phaseOf(statusOf(site));
  const own = ours.status === undefined ? phase : phaseOf(ours.status);
  const doubt = (reason: string, outcome: 'unknown' | 'superseded' = 'unknown') => doubted(evidence, { outcome, release: ours, reason });
  if (own !== 'good' && own !== 'bad') return doubt(`the site is ${statusOf(site) ?? 'unknown'} but the release is ${wordOf(ours.status)}`);
  // It may be of a deployment that ended before ours began: whoever deploys now will show as a second release.
  if (evidence.blurred && !evidence.going && evidence.doubts < PATIENCE) {
    evidence.doubts += 1;
    return undefined;
  }
  if (own === 'bad') return { outcome: 'failed', release: ours };
  if (phase !== 'good') return doubt(`the release is ${wordOf(ours.status)} but the site is ${statusOf(site) ?? 'unknown'}`);
  const live = liveOf(releases);
  if (live && live !== ours) return doubt(`release ${live.name ?? live.id} is live instead of ${ours.name ?? ours.id}`, 'superseded');
  return { outcome: 'succeeded', release: ours };
}

/** Without a new release to name the deployment. */
function judgeSite(baseline: Baseline, evidence: Evidence, site: Site): Verdict | undefined {
  const phase = phaseOf(statusOf(site));
  const deployed = (site.last_deployed_at ?? null) !== baseline.last_deployed_at;
  const touched = (site.updated_at ?? null) !== baseline.updated_at;
  const doubt = (reason: string) => doubted(evidence, { outcome: 'unknown', release: null, reason });
  if (evidence.unsure) {
    const foreign = evidence.going || deployed || phase !== phaseOf(baseline.status);
    return doubt(foreign ? 'whose deployment this was cannot be told' : 'there is no sign of it, so it was probably never started');
  }
  if (phase === 'bad') {
    // A site that read `failed` before may only have been edited.
    if (evidence.going || deployed || phaseOf(baseline.status) !== 'bad') return { outcome: 'failed', release: null };
    return touched ? doubt('the site changed, but reads as failed as it did before') : undefined;
  }
  if (phase === undefined) return undefined;
  // A site that keeps releases has a new one after every deployment; an edit of the site alone changes updated_at too.
  if (site.zero_downtime_enabled === true && (baseline.releases?.length ?? 0) > 0)
    return evidence.going || deployed ? doubt('the site is active again, but there is no new release') : undefined;
  const started = evidence.going || deployed || (touched && site.last_deployed_at === undefined);
  return started ? { outcome: 'succeeded', release: null } : undefined;
}

function doubted(evidence: Evidence, verdict: Verdict): Verdict | undefined {
  evidence.doubts += 1;
  return evidence.doubts < PATIENCE ? undefined : verdict;
}

/** Is the release `to` live? Nothing else is a success; that another one stays live after the work is believed after a few polls. */
export function judgeRollback(
  { baseline, to }: { readonly baseline: Baseline; readonly to: string },
  evidence: Evidence,
  site: Site,
  releases: readonly Release[] | null,
): Verdict | undefined {
  const live = liveOf(releases) ?? null;
  if (live && String(live.id) === to) return { outcome: 'succeeded', release: live };
  const touched = (site.updated_at ?? null) !== baseline.updated_at;
  evidence.doubts = evidence.going || touched ? evidence.doubts + 1 : 0;
  if (evidence.doubts < ROLLBACK_PATIENCE) return undefined;
  if (freshOf(baseline, releases).length > 0) return { outcome: 'superseded', release: live, reason: 'somebody deployed meanwhile' };
  if (phaseOf(statusOf(site)) === 'bad') return { outcome: 'failed', release: live };
  return { outcome: 'unknown', release: live, reason: 'it ended, but the release that was asked for is not live' };
}
