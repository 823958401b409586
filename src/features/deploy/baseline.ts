import { phaseOf, statusKey, statusOf } from '../../base/status.ts';
import { DAY, timeOf } from '../../base/time.ts';
import { nullable, objectOf, type Printed, word, words, yes } from '../../cli/language/shape.ts';
import { inProgress, isAmbiguous, isFinished, liveRelease, type Release } from './release.ts';

/** The fields of a site that dnx reads to follow a deployment. */
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

/** The state of the site before our request. Saved as JSON in the run file. */
export const baselineShape = objectOf({
  status: nullable(word),
  idle: yes,
  last_deployed_at: nullable(word),
  updated_at: nullable(word),
  releases: nullable(words),
  marked: yes,
});
export type Baseline = Printed<typeof baselineShape>;

/** The baseline of a site. Excludes releases in progress, so that they count as new. */
export const baselineOf = (site: Site, releases: readonly Release[] | null): Baseline => ({
  status: statusOf(site) ?? null,
  idle: !reportsWork(site, releases),
  last_deployed_at: site.last_deployed_at ?? null,
  updated_at: site.updated_at ?? null,
  releases: releases?.filter((release) => !inProgress(releases).includes(release)).map(({ id }) => id) ?? null,
  marked: liveRelease(releases) !== undefined,
});

/**
 * The baseline of a site that was read only after the request, which was sent at `sentAt` on the clock of the API. What is newer counts as
 * new. Without ages, only work in progress does.
 */
export function baselineSince(sentAt: number, site: Site, releases: readonly Release[] | null): Baseline {
  const { last_deployed_at, ...now } = baselineOf(site, releases);
  const isOld = (at: number | undefined) => at === undefined || at < sentAt;
  const newer = releases?.filter(({ at }) => !isOld(at)).map(({ id }) => id);
  return {
    ...now,
    last_deployed_at: isOld(timeOf(last_deployed_at)) ? last_deployed_at : null,
    releases: now.releases?.filter((id) => !newer?.includes(id)) ?? null,
  };
}

/** True if a deployment ended since the request. */
export const isDeploymentOver = (baseline: Baseline, site: Site, releases: readonly Release[] | null): boolean =>
  isDeployed(baseline, site) || newSince(baseline, releases).some(isFinished);

/** True if the site was deployed since the baseline. An older time is a stale response. */
export function isDeployed(baseline: Baseline, { last_deployed_at = null }: Site): boolean {
  if (last_deployed_at === null || last_deployed_at === baseline.last_deployed_at) return false;
  const [before, now] = [timeOf(baseline.last_deployed_at), timeOf(last_deployed_at)];
  return before === undefined || now === undefined || now > before;
}

/** When the deployment of a release began and ended, in epoch ms, as the API says. Undefined if it does not say both. */
export function timesOf(release: Release, site: Site, baseline?: Baseline): { readonly began: number; readonly ended: number } | undefined {
  const { began, live } = release;
  const isOurs = live && (!baseline || isDeployed(baseline, site));
  const ended = release.ended ?? (isOurs ? timeOf(site.last_deployed_at) : undefined);
  return began === undefined || ended === undefined || ended < began || ended > began + DAY ? undefined : { began, ended };
}

/** True if nothing was deployed since, as far as the API shows. Without releases, any change of the site may have been a deployment. */
export function isUnchanged(since: Baseline, site: Site, releases: readonly Release[] | null): boolean {
  const shown = since.releases !== null && releases !== null && releases.length > 0;
  const times = shown ? (['last_deployed_at'] as const) : (['last_deployed_at', 'updated_at'] as const);
  return (
    newSince(since, releases).length === 0 &&
    statusKey(statusOf(site)) === statusKey(since.status) &&
    times.every((time) => (site[time] ?? null) === since[time]) &&
    (shown || times.some((time) => since[time] !== null))
  );
}

/** The status of a deployment, rollback or installation in progress; undefined if there is none. */
export const workInProgress = (site: Site, releases: readonly Release[] | null): string | undefined =>
  reportsWork(site, releases) ? statusOf(site) : inProgress(releases ?? [])[0]?.word;

/** True for the status of an installation or similar work that is not a deployment. */
export const isInstallation = (status: string | null | undefined): boolean => /install|provision|restor/i.test(status ?? '');

/** True if the site reports work in progress. `running` counts only as a deployment status of a site whose releases cannot be read. */
export function reportsWork(site: Site, releases: readonly Release[] | null): boolean {
  const word = statusOf(site);
  if (phaseOf(word) !== 'going') return false;
  const ofDeployment = site.deployment_status ?? site.last_deployment_status;
  return !isAmbiguous(word) || (releases === null && ofDeployment !== undefined && ofDeployment !== null);
}

/** The status of a site compared with its baseline. `idle`: unchanged. `other`: not a known status. */
export type Standing = 'going' | 'good' | 'bad' | 'idle' | 'other';

/** Compares a site with its baseline. */
export function standingOf(baseline: Baseline, site: Site): Standing {
  const word = statusOf(site);
  if (baseline.idle && statusKey(word) === statusKey(baseline.status)) return 'idle';
  return phaseOf(word) ?? 'other';
}

/** The releases that are not in the baseline, newest first. */
export const newSince = ({ releases: before }: Baseline, releases: readonly Release[] | null): readonly Release[] =>
  before && releases ? releases.filter(({ id }) => !before.includes(id)) : [];
