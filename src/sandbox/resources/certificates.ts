import { DAY } from '../../base/time.ts';
import { crud, showing } from '../crud.ts';
import type { SandboxOperation } from '../operation.ts';
import type { Certificate } from '../records.ts';
import { invalid } from '../response.ts';
import { oneOf, textRule, verbatim } from '../rules.ts';
import { type State, scheduleChange } from '../state.ts';
import { timestamp, timings, touch } from '../time.ts';

const present = showing<Certificate>('id', 'type', 'domain', 'status', 'reason', 'expires_at', 'created_at');

// Sent with a custom certificate, and never shown.
const material = { certificate: verbatim().optional(), private_key: verbatim().optional() };

/** SSL certificates: issued and revoked per site, listed and deleted per server. */
export const certificates: SandboxOperation[] = [
  ...crud({
    noun: 'certificate',
    path: '/servers/{server}/sites/{site}/certificates',
    ability: 'certificate',
    verbs: ['list', 'show', 'create', 'delete'],
    present,
    fields: { type: oneOf('letsencrypt', 'wildcard', 'custom').optional(), domain: textRule(), ...material },
    fresh: () => ({ server_id: null, type: 'letsencrypt', status: 'pending', reason: null, expires_at: null }),
    check: (input) => {
      if (input.type !== 'custom') return;
      const errors: Record<string, string[]> = {};
      if (!input.certificate) errors.certificate = ['The certificate field is required when type is custom.'];
      if (!input.private_key) errors.private_key = ['The private key field is required when type is custom.'];
      if (Object.keys(errors).length > 0) throw invalid(errors);
    },
    afterCreate: ({ id }, { state, now }) => scheduleChange(state, now + timings.certificateIssues, 'certificate.issued', id),
  }),
  ...crud({
    noun: 'certificate',
    path: '/servers/{server}/certificates',
    ability: 'certificate',
    verbs: ['list', 'delete'],
    present,
  }),
];

const VALID_DAYS = 90;

/** Finishes issuing. Fails for domains that contain `fail`. */
export function certificateIssued(_: State, certificate: Certificate, at: number): void {
  const { domain } = certificate;
  if (domain.includes('fail')) touch(certificate, at, { status: 'failed', reason: `DNS problem: NXDOMAIN looking up A for ${domain}` });
  else touch(certificate, at, { status: 'active', expires_at: timestamp(at + VALID_DAYS * DAY) });
}
