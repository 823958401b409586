import { beforeEach, expect, test } from 'vitest';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const site = perTest(openEnvSite);
beforeEach(async () => {
  site.setAll({ APP_NAME: 'production' });
  await site.succeed('pull');
  site.write('APP_NAME=local\nNEW=1\n');
});

const push = (...words: readonly string[]) => site.env(['push', ...words]);
const changes = (calls: readonly string[]) =>
  calls.filter((call) => !call.startsWith('GET')).map((call) => call.replace(/\/servers\/\w+\/sites\/\w+|\/\w{26}$/g, ''));
const summary = {
  site: 'blog.example.com',
  file: '.env.production',
  added: ['NEW'],
  changed: ['APP_NAME'],
  removed: [],
  kept: [],
  conflicts: [],
};

test('env push --deploy sends the changes, deploys, and prints the result of the deployment', async () => {
  const run = await push('--deploy', '--yes');
  expect([run.code, changes(run.calls)]).toEqual([0, ['PUT /environment-variables', 'POST /environment-variables', 'POST /deploy']]);
  expect(run.stderr).toMatch(/^✓ Pushed 2 variables to blog\.example\.com\nStarted a deployment of blog\.example\.com\n/);
  expect(run.stdout).toMatch(/^✓ Deployed blog\.example\.com in \d+s\n/);
});

test('for scripts, it prints keys and the deployment', async () => {
  const run = await push('--deploy', '--yes', '--json');
  expect(run.json()).toEqual({ variables: summary, deployment: expect.objectContaining({ outcome: 'succeeded' }) });
});

test('a user on a terminal is asked once', async () => {
  const run = await site.env(['push', '--deploy'], { columns: 100, keys: 'y\r', env: { NO_COLOR: '1' } });
  expect([run.code, changes(run.calls).at(-1)]).toEqual([0, 'POST /deploy']);
  expect(run.stderr).toContain('? Push 2 variables to blog.example.com (web-1) and deploy?');
});

test('if there is nothing to push, nothing is deployed', async () => {
  await site.succeed('push', '--yes');
  const run = await push('--deploy', '--yes', '--json');
  const nothing = { ...summary, added: [], changed: [] };
  expect([run.code, run.json(), changes(run.calls), run.stderr]).toEqual([
    0,
    { variables: nothing, deployment: null },
    [],
    'Nothing was deployed.\nTakes effect on the next deployment. Run: dnx deploy blog.example.com\n',
  ]);
});

test('if not all was sent, nothing is deployed', async () => {
  site.bed.sandbox.faults.next({ method: 'PUT' }, { status: 422, body: { message: 'No.' } });
  const run = await push('--deploy', '--yes');
  expect([run.code, run.stdout, changes(run.calls)]).toEqual([12, '', ['PUT /environment-variables', 'POST /environment-variables']]);
  expect(run.stderr).toContain('Nothing was deployed.\n');
  expect(run.stderr).toContain('Send the rest with: dnx env push --site blog.example.com --server web-1 --deploy\n');
});

test('a conflict or a dry run deploys nothing', async () => {
  const dry = await push('--deploy', '--dry-run');
  site.set('APP_NAME', 'staging');
  const conflict = await push('--deploy', '--yes');
  expect([dry.code, changes(dry.calls), conflict.code, changes(conflict.calls)]).toEqual([0, [], 10, []]);
});

test.each(['--wait', '--no-wait'])('%s needs --deploy', async (option) => {
  await expect(push(option, '--yes')).toExit(2, { stderr: `Error: ${option} needs --deploy.\n` });
});
