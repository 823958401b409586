import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiResponse, seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const shop = seeded.sites['shop.example.com'];
const line = `backup create --site ${shop} --server ${seeded.servers['web-1']} --no-wait`;
const calls = ['GET /backups', 'POST /backups/application'];

const bed = perTest(openBed);
/** The time of the newest of 120 older backups, whose list is newest first. */
const NEWEST = Date.parse('2026-04-16T11:00:00Z');
beforeEach(() => {
  const { backups } = bed.sandbox.state;
  const some = backups.find(({ site_id }) => site_id === shop);
  if (!some) throw new Error('the seed has a backup of the site');
  const old = Array.from({ length: 120 }, (_, at) => ({ ...some, id: `${at}`, created_at: time(NEWEST - (119 - at) * 60_000) }));
  backups.splice(0, backups.length, ...old);
});

const time = (ms: number): string => new Date(ms).toISOString().replace('.000', '');
const backups = () => bed.sandbox.state.backups;

describe('a list of several pages', () => {
  test('is not read further if the newest are on the first page', async () => {
    await expect(bed.dnx(line)).toExit(0, { calls });
    bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
    const run = await bed.dnx(`${line} -o ids`);
    expect(run).toExit(0, { calls: [...calls, 'GET /backups'] });
    expect(run.stdout.trim()).toBe(backups().at(-1)?.id);
    expect(run.stderr).toContain('! The response was lost, but the backup was created.');
  });

  test('shows nothing new if deletions move older ones to the first page', async () => {
    bed.sandbox.faults.next({ method: 'POST' }, () => {
      bed.sandbox.state.backups = backups().filter(({ id }) => Number(id) < 60);
      return { status: 504, headers: {}, body: undefined };
    });
    const run = await bed.dnx(line);
    expect(run).toExit(13, { stdout: '', calls: [...calls, 'GET /backups'] });
    expect(run.stderr).toContain('No new backup was found, so it was probably not created.');
  });

  test.each<[string, (listed: readonly object[]) => readonly object[]]>([
    ['is oldest first', (listed) => listed.toReversed()],
    ['has no times', (listed) => listed.map((each) => ({ ...each, created_at: undefined }))],
    ['has one time', (listed) => listed.map((each) => ({ ...each, created_at: time(NEWEST) }))],
    ['is in no order', (listed) => [...listed.slice(50), ...listed.slice(0, 50)]],
  ])('is not searched if it %s', async (_, change) => {
    bed.sandbox.faults.always({ method: 'GET', path: '/backups' }, (answer: ApiResponse) => {
      const body = answer.body as { data: object[] };
      return { ...answer, body: { ...body, data: change(body.data) } };
    });
    bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
    const run = await bed.dnx(line);
    expect(run).toExit(13, { stdout: '', calls });
    expect(run.stderr).toContain(
      'The list of backups is too long to search.\n  Check before you retry: dnx backup list --type application\n',
    );
  });

  test('is not searched if only a link says that there is more', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: '/backups' }, (answer: ApiResponse) => {
      const { data } = answer.body as { data: object[] };
      return { ...answer, body: { data: data.toReversed(), links: { next: 'https://x.example/?page=2' } } };
    });
    bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
    await expect(bed.dnx(line)).toExit(13, { calls });
  });
});
