import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiResponse, seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { withRows } from '../support/platform.ts';
import { leading } from '../support/volume.ts';
import { openWebsite, type Website } from '../support/website.ts';

const shop = seeded.sites['shop.example.com'];
const OURS = '20260416_120003';

const bed = perTest(openBed);
let site: Website;
let before: string;
const serve = async (answer: Parameters<typeof openWebsite>[2]) => {
  await site?.close();
  site = await openWebsite(bed.sandbox, shop, answer);
};
const live = () => bed.sandbox.state.releases.find(({ site_id, active }) => site_id === shop && active)?.name ?? '';
const posts = () => bed.sandbox.calls.filter(({ method }) => method === 'POST').map(({ path }) => path.split('/').at(-1));

beforeEach(async () => {
  before = live();
  await serve((release) => ({ status: release === OURS ? 500 : 200, body: `release ${release}` }));
});
afterEach(async () => {
  await site.close();
});

describe('deploy --verify', () => {
  test('succeeds if the site responds as expected', async () => {
    await serve(() => ({ status: 200, body: 'all is well' }));
    const run = await bed.dnx(`deploy shop.example.com --verify /up --expect-body well --for 3 --url ${site.url} --json`);
    expect(run).toExit(0);
    expect(run.json()).toMatchObject({ outcome: 'succeeded', release: OURS });
    expect(run.stderr).toContain('passed (3 of 3)');
    expect(run.stderr).toContain('shop.example.com passed verification.');
    expect(site.asked.map(({ path }) => path)).toEqual(['/up', '/up', '/up']);
  });

  test.each(
    leading(
      [
        ['up?full=1', '/blog/', '/blog/up?full=1'],
        ['/http://other.host', '', '/http://other.host'],
        ['/up', '/blog', '/blog/up'],
        ['/', '', '/'],
      ],
      2,
    ),
  )('--verify %s is below the path of --url (%s)', async (path, base, asked) => {
    await serve(() => ({ status: 200 }));
    await expect(bed.dnx(['deploy', 'shop.example.com', '--verify', path, '--url', `${site.url}${base}`])).toExit(0);
    expect(site.asked.map((each) => each.path)).toEqual([asked]);
  });

  test('reads a character that arrives in two chunks', async () => {
    const pieces = await openElsewhere((_, response) => {
      const body = Buffer.from('alles grün');
      response.write(body.subarray(0, 9));
      setImmediate(() => setImmediate(() => response.end(body.subarray(9))));
    });
    const line = ['deploy', 'shop.example.com', '--verify', '/up', '--expect-body', 'grün', '--within', '3s', '--url', pieces.url];
    await expect(bed.dnx(line)).toExit(0);
    await pieces.close();
  });

  test.each(
    leading(
      [
        ['the site still fails', 500],
        ['the site passes with it', 200],
      ],
      1,
    ),
  )('is superseded by a later deployment and does not roll it back: %s', async (_, status) => {
    await serve((release) => ({ status: release === OURS ? 500 : status }));
    bed.clock.at(25_000, () => bed.sandbox.deployElsewhere(shop));
    const run = await bed.dnx(`deploy shop.example.com --verify /up --url ${site.url} --within 1m --rollback-on-fail --json`);
    expect(run).toExit(1);
    expect(run.json()).toMatchObject({ outcome: 'superseded', release: OURS });
    expect(run.stderr).toContain(`release ${live()} is live instead of ${OURS}`);
    expect(posts()).toEqual(['deploy']);
  });

  test('does not roll back while another deployment is in progress', async () => {
    bed.clock.at(24_000, () => bed.sandbox.deployElsewhere(shop));
    const run = await bed.dnx(`deploy shop.example.com --verify /up --url ${site.url} --within 12s --rollback-on-fail --json`);
    expect(run.json()).toMatchObject({ outcome: 'superseded' });
    expect(run.stderr).toContain('another deployment is in progress, so nothing was rolled back');
    expect(posts()).toEqual(['deploy']);
  });

  test('recognizes its own release although it appears late', async () => {
    bed.sandbox.state.releases = bed.sandbox.state.releases.filter(({ site_id }) => site_id !== shop);
    for (const each of bed.sandbox.state.sites) if (each.id === shop) each.zero_downtime_enabled = false;
    const late = (answer: ApiResponse): ApiResponse => {
      const { data, ...rest } = answer.body as { data: object[] };
      const shows = bed.sandbox.calls.filter(({ path }) => path.endsWith('/releases')).length > 3;
      return { ...answer, body: { ...rest, data: shows ? data.map((each) => ({ ...each, active: false })) : [] } };
    };
    bed.sandbox.faults.always({ method: 'GET', path: '/servers/{server}/sites/{site}/releases' }, late);
    await serve(() => ({ status: 200 }));
    const run = await bed.dnx(`deploy shop.example.com --verify /up --url ${site.url} --json`);
    expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ outcome: 'succeeded' })]);
  });

  test('does not roll back a deployment that it only followed', async () => {
    bed.sandbox.deployElsewhere(shop);
    await serve(() => ({ status: 500 }));
    const run = await bed.dnx(`deploy shop.example.com --verify /up --url ${site.url} --within 6s --rollback-on-fail --json`);
    expect(run.json()).toMatchObject({ outcome: 'failed', release: '20260416_120000' });
    expect(run.stderr).toContain('it was started elsewhere, so it was not rolled back after it failed verification');
    expect(posts()).toEqual([]);
  });

  describe('--timeout that ends during the verification', () => {
    const LINE = '--timeout 40s --json';

    test('does not cancel the rollback, which has two minutes of its own', async () => {
      const run = await bed.dnx(`deploy shop.example.com --verify /up --url ${site.url} ${LINE} --rollback-on-fail`);
      expect([run.code, run.json(), posts()]).toMatchObject([11, { outcome: 'rolled_back', release: OURS }, ['deploy', 'rollback']]);
      expect(run.stderr).toContain(`${site.url}/up returned 500 instead of 200 when --timeout ended`);
      expect([live(), run.waited < 40_000 + 120_000]).toEqual([before, true]);
      await expect(bed.dnx('watch shop.example.com')).toExit(11);
    });

    test('names the failure without --rollback-on-fail, and so does watch', async () => {
      const run = await bed.dnx(`deploy shop.example.com --verify /up --url ${site.url} ${LINE}`);
      expect([run.code, run.json(), posts()]).toMatchObject([1, { outcome: 'failed', release: OURS }, ['deploy']]);
      expect(run.stderr).toContain('returned 500 instead of 200 when --timeout ended');
      const watched = await bed.dnx('watch shop.example.com --json');
      expect([watched.code, watched.json()]).toMatchObject([1, { outcome: 'failed' }]);
    });

    test('ends there without --rollback-on-fail, although the releases are stale', async () => {
      const stale = (answer: ApiResponse) => withRows(answer, (rows) => rows.slice(1).map((row, at) => ({ ...row, active: at === 0 })));
      await serve(() => {
        bed.sandbox.faults.always({ path: /\/releases$/ }, stale);
        return { status: 500 };
      });
      const run = await bed.dnx(`deploy shop.example.com --verify /up --url ${site.url} ${LINE}`);
      expect([run.code, run.json(), run.waited <= 41_000]).toMatchObject([1, { outcome: 'failed', release: OURS }, true]);
    });

    test('rolls nothing back if the site has not failed, and says what to type', async () => {
      await serve(() => ({ status: 200 }));
      const run = await bed.dnx(`deploy shop.example.com --verify /up --for 99 --url ${site.url} ${LINE} --rollback-on-fail`);
      expect([run.code, run.json(), posts()]).toMatchObject([124, { outcome: 'timed_out', release: OURS }, ['deploy']]);
      expect(run.stderr).toContain('Timed out while verifying shop.example.com; its release is live');
      expect(JSON.parse(run.stderr.split('\n').at(-2) ?? '').error.next).toEqual([
        { command: 'dnx rollback shop.example.com --server web-1', why: 'If it does not work' },
      ]);
      const watched = await bed.dnx('watch shop.example.com --json');
      expect([watched.code, watched.json()]).toMatchObject([1, { outcome: 'unknown' }]);
    });
  });

  test('fails if the site breaks after the deployment, and never sends it the token', async () => {
    const run = await bed.dnx(`deploy shop.example.com --verify /up --url ${site.url} --within 10s`);
    expect(run).toExit(1, { stdout: '', says: `${site.url}/up returned 500 instead of 200` });
    expect(live()).toBe(OURS);
    expect(posts()).toEqual(['deploy']);
    expect(site.asked.length).toBeGreaterThan(0);
    for (const { headers } of site.asked) {
      expect(headers.authorization).toBeUndefined();
      expect(JSON.stringify(headers)).not.toContain(bed.sandbox.token);
    }
  });

  test('--rollback-on-fail rolls back, verifies again and exits 11', async () => {
    const run = await bed.dnx(`deploy shop.example.com --verify /up --url ${site.url} --within 10s --rollback-on-fail --json`);
    expect(run).toExit(11);
    expect(run.json()).toMatchObject({ outcome: 'rolled_back', release: OURS, status: 'active' });
    expect(run.stderr).toContain(`was rolled back to ${before}: ${site.url}/up returned 500 instead of 200`);
    expect(live()).toBe(before);
    expect(posts()).toEqual(['deploy', 'rollback']);
    expect(bed.sandbox.calls.at(-1)?.path).toContain('/releases');
    expect((await bed.dnx('site watch shop.example.com --json')).json()).toMatchObject({ outcome: 'rolled_back' });
  });

  describe('says its cause once, and what is live', () => {
    const LINE = () => `deploy shop.example.com --verify /up --url ${site.url} --within 4s --rollback-on-fail`;
    const about = (stderr: string) => stderr.slice(stderr.indexOf('Error: ')).split('\n');
    const cause = () => `${site.url}/up returned 500 instead of 200`;

    test('after a rollback', async () => {
      const run = await bed.dnx(LINE());
      expect(run).toExit(11);
      expect(run.stderr.split('returned 500 instead of 200')).toHaveLength(3);
      expect(run.stderr).toContain(`shop.example.com failed verification; rolling back to ${before}\n`);
      expect(about(run.stderr)).toMatchObject([
        `Error: Deployment of shop.example.com was rolled back to ${before}: ${cause()}`,
        expect.stringMatching(`^  failed  ${OURS}  `),
        expect.stringMatching(`^  live    ${before}  `),
        expect.any(String),
        '',
      ]);
    });

    test('if the previous release is broken too', async () => {
      await serve(() => ({ status: 500 }));
      const run = await bed.dnx(LINE());
      expect([run.code, live()]).toEqual([1, before]);
      expect(about(run.stderr)).toMatchObject([
        expect.stringMatching(/^Error: Deployment of shop.example.com failed after \d+s: it failed verification, and so did /),
        expect.stringMatching(`^  failed  ${OURS}  `),
        expect.stringMatching(`^  live    ${before}  `),
        expect.any(String),
        '',
      ]);
      expect(about(run.stderr)[0]?.split('it failed verification')[1]).toBe(`, and so did ${before} after the rollback: ${cause()}`);
      // What is live stays the same for a script, and for who looks later.
      const watched = await bed.dnx('watch shop.example.com --json');
      expect(watched.json()).toMatchObject({ outcome: 'failed', release: OURS, live: before });
    });

    test('if the previous release is broken too, in JSON', async () => {
      await serve(() => ({ status: 500 }));
      const run = await bed.dnx(`${LINE()} --json`);
      expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'failed', release: OURS, live: before })]);
    });

    test.each([
      [422, 'No.'],
      [500, 'Deploynix returned 500 (“No”).'],
    ])('if the rollback fails (%i)', async (status, words) => {
      bed.sandbox.faults.always({ method: 'POST', path: /rollback$/ }, { status, body: { message: 'No.' } });
      const run = await bed.dnx(LINE());
      expect([run.code, live(), posts()]).toEqual([1, OURS, ['deploy', 'rollback']]);
      expect(about(run.stderr)).toMatchObject([
        expect.stringContaining(`: it failed verification: ${cause()}; the rollback to ${before} failed: ${words}`),
        expect.stringMatching(`^  failed  ${OURS}  `),
        expect.stringMatching(`^  live    ${OURS}  `),
        expect.any(String),
        '',
      ]);
    });

    test.each([
      ['drop-after', 11],
      ['drop', 1],
    ] as const)('if the response to the rollback is lost (%s)', async (fault, code) => {
      bed.sandbox.faults.next({ method: 'POST', path: /rollback$/ }, fault);
      const run = await bed.dnx(LINE());
      expect([run.code, live(), posts().length], run.stderr).toEqual([code, fault === 'drop' ? OURS : before, 2]);
      expect(about(run.stderr)[2]).toMatch(`  live    ${live()}  `);
      expect((await bed.dnx('watch shop.example.com --json')).json()).toMatchObject({ outcome: code === 11 ? 'rolled_back' : 'failed' });
    });
  });

  test('--for requires consecutive successes', async () => {
    let count = 0;
    await serve(() => ({ status: [200, 500, 200, 200][count++] ?? 200 }));
    await expect(bed.dnx(`deploy shop.example.com --verify /up --for 2 --url ${site.url}`)).toExit(0);
    expect(count).toBe(4);
  });

  test('--expect sets the expected status, and a redirect is not followed', async () => {
    await serve(() => ({ status: 302 }));
    await expect(bed.dnx(`deploy shop.example.com --verify / --expect 302 --url ${site.url}`)).toExit(0);
    await expect(bed.dnx(`deploy shop.example.com --verify / --within 2s --url ${site.url}`)).toExit(1);
  });

  test('fails if the site does not respond', async () => {
    await site.close();
    const run = await bed.dnx(`deploy shop.example.com --verify /up --within 2s --url ${site.url}`);
    expect(run).toExit(1, { says: 'did not respond: connection refused' });
  });

  test('Ctrl-C leaves the release live, and site watch says so', async () => {
    const run = await bed.dnx(`deploy shop.example.com --verify /up --within 10m --url ${site.url} --json`, { interruptAt: 60_000 });
    expect(run).toExit(130);
    expect(run.json()).toMatchObject({ outcome: 'unknown' });
    const watched = await bed.dnx('site watch --json');
    expect([watched.code, watched.json()]).toMatchObject([1, { outcome: 'unknown', release: OURS }]);
    expect(watched.stderr).toContain('it went live, but its verification has not finished');
  });
});

