import { missingId, testGroup } from '../support/cases.ts';

const on = '--server db-1';

testGroup('database', {
  list: {
    line: `list ${on}`,
    table: ['NAME', 'shop', '734 MB', 'analytics', '5.4 GB'],
    json: [{ name: 'shop', size: 734_003_200 }, { name: 'analytics' }],
    ability: 'database:read',
    missing: 'list --server nowhere',
  },
  show: {
    line: `show shop ${on}`,
    table: ['Name     shop', 'Status   active'],
    json: { name: 'shop', status: 'active' },
    ability: 'database:read',
    missing: `show ${missingId} ${on}`,
  },
  create: {
    line: `create reports ${on}`,
    table: ['Name     reports'],
    json: { name: 'reports' },
    ability: 'database:create',
    invalid: [`create shop ${on}`, 'name', '<name>'],
  },
  delete: {
    line: `delete shop ${on} --confirm shop`,
    table: ['Deleted database shop'],
    json: { deleted: true },
    ability: 'database:delete',
    missing: `delete nothing ${on} --confirm nothing`,
  },
});
