import { expect, test } from 'vitest';
import { missingId, testGroup } from '../support/cases.ts';
import { openBed } from '../support/dnx.ts';

const one = '01JQ8Z4T9G0000000000DM0001';
const other = '01JQ8Z4T9G0000000000DM0002';
const on = '--server web-1';

testGroup('daemon', {
  list: {
    line: `list ${on}`,
    table: ['COMMAND', 'reverb:start', 'pulse:check', 'stopped'],
    json: [
      { id: one, status: 'running' },
      { id: other, processes: 2 },
    ],
    ability: 'daemon:read',
    missing: 'list --server nowhere',
  },
  show: {
    line: `show ${one} ${on}`,
    table: ['Directory  /home/deploynix/shop.example.com/current', 'Status     running'],
    json: { id: one, user: 'deploynix' },
    ability: 'daemon:read',
    missing: `show ${missingId} ${on}`,
  },
  create: {
    line: `create 'php artisan horizon' --user deploynix --processes 2 ${on}`,
    table: ['Command    php artisan horizon', 'Processes  2', 'Directory  –'],
    json: { command: 'php artisan horizon', processes: 2, directory: null },
    ability: 'daemon:create',
    invalid: [`create date --processes 0 ${on}`, 'processes'],
  },
  update: {
    line: `update ${one} --processes 4 ${on}`,
    table: ['Processes  4'],
    json: { id: one, processes: 4 },
    ability: 'daemon:update',
    missing: `update ${missingId} --processes 4 ${on}`,
    invalid: [`update ${one} --processes 1000 ${on}`, 'processes'],
  },
  delete: {
    line: `delete ${one} ${on} --yes`,
    table: [`✓ Deleted daemon ${one}\n`],
    json: { id: one, deleted: true },
    ability: 'daemon:delete',
    missing: `delete ${missingId} ${on} --yes`,
  },
  restart: {
    line: `restart ${other} ${on}`,
    table: ["✓ Restarted daemon 'php8.3 /home/deploynix/shop.example.com/current/artisan pulse:check'\n"],
    json: { id: other, status: 'running' },
    ability: 'daemon:update',
    missing: `restart ${missingId} ${on}`,
  },
});

test('daemon delete deletes several daemons with one confirmation', async () => {
  const bed = await openBed();
  expect((await bed.dnx(`daemon delete ${one} ${other} ${on} --yes --json`)).json()).toEqual([
    { id: one, deleted: true },
    { id: other, deleted: true },
  ]);
  expect((await bed.dnx(`daemon list ${on} -o ids`)).stdout).toBe('');
  await bed.close();
});
