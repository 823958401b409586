import { missingId, testGroup } from '../support/cases.ts';

const ability = 'provider:read';

testGroup('provider', {
  list: {
    line: 'list',
    table: ['hetzner', 'Hetzner', 'custom'],
    json: [{ id: 'digitalocean' }, { id: 'hetzner' }, {}, {}, {}, {}],
    ability,
  },
  regions: {
    line: 'regions hetzner',
    table: ['fsn1', 'Falkenstein'],
    json: [{ id: 'fsn1', name: 'Falkenstein' }, {}, {}, {}],
    ability,
    missing: `regions ${missingId}`,
  },
  sizes: { line: 'sizes hetzner', table: ['cx32', '4 vCPU, 8 GB'], json: [{ id: 'cx22' }, {}, {}, {}], ability, missing: 'sizes nowhere' },
  images: {
    line: 'images linode',
    table: ['linode/ubuntu24.04'],
    json: [{ id: 'linode/ubuntu24.04' }],
    ability,
    missing: 'images nowhere',
  },
});
