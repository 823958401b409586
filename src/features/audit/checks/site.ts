import type { JsonObject } from '../../../base/json.ts';
import { phaseOf, statusKey, statusOf } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { DAY, duration, timeOf } from '../../../base/time.ts';
import { sameDomain } from '../../../platform/names/names.ts';
import { isAmbiguous, keepsNoReleases, yesOrNo } from '../../deploy/release.ts';
import { certificateIn } from '../../overview/overview.ts';
import { type AuditPlace, type Flaw, onSite, theServer, theSite } from '../finding.ts';

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
  keepsNoReleases(site) ? [{ message: 'Zero-downtime releases are off', fix: ['site', 'enable-zero-downtime', ...theSite(place)] }] : [];

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

/** Let's Encrypt certificates are renewed when a third of their 90 days is left. */
const RENEWED_MS = 30 * DAY;
const URGENT_MS = 7 * DAY;
/** A request that takes longer has failed. */
const ISSUED_WITHIN_MS = DAY;

/** Sites under this domain are served with the certificate of the platform. */
const PLATFORM = /\.deploynix\.cloud$/i;
/** Names that no public certificate can have. */
const PRIVATE = /^[^.]*$|^[\d.]+$|:|\.(test|localhost|local|internal|invalid)$/i;

/** True for a site that is reached by a public name of its own. */
export const needsCertificate = (domain: string): boolean => {
  const name = domain.trim().replace(/\.$/, '');
  return name !== '' && !PLATFORM.test(name) && !PRIVATE.test(name);
};

/** True if a certificate for this name, which may be a wildcard, is valid for a domain. */
export function covers(certificate: JsonObject, domain: string): boolean {
  const name = wordOf(certificate.domain);
  if (sameDomain(name, domain)) return true;
  return name.startsWith('*.') && sameDomain(name.slice(2), domain.slice(domain.indexOf('.') + 1));
}

interface CertificateVerdict {
  readonly state: 'missing' | 'expiring';
  /** The one that expires last, or failed. */
  readonly certificate: JsonObject | undefined;
  readonly severity: 'high' | 'medium';
  readonly words: string;
}

/** The verdict over all certificates for one name; undefined if they are fine, or say too little. */
export function verdictOf(certificates: readonly JsonObject[], now: number): CertificateVerdict | undefined {
  const usable = certificates.filter(({ status }) => phaseOf(status) === 'good');
  if (usable.some(({ expires_at }) => timeOf(expires_at) === undefined)) return undefined;
  const { certificate, valid } = certificateIn(certificates, { now, terminal: true });
  const ends = timeOf(certificate?.expires_at);
  if (usable.length > 0 || statusKey(certificate?.status) === 'expired') {
    const left = ends === undefined ? undefined : ends - now;
    if (left !== undefined && left > 0 && (!valid || left >= RENEWED_MS)) return undefined;
    const severity = left !== undefined && left >= URGENT_MS ? 'medium' : 'high';
    const words = left === undefined ? 'expired' : left > 0 ? `expires in ${duration(left)}` : `expired ${duration(-left)} ago`;
    return { state: 'expiring', certificate, severity, words };
  }
  if (certificates.some((certificate) => isOnItsWay(certificate, now))) return undefined;
  const failed = certificates.findLast(({ status }) => phaseOf(status) === 'bad');
  const reason = wordOf(failed?.reason);
  const words = failed ? `the last request failed${reason === '' ? '' : `: ${reason}`}` : 'none was issued';
  return { state: 'missing', certificate: failed, severity: 'high', words };
}

function isOnItsWay({ status, created_at }: JsonObject, now: number): boolean {
  const phase = phaseOf(status);
  if (phase === undefined) return !['revoked', 'deleted', 'expired'].includes(statusKey(status));
  return phase === 'going' && now - (timeOf(created_at) ?? now) < ISSUED_WITHIN_MS;
}

/** What is wrong with the certificate of a site. */
export function siteCertificate({ state, certificate, severity, words }: CertificateVerdict, domain: string, place: AuditPlace): Flaw {
  const name = wordOf(certificate?.domain) || domain;
  const isOwn = sameDomain(name, domain);
  return {
    severity,
    resource: isOwn ? null : name,
    identity: name.toLowerCase(),
    message: state === 'missing' ? `No valid certificate: ${words}` : `Certificate${isOwn ? '' : ` for ${name}`} ${words}`,
    fix: ['certificate', ...(/^[\w*][\w.*-]*$/.test(name) ? ['create', name] : ['list']), ...onSite(place)],
  };
}

/** Certificates that belong to the server and expire, one for each name. The API cannot issue those. */
export function* serverCertificates(certificates: readonly JsonObject[], place: AuditPlace, now: number): Iterable<Flaw> {
  const nameOf = ({ domain }: JsonObject) => wordOf(domain).toLowerCase();
  for (const name of new Set(certificates.map(nameOf))) {
    const named = certificates.filter((certificate) => nameOf(certificate) === name);
    const verdict = verdictOf(named, now);
    if (verdict?.state !== 'expiring') continue;
    const message = `Certificate for ${name} ${verdict.words}`;
    yield { severity: verdict.severity, resource: name, message, fix: ['open', ...theServer(place)] };
  }
}
