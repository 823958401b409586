import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const HOUR_MS = 3_600_000;
const server = seeded.servers['web-1'];
const site = `/servers/${server}/sites/${seeded.sites['shop.example.com']}`;

const bed = perTest(openBed);

test.each([
  ['site list --server web-1', 'server list', `GET /servers/${server}/sites`],
  ['site list --server web-1', 'site list', `GET /servers/${server}/sites`],
  ['certificate list --site shop.example.com', 'site list', `GET ${site}/certificates`],
  ['queue list --site shop.example.com', 'site list', `GET ${site}/queues`],
  ['git-repository list', 'git-provider list', 'GET /git-repositories'],
  ['backup list', 'backup list', 'GET /backups'],
])('%s sends one request within an hour after %s', async (line, before, request) => {
  expect(await bed.dnx(before)).toExit(0, { stderr: '' });
  const first = await bed.dnx(line);
  const { calls, stdout } = await bed.dnx(line);
  expect([first.calls, calls, stdout]).toEqual([[request], [request], first.stdout]);
  await bed.clock.sleep(HOUR_MS + 1);
  expect((await bed.dnx(line)).calls.length).toBeGreaterThan(1);
});

test('a repository of a provider that is not known asks for its name', async () => {
  expect((await bed.dnx('git-repository list')).calls).toEqual(['GET /git-repositories', 'GET /git-providers']);
  expect((await bed.dnx('git-repository list')).calls).toEqual(['GET /git-repositories']);
});

test('a server that is gone by now is looked up again', async () => {
  const env = { DNX_CACHE_DIR: `${bed.directory}/elsewhere` };
  expect(await bed.dnx('server list')).toExit(0);
  expect(await bed.dnx('server delete web-1 --confirm web-1', { env })).toExit(0);
  const run = await bed.dnx('site list --server web-1');
  expect([run.code, run.calls]).toEqual([6, [`GET /servers/${server}/sites`, 'GET /servers']]);
});