describe('deploy --verify-cmd', () => {
  test('receives the URL and the release but not the token, and writes to stderr', async () => {
    await expect(bed.dnx(`deploy shop.example.com --verify-cmd "npm run smoke" --url ${site.url}`, { env: { PATH: '/bin' } })).toExit(0);
    expect(bed.children).toEqual([
      {
        file: 'sh',
        args: ['-c', 'npm run smoke'],
        output: 'stderr',
        env: expect.objectContaining({ DNX_SITE_URL: site.url, DNX_RELEASE: OURS, PATH: '/bin' }),
        signal: expect.any(AbortSignal),
      },
    ]);
    expect(bed.children[0]?.env).not.toHaveProperty('DNX_TOKEN');
  });

  test('receives no URL for a site whose domain cannot be requested', async () => {
    for (const each of bed.sandbox.state.sites) if (each.id === shop) each.domain = '*.example.com';
    const run = await bed.dnx(['deploy', shop, '--server', 'web-1', '--verify-cmd', 'smoke']);
    expect([run.code, run.stdout]).toEqual([0, expect.not.stringContaining('https://')]);
    expect(bed.children.map(({ env }) => env.DNX_SITE_URL)).toEqual(['']);
  });

  test('fails if the command exits with an error', async () => {
    const child = ({ env }: { env: Readonly<Record<string, string | undefined>> }) => (env.DNX_RELEASE === OURS ? 3 : 0);
    const run = await bed.dnx('deploy shop.example.com --verify-cmd smoke --rollback-on-fail --json', { child });
    expect(run).toExit(11, { says: "'smoke' exited with code 3" });
    expect(live()).toBe(before);
    expect(bed.children.map(({ env }) => env.DNX_SITE_URL)).toEqual(['https://shop.example.com', 'https://shop.example.com']);
  });
});

