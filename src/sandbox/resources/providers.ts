import { crud, listResponse, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { Credential, NamedChoice, Size } from '../records.ts';
import { exists, textRule, verbatim } from '../rules.ts';

const choice = showing<NamedChoice>('id', 'name');
const size = showing<NamedChoice & Partial<Size>>('id', 'name', 'vcpus', 'memory', 'price_monthly', 'currency');

/** Cloud providers, their offers, and the organization's credentials. */
export const providers: SandboxOperation[] = [
  operation('GET /providers', 'provider:read', (request) => listResponse(request, request.state.providers, choice), { paged: true }),
  ...(['regions', 'sizes', 'images'] as const).map((offer) =>
    operation(
      `GET /providers/{provider}/${offer}`,
      'provider:read',
      (request, { provider }) => listResponse<NamedChoice>(request, provider[offer], offer === 'sizes' ? size : choice),
      { paged: true },
    ),
  ),
  ...crud({
    noun: 'credential',
    path: '/providers/credentials',
    ability: 'provider',
    verbs: ['list', 'create', 'delete'],
    present: showing<Credential>('id', 'provider', 'name', 'created_at'),
    fields: { provider: textRule(), name: textRule(), token: verbatim() },
    check: ({ provider }, { request }) =>
      exists(
        request.state.providers.some((row) => row.id === provider),
        'provider',
      ),
  }),
];
