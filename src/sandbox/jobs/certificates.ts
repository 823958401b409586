import type { Certificate } from '../records.ts';
import { type State, schedule } from '../state.ts';
import { timestamp } from '../time.ts';
import { DAY, timings } from '../timings.ts';

const VALID_DAYS = 90;

/** Starts issuing a certificate. */
export function issueCertificate(state: State, certificate: Certificate, now: number): void {
  schedule(state, now + timings.certificateIssues, 'certificate.issued', certificate.id);
}

/** Finishes issuing. Fails for domains that contain `fail`. */
export function certificateIssued(state: State, id: string, at: number): void {
  const certificate = state.certificates.find((row) => row.id === id);
  if (certificate === undefined) return;
  certificate.updated_at = timestamp(at);
  if (certificate.domain.includes('fail')) {
    certificate.status = 'failed';
    certificate.reason = `DNS problem: NXDOMAIN looking up A for ${certificate.domain}`;
    return;
  }
  certificate.status = 'active';
  certificate.expires_at = timestamp(at + VALID_DAYS * DAY);
}
