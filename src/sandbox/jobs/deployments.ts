import { ulid } from 'ulid';
import type { Release, Site } from '../records.ts';
import { type Deployment, type State, schedule } from '../state.ts';
import { releaseName, timestamp } from '../time.ts';
import { KEPT_RELEASES, timings } from '../timings.ts';
import { commitOf } from './commits.ts';

/** Options of a deployment. */
interface DeploymentOptions {
  readonly fails?: boolean;
  /** Rolls back to this release instead: nothing is built, and no release is added. */
  readonly rollsBackTo?: string;
  /** How long until the deployment is visible, in ms. */
  readonly after?: number;
}

const siteOf = (state: State, id: string): Site | undefined => state.sites.find((site) => site.id === id);

/** Queues a deployment or rollback of a site behind the one in progress (assumed). */
export function deploy(state: State, site: Site, now: number, options: DeploymentOptions = {}): void {
  const waits = state.deployments.some((other) => other.site_id === site.id);
  const rollback = options.rollsBackTo ?? null;
  const deployment: Deployment = {
    id: ulid(now),
    site_id: site.id,
    fails: options.fails ?? (rollback === null && state.fail_deploys),
    rolls_back_to: rollback,
    release_id: null,
  };
  state.deployments.push(deployment);
  const after = options.after ?? (rollback === null ? timings.deployBegins : timings.rollbackBegins);
  if (!waits) schedule(state, now + after, 'deployment.begins', deployment.id);
}

/** Begins a deployment: the site is deploying and, unless it is a rollback, has a new release. */
export function deploymentBegins(state: State, id: string, at: number): void {
  const deployment = state.deployments.find((row) => row.id === id);
  if (deployment === undefined) return;
  const site = siteOf(state, deployment.site_id);
  if (site === undefined || site.status === 'suspended') {
    end(state, deployment, at);
    return;
  }
  site.status = 'deploying';
  site.updated_at = timestamp(at);
  if (deployment.rolls_back_to === null) deployment.release_id = startRelease(state, site, at).id;
  schedule(state, at + (deployment.rolls_back_to === null ? timings.deployRuns : timings.rollbackRuns), 'deployment.ends', id);
}

/** Ends a deployment: its release becomes live, or the previous one stays live. */
export function deploymentEnds(state: State, id: string, at: number): void {
  const deployment = state.deployments.find((row) => row.id === id);
  if (deployment === undefined) return;
  const site = siteOf(state, deployment.site_id);
  const release = state.releases.find((row) => row.id === (deployment.rolls_back_to ?? deployment.release_id));
  if (site !== undefined) {
    const live = release !== undefined && !deployment.fails;
    site.updated_at = timestamp(at);
    if (site.status !== 'suspended') site.status = live ? 'active' : 'failed';
    if (live) for (const other of releasesOf(state, site)) other.active = other === release;
    if (release !== undefined && deployment.rolls_back_to === null) {
      release.status = live ? 'active' : 'failed';
      if (live) site.last_deployed_at = timestamp(at);
    }
    prune(state, site);
  }
  end(state, deployment, at);
}

/** Starts a scheduled deployment, unless the site was suspended. */
export function scheduledDeployDue(state: State, siteId: string, at: number): void {
  const site = siteOf(state, siteId);
  if (site === undefined) return;
  site.scheduled_deploy_at = null;
  if (site.status !== 'suspended') deploy(state, site, at);
}

/** The releases of a site, oldest first. */
export const releasesOf = (state: State, site: Site): Release[] => state.releases.filter((release) => release.site_id === site.id);

/** The default target of a rollback: the newest good release before the live one. */
export function previousRelease(state: State, site: Site): Release | undefined {
  const releases = releasesOf(state, site);
  const live = releases.findIndex((release) => release.active);
  return releases.slice(0, Math.max(live, 0)).findLast((release) => release.status === 'active');
}

function startRelease(state: State, site: Site, at: number): Release {
  const release: Release = {
    id: ulid(at),
    site_id: site.id,
    name: releaseName(at),
    ...commitOf(`${site.domain} ${at}`),
    branch: site.branch ?? 'main',
    status: 'deploying',
    active: false,
    created_at: timestamp(at),
    updated_at: timestamp(at),
  };
  state.releases.push(release);
  return release;
}

/** Starts the next deployment in the queue as soon as this one ends. */
function end(state: State, deployment: Deployment, at: number): void {
  state.deployments.splice(state.deployments.indexOf(deployment), 1);
  const next = state.deployments.find((row) => row.site_id === deployment.site_id);
  if (next !== undefined) schedule(state, at, 'deployment.begins', next.id);
}

function prune(state: State, site: Site): void {
  const releases = releasesOf(state, site);
  const dropped = releases.slice(0, Math.max(0, releases.length - KEPT_RELEASES)).filter((release) => !release.active);
  state.releases = state.releases.filter((release) => !dropped.includes(release));
}
