import { resource, showing } from '../crud.ts';
import { invalid } from '../http/refusal.ts';
import { issueCertificate } from '../jobs/certificates.ts';
import type { Operation } from '../operation.ts';
import type { Certificate } from '../records.ts';
import { oneOf, text, verbatim } from '../rules.ts';

const present = showing<Certificate>('id', 'type', 'domain', 'status', 'reason', 'expires_at', 'created_at');

// Sent with a custom certificate, and never shown.
const material = { certificate: verbatim().optional(), private_key: verbatim().optional() };

/** SSL certificates: issued and revoked per site, listed and deleted per server. */
export const certificates: Operation[] = [
  ...resource({
    noun: 'certificate',
    path: '/servers/{server}/sites/{site}/certificates',
    ability: 'certificate',
    verbs: ['list', 'show', 'create', 'delete'],
    present,
    fields: { type: oneOf('letsencrypt', 'wildcard', 'custom').optional(), domain: text(), ...material },
    fresh: () => ({ server_id: null, type: 'letsencrypt', status: 'pending', reason: null, expires_at: null }),
    check: (input) => {
      if (input.type !== 'custom') return;
      const errors: Record<string, string[]> = {};
      if (!input.certificate) errors.certificate = ['The certificate field is required when type is custom.'];
      if (!input.private_key) errors.private_key = ['The private key field is required when type is custom.'];
      if (Object.keys(errors).length > 0) throw invalid(errors);
    },
    afterCreate: (certificate, { state, now }) => issueCertificate(state, certificate, now),
  }),
  ...resource({
    noun: 'certificate',
    path: '/servers/{server}/certificates',
    ability: 'certificate',
    verbs: ['list', 'delete'],
    present,
  }),
];
