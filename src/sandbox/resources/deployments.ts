import { createHash } from 'node:crypto';
import { ulid } from 'ulid';
import { deployFailure, failures, headOf } from '../failures.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { FailureName, ReleaseRow, SiteRow } from '../records.ts';
import { accepted, invalid, unprocessable } from '../response.ts';
import { exists, moment, textRule } from '../rules.ts';
import { type Deployment, type State, scheduleChange, unschedule } from '../state.ts';
import { KEPT_RELEASES, releaseName, stampsAt, timestamp, timings, touch } from '../time.ts';
import { presentSite } from './sites.ts';

const SITE = '/servers/{server}/sites/{site}';

/** Deployments of a site, immediate and scheduled, and rollbacks. */
export const deployments: SandboxOperation[] = [
  operation(`POST ${SITE}/deploy`, 'site:deploy', ({ state, now }, { site }) => {
    refuseSuspended(site);
    startDeployment(state, site, now);
    // As in the API reference: no id, no site.
    return accepted('Deployment started.');
  }),
  operation(
    `POST ${SITE}/schedule-deploy`,
    'site:deploy',
    ({ state, now, input }, { site }) => {
      const at = Date.parse(input.scheduled_at);
      if (at <= now) throw invalid({ scheduled_at: ['The scheduled at field must be a date after now.'] });
      refuseSuspended(site);
      unschedule(state, 'site.scheduled-deploy', site.id);
      scheduleChange(state, at, 'site.scheduled-deploy', site.id);
      return accepted('Deployment scheduled.', presentSite(touch(site, now, { scheduled_deploy_at: timestamp(at) })));
    },
    { body: { scheduled_at: moment() } },
  ),
  operation(`POST ${SITE}/cancel-scheduled-deploy`, 'site:deploy', ({ state, now }, { site }) => {
    if (site.scheduled_deploy_at === null) throw unprocessable('This site has no scheduled deployment.');
    unschedule(state, 'site.scheduled-deploy', site.id);
    return accepted('Scheduled deployment cancelled.', presentSite(touch(site, now, { scheduled_deploy_at: null })));
  }),
  operation(
    `POST ${SITE}/rollback`,
    'site:deploy',
    ({ state, now, input: { release_id } }, { site }) => {
      if (!site.zero_downtime_enabled)
        throw unprocessable('Rollback needs zero-downtime deployments, which are not enabled for this site.');
      refuseSuspended(site);
      startDeployment(state, site, now, { rollsBackTo: target(state, site, release_id).id });
      return accepted('Rollback started.', presentSite(site));
    },
    { body: { release_id: textRule().optional() } },
  ),
];

function refuseSuspended(site: SiteRow): void {
  if (site.status === 'suspended') throw unprocessable('This site is suspended. Resume it before you deploy.');
}

function target(state: State, site: SiteRow, id: string | undefined): ReleaseRow {
  const release = id === undefined ? previousRelease(state, site) : siteReleases(state, site).find((row) => row.id === id);
  exists(id === undefined || release?.status === 'active', 'release_id');
  if (release === undefined) throw unprocessable('There is no previous release to roll back to.');
  if (release.active) throw unprocessable('This release is already live.');
  return release;
}

interface DeploymentOptions {
  readonly fails?: boolean;
  /** Rolls back to this release instead: nothing is built, and no release is added. */
  readonly rollsBackTo?: string;
  /** How long until the deployment is visible, in ms. */
  readonly after?: number;
}

const siteOf = (state: State, id: string): SiteRow | undefined => state.sites.find((site) => site.id === id);

/** Queues a deployment or rollback of a site behind the one in progress (assumed). */
export function startDeployment(state: State, site: SiteRow, now: number, options: DeploymentOptions = {}): void {
  const waits = state.deployments.some((other) => other.site_id === site.id);
  const rollback = options.rollsBackTo ?? null;
  const failure = options.fails === undefined && rollback === null ? deployFailure(state, site) : undefined;
  const deployment: Deployment = {
    id: ulid(now),
    site_id: site.id,
    fails: options.fails ?? (failure !== undefined || (rollback === null && state.fail_deploys === true)),
    failure,
    rolls_back_to: rollback,
    release_id: null,
  };
  state.deployments.push(deployment);
  const after = options.after ?? (rollback === null ? timings.deployBegins : timings.rollbackBegins);
  if (!waits) scheduleChange(state, now + after, 'deployment.begins', deployment.id);
}

