import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const shop = () => bed.sandbox.state.sites.find(({ id }) => id === seeded.sites['shop.example.com']);
const posts = () => bed.sandbox.calls.filter(({ method }) => method === 'POST');
const schedule = (options: string, run = {}) => bed.dnx(`site schedule shop.example.com ${options}`, run);

describe('site schedule', () => {
  test.each([
    ['--at 2026-12-01T02:00 --tz Europe/Berlin', '2026-12-01 02:00 Europe/Berlin (2026-12-01 01:00 UTC, in 228d)', '2026-12-01T01:00:00Z'],
    ['--at "2026-07-01 02:00" --tz Europe/Berlin', '2026-07-01 02:00 Europe/Berlin (2026-07-01 00:00 UTC, in 75d)', '2026-07-01T00:00:00Z'],
    ['--at 2026-12-01T02:00:30-05:00', '2026-12-01 07:00:30 UTC (in 228d)', '2026-12-01T07:00:30Z'],
    ['--at 2026-12-01T02:00', '2026-12-01 02:00 UTC (in 228d)', '2026-12-01T02:00:00Z'],
    ['--at 2026-12-01', '2026-12-01 00:00 UTC (in 228d)', '2026-12-01T00:00:00Z'],
    ['--at 2026-12-01T02:00+02', '2026-12-01 00:00 UTC (in 228d)', '2026-12-01T00:00:00Z'],
    ['--in 90m --tz Asia/Kolkata', '2026-04-16 19:00 Asia/Kolkata (2026-04-16 13:30 UTC, in 1h 30m)', '2026-04-16T13:30:00Z'],
  ])('schedules %s', async (options, shown, sent) => {
    const run = await schedule(options, { env: { TZ: 'UTC' } });
    expect(run).toExit(0, { stderr: '', stdout: `✓ Scheduled a deployment of shop.example.com for ${shown}\n` });
    expect(posts().map(({ body }) => body)).toEqual([{ scheduled_at: sent }]);
    expect(shop()?.scheduled_deploy_at).toBe(sent);
  });

  test('--json prints the site as the API sent it', async () => {
    const run = await schedule('--in 1h --json');
    expect(run.json()).toMatchObject({ domain: 'shop.example.com', scheduled_deploy_at: '2026-04-16T13:00:00Z' });
  });

  test.each([
    ['--in 99999999999999999999h', '--in is too far in the future', ''],
    ['--in 2500000000h', '--in is too far in the future', ''],
    ['--at 2026-03-29T02:30 --tz Europe/Berlin', 'does not exist in Europe/Berlin', 'The next valid time is 2026-03-29T03:30:00.'],
    [
      '--at 2026-10-25T02:30 --tz Europe/Berlin',
      'happens twice in Europe/Berlin, because clocks go back.',
      'Add +02:00 or +01:00 to the time.',
    ],
    ['--at 2026-04-16T11:59:00Z', 'is in the past. Nothing was scheduled.', ''],
    ['--at 2026-04-16T13:30 --tz Asia/Kolkata', '2026-04-16 13:30 Asia/Kolkata (2026-04-16 08:00 UTC) is in the past.', ''],
    ['--at tomorrow', "'tomorrow' is not a time.", ''],
    ['--at "2026-12-01T02:00 +02:00"', 'is not a time.', 'Use ISO 8601, such as 2026-12-01T02:00 or 2026-12-01T02:00:00Z.'],
    ['--at 2026-12-01T02:00\u221202:00', 'is not a time.', ''],
    ['--at 2026-12-01T02:00+02:00:00.5', 'is not a time.', ''],
    ['--at 2026-12-01T02:00[u-ca=hebrew]', 'is not a time.', ''],
    ['--at 2026-12-01T02:00CET', 'is not a time.', ''],
    ['--at 2026-12-01T02:00[Europe/Berlin]', 'is not a time.', ''],
    ['--at 2026-12-01T02:00+01:00[Europe/Berlin]', 'is not a time.', ''],
    ['--at 2026-02-30T10:00', "'2026-02-30T10:00' is not a time.", ''],
    ['--at 2026-12-01T02:00 --tz Europe/Atlantis', "'Europe/Atlantis' is not a time zone.", ''],
    ['--at 2026-12-01T02:00Z --tz Europe/Berlin', 'has its own offset, so --tz does not apply.', ''],
    ['', 'Use either --at or --in.', ''],
    ['--at 2026-12-01T02:00 --in 5m', 'Use either --at or --in.', ''],
  ])('refuses %s', async (options, message, hint) => {
    await expect(schedule(options, { env: { TZ: 'UTC' } })).toExit(2, { stdout: '', says: [message, hint] });
    expect(posts()).toEqual([]);
  });

  test('asks before it replaces a scheduled deployment', async () => {
    await expect(schedule('--in 1h')).toExit(0);
    const refused = await schedule('--in 2h', { env: { TZ: 'UTC' } });
    expect(refused).toExit(2, { stdout: '', says: 'A deployment is already scheduled for 2026-04-16 13:00 UTC. Nothing was changed.' });
    const no = await schedule('--in 2h', { columns: 100, keys: '\r' });
    expect(no).toExit(1, { stderr: expect.stringMatching(/Cancelled; nothing was changed\.\n$/) });
    expect(posts()).toHaveLength(1);
    await expect(schedule('--in 2h', { columns: 100, keys: 'y\r' })).toExit(0);
    expect((await schedule('--in 3h --yes')).stderr).toContain('This replaces the deployment scheduled for');
    expect(shop()?.scheduled_deploy_at).toBe('2026-04-16T15:00:00Z');
  });

  test.each([
    ['2026-12-01 02:00:00', '2026-12-01 02:00 UTC'],
    ['2026-12-01T02:00:00.000000Z', '2026-12-01 02:00 UTC'],
    ['1796090400', '2026-12-01 02:00 UTC'],
    [1_796_090_400, '2026-12-01 02:00 UTC'],
    [1_796_090_400_000, '2026-12-01 02:00 UTC'],
    ['first of December', 'first of December'],
  ])('recognizes a scheduled deployment in every time format: %j', async (scheduled, shown) => {
    Object.assign(shop() ?? {}, { scheduled_deploy_at: scheduled });
    const refused = await schedule('--in 2h', { env: { TZ: 'UTC' } });
    expect(refused).toExit(2, { stdout: '', says: `A deployment is already scheduled for ${shown}. Nothing was changed.` });
  });

  test.each(['', ' ', null])('treats %j as no scheduled deployment', async (scheduled) => {
    Object.assign(shop() ?? {}, { scheduled_deploy_at: scheduled });
    await expect(schedule('--in 2h')).toExit(0, { stderr: '' });
  });

  test('schedules with a token that cannot read the site, and warns that it may replace a deployment', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['site:deploy']) };
    const run = await bed.dnx(`site schedule ${seeded.sites['shop.example.com']} --server ${seeded.servers['web-1']} --in 1h`, { env });
    expect(run).toExit(0, { says: 'so a deployment that is already scheduled will be replaced' });
  });

  test('site unschedule cancels the scheduled deployment', async () => {
    await expect(schedule('--in 1h')).toExit(0);
    await expect(bed.dnx('site unschedule shop.example.com')).toExit(0, { stdout: '✓ Scheduled deployment cancelled\n' });
    expect(shop()?.scheduled_deploy_at).toBeNull();
    await expect(bed.dnx('site unschedule shop.example.com')).toExit(7);
  });
});