describe('dnx deploys nothing if verification or rollback is impossible', () => {
  test.each([
    ['--rollback-on-fail', '--rollback-on-fail needs a verification.'],
    ['--verify /up --no-wait', '--no-wait cannot be combined with --verify or --verify-cmd.'],
    ['--verify /up --url shop', "'shop' is not a URL."],
    ['--verify //', "'//' is not a path."],
    ['--verify https://', "'https://' is not a path."],
    ['--verify http://[', "'http://[' is not a path."],
    ['--verify //other.host/up', "'//other.host/up' is not a path."],
    ['--verify /\\other.host/up', "'/\\other.host/up' is not a path."],
    ['--verify https://other.host/up', "'https://other.host/up' is not a path."],
    ['--verify /up --url https://*.example.com', "'https://*.example.com' is not a URL."],
  ])('%s', async (options, message) => {
    for (const dry of ['', '--dry-run']) {
      const run = await bed.dnx(`deploy shop.example.com ${options} ${dry}`.trim());
      expect(run, dry).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toContain(message);
      expect(posts()).toEqual([]);
    }
  });

  test('--verify with a site whose domain cannot be requested', async () => {
    for (const each of bed.sandbox.state.sites) if (each.id === shop) each.domain = '*.example.com';
    const run = await bed.dnx(['deploy', shop, '--server', 'web-1', '--verify', '/up']);
    expect(run).toExit(2, { stdout: '', says: "'*.example.com' has no URL that can be requested. Nothing was deployed.\n" });
    expect(posts()).toEqual([]);
  });

  test('--rollback-on-fail with a site without releases', async () => {
    const run = await bed.dnx('deploy blog.example.com --verify /up --rollback-on-fail');
    expect(run).toExit(2, { stdout: '', says: 'blog.example.com has no release to roll back to. Nothing was deployed.' });
    expect(posts()).toEqual([]);
  });
});
