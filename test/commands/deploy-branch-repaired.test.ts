import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { timings } from '../../src/sandbox/index.ts';
import { blog, changesIn, filesOf, LINE, POST, PUT, RESTORED, releasesOn, siteOf } from '../support/branches.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { leading, sampled } from '../support/volume.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed({ rateLimit: 0 });
});
afterEach(() => bed.close());

const branch = () => siteOf(bed).branch;
const interrupt = async (at = 5_000) => {
  const run = await bed.dnx(LINE, { interruptAt: at });
  expect([run.code, branch(), filesOf(bed).length]).toEqual([130, 'feature/search', 1]);
};
const over = () => bed.clock.sleep(timings.deployRuns + 10_000);

describe('the next command that changes the site restores the branch first:', () => {
  const lines = [
    'site update blog.example.com --php-version 8.4',
    'env set A=b --site blog.example.com',
    'site suspend blog.example.com --yes',
    'queue create --site blog.example.com --queue mails',
    'site schedule blog.example.com --in 1h',
  ];
  test.each(sampled(lines, 3, 2))('%s', async (line) => {
    await interrupt();
    await over();
    const run = await bed.dnx(line);
    expect([run.code, changesIn(run.calls)[0], branch(), filesOf(bed)]).toEqual([0, PUT, 'main', []]);
    expect(run.stderr).toContain(RESTORED);
    const again = await bed.dnx(line.replace('A=b', 'B=c').replace('mails', 'others').replace('1h', '1h --yes'));
    expect([again.code, again.stderr.includes('branch')]).toEqual([0, false]);
  });

  test('an ordinary deployment, which deploys that branch', async () => {
    await interrupt();
    await over();
    const run = await bed.dnx('deploy blog.example.com');
    expect([run.code, changesIn(run.calls), branch()]).toEqual([0, [PUT, POST], 'main']);
    expect([
      releasesOn(bed, 'feature/search'),
      bed.sandbox.state.releases.filter(({ site_id }) => site_id === blog).at(-1)?.branch,
    ]).toEqual([1, 'main']);
  });

  test('another deployment of a branch', async () => {
    await interrupt();
    await over();
    const run = await bed.dnx('deploy blog.example.com --branch other --yes');
    expect([run.code, changesIn(run.calls), branch(), filesOf(bed)]).toEqual([0, [PUT, PUT, POST, PUT], 'main', []]);
    expect(releasesOn(bed, 'other')).toBe(1);
  });

  test('a deployment that waits for the interrupted one', async () => {
    await interrupt();
    const run = await bed.dnx('deploy blog.example.com --if-running wait');
    expect([run.code, changesIn(run.calls), branch()]).toEqual([0, [PUT, POST], 'main']);
    expect([releasesOn(bed, 'feature/search'), releasesOn(bed, 'main')]).toEqual([1, expect.any(Number)]);
  });

  test('a deployment that follows the interrupted one, at its end', async () => {
    await interrupt();
    const run = await bed.dnx('deploy blog.example.com');
    expect([run.code, changesIn(run.calls), branch(), filesOf(bed)]).toEqual([0, [PUT], 'main', []]);
    expect(run.stderr).toContain(RESTORED);
  });
});

describe('dnx watch', () => {
  test.each(['watch blog.example.com', 'watch'])('%s follows the deployment to its end, and then restores the branch', async (line) => {
    await interrupt();
    const run = await bed.dnx(`${line} --json`);
    expect([run.json().outcome, changesIn(run.calls), branch(), filesOf(bed)]).toEqual(['succeeded', [PUT], 'main', []]);
    expect(run.stderr).toContain(RESTORED);
    expect(releasesOn(bed, 'feature/search')).toBe(1);
  });

  test('restores the branch of a deployment that is over', async () => {
    await interrupt();
    await over();
    expect([(await bed.dnx('watch blog.example.com')).code, branch()]).toEqual([0, 'main']);
  });

  test('still reports the outcome if the branch cannot be restored', async () => {
    await interrupt();
    const stop = bed.sandbox.faults.always({ method: 'PUT' }, { status: 403 });
    const run = await bed.dnx('watch blog.example.com');
    expect([run.code, branch()]).toEqual([0, 'feature/search']);
    expect(run.stderr).toContain('! Could not restore the branch of blog.example.com to main, after an interrupted deployment of');
    stop();
    expect([(await bed.dnx('watch blog.example.com')).code, branch()]).toEqual([0, 'main']);
  });
});

