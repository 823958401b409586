import { group } from '../cli/language/command.ts';
import { ensure } from '../cli/language/ensure.ts';
import { assumed, integer, natural, required, suggest, text } from '../cli/language/options.ts';
import { create, list, remove, resource, show } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';

const networkRules = resource({
  noun: 'network_rule',
  path: '/servers/{server}/network-rules',
  columns: columns(
    'name',
    'action',
    'port',
    'protocol',
    { key: 'source', cell: ({ source }) => source ?? 'anywhere' },
    { key: 'id', wide: true },
  ),
  example: { target: 'HTTP', parents: '--server web-1', create: '3306 --name MySQL --source 203.0.113.11' },
});

const fields = {
  port: natural(required(assumed(integer('Port', 'port')))),
  name: assumed(text('Name of the rule')),
  protocol: suggest(assumed(text('Protocol')), 'tcp', 'udp'),
  action: suggest(assumed(text('Action')), 'allow', 'deny'),
  source: assumed(text('Source IP address or CIDR range (default anywhere)', 'address')),
};

export default group({
  name: 'network-rule',
  commands: [
    list(networkRules),
    show(networkRules),
    create(networkRules, fields),
    ensure(networkRules, fields, { update: false }),
    remove(networkRules),
  ],
});
