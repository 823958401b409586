import { invalid, unprocessable } from '../http/refusal.ts';
import { accepted } from '../http/response.ts';
import { deploy, previousRelease, releasesOf } from '../jobs/deployments.ts';
import { type Operation, operation } from '../operation.ts';
import type { Release, Site } from '../records.ts';
import { exists, moment, text } from '../rules.ts';
import { type State, schedule, unschedule } from '../state.ts';
import { timestamp } from '../time.ts';
import { presentSite } from './sites.ts';

const SITE = '/servers/{server}/sites/{site}';

/** Deployments of a site, immediate and scheduled, and rollbacks. */
export const deployments: Operation[] = [
  operation(`POST ${SITE}/deploy`, 'site:deploy', ({ state, now }, { site }) => {
    refuseSuspended(site);
    deploy(state, site, now);
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
      schedule(state, at, 'site.scheduled-deploy', site.id);
      site.scheduled_deploy_at = timestamp(at);
      site.updated_at = timestamp(now);
      return accepted('Deployment scheduled.', presentSite(site));
    },
    { body: { scheduled_at: moment() } },
  ),
  operation(`POST ${SITE}/cancel-scheduled-deploy`, 'site:deploy', ({ state, now }, { site }) => {
    if (site.scheduled_deploy_at === null) throw unprocessable('This site has no scheduled deployment.');
    unschedule(state, 'site.scheduled-deploy', site.id);
    site.scheduled_deploy_at = null;
    site.updated_at = timestamp(now);
    return accepted('Scheduled deployment cancelled.', presentSite(site));
  }),
  operation(
    `POST ${SITE}/rollback`,
    'site:deploy',
    ({ state, now, input: { release_id } }, { site }) => {
      if (!site.zero_downtime_enabled)
        throw unprocessable('Rollback needs zero-downtime deployments, which are not enabled for this site.');
      refuseSuspended(site);
      deploy(state, site, now, { rollsBackTo: target(state, site, release_id).id });
      return accepted('Rollback started.', presentSite(site));
    },
    { body: { release_id: text().optional() } },
  ),
];

function refuseSuspended(site: Site): void {
  if (site.status === 'suspended') throw unprocessable('This site is suspended. Resume it before you deploy.');
}

function target(state: State, site: Site, id: string | undefined): Release {
  const release = id === undefined ? previousRelease(state, site) : releasesOf(state, site).find((row) => row.id === id);
  exists(id === undefined || release?.status === 'active', 'release_id');
  if (release === undefined) throw unprocessable('There is no previous release to roll back to.');
  if (release.active) throw unprocessable('This release is already live.');
  return release;
}
