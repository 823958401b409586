import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded, timings } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];
const SITE = `/servers/${web1}/sites/${shop}`;
const RESUME = 'dnx watch shop.example.com --server web-1';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

/** After the first look, the site reads as deploying for ever. */
const neverEnds = () => {
  bed.sandbox.faults.next({ method: 'GET', path: SITE }, (answer) => answer);
  bed.sandbox.faults.always({ method: 'GET', path: SITE }, (answer) => ({
    ...answer,
    body: JSON.parse(JSON.stringify(answer.body).replace(/"status":"\w+"/, '"status":"deploying"')),
  }));
};

const posts = () => bed.sandbox.calls.filter(({ method }) => method === 'POST').map(({ path }) => path);

describe('deploy', () => {
  test('follows to success, although the first polls still show the previous one', async () => {
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.stderr).toBe(
      [
        'Started a deployment of shop.example.com',
        'shop.example.com: queued (2s)',
        'shop.example.com: deploying (5s)',
        'shop.example.com: active (16s)',
        'Undo: dnx rollback shop.example.com --server web-1',
        '',
      ].join('\n'),
    );
    expect(run.json()).toEqual({
      site: 'shop.example.com',
      server: 'web-1',
      status: 'active',
      outcome: 'succeeded',
      started_at: '2026-04-16T12:00:00.000Z',
      finished_at: expect.stringMatching(/^2026-04-16T12:00:1/),
      duration_s: expect.any(Number),
      release: '20260416_120003',
    });
    expect(run.waited).toBeGreaterThanOrEqual(timings.deployBegins + timings.deployRuns);
    expect(run.code).toBe(0);
    expect(posts()).toEqual([`${SITE}/deploy`]);
  });

  test('does not believe a server whose polls stay as they were', async () => {
    bed.sandbox.faults.always({ method: 'POST', path: `${SITE}/deploy` }, { status: 202, body: { message: 'Deployment started.' } });
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.json()).toMatchObject({ outcome: 'unknown', release: null });
    expect(run).toMatchObject({ code: 1, waited: 92_000 });
    expect(run.stderr).toContain('there is no sign that it started');
    expect(posts()).toHaveLength(1);
  });

  test('waits to the end of --timeout while it visibly goes on, and no longer', async () => {
    neverEnds();
    const run = await bed.dnx('deploy shop.example.com --timeout 3m');
    expect(run).toMatchObject({ code: 124, stdout: '', waited: 180_000 });
    expect(run.stderr).toContain('the deployment of shop.example.com continues');
    expect(run.stderr).toContain(`Resume with: ${RESUME}`);
    expect(posts()).toHaveLength(1);
  });

  test('a failure before ours is not ours', async () => {
    const run = await bed.dnx('deploy api.example.com --json');
    expect(run.json()).toMatchObject({ site: 'api.example.com', outcome: 'succeeded' });
    expect(run.code).toBe(0);
  });

  test('a failed deployment exits 1, with nothing on stdout but for scripts', async () => {
    bed.sandbox.state.fail_deploys = true;
    const table = await bed.dnx('deploy shop.example.com');
    expect(table).toMatchObject({ code: 1, stdout: '' });
    expect(table.stderr).toContain('Error: Deployment of shop.example.com failed after 16s\n');
    expect(posts()).toHaveLength(1);

    const json = await bed.dnx('deploy shop.example.com --json');
    expect(json.code).toBe(1);
    expect(json.json()).toMatchObject({ outcome: 'failed', status: 'failed' });
    expect(JSON.parse(json.stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({ error: { code: 'failed' } });
    expect(posts()).toHaveLength(2);
  });

  test.each([
    ['Ctrl-C', { interruptAt: 6_000 }, 130],
    ['SIGTERM', { terminateAt: 6_000 }, 143],
  ])('%s ends the wait and not the deployment', async (_, options, code) => {
    const run = await bed.dnx('deploy shop.example.com', options);
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toContain(`The deployment continues. Resume with: ${RESUME}`);
    expect(posts()).toHaveLength(1);
    expect(bed.sandbox.state.sites.find(({ id }) => id === shop)?.status).toBe('deploying');
  });

  test('a lost answer is no reason to ask again', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: `${SITE}/deploy` }, 'drop-after');
    const run = await bed.dnx('deploy shop.example.com');
    expect(run).toMatchObject({ code: 13, stdout: '' });
    expect(run.stderr).toContain('The request may have been performed.');
    expect(run.stderr).toContain(`Check before you try again: ${RESUME}`);
    expect(posts()).toHaveLength(1);
  });

  test('a 5xx is no reason to ask again', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: `${SITE}/deploy` }, { status: 502, body: '<html>Bad Gateway</html>' });
    const run = await bed.dnx('deploy shop.example.com');
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(posts()).toHaveLength(1);
  });

  test('a 429 was not performed, so it is asked again', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: `${SITE}/deploy` }, { status: 429, headers: { 'Retry-After': '20' } });
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.json()).toMatchObject({ outcome: 'succeeded' });
    expect(posts()).toHaveLength(2);
    expect(bed.sandbox.state.releases.filter(({ name }) => name.startsWith('20260416_1200'))).toHaveLength(1);
  });

  test('five polls without an answer end the wait, four do not', async () => {
    bed.sandbox.faults.next({ method: 'GET', path: SITE }, (answer) => answer);
    bed.sandbox.faults.next({ method: 'GET', path: SITE }, 'drop', 4);
    expect((await bed.dnx('deploy shop.example.com')).code).toBe(0);

    // The site is known by now: it is verified, and then looked at, before the polls.
    bed.sandbox.faults.next({ method: 'GET', path: SITE }, (answer) => answer, 2);
    bed.sandbox.faults.next({ method: 'GET', path: SITE }, { status: 503 }, 5);
    const run = await bed.dnx('deploy shop.example.com');
    expect(run).toMatchObject({ code: 13, stdout: '' });
    expect(run.stderr).toContain('shop.example.com: no answer, retrying');
    expect(run.stderr).toContain('Error: Lost contact with shop.example.com');
    expect(run.stderr).toContain(`Resume with: ${RESUME}`);
    expect(posts()).toHaveLength(2);
  });

  test('a token that expires during the wait is named, and the run is kept', async () => {
    bed.clock.at(5_000, () => {
      bed.sandbox.state.tokens.splice(0);
    });
    const run = await bed.dnx('deploy shop.example.com');
    expect(run).toMatchObject({ code: 4, stdout: '' });
    expect(run.stderr).toContain('The token expired or was revoked; the deployment continues.\n  Sign in with: dnx login\n');
    expect(run.stderr).toContain(`  Then resume with: ${RESUME}\n`);
    const token = bed.sandbox.mint(['*']);
    const again = await bed.dnx('site watch --json', { env: { DNX_TOKEN: token } });
    expect(again.json()).toMatchObject({ site: 'shop.example.com', outcome: 'succeeded', release: '20260416_120003' });
  });

  test('with ids and --no-wait it is exactly one request', async () => {
    const run = await bed.dnx(`site deploy ${shop} --server ${web1} --no-wait --json`);
    expect(run.calls).toEqual([`POST ${SITE}/deploy`]);
    expect(run.json()).toMatchObject({ site: shop, server: web1, outcome: 'started', status: null });
    expect(run.code).toBe(0);
  });

  test('a token that may only deploy starts it and says that it cannot follow', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['site:deploy']) };
    const run = await bed.dnx(`deploy ${shop} --server ${web1} --json`, { env });
    expect(run.code).toBe(0);
    expect(run.json()).toMatchObject({ outcome: 'started' });
    expect(run.stderr).toContain('! This token cannot follow the deployment: it lacks site:read.\n');
    expect(posts()).toHaveLength(1);
  });

  test.each(['--wait', '--verify /up'])('such a token with %s is refused before anything is deployed', async (option) => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['site:deploy']) };
    const run = await bed.dnx(`deploy ${shop} --server ${web1} ${option}`, { env });
    expect(run).toMatchObject({ code: 5, stdout: '' });
    expect(run.stderr).toContain('nothing was deployed');
    expect(posts()).toHaveLength(0);
  });

  test('a refusal is reported and leaves no run behind', async () => {
    const run = await bed.dnx('deploy docs.example.com');
    expect(run).toMatchObject({ code: 7, stdout: '' });
    expect(run.stderr).toContain('This site is suspended.');
    expect((await bed.dnx('site watch')).code).toBe(2);
  });

  test('a site without zero-downtime releases is followed as well', async () => {
    const run = await bed.dnx('deploy blog.example.com --json');
    expect(run.json()).toMatchObject({ outcome: 'succeeded' });
  });

  test('says every half minute that it still waits', async () => {
    neverEnds();
    const run = await bed.dnx('deploy shop.example.com --timeout 2m');
    expect(run.stderr.match(/shop.example.com: deploying \([\dms ]+\)/g)).toHaveLength(4);
  });

  test('-o ndjson prints each event and ends with the result', async () => {
    const run = await bed.dnx('deploy shop.example.com -o ndjson');
    const lines = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toEqual({
      type: 'status',
      at: '2026-04-16T12:00:02.000Z',
      target: 'shop.example.com',
      status: 'active',
      elapsed_s: 2,
    });
    expect(lines.map(({ type, status }) => [type, status])).toEqual([
      ['status', 'active'],
      ['status', 'deploying'],
      ['status', 'active'],
      ['result', 'active'],
    ]);
    expect(lines.at(-1)).toMatchObject({ outcome: 'succeeded', release: '20260416_120003' });
  });

  test('a changed clock does not change how long it waits', async () => {
    const jump = bed.clock.now;
    bed.clock.at(4_000, () => {
      bed.clock.now = () => jump() + 86_400_000;
    });
    neverEnds();
    const run = await bed.dnx('deploy shop.example.com --timeout 1m');
    expect(run).toMatchObject({ code: 124, waited: 60_000 });
  });
});
