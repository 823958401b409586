import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blog, changesIn, filesOf, LINE, POST, PUT, siteOf, web1 } from '../support/branches.ts';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed({ rateLimit: 0 });
});
afterEach(() => bed.close());

const branch = () => siteOf(bed).branch;

describe('dnx deploy --branch deploys nothing', () => {
  const refused = async (code: number, message: string, env = {}) => {
    const run = await bed.dnx(LINE, { env });
    expect([run.code, run.stdout, changesIn(run.calls), filesOf(bed)]).toEqual([code, '', [], []]);
    expect(run.stderr).toContain(message);
    return run;
  };

  test('while auto-deploy could deploy the site', async () => {
    expect((await bed.dnx('git-repository enable-auto-deploy example/blog')).code).toBe(0);
    const run = await refused(10, 'Auto-deploy is on for example/blog, so a push could deploy blog.example.com from the wrong branch.');
    expect(run.stderr).toContain('Turning it off affects every site that uses the repository.');
    expect(run.stderr).toContain('Turn it off with: dnx git-repository disable-auto-deploy example/blog\n');
    expect((await bed.dnx('git-repository disable-auto-deploy example/blog')).code).toBe(0);
    expect((await bed.dnx(LINE)).code).toBe(0);
  });

  test('if the token cannot read the repository', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['server:read', 'site:read', 'site:update', 'site:deploy']) };
    const run = await refused(5, 'It is unknown whether a push deploys blog.example.com', env);
    expect(run.stderr).toContain('provider:read');
  });

  test('if the repository is gone', async () => {
    bed.sandbox.state.git_repositories.splice(0);
    await refused(6, 'It is unknown whether a push deploys blog.example.com: Not found');
  });

  test.each(['auto_deploy_enabled', 'git_repository_id', 'branch'])('if the API does not show %s', async (field) => {
    bed.sandbox.faults.always({ method: 'GET' }, (answer) => ({
      ...answer,
      body: JSON.parse(JSON.stringify(answer.body), (key, value) => (key === field ? undefined : value)),
    }));
    await refused(1, 'Deploynix does not say');
  });

  test('if the token cannot read the site', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['site:deploy', 'site:update', 'provider:read']) };
    const run = await bed.dnx(`deploy ${blog} --server ${web1} --branch x --yes`, { env });
    expect([run.code, changesIn(run.calls)]).toEqual([5, []]);
    expect(run.stderr).not.toContain('--no-wait');
  });

  test('if the state directory is not writable', async () => {
    await refused(1, 'Could not save which branch to restore', { DNX_STATE_DIR: '/proc/none' });
  });

  test('if the token may not change the site', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['server:read', 'site:read', 'site:deploy', 'provider:read']) };
    const run = await bed.dnx(LINE, { env });
    expect([run.code, changesIn(run.calls), filesOf(bed), branch()]).toEqual([5, [PUT], [], 'main']);
    expect(run.stderr).toContain('site:update');
  });

  test('and restores the branch even if the API still shows the old one', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: /deploy$/ }, { status: 422, body: { message: 'Too many deployments.' } });
    bed.sandbox.faults.always({ method: 'GET', path: /\/sites\/\w+$/ }, (answer) => ({
      ...answer,
      body: { data: { ...siteOf(bed), branch: 'main' } },
    }));
    const run = await bed.dnx(LINE);
    expect([run.code, changesIn(run.calls), branch(), filesOf(bed)]).toEqual([7, [PUT, POST, PUT], 'main', []]);
  });

  test('and restores the branch if the deployment is refused', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: /deploy$/ }, { status: 422, body: { message: 'Too many deployments.' } });
    const run = await bed.dnx(LINE);
    expect([run.code, changesIn(run.calls), branch(), filesOf(bed)]).toEqual([7, [PUT, POST, PUT], 'main', []]);
  });

  test.each([
    ['does not say so', () => ({ message: 'Updated.' })],
    ['says so', (data: object) => ({ data })],
  ])('if the API keeps the old branch, and %s', async (_, body) => {
    bed.sandbox.faults.always({ method: 'PUT' }, (answer) => {
      siteOf(bed).branch = 'main';
      return { ...answer, body: body(siteOf(bed)) };
    });
    const run = await bed.dnx(LINE);
    expect([run.code, run.calls.includes(POST), filesOf(bed)]).toEqual([1, false, []]);
    expect(run.stderr).toContain("Deploynix did not change the branch of blog.example.com to 'feature/search'; it is 'main'.");
  });

  test('while a scheduled deployment could begin', async () => {
    const at = (ms: number) => {
      siteOf(bed).scheduled_deploy_at = new Date(bed.clock.now() + ms).toISOString();
    };
    at(30 * 60_000);
    const run = await refused(
      10,
      'A deployment of blog.example.com is scheduled for 2026-04-16 12:30 UTC, and could deploy the wrong branch.',
    );
    expect(run.stderr).toContain('Cancel it with: dnx site unschedule blog.example.com --server web-1\n');
    at(-30_000);
    await refused(10, 'and could deploy the wrong branch.');
    at(90 * 60_000);
    expect((await bed.dnx(`${LINE} --timeout 2h`)).code).toBe(10);
    expect((await bed.dnx(LINE)).code).toBe(0);
    at(-3_600_000);
    expect((await bed.dnx(LINE)).code).toBe(0);
  });
});
