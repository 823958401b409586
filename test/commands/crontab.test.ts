import { expect, test } from 'vitest';
import { missingId, testGroup } from '../support/cases.ts';
import { openBed } from '../support/dnx.ts';

const one = '01JQ8Z4T9G0000000000CR0001';
const on = '--server web-1';

testGroup('crontab', {
  list: {
    line: `list ${on}`,
    table: ['FREQUENCY', '15 3 * * *', 'orders:export', 'deploynix'],
    json: [{ id: one, frequency: '* * * * *' }, { frequency: '15 3 * * *' }],
    ability: 'crontab:read',
    missing: 'list --server nowhere',
  },
  show: {
    line: `show ${one} ${on}`,
    table: ['Frequency  * * * * *', 'User       deploynix'],
    json: { id: one, user: 'deploynix' },
    ability: 'crontab:read',
    missing: `show ${missingId} ${on}`,
  },
  create: {
    line: `create 'php artisan inspire' --frequency '0 9 * * 1' --user root ${on}`,
    table: ['Command    php artisan inspire', 'Frequency  0 9 * * 1', 'User       root'],
    json: { command: 'php artisan inspire', frequency: '0 9 * * 1' },
    ability: 'crontab:create',
    invalid: [`create date --frequency daily ${on}`, 'frequency'],
  },
  update: {
    line: `update ${one} --frequency '*/5 * * * *' ${on}`,
    table: ['Frequency  */5 * * * *'],
    json: { id: one, frequency: '*/5 * * * *' },
    ability: 'crontab:update',
    missing: `update ${missingId} --user root ${on}`,
    invalid: [`update ${one} --frequency never ${on}`, 'frequency'],
  },
  delete: {
    line: `delete ${one} ${on} --yes`,
    table: [`Deleted cron job ${one}`],
    json: { id: one, deleted: true },
    ability: 'crontab:delete',
    missing: `delete ${missingId} ${on} --yes`,
  },
});

test('a frequency that is refused is answered with one that is valid', async () => {
  const bed = await openBed();
  const run = await bed.dnx(`crontab create 'php artisan inspire' --frequency minutely ${on}`);
  await bed.close();
  expect(run).toExit(7, { says: "invalid.   (for example: '*/5 * * * *')" });
});
