import { crud, showing } from '../crud.ts';
import type { SandboxOperation } from '../operation.ts';
import type { NetworkRule } from '../records.ts';
import { integerRule, oneOf, textRule } from '../rules.ts';

/** Firewall rules of a server. */
export const networkRules: SandboxOperation[] = crud({
  noun: 'network_rule',
  path: '/servers/{server}/network-rules',
  ability: 'network-rule',
  verbs: ['list', 'show', 'create', 'delete'],
  present: showing<NetworkRule>('id', 'name', 'port', 'protocol', 'action', 'source', 'created_at'),
  fields: {
    name: textRule().optional(),
    port: integerRule(1, 65_535),
    protocol: oneOf('tcp', 'udp').optional(),
    action: oneOf('allow', 'deny').optional(),
    source: textRule().optional(),
  },
  fresh: () => ({ name: null, protocol: 'tcp', action: 'allow', source: null }),
});
