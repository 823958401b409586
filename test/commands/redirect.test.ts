import { missingId, testGroup } from '../support/cases.ts';

const one = '01JQ8Z4T9G0000000000RD0001';
const on = '--site shop.example.com';

testGroup('redirect', {
  list: {
    line: `list ${on}`,
    table: ['/sale', '/collections/summer', '302', '/agb', '301'],
    json: [{ id: one, from: '/sale', type: 302 }, { from: '/agb' }],
    ability: 'redirect:read',
    missing: 'list --site nowhere.example.com',
  },
  show: {
    line: `show ${one} ${on}`,
    table: ['From  /sale', 'To    /collections/summer'],
    json: { id: one, from: '/sale' },
    ability: 'redirect:read',
    missing: `show ${missingId} ${on}`,
  },
  create: {
    line: `create /old /new --type 301 ${on}`,
    table: ['From  /old', 'To    /new', 'Type  301'],
    json: { from: '/old', to: '/new', type: 301 },
    ability: 'redirect:create',
    invalid: [`create /sale /new ${on}`, 'from', '<from>'],
  },
  update: {
    line: `update ${one} --to /collections/winter ${on}`,
    table: ['To    /collections/winter'],
    json: { id: one, to: '/collections/winter' },
    ability: 'redirect:update',
    missing: `update ${missingId} --to /x ${on}`,
    invalid: [`update ${one} --type 307 ${on}`, 'type'],
  },
  delete: {
    line: `delete ${one} ${on} --yes`,
    table: [`Deleted redirect ${one}`],
    json: { id: one, deleted: true },
    ability: 'redirect:delete',
    missing: `delete ${missingId} ${on} --yes`,
  },
});
