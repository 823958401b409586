import { expect, test } from 'vitest';
import { missingId, testGroup } from '../support/cases.ts';
import { openBed } from '../support/dnx.ts';

const one = '01JQ8Z4T9G0000000000QV0001';
const other = '01JQ8Z4T9G0000000000QV0002';
const on = '--site shop.example.com';

testGroup('queue', {
  list: {
    line: `list ${on}`,
    table: ['QUEUE', 'default', 'mails', 'exports', 'stopped'],
    json: [{ id: one, queue: 'default', processes: 3 }, { queue: 'mails' }, { queue: 'exports', timeout: 900 }],
    ability: 'queue-worker:read',
    missing: 'list --site nowhere.example.com',
  },
  show: {
    line: `show ${one} ${on}`,
    table: ['Queue       default', 'Status      running'],
    json: { id: one, queue: 'default', tries: 3 },
    ability: 'queue-worker:read',
    missing: `show ${missingId} ${on}`,
  },
  create: {
    line: `create reports --connection redis --processes 2 --timeout 900 ${on}`,
    table: ['Queue       reports', 'Processes   2'],
    json: { queue: 'reports', processes: 2, timeout: 900, status: 'running' },
    ability: 'queue-worker:create',
    missing: 'create --site nowhere.example.com',
    invalid: [`create --processes 0 ${on}`, 'processes'],
  },
  update: {
    line: `update ${one} --processes 5 -F queue=urgent ${on}`,
    table: ['Queue       urgent', 'Processes   5'],
    json: { id: one, queue: 'urgent', processes: 5 },
    ability: 'queue-worker:update',
    missing: `update ${missingId} --processes 5 ${on}`,
    invalid: [`update ${one} --tries -1 ${on}`, 'tries'],
  },
  delete: {
    line: `delete ${one} ${on} --yes`,
    table: [`✓ Deleted queue worker ${one}\n`],
    json: { id: one, deleted: true },
    ability: 'queue-worker:delete',
    missing: `delete ${missingId} ${on} --yes`,
  },
  restart: {
    line: `restart ${one} ${on}`,
    table: ["✓ Restarted queue worker 'default'\n"],
    json: { id: one, status: 'running' },
    ability: 'queue-worker:update',
    missing: `restart ${missingId} ${on}`,
  },
});

test('queue restart reports each of several queue workers, and exits 12 if some failed', async () => {
  const bed = await openBed();
  const all = await bed.dnx(`queue restart ${one} ${other} ${on} --json`);
  expect(all.json()).toMatchObject([{ id: one }, { id: other }]);
  expect(all).toExit(0);
  const some = await bed.dnx(`queue restart ${one} ${missingId} ${on}`);
  expect(some.stdout).toMatch(new RegExp(`^QUEUE WORKER +RESULT\\n${one} +restarted\\n${missingId} +Not found`));
  expect(some.stderr).toBe('Error: 1 of 2 queue workers failed\n');
  expect(some).toExit(12);
  await bed.close();
});
