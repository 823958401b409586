import { resource, showing } from '../crud.ts';
import { listed } from '../http/paging.ts';
import { type Operation, operation } from '../operation.ts';
import type { Choice, Credential, Size } from '../records.ts';
import { exists, text, verbatim } from '../rules.ts';

const choice = showing<Choice>('id', 'name');
const size = showing<Size>('id', 'name', 'vcpus', 'memory', 'price_monthly', 'currency');

/** Cloud providers, their offers, and the organization's credentials. */
export const providers: Operation[] = [
  operation('GET /providers', 'provider:read', (request) => listed(request, request.state.providers, choice), { paged: true }),
  operation('GET /providers/{provider}/regions', 'provider:read', (request, { provider }) => listed(request, provider.regions, choice), {
    paged: true,
  }),
  operation('GET /providers/{provider}/sizes', 'provider:read', (request, { provider }) => listed(request, provider.sizes, size), {
    paged: true,
  }),
  operation('GET /providers/{provider}/images', 'provider:read', (request, { provider }) => listed(request, provider.images, choice), {
    paged: true,
  }),
  ...resource({
    noun: 'credential',
    path: '/providers/credentials',
    ability: 'provider',
    verbs: ['list', 'create', 'delete'],
    present: showing<Credential>('id', 'provider', 'name', 'created_at'),
    fields: { provider: text(), name: text(), token: verbatim() },
    check: ({ provider }, { request }) =>
      exists(
        request.state.providers.some((row) => row.id === provider),
        'provider',
      ),
  }),
];
