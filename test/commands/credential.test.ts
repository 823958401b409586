import { missingId, testGroup } from '../support/cases.ts';

testGroup('credential', {
  list: {
    line: 'list',
    table: ['NAME', 'Hetzner production', 'digitalocean'],
    json: [{ provider: 'hetzner' }, { name: 'DigitalOcean' }],
    ability: 'provider:read',
  },
  create: {
    line: "create 'Hetzner staging' --provider hetzner --token -",
    stdin: 'a secret of hetzner',
    table: ['Name      Hetzner staging', 'Provider  hetzner'],
    json: { name: 'Hetzner staging', provider: 'hetzner' },
    ability: 'provider:create',
    invalid: ["create 'Somewhere' --provider nowhere --token -", 'provider'],
  },
  revoke: {
    line: 'revoke DigitalOcean --yes',
    table: ['Deleted credential DigitalOcean'],
    json: { deleted: true },
    ability: 'provider:delete',
    missing: `delete ${missingId} --yes`,
  },
});
