import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { holderName } from '../../src/machine/files/lock.ts';
import { timings } from '../../src/sandbox/index.ts';
import { changesIn, filesOf, LINE, POST, PUT, RESTORED, releasesOn, siteOf } from '../support/branches.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { startHolder } from '../support/holder.ts';

const NOW = 'dnx site update blog.example.com --server web-1 --branch main';
const STILL =
  "The branch of blog.example.com is still 'feature/search'. It is restored by the next dnx command for this site once the deployment is over";

let bed: Bed;
beforeEach(async () => {
  bed = await openBed({ rateLimit: 0 });
});
afterEach(() => bed.close());

const branch = () => siteOf(bed).branch;
/** Interrupts a deployment of the branch, and returns what it said. */
const interrupted = async (at = 5_000) => {
  const run = await bed.dnx(LINE, { interruptAt: at });
  expect(run.code).toBe(130);
  return run.stderr;
};
const over = () => bed.clock.sleep(timings.deployRuns + 10_000);

/** Changes the saved temporary branch. */
function edit(change: object): void {
  const [name = ''] = filesOf(bed);
  const file = join(bed.directory, 'state/branches', name);
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
}

describe('the site keeps the branch, and dnx says so,', () => {
  test.each([
    ['--timeout', 124, LINE, '--timeout 5s', {}],
    ['Ctrl-C', 130, LINE, '', { interruptAt: 5_000 }],
    ['SIGTERM', 143, LINE, '', { terminateAt: 5_000 }],
    ['SIGHUP', 129, LINE, '', { hangUpAt: 5_000 }],
  ])('after %s, because the deployment continues', async (_, code, line, option, signals) => {
    const run = await bed.dnx(`${line} ${option}`, signals);
    expect([run.code, run.stdout, branch(), changesIn(run.calls)]).toEqual([code, '', 'feature/search', [PUT, POST]]);
    expect(run.stderr).toContain(`  ${STILL}.\n`);
    expect(run.stderr).toContain(`  Or restore it now with: ${NOW}\n`);
    expect(run.stderr).toContain('dnx watch blog.example.com --server web-1\n');
    expect(releasesOn(bed, 'feature/search')).toBe(1);
  });

  test('after a lost response to the request', async () => {
    bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
    const run = await bed.dnx(LINE);
    expect([run.code, branch()]).toEqual([13, 'feature/search']);
    expect(run.stderr).toContain(STILL);
    const watched = await bed.dnx('watch blog.example.com');
    expect([watched.stderr.includes(RESTORED), branch(), filesOf(bed)]).toEqual([true, 'main', []]);
  });

  test('for each of several sites', async () => {
    const shop = siteOf(bed, 'shop.example.com');
    shop.git_repository_id = siteOf(bed).git_repository_id;
    const run = await bed.dnx('deploy blog.example.com shop.example.com --branch x --yes', { interruptAt: 5_000 });
    expect([run.code, branch(), shop.branch]).toEqual([130, 'x', 'x']);
    expect(run.stderr).toContain(`! The branch of blog.example.com is still 'x'.`);
    expect(run.stderr).toContain('or now with: dnx site update shop.example.com --server web-1 --branch main\n');
  });

  test('in JSON', async () => {
    const run = await bed.dnx(`${LINE} --json --timeout 5s`);
    const { error } = JSON.parse(run.stderr.split('\n').at(-2) ?? '');
    expect([run.code, error.code, error.hint]).toEqual([124, 'timed_out', expect.stringContaining(`${STILL}.\n`)]);
    expect(error.next.at(-1).command).toBe(NOW);
  });
});

describe('before the request is sent', () => {
  test('Ctrl-C restores the branch at once', async () => {
    const stop = new AbortController();
    bed.sandbox.faults.next({ method: 'PUT' }, 'hang-after');
    bed.sandbox.onRequest(() => branch() === 'feature/search' && stop.abort(new DnxError('interrupted', 'Interrupted.')));
    const run = await bed.dnx(LINE, { signal: stop.signal });
    expect([run.code, changesIn(run.calls), branch(), filesOf(bed)]).toEqual([130, [PUT, PUT], 'main', []]);
    expect(run.stderr).toContain('Restored the branch of blog.example.com to main.\n');
  });

  test('--timeout restores the branch at once', async () => {
    let slow = 20_000;
    const run = await bed.dnx(`${LINE} --timeout 10s`, {
      through: (network) => ({
        ...network,
        async request(request) {
          const response = await network.request(request);
          if (request.method === 'PUT') await bed.clock.sleep(slow);
          if (request.method === 'PUT') slow = 0;
          return response;
        },
      }),
    });
    expect([run.code, changesIn(run.calls), branch(), filesOf(bed)]).toEqual([124, [PUT, PUT], 'main', []]);
  });

  test.each(['drop-after', 'drop', 'cut'] as const)(
    'the response to the change is lost (%s): dnx reads the site to learn',
    async (fault) => {
      bed.sandbox.faults.next({ method: 'PUT' }, fault);
      const run = await bed.dnx(LINE);
      expect(run.code).toBe(fault === 'drop' ? 13 : 0);
      expect([branch(), filesOf(bed), releasesOn(bed, 'feature/search')]).toEqual(['main', [], fault === 'drop' ? 0 : 1]);
    },
  );
});

