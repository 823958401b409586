import { expect, test } from 'vitest';
import { seeded, timings } from '../../src/sandbox/index.ts';
import { drive } from './driver.ts';

const server = `/servers/${seeded.servers['web-1']}`;
const site = { domain: 'new.example.com', git_repository_id: seeded.gitRepositories['example/shop'] };

test('a new site deploys itself where the API does that', async () => {
  const { ask, pass, sandbox } = await drive();
  sandbox.state.unstated = { deploysNewSites: true };
  const { data } = await ask(`POST ${server}/sites`, site);
  const shown = async () => (await ask(`GET ${server}/sites/${data.id}`)).data;
  pass(timings.siteInstalls + timings.deployBegins);
  expect((await shown()).status).toBe('deploying');
  pass(timings.deployRuns);
  expect(await shown()).toMatchObject({ status: 'active', last_deployed_at: expect.any(String) });
});

test('a new database is not ready at once where the API says so', async () => {
  const { ask, pass, sandbox } = await drive();
  sandbox.state.unstated = { databaseCreates: 4_000 };
  const { data } = await ask(`POST ${server}/databases`, { name: 'new' });
  expect(data.status).toBe('creating');
  pass(4_000);
  expect((await ask(`GET ${server}/databases/${data.id}`)).data.status).toBe('active');
});

test('what was deleted is shown for a while where the API does that', async () => {
  const { ask, pass, sandbox } = await drive();
  sandbox.state.unstated = { deletes: 3_000 };
  const made = await ask(`POST ${server}/sites`, site);
  const database = await ask(`POST ${server}/databases`, { name: 'new' });
  for (const path of [`sites/${made.data.id}`, `databases/${database.data.id}`]) {
    expect((await ask(`DELETE ${server}/${path}`)).status).toBe(204);
    expect((await ask(`DELETE ${server}/${path}`)).status).toBe(204);
    expect((await ask(`GET ${server}/${path}`)).status).toBe(200);
    pass(3_000);
    expect((await ask(`GET ${server}/${path}`)).status).toBe(404);
  }
});
