import type { JsonObject } from '../../../base/json.ts';
import { phaseOf, statusKey } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { duration, timeOf } from '../../../base/time.ts';
import { sameDomain } from '../../../platform/names/names.ts';
import { certificateIn } from '../../overview/overview.ts';
import { type AuditPlace, type Flaw, onSite, theServer } from '../finding.ts';

const DAY_MS = 86_400_000;
/** Let's Encrypt certificates are renewed when a third of their 90 days is left. */
const RENEWED_MS = 30 * DAY_MS;
const URGENT_MS = 7 * DAY_MS;
/** A request that takes longer has failed. */
const ISSUED_WITHIN_MS = DAY_MS;

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
