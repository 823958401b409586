import { expect, test } from 'vitest';
import { seeded, timings } from '../../src/sandbox/index.ts';
import { type Driver, drive, type Item } from './driver.ts';

const web1 = `/servers/${seeded.servers['web-1']}/sites`;
const shop = `${web1}/${seeded.sites['shop.example.com']}`;
const blog = `${web1}/${seeded.sites['blog.example.com']}`;
const docs = `/servers/${seeded.servers['web-2']}/sites/${seeded.sites['docs.example.com']}`;

const read = async ({ ask }: Driver, site = shop): Promise<{ site: Item; newest: Item; live: Item | undefined; count: number }> => {
  const { list } = await ask(`GET ${site}/releases`);
  return { site: (await ask(`GET ${site}`)).data, newest: list[0] ?? {}, live: list.find((release) => release.active), count: list.length };
};

test('a deployment appears after a moment, runs and goes live', async () => {
  const driver = await drive();
  const before = await read(driver);
  const started = await driver.ask(`POST ${shop}/deploy`);
  expect([started.status, started.json]).toEqual([202, { message: 'Deployment started.' }]);

  driver.pass(timings.deployBegins - 1);
  expect(await read(driver)).toEqual(before);

  driver.pass(1);
  const running = await read(driver);
  expect(running.site).toMatchObject({
    status: 'deploying',
    updated_at: '2026-04-16T10:30:03Z',
    last_deployed_at: before.site.last_deployed_at,
  });
  expect(running.newest).toMatchObject({ name: '20260416_103003', status: 'deploying', active: false, branch: 'main' });
  expect(running.live).toEqual(before.live);

  driver.pass(timings.deployRuns);
  const after = await read(driver);
  expect(after.site).toMatchObject({ status: 'active', updated_at: '2026-04-16T10:30:11Z', last_deployed_at: '2026-04-16T10:30:11Z' });
  expect(after.newest).toMatchObject({ id: running.newest.id, status: 'active', active: true });
  expect(after.live).toEqual(after.newest);
  expect(after.count).toBe(5);
});

test('a failed deployment keeps the live release', async () => {
  const driver = await drive({ failDeploys: true });
  const before = await read(driver);
  await driver.ask(`POST ${shop}/deploy`);
  driver.pass(timings.deployBegins + timings.deployRuns);
  const after = await read(driver);
  expect(after.site).toMatchObject({
    status: 'failed',
    last_deployed_at: before.site.last_deployed_at,
    updated_at: '2026-04-16T10:30:11Z',
  });
  expect(after.newest).toMatchObject({ status: 'failed', active: false });
  expect(after.live).toEqual(before.live);
});

test('a second deployment waits for the first', async () => {
  const driver = await drive();
  await driver.ask(`POST ${shop}/deploy`);
  await driver.ask(`POST ${shop}/deploy`);
  driver.pass(timings.deployBegins + timings.deployRuns);
  const between = await read(driver);
  expect(between.site).toMatchObject({ status: 'deploying', last_deployed_at: '2026-04-16T10:30:11Z' });
  expect(between.newest).toMatchObject({ name: '20260416_103011', status: 'deploying' });
  driver.pass(timings.deployRuns);
  expect((await read(driver)).site).toMatchObject({ status: 'active', last_deployed_at: '2026-04-16T10:30:19Z' });
});

test('deployElsewhere starts a deployment immediately', async () => {
  const driver = await drive();
  driver.sandbox.deployElsewhere(seeded.sites['shop.example.com'], { fails: true });
  expect((await read(driver)).site).toMatchObject({ status: 'deploying' });
  driver.pass(timings.deployRuns);
  expect((await read(driver)).site).toMatchObject({ status: 'failed' });
});

