import { group } from '../cli/language/command.ts';
import { assumed, integer, natural, required, suggest, text } from '../cli/language/options.ts';
import { create, list, remove, resource, show } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';

interface NetworkRule {
  readonly id: string;
  readonly name: string | null;
  readonly port: number;
  readonly protocol: string;
  readonly action: string;
  readonly source: string | null;
  readonly created_at: string;
}

const networkRules = resource({
  noun: 'network_rule',
  path: '/servers/{server}/network-rules',
  columns: columns<NetworkRule>('name', 'action', 'port', 'protocol', { key: 'source', cell: ({ source }) => source ?? 'anywhere' }, 'id'),
  example: { target: 'HTTP', parents: '--server web-1', create: 'MySQL --port 3306 --source 203.0.113.11' },
});

const fields = {
  name: natural(assumed(text('Name of the rule'))),
  port: required(assumed(integer('Port', 'port'))),
  protocol: suggest(assumed(text('Protocol')), 'tcp', 'udp'),
  action: suggest(assumed(text('Allow or deny the traffic')), 'allow', 'deny'),
  source: assumed(text('IP address or network (default anywhere)', 'address')),
};

export default group({
  name: 'network-rule',
  commands: [list(networkRules), show(networkRules), create(networkRules, fields), remove(networkRules)],
});
