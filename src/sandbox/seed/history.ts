import type { ReleaseRow, SiteRow, Webhook } from '../records.ts';
import { commitOf } from '../resources/deployments.ts';
import { DAY, KEPT_RELEASES, releaseName, timestamp } from '../time.ts';
import { seedId } from './ids.ts';

const DAYS_BETWEEN = 3;

/** The kept releases of every site, oldest first. The newest is live unless the site's last deployment failed. */
export function releases(sites: readonly SiteRow[]): ReleaseRow[] {
  return sites.flatMap((site, siteIndex) =>
    Array.from({ length: KEPT_RELEASES }, (_, index): ReleaseRow => {
      const newest = index === KEPT_RELEASES - 1;
      const failed = newest && site.status === 'failed';
      const live = site.status === 'failed' ? index === KEPT_RELEASES - 2 : newest;
      const at = releasedAt(site, KEPT_RELEASES - 1 - index);
      return {
        id: seedId('RE', siteIndex * 100 + index + 1),
        site_id: site.id,
        name: releaseName(at),
        ...commitOf(`${site.domain} ${site.branch} ${index}`),
        branch: site.branch ?? 'main',
        status: failed ? 'failed' : 'active',
        active: live,
        ...(failed && { failure: 'migration' }),
        created_at: timestamp(at),
        updated_at: timestamp(at),
      };
    }),
  );
}

/** The pushes behind the releases of sites with a repository, and one push to another branch, which deployed nothing. */
export function webhooks(sites: readonly SiteRow[], all: readonly ReleaseRow[]): Webhook[] {
  return sites
    .filter((site) => site.git_repository_id !== null)
    .flatMap((site, siteIndex) => {
      const id = (n: number): string => seedId('WH', siteIndex * 100 + n);
      const pushes = all
        .filter((release) => release.site_id === site.id)
        .map(({ commit_hash, commit_message, branch, status, created_at, updated_at }, index): Webhook => {
          const pusher = index % 2 === 0 ? 'ada' : 'grace';
          return {
            id: id(index + 1),
            site_id: site.id,
            commit_hash,
            commit_message,
            pusher,
            branch,
            status: status === 'failed' ? 'failed' : 'deployed',
            created_at,
            updated_at,
          };
        });
      const last = pushes.at(-1);
      if (last === undefined) return [];
      const elsewhere: Webhook = {
        ...last,
        id: id(90),
        ...commitOf(`${site.domain} elsewhere`),
        branch: 'feature/checkout',
        status: 'ignored',
      };
      return [...pushes.slice(0, -1), elsewhere, last];
    });
}

/** When the nth release before the newest was created: a failed one with the site's last update, live ones with its deployments. */
function releasedAt(site: SiteRow, before: number): number {
  const lastGood = Date.parse(site.last_deployed_at ?? site.created_at);
  if (site.status !== 'failed') return lastGood - before * DAYS_BETWEEN * DAY;
  return before === 0 ? Date.parse(site.updated_at) : lastGood - (before - 1) * DAYS_BETWEEN * DAY;
}
