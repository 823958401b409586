import { missingId, testGroup } from '../support/cases.ts';

const on = '--server web-1';

testGroup('network-rule', {
  list: {
    line: `list ${on}`,
    table: ['NAME', 'HTTPS', '443', 'anywhere', 'Block scanner', 'deny', '198.51.100.0/24'],
    json: [{ name: 'HTTP', source: null }, { port: 443 }, { action: 'deny' }],
    ability: 'network-rule:read',
    missing: 'list --server nowhere',
  },
  show: {
    line: `show HTTP ${on}`,
    table: ['Name      HTTP', 'Port      80'],
    json: { name: 'HTTP', port: 80 },
    ability: 'network-rule:read',
    missing: `show ${missingId} ${on}`,
  },
  create: {
    line: `create 3306 --name MySQL --source 203.0.113.11 ${on}`,
    table: ['Name      MySQL', 'Action    allow', 'Source    203.0.113.11'],
    json: { name: 'MySQL', port: 3306, protocol: 'tcp' },
    ability: 'network-rule:create',
    invalid: [`create 99999 ${on}`, 'port', '<port>'],
  },
  delete: {
    line: `delete HTTP ${on} --yes`,
    table: ['Deleted firewall rule HTTP'],
    json: { deleted: true },
    ability: 'network-rule:delete',
    missing: `delete nothing ${on} --yes`,
  },
});

testGroup('firewall', {
  list: {
    line: `list ${on}`,
    table: ['HTTP'],
    json: [{}, {}, {}],
    ability: 'network-rule:read',
  },
});