/** Begins a deployment: the site is deploying and, unless it is a rollback, has a new release. */
export function deploymentBegins(state: State, deployment: Deployment, at: number): void {
  const site = siteOf(state, deployment.site_id);
  if (site === undefined || site.status === 'suspended') {
    end(state, deployment, at);
    return;
  }
  touch(site, at, { status: 'deploying' });
  if (deployment.rolls_back_to === null) deployment.release_id = startRelease(state, site, at, deployment.failure).id;
  const runs = deployment.failure ? failures[deployment.failure].after : timings.deployRuns;
  scheduleChange(state, at + (deployment.rolls_back_to === null ? runs : timings.rollbackRuns), 'deployment.ends', deployment.id);
}

/** Ends a deployment: its release becomes live, or the previous one stays live. */
export function deploymentEnds(state: State, deployment: Deployment, at: number): void {
  const site = siteOf(state, deployment.site_id);
  const release = state.releases.find((row) => row.id === (deployment.rolls_back_to ?? deployment.release_id));
  if (site !== undefined) {
    const live = release !== undefined && !deployment.fails;
    touch(site, at, site.status === 'suspended' ? {} : { status: live ? 'active' : 'failed' });
    if (live) for (const other of siteReleases(state, site)) other.active = other === release;
    if (release !== undefined && deployment.rolls_back_to === null) {
      release.status = live ? 'active' : 'failed';
      if (live) site.last_deployed_at = timestamp(at);
    }
    prune(state, site);
  }
  end(state, deployment, at);
}

/** Starts a scheduled deployment, unless the site was suspended. */
export function scheduledDeployDue(state: State, site: SiteRow, at: number): void {
  site.scheduled_deploy_at = null;
  if (site.status !== 'suspended') startDeployment(state, site, at);
}

/** The releases of a site, oldest first. */
const siteReleases = (state: State, site: SiteRow): ReleaseRow[] => state.releases.filter((release) => release.site_id === site.id);

/** The default target of a rollback: the newest good release before the live one. */
function previousRelease(state: State, site: SiteRow): ReleaseRow | undefined {
  const releases = siteReleases(state, site);
  const live = releases.findIndex((release) => release.active);
  return releases.slice(0, Math.max(live, 0)).findLast((release) => release.status === 'active');
}

function startRelease(state: State, site: SiteRow, at: number, failure: FailureName | undefined): ReleaseRow {
  const { commit_hash, commit_message } = headOf(state, site) ?? commitOf(`${site.domain} ${at}`);
  const release: ReleaseRow = {
    id: ulid(at),
    site_id: site.id,
    name: releaseName(at),
    commit_hash,
    commit_message,
    branch: site.branch ?? 'main',
    status: 'deploying',
    active: false,
    failure,
    ...stampsAt(at),
  };
  state.releases.push(release);
  return release;
}

function end(state: State, deployment: Deployment, at: number): void {
  state.deployments.splice(state.deployments.indexOf(deployment), 1);
  const next = state.deployments.find((row) => row.site_id === deployment.site_id);
  if (next !== undefined) scheduleChange(state, at, 'deployment.begins', next.id);
}

function prune(state: State, site: SiteRow): void {
  const releases = siteReleases(state, site);
  const dropped = releases.slice(0, Math.max(0, releases.length - KEPT_RELEASES)).filter((release) => !release.active);
  state.releases = state.releases.filter((release) => !dropped.includes(release));
}

const messages = [
  'Cache the category tree for ten minutes',
  'Fix rounding of VAT in the order summary',
  'Upgrade to Laravel 12',
  'Show delivery dates in the cart',
  'Queue invoice mails instead of sending them inline',
  'Add an index on orders.customer_id',
  'Retry webhooks of the payment provider',
  'Drop support for the old checkout',
  'Translate the error pages',
  'Limit login attempts per address',
];

/** The commit fields of a release or webhook: a deterministic commit for a name. */
export function commitOf(name: string): Pick<ReleaseRow, 'commit_hash' | 'commit_message'> {
  const digest = createHash('sha1').update(name).digest();
  return { commit_hash: digest.toString('hex'), commit_message: messages[digest.readUInt8(0) % messages.length] ?? 'Update' };
}
