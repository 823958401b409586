import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Audit } from './checking.ts';
import { covers, needsCertificate, siteCertificateRisk, verdictOf } from './checks/certificates.ts';
import { isInstalling, isSuspended, isWithoutPhp, siteRisks } from './checks/site.ts';
import { stoppedWorkers } from './checks/workers.ts';
import type { Place } from './finding.ts';
import { inspect } from './reading.ts';

const certificateRules = ['certificate-missing', 'certificate-expiring'] as const;

/** The certificates that a server has in common for its sites. */
export interface SharedCertificates {
  /** Those of the server; undefined if they could not be read. */
  readonly shared: readonly JsonObject[] | undefined;
  /** Collects the ids of those that belong to a site. */
  readonly ofSites: Set<string>;
}

/** Checks a site. A suspended one is offline anyway. */
export async function auditSite(record: JsonObject, place: Place, known: SharedCertificates, audit: Audit): Promise<void> {
  const { ledger, now } = audit;
  if (isSuspended(record) || isInstalling(record)) return;
  ledger.checked(place, 'deployment-failed', 'zero-downtime-off', 'php-end-of-life');
  for (const risk of siteRisks(record, place, now)) ledger.risk(risk);
  await certificates(wordOf(record.domain), place, known, audit);
  if (isWithoutPhp(record)) return;
  await inspect('GET /servers/{server}/sites/{site}/queues', place, 'queue-worker-stopped', audit, (found) => stoppedWorkers(found, place));
}

async function certificates(
  domain: string,
  place: Place,
  { shared, ofSites }: SharedCertificates,
  { reader, ledger, now }: Audit,
): Promise<void> {
  if (!needsCertificate(domain)) return;
  // An API that lists them for the server saves a request for each site.
  const known = (shared ?? []).filter(({ site_id }) => wordOf(site_id) === place.site?.id);
  const own = known.length > 0 ? known : await reader.list('GET /servers/{server}/sites/{site}/certificates', place, certificateRules);
  if (!own) return;
  for (const { id } of own) ofSites.add(wordOf(id));
  const verdict = verdictOf(own, now);
  if (verdict?.state === 'missing' && !shared) {
    const reason = 'The certificates of its server, which may cover it, could not be read.';
    return ledger.unchecked(place, certificateRules, { reason });
  }
  ledger.checked(place, ...certificateRules);
  if (!verdict || (verdict.state === 'missing' && isCovered(shared ?? [], domain, now))) return;
  ledger.risk(siteCertificateRisk(verdict, domain, place));
}

/** True if the server has a certificate for a site. If that one expires, it is reported for the server. */
function isCovered(shared: readonly JsonObject[], domain: string, now: number): boolean {
  const covering = shared.filter((each) => covers(each, domain));
  return covering.length > 0 && verdictOf(covering, now)?.state !== 'missing';
}
