import type { JsonObject } from '../../../base/json.ts';
import { phaseOf, statusKey, statusOf } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { DAY } from '../../../base/time.ts';
import { isAmbiguous, yesOrNo } from '../../deploy/release.ts';
import { type AuditPlace, type Flaw, theServer, theSite } from '../finding.ts';

const WITHOUT_PHP = new Set(['static', 'html', 'nextjs', 'nuxt', 'nuxtjs']);

/** True for a site that is online: neither suspended, nor still being installed without a first deployment. */
export const isOnline = (site: JsonObject): boolean =>
  !/suspend|disabled|paused/.test(statusKey(site.status)) &&
  yesOrNo(site.suspended) !== true &&
  wordOf(site.suspended_at) === '' &&
  !(phaseOf(site.status) === 'going' && !isAmbiguous(site.status) && wordOf(site.last_deployed_at) === '');

/** True for a site that has no PHP, and so no queue workers either. */
export const isWithoutPhp = ({ type }: JsonObject): boolean => WITHOUT_PHP.has(statusKey(type));

/** A site whose last deployment failed. */
export function failedDeployment(site: JsonObject, place: AuditPlace): readonly Flaw[] {
  const status = statusOf(site);
  const isFailed = phaseOf(status) === 'bad' && !/cancel/.test(statusKey(status));
  return isFailed ? [{ message: 'The last deployment failed', fix: ['why', ...theSite(place)] }] : [];
}

/** A site without zero-downtime releases. */
export const withoutZeroDowntime = (site: JsonObject, place: AuditPlace): readonly Flaw[] =>
  yesOrNo(site.zero_downtime_enabled) === false
    ? [{ message: 'Zero-downtime releases are off', fix: ['site', 'enable-zero-downtime', ...theSite(place)] }]
    : [];

/**
 * The last day of security fixes of each version.
 * Source: https://www.php.net/supported-versions.php and https://www.php.net/eol.php, read for 7.4 to 8.4 in 2025.
 * 8.5 was released in November 2025; its date follows from the policy of four years that end on 31 December.
 */
const ENDS: Readonly<Record<string, string>> = {
  '7.4': '2022-11-28',
  '8.0': '2023-11-26',
  '8.1': '2025-12-31',
  '8.2': '2026-12-31',
  '8.3': '2027-12-31',
  '8.4': '2028-12-31',
  '8.5': '2029-12-31',
};

/** The newest version that Deploynix is known to offer. */
const NEWEST_OFFERED = '8.4';

/** A version with fewer days left should be replaced now. */
const SOON_DAYS = 90;

/** An old PHP of a site. */
export const oldPhpOfSite = (site: JsonObject, place: AuditPlace, now: number): readonly Flaw[] =>
  isWithoutPhp(site) ? [] : oldPhp(site.php_version, now, ['site', 'update', ...theSite(place), '--php-version', NEWEST_OFFERED]);

/** An old PHP of a server, which the API cannot update. */
export const oldPhpOfServer = (server: JsonObject, place: AuditPlace, now: number): readonly Flaw[] =>
  oldPhp(server.php_version, now, ['open', ...theServer(place)]);

/** A version as the API writes it, `8.3`, `php8.3`, `8.3.14` or `83`, unless it has support, is unknown or is too new for the table. */
function oldPhp(version: unknown, now: number, fix: readonly string[]): readonly Flaw[] {
  const [, major, minor] = /^(?:php[-_ ]?)?([5-9])\.?(\d)(?:\.\d+)?$/i.exec(wordOf(version).trim()) ?? [];
  if (major === undefined || minor === undefined) return [];
  const name = `${major}.${minor}`;
  const lastDay = ENDS[name];
  if (lastDay === undefined && Number(name) >= 7.4) return [];
  const left = lastDay === undefined ? Number.NEGATIVE_INFINITY : Date.parse(`${lastDay}T23:59:59Z`) - now;
  if (Math.floor(left / DAY) >= SOON_DAYS) return [];
  const since = lastDay === undefined ? 'any more' : `since ${lastDay}`;
  const message = left < 0 ? `PHP ${name} has no security fixes ${since}` : `PHP ${name} gets no security fixes after ${lastDay}`;
  return [{ severity: left < 0 ? 'high' : 'medium', resource: `PHP ${name}`, identity: name, message, fix }];
}
