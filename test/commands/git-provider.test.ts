import { missingId, testGroup } from '../support/cases.ts';

const github = '01JQ8Z4T9G0000000000GP0001';

testGroup('git-provider', {
  list: {
    line: 'list',
    table: ['GitHub', 'Our GitLab', 'https://gitlab.example.com'],
    json: [{ id: github, url: null }, { provider: 'gitlab' }],
    ability: 'provider:read',
  },
  show: {
    line: 'show GitHub',
    table: ['Name      GitHub', 'Provider  github'],
    json: { id: github },
    ability: 'provider:read',
    missing: `show ${missingId}`,
  },
  create: {
    line: "create 'Another GitLab' --provider gitlab --url https://git.example.com --token -",
    stdin: 'a secret of gitlab',
    table: ['Name      Another GitLab', 'URL       https://git.example.com'],
    json: { name: 'Another GitLab', provider: 'gitlab' },
    ability: 'provider:create',
    invalid: ['create --provider sourceforge --token -', 'provider'],
  },
  update: {
    line: `update ${github} --name 'GitHub (example)'`,
    table: ['Name      GitHub (example)'],
    json: { id: github, name: 'GitHub (example)' },
    ability: 'provider:update',
    missing: `update ${missingId} --name x`,
    invalid: [`update ${github} -F name:=7`, 'name'],
  },
  delete: {
    line: 'delete GitHub --yes',
    table: ['Deleted Git provider GitHub'],
    json: { id: github, deleted: true },
    ability: 'provider:delete',
    missing: `delete ${missingId} --yes`,
  },
});
