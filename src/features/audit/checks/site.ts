import type { JsonObject } from '../../../base/json.ts';
import { phaseOf, statusKey, statusOf } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { isAmbiguous, yesOrNo } from '../../deploy/release.ts';
import type { AuditPlace, Risk } from '../finding.ts';
import { theServer, theSite } from '../words.ts';
import { NEWEST_OFFERED, supportOf } from './php.ts';

/** A version with fewer days left should be replaced now. */
const SOON_DAYS = 90;

const WITHOUT_PHP = new Set(['static', 'html', 'nextjs', 'nuxt', 'nuxtjs']);

/** True for a site that is offline on purpose. */
export const isSuspended = (site: JsonObject): boolean =>
  /suspend|disabled|paused/.test(statusKey(site.status)) || yesOrNo(site.suspended) === true || wordOf(site.suspended_at) !== '';

/** True for a site that was never deployed yet and still is being installed. */
export const isInstalling = (site: JsonObject): boolean =>
  phaseOf(site.status) === 'going' && !isAmbiguous(site.status) && wordOf(site.last_deployed_at) === '';

/** True for a site that has no PHP, and so no queue workers either. */
export const isWithoutPhp = ({ type }: JsonObject): boolean => WITHOUT_PHP.has(statusKey(type));

/** What the record of a site says about it. */
export function* siteRisks(site: JsonObject, place: AuditPlace, now: number): Iterable<Risk> {
  const status = statusOf(site);
  if (phaseOf(status) === 'bad' && !/cancel/.test(statusKey(status)))
    yield {
      rule: 'deployment-failed',
      place,
      message: 'The last deployment failed',
      fix: ['why', ...theSite(place)],
    };
  if (yesOrNo(site.zero_downtime_enabled) === false)
    yield {
      rule: 'zero-downtime-off',
      place,
      message: 'Zero-downtime releases are off',
      fix: ['site', 'enable-zero-downtime', ...theSite(place)],
    };
  if (!isWithoutPhp(site))
    yield* phpRisks(site.php_version, place, now, ['site', 'update', ...theSite(place), '--php-version', NEWEST_OFFERED]);
}

/** What the record of a server says about it. The API cannot update the PHP of a server. */
export const serverRisks = (server: JsonObject, place: AuditPlace, now: number): Iterable<Risk> =>
  phpRisks(server.php_version, place, now, ['open', ...theServer(place)]);

function* phpRisks(version: unknown, place: AuditPlace, now: number, fix: readonly string[]): Iterable<Risk> {
  const support = supportOf(version, now);
  if (!support || support.daysLeft >= SOON_DAYS) return;
  const { version: name, lastDay, daysLeft } = support;
  const ended = daysLeft < 0;
  yield {
    rule: 'php-end-of-life',
    severity: ended ? 'high' : 'medium',
    place,
    resource: `PHP ${name}`,
    identity: name,
    message: ended
      ? `PHP ${name} has no security fixes${lastDay === undefined ? ' any more' : ` since ${lastDay}`}`
      : `PHP ${name} gets no security fixes after ${lastDay}`,
    fix,
  };
}
