import { expect, test } from 'vitest';
import { missingId, testGroup } from '../support/cases.ts';
import { openBed } from '../support/dnx.ts';

const on = '--database shop --server db-1';

testGroup('database-user', {
  list: {
    line: `list ${on}`,
    table: ['USERNAME', 'shop', 'shop_readonly'],
    json: [{ username: 'shop' }, { username: 'shop_readonly' }],
    ability: 'database:read',
    missing: 'list --database nothing --server db-1',
  },
  show: {
    line: `show shop_readonly ${on}`,
    table: ['Username  shop_readonly'],
    json: { username: 'shop_readonly' },
    ability: 'database:read',
    missing: `show nobody ${on}`,
  },
  'create with a generated password': {
    line: `create reporting ${on}`,
    table: ['Username  reporting', 'Password  '],
    json: { username: 'reporting', password: expect.stringMatching(/^[0-9a-f]{24}$/) },
    ability: 'database:create',
    invalid: [`create shop ${on}`, 'username', '<username>'],
  },
  'update with a password from stdin': {
    line: `update shop --password - ${on}`,
    stdin: 'correct horse\n',
    table: ['Username  shop'],
    json: { username: 'shop' },
    ability: 'database:update',
    missing: `update ${missingId} -F password=x ${on}`,
    invalid: [`update shop -F password:=1 ${on}`, 'password'],
  },
  delete: {
    line: `delete shop_readonly ${on} --yes`,
    table: ['Deleted database user shop_readonly'],
    json: { deleted: true },
    ability: 'database:delete',
    missing: `delete nobody ${on} --yes`,
  },
});

test('database-user create rejects a password as an argument, and prints none from stdin', async () => {
  const bed = await openBed();
  const refused = await bed.dnx(`database-user create reporting --password hunter2 ${on}`);
  expect(refused).toExit(2, { calls: [] });
  expect(refused.stderr).not.toContain('hunter2');
  const given = await bed.dnx(`database-user create reporting --password - ${on}`, { stdin: 'hunter2' });
  expect(given.stdout).not.toMatch(/Password|hunter2/);
  expect(given).toExit(0);
  await bed.close();
});