describe('a branch that cannot be restored', () => {
  test.each([403, 500, 503])('after a success is a failure (%i)', async (status) => {
    bed.clock.at(5_000, () => void bed.sandbox.faults.always({ method: 'PUT' }, { status }));
    const run = await bed.dnx(LINE);
    expect([run.code, run.stdout, branch()]).toEqual([1, '', 'feature/search']);
    expect(run.stderr).toContain("Error: Deployed blog.example.com, but its branch could not be restored to 'main': ");
    expect(run.stderr).toContain(`  Or restore it now with: ${NOW}\n`);
    bed.sandbox.faults.clear();
    expect((await bed.dnx('env set A=b --site blog.example.com')).stderr).toContain(RESTORED);
    expect([branch(), filesOf(bed)]).toEqual(['main', []]);
  });

  test('after a failure is a warning', async () => {
    bed.sandbox.state.fail_deploys = true;
    bed.clock.at(5_000, () => void bed.sandbox.faults.always({ method: 'PUT' }, 'drop'));
    const run = await bed.dnx(LINE);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('Deployment of blog.example.com failed');
    expect(run.stderr).toContain('! Could not restore the branch of blog.example.com: ');
  });

  test('whose lost change arrived is restored', async () => {
    bed.clock.at(5_000, () => void bed.sandbox.faults.next({ method: 'PUT' }, 'drop-after'));
    const run = await bed.dnx(LINE);
    expect([run.code, branch(), filesOf(bed)]).toEqual([0, 'main', []]);
  });
});

describe('a change of the branch by someone else', () => {
  test('stays', async () => {
    bed.clock.at(5_000, () => {
      siteOf(bed).branch = 'hotfix';
    });
    const run = await bed.dnx(LINE);
    expect([run.code, branch(), filesOf(bed)]).toEqual([0, 'hotfix', []]);
    expect(run.stderr).toContain('The branch of blog.example.com was changed to hotfix in the meantime, so it stays.');
  });

  test('with site update stays, even to the same branch', async () => {
    let update: ReturnType<Bed['dnx']> | undefined;
    bed.clock.at(5_000, () => {
      update = bed.dnx('site update blog.example.com --branch feature/search');
    });
    const run = await bed.dnx(LINE);
    expect([run.code, (await update)?.code, branch(), filesOf(bed)]).toEqual([0, 0, 'feature/search', []]);
  });
});

describe('two deployments of branches at once', () => {
  test('the second is refused, and says who deploys', async () => {
    let second: ReturnType<Bed['dnx']> | undefined;
    bed.clock.at(1_000, () => {
      second = bed.dnx('deploy blog.example.com --branch other --yes --timeout 1h');
    });
    expect((await bed.dnx(LINE)).code).toBe(0);
    const { code, stderr, waited } = (await second) ?? {};
    expect([code, waited, branch()]).toEqual([1, 0, 'main']);
    expect(bed.sandbox.calls.filter(({ path }) => path.endsWith('/deploy'))).toHaveLength(1);
    expect(stderr).toMatch(/Process \d+ on \S+ is deploying branch 'feature\/search' of blog\.example\.com\. Nothing was deployed\./);
  });

  test('a deployment of this machine that may not have begun is followed first', async () => {
    expect((await bed.dnx('deploy blog.example.com', { interruptAt: 1 })).code).toBe(130);
    const run = await bed.dnx(LINE);
    expect([run.code, changesIn(run.calls), filesOf(bed)]).toEqual([10, [], []]);
    expect(run.stderr).toContain('The last deployment of blog.example.com may not have begun yet. Nothing was deployed.\n');
    expect((await bed.dnx('watch blog.example.com')).code).toBe(0);
    expect([(await bed.dnx(LINE)).code, releasesOn(bed, 'feature/search')]).toEqual([0, 1]);
  });

  test('a living process in another program keeps its branch, and a dead one does not', async () => {
    await interrupted();
    await over();
    const { holder, kill } = await startHolder();
    edit({ holder: holderName(holder) });
    const run = await bed.dnx(LINE);
    expect([run.code, changesIn(run.calls)]).toEqual([1, []]);
    expect(run.stderr).toContain(`Process ${holder.pid} on `);
    const update = await bed.dnx('site update blog.example.com --php-version 8.4');
    expect([update.stderr.includes('branch'), branch()]).toEqual([false, 'feature/search']);
    await kill();
    expect((await bed.dnx('site update blog.example.com --php-version 8.4')).stderr).toContain(RESTORED);
  });

  test('a process on another machine counts as gone only after its time limit', async () => {
    await interrupted();
    await over();
    edit({ holder: 'elsewhere,1,boot,namespace,2' });
    expect((await bed.dnx(LINE)).code).toBe(1);
    await bed.clock.sleep(2 * 3_600_000);
    expect((await bed.dnx(LINE)).stderr).toContain(RESTORED);
  });
});
