import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded, timings } from '../../src/sandbox/index.ts';
import { blog, changesIn, filesOf, LINE, POST, PUT, releasesOn, siteOf, web1 } from '../support/branches.ts';
import { type Bed, openBed, type Run } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const branch = () => siteOf(bed).branch;

describe('dnx deploy --branch', () => {
  test('sets the branch, deploys it, and restores the branch at the end', async () => {
    const run = await bed.dnx(LINE);
    expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/^✓ Deployed blog\.example\.com in \d+s\n/) });
    expect(run.stderr).toContain('Set the branch of blog.example.com to feature/search for this deployment.\n');
    expect(run.stderr).toContain('Restored the branch of blog.example.com to main.\n');
    expect(changesIn(run.calls)).toEqual([PUT, POST, PUT]);
    expect([branch(), releasesOn(bed, 'feature/search'), filesOf(bed)]).toEqual(['main', 1, []]);
  });

  test('sends the branch and nothing else', async () => {
    const { id: _, ...before } = { ...siteOf(bed) };
    expect((await bed.dnx(LINE)).code).toBe(0);
    const { id: __, ...after } = siteOf(bed);
    const volatile = { updated_at: '', last_deployed_at: '' };
    expect({ ...after, ...volatile }).toEqual({ ...before, ...volatile });
  });

  test('is an ordinary deployment if the site has that branch', async () => {
    const run = await bed.dnx('deploy shop.example.com --branch main --yes');
    expect([run.code, changesIn(run.calls)]).toEqual([0, [`POST /servers/${web1}/sites/${seeded.sites['shop.example.com']}/deploy`]]);
    expect([run.calls.some((call) => call.includes('git-repositories')), filesOf(bed)]).toEqual([false, []]);
  });

  test.each([
    [`${LINE} --no-wait`, '--branch cannot be combined with --no-wait.'],
    [`${LINE} --if-running attach`, '--branch cannot be combined with --if-running attach.'],
    ['deploy blog.example.com --branch ""', '--branch needs the name of a branch.'],
    [`${LINE} --no-wait --dry-run`, '--branch cannot be combined with --no-wait.'],
  ])('%s is a usage error', async (line, message) => {
    const run = await bed.dnx(line);
    expect([run.code, run.stdout, changesIn(run.calls)]).toEqual([2, '', []]);
    expect(run.stderr).toContain(message);
  });

  test('--dry-run says which branch', async () => {
    const run = await bed.dnx(`${LINE} --dry-run --json`);
    expect(run.json()).toMatchObject({
      changes: [
        { call: 'PUT /servers/{server}/sites/{site}', before: { branch: 'main' }, body: { branch: 'feature/search' } },
        { call: 'POST /servers/{server}/sites/{site}/deploy', about: [{ site: 'blog.example.com', branch: 'feature/search' }] },
        { call: 'PUT /servers/{server}/sites/{site}', before: { branch: 'feature/search' }, body: { branch: 'main' } },
      ],
    });
    expect(changesIn(run.calls)).toEqual([]);
  });

  test('takes seven requests and the polls', async () => {
    const real = await bed.dnx(`deploy ${blog} --server ${web1} --branch feature/search --yes`);
    const polls = real.calls.slice(real.calls.indexOf(POST) + 1, -2);
    expect(real.calls.length - polls.length).toBe(7);
  });

  test('restores the branch after a failed deployment, and exits 1', async () => {
    bed.sandbox.state.fail_deploys = true;
    const run = await bed.dnx(LINE);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain('Restored the branch of blog.example.com to main.');
    expect([branch(), filesOf(bed)]).toEqual(['main', []]);
  });

  test('restores the branch only after the verification', async () => {
    let during: unknown;
    const run = await bed.dnx(`${LINE} --verify-cmd check`, {
      child: () => {
        during = branch();
        return 1;
      },
    });
    expect([run.code, during, branch()]).toEqual([1, 'feature/search', 'main']);
    expect(run.stderr).toContain('failed verification');
  });

  test('restores the branch after a rollback, and exits 11', async () => {
    const shop = siteOf(bed, 'shop.example.com');
    shop.git_repository_id = siteOf(bed).git_repository_id;
    const run = await bed.dnx('deploy shop.example.com --branch x --yes --verify-cmd check --rollback-on-fail', {
      child: (child) => (child.env.DNX_RELEASE?.startsWith('20260416_12') ? 1 : 0),
    });
    expect([run.code, shop.branch, filesOf(bed)]).toEqual([11, 'main', []]);
  });

  test('deploys several sites, each from the branch, and restores each', async () => {
    siteOf(bed, 'shop.example.com').git_repository_id = siteOf(bed).git_repository_id;
    siteOf(bed, 'shop.example.com').branch = 'stable';
    const run = await bed.dnx('deploy blog.example.com shop.example.com --branch x --yes --json');
    expect([run.code, run.json<unknown[]>().length]).toEqual([0, 2]);
    expect([branch(), siteOf(bed, 'shop.example.com').branch, filesOf(bed)]).toEqual(['main', 'stable', []]);
    expect([releasesOn(bed, 'x'), releasesOn(bed, 'x', 'shop.example.com')]).toEqual([1, 1]);
  });

  test('waits for a deployment in progress instead of following it', async () => {
    bed.sandbox.deployElsewhere(blog);
    const run = await bed.dnx(LINE);
    expect([run.code, releasesOn(bed, 'feature/search'), branch()]).toEqual([0, 1, 'main']);
    expect(run.stderr).toContain('blog.example.com is busy; waiting for it to finish.');
  });

  test('--if-running fail does not suggest to follow it', async () => {
    bed.sandbox.deployElsewhere(blog);
    const run = await bed.dnx(`${LINE} --if-running fail`);
    expect([run.code, changesIn(run.calls)]).toEqual([10, []]);
    expect(run.stderr).toContain('  Use --if-running wait to deploy after it.\n');
  });

  test('asks on a terminal, without following as an answer', async () => {
    bed.sandbox.deployElsewhere(blog);
    const run = await bed.dnx(LINE, { columns: 100, keys: '\r' });
    expect(run.stderr).toContain('Wait for it, then deploy');
    expect(run.stderr).not.toContain('Follow it');
    expect([run.code, releasesOn(bed, 'feature/search'), branch()]).toEqual([0, 1, 'main']);
  });
});