test('a rollback makes the previous release live and creates none', async () => {
  const driver = await drive();
  const before = await read(driver);
  const [, previous, older] = (await driver.ask(`GET ${shop}/releases`)).list;
  expect((await driver.ask(`POST ${shop}/rollback`)).status).toBe(202);
  driver.pass(timings.rollbackBegins);
  expect((await read(driver)).site.status).toBe('deploying');
  driver.pass(timings.rollbackRuns);
  const after = await read(driver);
  expect(after.site).toMatchObject({ status: 'active', last_deployed_at: before.site.last_deployed_at });
  expect(after.site.updated_at).not.toBe(before.site.updated_at);
  expect(after.live?.id).toBe(previous?.id);
  expect(after.newest.id).toBe(before.newest.id);

  await driver.ask(`POST ${shop}/rollback`, { release_id: older?.id });
  driver.pass(timings.rollbackBegins + timings.rollbackRuns);
  expect((await read(driver)).live?.id).toBe(older?.id);
});

test('an impossible rollback is rejected', async () => {
  const driver = await drive();
  const { ask } = driver;
  expect((await ask(`POST ${blog}/rollback`)).message).toContain('zero-downtime');
  expect((await ask(`POST ${shop}/rollback`, { release_id: 'nowhere' })).errors).toEqual({
    release_id: ['The selected release id is invalid.'],
  });
  expect((await ask(`POST ${shop}/rollback`, { release_id: (await read(driver)).live?.id })).message).toBe('This release is already live.');
  await ask(`POST ${blog}/enable-zero-downtime`);
  driver.sandbox.state.releases.splice(0);
  expect((await ask(`POST ${blog}/rollback`)).message).toBe('There is no previous release to roll back to.');
});

test('a suspended site is not deployed until it is resumed', async () => {
  const { ask } = await drive();
  expect(await ask(`POST ${docs}/deploy`)).toMatchObject({ status: 422, message: expect.stringContaining('suspended') });
  expect(await ask(`POST ${docs}/resume`)).toMatchObject({ status: 202, data: { status: 'active' } });
  expect((await ask(`POST ${docs}/deploy`)).status).toBe(202);
  expect(await ask(`POST ${shop}/suspend`, { reason: 'maintenance' })).toMatchObject({ status: 202, data: { status: 'suspended' } });
});

test('a site suspended during a deployment stays suspended', async () => {
  const { ask, pass } = await drive();
  await ask(`POST ${shop}/deploy`);
  pass(timings.deployBegins);
  await ask(`POST ${shop}/suspend`);
  pass(timings.deployRuns);
  expect((await ask(`GET ${shop}`)).data.status).toBe('suspended');
});

test('a scheduled deployment starts when it is due, unless it is canceled', async () => {
  const { ask, pass } = await drive();
  expect((await ask(`POST ${shop}/schedule-deploy`, { scheduled_at: '2026-04-16T10:29:00Z' })).errors?.scheduled_at).toHaveLength(1);
  expect((await ask(`POST ${shop}/schedule-deploy`, { scheduled_at: 'tomorrow' })).errors).toEqual({
    scheduled_at: ['The scheduled at field must be a valid date.'],
  });
  expect((await ask(`POST ${shop}/cancel-scheduled-deploy`)).status).toBe(422);

  const schedule = () => ask(`POST ${shop}/schedule-deploy`, { scheduled_at: '2026-04-16T13:30:00+02:00' });
  expect(await schedule()).toMatchObject({ status: 202, data: { scheduled_deploy_at: '2026-04-16T11:30:00Z' } });
  expect(await ask(`POST ${shop}/cancel-scheduled-deploy`)).toMatchObject({ status: 202, data: { scheduled_deploy_at: null } });
  await schedule();
  pass(60 * 60_000 + timings.deployBegins + timings.deployRuns);
  expect((await ask(`GET ${shop}`)).data).toMatchObject({
    status: 'active',
    scheduled_deploy_at: null,
    last_deployed_at: '2026-04-16T11:30:11Z',
  });
});
