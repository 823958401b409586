import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type Run } from '../support/dnx.ts';
import { renameVariables } from '../support/editing.ts';

const SITE = seeded.sites['blog.example.com'];
const set = 'env set APP_THEME=true --site blog.example.com --deploy';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
  renameVariables(bed);
});
afterEach(() => bed.close());

const changes = ({ calls }: Run) =>
  calls.filter((call) => !call.startsWith('GET')).map((call) => call.replace(/\/servers\/\w+\/sites\/\w+/, ''));
const debug = () => bed.sandbox.state.environment_variables.find((each) => each.site_id === SITE && each.key === 'APP_THEME')?.value;

test('env set --deploy sets the variable, deploys, and prints the result of the deployment', async () => {
  const run = await bed.dnx(set);
  expect([run.code, changes(run)]).toEqual([0, [expect.stringMatching(/^PUT .environment-variables.\w+$/), 'POST /deploy']]);
  expect(run.stderr).toMatch(/^✓ Set APP_THEME on blog\.example\.com\nStarted a deployment of blog\.example\.com\n/);
  expect(run.stdout).toMatch(/^✓ Deployed blog\.example\.com in \d+s\n {2}release {2}/);
});

test('for scripts, it prints the variables and the deployment', async () => {
  expect((await bed.dnx(`${set} --json`)).json()).toEqual({
    variables: [expect.objectContaining({ key: 'APP_THEME', value: 'true' })],
    deployment: expect.objectContaining({ site: 'blog.example.com', server: 'web-1', outcome: 'succeeded' }),
  });
  const csv = await bed.dnx('env set APP_THEME=1 LOG_LEVEL=info --site blog.example.com --deploy -o csv');
  expect(csv.stdout).toMatch(/^site,server,outcome,status,release,duration_s,live\r?\nblog\.example\.com,web-1,succeeded,active,/);
  expect(csv.stderr).toContain('✓ Set 2 variables on blog.example.com\n');
});

test('it ends as the deployment does', async () => {
  await bed.close();
  bed = await openBed({ failDeploys: true });
  renameVariables(bed);
  const run = await bed.dnx(`${set} --json`);
  expect([run.code, debug()]).toEqual([1, 'true']);
  expect(run.json()).toMatchObject({ variables: [{ key: 'APP_THEME' }], deployment: { outcome: 'failed' } });
  expect(run.stderr).toContain('Deployment of blog.example.com failed');
  await expect(bed.dnx('env set APP_THEME=1 --site blog.example.com --deploy')).toExit(1, { stdout: '' });
});

test('with --no-wait, it only starts the deployment', async () => {
  const run = await bed.dnx(`${set} --no-wait`);
  expect(run).toExit(0, { stdout: '✓ Started a deployment of blog.example.com\n' });
  expect(run.stderr).toBe('✓ Set APP_THEME on blog.example.com\nWatch it with: dnx watch blog.example.com --server web-1\n');
});

test('--timeout ends the wait, not the deployment', async () => {
  const run = await bed.dnx(`${set} --timeout 5s --json`);
  expect([run.code, run.json()]).toMatchObject([124, { deployment: { outcome: 'timed_out' } }]);
  expect(run.stderr).toContain('dnx watch blog.example.com --server web-1');
});

test('a variable whose creation lost its response is deployed', async () => {
  bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
  const run = await bed.dnx('env set NEW=1 --site blog.example.com --deploy --no-wait');
  expect([run.code, changes(run)]).toEqual([0, ['POST /environment-variables', 'POST /deploy']]);
});

test('DNX_TIMEOUT does not limit a change without a deployment', async () => {
  bed.sandbox.faults.next({ method: 'GET' }, { status: 503 });
  const run = await bed.dnx('env set APP_THEME=true --site blog.example.com', { env: { DNX_TIMEOUT: '1ms' } });
  expect([run.code, debug()]).toEqual([0, 'true']);
});