test('a site without a repository has no auto-deploy', async () => {
  siteOf(bed).git_repository_id = null;
  const run = await bed.dnx(LINE);
  expect([run.code, branch(), run.calls.filter((call) => call.includes('git-'))]).toEqual([0, 'main', []]);
});

test('the site keeps the branch until the platform has begun and ended', async () => {
  const seen: unknown[] = [];
  for (const ms of [500, timings.deployBegins + 500]) bed.clock.at(bed.clock.elapsed() + ms, () => void seen.push(branch()));
  expect((await bed.dnx(LINE)).code).toBe(0);
  expect(seen).toEqual(['feature/search', 'feature/search']);
});

test('the result says so if Deploynix read another branch', async () => {
  bed.clock.at(1_000, () => {
    siteOf(bed).branch = 'hotfix';
  });
  const run = await bed.dnx(LINE);
  expect([run.code, run.stdout, changesIn(run.calls), branch(), filesOf(bed)]).toEqual([1, '', [PUT, POST], 'hotfix', []]);
  expect(run.stderr).toContain("Error: Deployed blog.example.com from branch 'hotfix' instead of 'feature/search'.\n");
});

describe('two machines that deploy branches of a site at once', () => {
  const RESTORE = 'dnx site update blog.example.com --server web-1 --branch';
  const elsewhere = () => ({ env: { DNX_STATE_DIR: join(bed.directory, 'other-state') } });

  test('say which branch it may be left on, and how to restore it', async () => {
    let second: Promise<Run> | undefined;
    const first = await bed.dnx(LINE, {
      through: (network) => ({
        ...network,
        async request(request) {
          if (request.method === 'POST') {
            // The other one reads the site with the branch of this one.
            second = bed.dnx('deploy blog.example.com --branch other --yes', elsewhere());
            while (branch() !== 'other') await new Promise(setImmediate);
          }
          return network.request(request);
        },
      }),
    });
    const other = await second;
    expect(branch()).toBe('feature/search');
    expect(first.stderr).toContain(
      `! The branch of blog.example.com was changed to other in the meantime, so it stays. Restore main with: ${RESTORE} main\n`,
    );
    expect(other?.stderr).toContain(
      '! The branch of blog.example.com was feature/search before, but no release was from it. If another dnx deploy --branch had set it, ' +
        `restore main with: ${RESTORE} main\n`,
    );
  });

  test('say nothing if one comes after the other', async () => {
    for (const [name, run] of [
      ['feature/search', await bed.dnx(LINE)],
      ['other', await bed.dnx('deploy blog.example.com --branch other --yes', elsewhere())],
    ] as const) {
      expect([run.code, releasesOn(bed, name)]).toEqual([0, 1]);
      expect(run.stderr).not.toContain('! ');
    }
  });
});