describe('the branch stays', () => {
  test('while the deployment is in progress', async () => {
    await interrupt();
    const run = await bed.dnx('env set A=b --site blog.example.com');
    expect([run.code, changesIn(run.calls).includes(PUT), branch()]).toEqual([0, false, 'feature/search']);
    expect(run.stderr).toContain(
      "! The branch of blog.example.com is still 'feature/search', because its interrupted deployment is still in",
    );
    expect((await bed.dnx('watch blog.example.com')).code).toBe(0);
    expect(releasesOn(bed, 'feature/search')).toBe(1);
  });

  test('while the deployment is in progress, however long', async () => {
    await interrupt();
    await over();
    await bed.clock.sleep(600_000);
    bed.sandbox.faults.always({ method: 'GET', path: /\/sites\/\w+$/ }, (answer) => ({
      ...answer,
      body: { data: { ...siteOf(bed), status: 'deploying', last_deployed_at: null } },
    }));
    bed.sandbox.faults.always({ method: 'GET', path: /\/releases$/ }, { status: 403 });
    const run = await bed.dnx('env set A=b --site blog.example.com');
    expect([run.code, changesIn(run.calls).includes(PUT), branch()]).toEqual([0, false, 'feature/search']);
    expect(run.stderr).toContain('its interrupted deployment is still in progress.');
  });

  test('while the deployment may not have begun, and nothing else is deployed from it', async () => {
    await interrupt(1);
    const run = await bed.dnx('env set A=b --site blog.example.com');
    expect([run.code, branch()]).toEqual([0, 'feature/search']);
    expect(run.stderr).toContain('because its interrupted deployment may not have begun yet.');
    const deploy = await bed.dnx('deploy blog.example.com');
    expect([deploy.code, changesIn(deploy.calls)]).toEqual([1, []]);
    expect(deploy.stderr).toContain("Error: blog.example.com is still on branch 'feature/search'. Nothing was deployed.\n");
    expect(deploy.stderr).toContain('Follow that deployment with: dnx watch blog.example.com --server web-1\n');
    expect([(await bed.dnx('watch blog.example.com')).code, branch()]).toEqual([0, 'main']);
  });

  test('but no longer than 90 seconds if it never begins', async () => {
    bed.sandbox.faults.next({ method: 'POST' }, 'drop');
    expect((await bed.dnx(LINE)).code).toBe(13);
    await bed.clock.sleep(90_000);
    expect((await bed.dnx('deploy blog.example.com')).stderr).toContain(RESTORED);
    expect(releasesOn(bed, 'feature/search')).toBe(0);
  });

  test('if it cannot be restored, and then nothing else is deployed from it', async () => {
    await interrupt();
    await over();
    bed.sandbox.faults.always({ method: 'PUT' }, { status: 403 });
    const deploy = await bed.dnx('deploy blog.example.com');
    expect([deploy.code, changesIn(deploy.calls).includes(POST)]).toEqual([1, false]);
    const suspend = await bed.dnx('site suspend blog.example.com --yes');
    expect(suspend).toMatchObject({ code: 0, stderr: expect.stringContaining('! Could not restore the branch of blog.example.com') });
  });

  test('if someone has changed it since', async () => {
    await interrupt();
    await over();
    siteOf(bed).branch = 'hotfix';
    const run = await bed.dnx('env set A=b --site blog.example.com');
    expect([changesIn(run.calls).includes(PUT), branch(), filesOf(bed)]).toEqual([false, 'hotfix', []]);
    expect(run.stderr).toContain('The branch of blog.example.com was changed to hotfix in the meantime, so it stays.');
  });
});

describe('a command that only reads', () => {
  test.each(['site show blog.example.com', 'env list --site blog.example.com', 'releases blog.example.com'])('warns: %s', async (line) => {
    await interrupt();
    await over();
    const env = { DNX_TOKEN: bed.sandbox.mint(['server:read', 'site:read']) };
    const run = await bed.dnx(line, { env });
    expect([run.code, changesIn(run.calls), branch()]).toEqual([0, [], 'feature/search']);
    expect(run.stderr).toContain(
      "! A deployment of blog.example.com from branch 'feature/search' was interrupted, so its branch may not be 'main' again. Restore it with: dnx watch blog.example.com --server web-1\n",
    );
  });

  test('of another site says nothing', async () => {
    await interrupt();
    expect((await bed.dnx('site show shop.example.com')).stderr).toBe('');
  });

  test('says nothing while the deployment is followed', async () => {
    let shown: ReturnType<Bed['dnx']> | undefined;
    bed.clock.at(5_000, () => {
      shown = bed.dnx('site show blog.example.com');
    });
    expect([(await bed.dnx(LINE)).code, (await shown)?.stderr]).toEqual([0, '']);
  });
});

describe('the word of the user wins', () => {
  test.each(['--branch release', '-F branch=release'])('site update %s', async (option) => {
    await interrupt();
    await over();
    const run = await bed.dnx(`site update blog.example.com ${option}`);
    expect([run.code, changesIn(run.calls), branch(), filesOf(bed)]).toEqual([0, [PUT], 'release', []]);
  });

  test('but only if the update succeeded', async () => {
    await interrupt();
    bed.sandbox.faults.next({ method: 'PUT' }, { status: 422, body: { message: 'No.' } });
    expect((await bed.dnx('site update blog.example.com --branch release')).code).toBe(7);
    expect(filesOf(bed)).toHaveLength(1);
  });

  test('site delete', async () => {
    await interrupt();
    await over();
    const run = await bed.dnx('site delete blog.example.com --confirm blog.example.com');
    expect([run.code, changesIn(run.calls), filesOf(bed)]).toEqual([0, [PUT.replace('PUT', 'DELETE')], []]);
  });
});

test.each(leading(['{"version":1}', '', '{', '[]'], 2))('a file with %j is not a temporary branch', async (text) => {
  await interrupt();
  await over();
  const [name = ''] = filesOf(bed);
  const file = join(bed.directory, 'state/branches', name);
  writeFileSync(file, text);
  siteOf(bed).branch = 'main';
  expect((await bed.dnx('env set A=b --site blog.example.com')).stderr).not.toContain('branch');
  expect([(await bed.dnx(LINE)).code, branch(), filesOf(bed)]).toEqual([0, 'main', []]);
});

test('the file has no secret, and only its owner can read it', async () => {
  await interrupt();
  const [name = ''] = filesOf(bed);
  const text = readFileSync(join(bed.directory, 'state/branches', name), 'utf8');
  expect(text).not.toContain(bed.sandbox.token);
  expect(statSync(join(bed.directory, 'state/branches', name)).mode & 0o777).toBe(0o600);
  expect(Object.keys(JSON.parse(text)).sort()).toEqual(
    ['asked_at', 'baseline', 'from', 'holder', 'host', 'server', 'site', 'started_at', 'to', 'until', 'version'].sort(),
  );
});