test('nothing is deployed if nothing changed', async () => {
  const run = await bed.dnx('env set APP_THEME=false --site blog.example.com --deploy');
  expect(run).toExit(0, { stdout: 'Unchanged: APP_THEME already has this value.\n', stderr: 'Nothing was deployed.\n' });
  expect(changes(run)).toEqual([]);
  const several = await bed.dnx('env set APP_THEME=false APP_NAME=production --site blog.example.com --deploy');
  expect(several.stdout).toBe('Unchanged: blog.example.com already has these values.\n');
  const json = await bed.dnx('env set APP_THEME=false --site blog.example.com --deploy --json');
  expect(json.json()).toEqual({ variables: [expect.objectContaining({ key: 'APP_THEME' })], deployment: null });
});

test('nothing is deployed if a variable failed', async () => {
  const run = await bed.dnx('env set not-a-key=1 APP_THEME=true --site blog.example.com --deploy');
  expect([run.code, changes(run).some((call) => call === 'POST /deploy')]).toEqual([12, false]);
  expect(run.stderr).toBe(
    'Error: 1 of 2 variables failed\n  Nothing was deployed.\n  Takes effect on the next deployment. Run: dnx deploy blog.example.com\n',
  );
  const alone = await bed.dnx('env set not-a-key=1 --site blog.example.com --deploy');
  expect([alone.code, changes(alone)]).toEqual([7, ['POST /environment-variables']]);
});

test('a deployment in progress does not count: it may not have the new values', async () => {
  bed.sandbox.deployElsewhere(SITE);
  const run = await bed.dnx(`${set} --json`);
  expect([run.code, run.json()]).toMatchObject([0, { deployment: { outcome: 'succeeded' } }]);
  expect(changes(run).filter((call) => call === 'POST /deploy')).toHaveLength(1);
  expect(run.stderr).toContain('blog.example.com is busy; waiting for it to finish.');
});

describe('a deployment that is refused says that the variables were changed', () => {
  test('a rejection', async () => {
    bed.sandbox.faults.always({ method: 'POST', path: /\/deploy$/ }, { status: 422 });
    const run = await bed.dnx(set);
    expect([run.code, run.stdout, debug()]).toEqual([7, '', 'true']);
    expect(run.stderr).toContain('The variables were changed.');
    expect(run.stderr).toContain('Deploy them with: dnx deploy blog.example.com --server web-1');
  });

  test('a timeout before it', async () => {
    bed.sandbox.faults.always({ path: /\/releases$/ }, { status: 503 });
    const run = await bed.dnx(`${set} --timeout 1s`);
    expect(run.code).not.toBe(0);
    expect(run.stderr).not.toContain('Nothing was changed.');
  });
});

test('options of the deployment need --deploy', async () => {
  const run = await bed.dnx('env set APP_THEME=true --site blog.example.com --no-wait');
  expect([run.code, run.stderr, changes(run)]).toEqual([2, 'Error: --no-wait needs --deploy.\n', []]);
});

describe('a deployment that the link file wants confirmed', () => {
  const line = `${set} --no-wait`;
  beforeEach(() => {
    const blog = { server: 'web-1', site: 'blog.example.com', confirm: true };
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify(blog));
  });

  test('needs --yes without a terminal, before anything is set', async () => {
    const refused = await bed.dnx(line);
    expect([refused.code, refused.stdout, changes(refused)]).toEqual([2, '', []]);
    expect(refused.stderr).toContain('.deploynix.json requires confirmation');
    const run = await bed.dnx(`${line} --yes`);
    expect([run.code, changes(run).at(-1)]).toEqual([0, 'POST /deploy']);
  });

  test('is asked for on a terminal, and only if there is one', async () => {
    const no = await bed.dnx(line, { columns: 120, keys: 'n\r', env: { NO_COLOR: '1' } });
    expect([no.code, changes(no), debug()]).toEqual([1, [], 'false']);
    expect(no.stderr).toContain('Change variables and deploy blog.example.com (web-1)?');
    const alone = await bed.dnx('env set APP_THEME=true --site blog.example.com');
    expect([alone.code, debug()]).toEqual([0, 'true']);
  });
});
