import { resource, showing } from '../crud.ts';
import type { Operation } from '../operation.ts';
import type { NetworkRule } from '../records.ts';
import { integer, oneOf, text } from '../rules.ts';

/** Firewall rules of a server. */
export const networkRules: Operation[] = resource({
  noun: 'network_rule',
  path: '/servers/{server}/network-rules',
  ability: 'network-rule',
  verbs: ['list', 'show', 'create', 'delete'],
  present: showing<NetworkRule>('id', 'name', 'port', 'protocol', 'action', 'source', 'created_at'),
  fields: {
    name: text().optional(),
    port: integer(1, 65_535),
    protocol: oneOf('tcp', 'udp').optional(),
    action: oneOf('allow', 'deny').optional(),
    source: text().optional(),
  },
  fresh: () => ({ name: null, protocol: 'tcp', action: 'allow', source: null }),
});
