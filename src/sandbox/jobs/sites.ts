import type { Site } from '../records.ts';
import { type State, schedule } from '../state.ts';
import { timestamp } from '../time.ts';
import { timings } from '../timings.ts';

/** Starts installing a new site. */
export function installSite(state: State, site: Site, now: number): void {
  schedule(state, now + timings.siteInstalls, 'site.installed', site.id);
}

/** Finishes an installation. */
export function siteInstalled(state: State, id: string, at: number): void {
  const site = state.sites.find((row) => row.id === id);
  if (site?.status !== 'installing') return;
  site.status = 'active';
  site.updated_at = timestamp(at);
}
