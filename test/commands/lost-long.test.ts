import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

test('a list of several pages is not searched after a lost response', async () => {
  const shop = seeded.sites['shop.example.com'];
  const { backups } = bed.sandbox.state;
  const some = backups.find(({ site_id }) => site_id === shop);
  if (!some) throw new Error('the seed has a backup of the site');
  backups.push(...Array.from({ length: 120 }, (_, at) => ({ ...some, id: `${at}` })));
  bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
  const run = await bed.dnx(`backup create --site ${shop} --server ${seeded.servers['web-1']} --no-wait`);
  expect(run).toExit(13, { stdout: '', calls: ['GET /backups', 'POST /backups/application'] });
  expect(run.stderr).toContain(
    'The list of backups is too long to search.\n  Check before you retry: dnx backup list --type application\n',
  );
});
