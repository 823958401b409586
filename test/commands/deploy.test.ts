import { describe, expect, test } from 'vitest';
import { seeded, timings } from '../../src/sandbox/index.ts';
import { openLimitedBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];
const SITE = `/servers/${web1}/sites/${shop}`;
const RESUME = 'dnx watch shop.example.com --server web-1';

const bed = perTest(openLimitedBed);

/** After the first request, the site's status stays deploying. */
const stayDeploying = () => {
  bed.sandbox.faults.next({ method: 'GET', path: SITE }, (answer) => answer);
  bed.sandbox.faults.always({ method: 'GET', path: SITE }, (answer) => ({
    ...answer,
    body: JSON.parse(JSON.stringify(answer.body).replace(/"status":"\w+"/, '"status":"deploying"')),
  }));
};

const posts = () => bed.sandbox.calls.filter(({ method }) => method === 'POST').map(({ path }) => path);

describe('deploy', () => {
  test('follows its own deployment to success, although the first polls show the previous one', async () => {
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
      // As the API says, although the first poll after the end was at 16s.
      started_at: '2026-04-16T12:00:03.000Z',
      finished_at: '2026-04-16T12:00:11.000Z',
      duration_s: 8,
      release: '20260416_120003',
      live: '20260416_120003',
    });
    expect(run.waited).toBeGreaterThanOrEqual(timings.deployBegins + timings.deployRuns);
    expect(run).toExit(0);
    expect(posts()).toEqual([`${SITE}/deploy`]);
  });

  test('reports an unknown outcome if the site never changes', async () => {
    bed.sandbox.faults.always({ method: 'POST', path: `${SITE}/deploy` }, { status: 202, body: { message: 'Deployment started.' } });
    const run = await bed.dnx('deploy shop.example.com --json');
    expect(run.json()).toMatchObject({ outcome: 'unknown', release: null });
    expect(run).toExit(1, { waited: 92_000, says: 'there is no sign that it started' });
    expect(posts()).toHaveLength(1);
  });

  test('waits until --timeout while the deployment is in progress', async () => {
    stayDeploying();
    const run = await bed.dnx('deploy shop.example.com --timeout 3m');
    expect(run).toExit(124, { stdout: '', waited: 180_000, says: 'the deployment of shop.example.com continues' });
    expect(run.stderr).toContain(`Resume with: ${RESUME}`);
    expect(run.stderr).not.toContain('dnx why');
    expect(posts()).toHaveLength(1);
  });

  test('ignores the failure of an earlier deployment', async () => {
    const run = await bed.dnx('deploy api.example.com --json');
    expect(run.json()).toMatchObject({ site: 'api.example.com', outcome: 'succeeded' });
    expect(run).toExit(0);
  });

  test('a failed deployment exits 1, and prints a result on stdout only with --json', async () => {
    bed.sandbox.state.fail_deploys = true;
    const table = await bed.dnx('deploy shop.example.com');
    expect(table).toExit(1, { stdout: '', says: 'Error: Deployment of shop.example.com failed after 16s\n' });
    expect(posts()).toHaveLength(1);

    const json = await bed.dnx('deploy shop.example.com --json');
    expect(json).toExit(1);
    expect(json.json()).toMatchObject({ outcome: 'failed', status: 'failed' });
    expect(JSON.parse(json.stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'failed', next: [{ command: 'dnx why shop.example.com --server web-1', why: 'Find out why' }] },
    });
    expect(posts()).toHaveLength(2);
  });

  test.each([
    ['Ctrl-C', { interruptAt: 6_000 }, 130, 'Stopped watching; the deployment continues.\n  '],
    ['SIGTERM', { terminateAt: 6_000 }, 143, 'Error: Terminated.\n  The deployment continues. '],
  ])('%s stops following, not the deployment', async (_, options, code, said) => {
    const run = await bed.dnx('deploy shop.example.com', options);
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toContain(`\n${said}Resume with: ${RESUME}\n`);
    expect(posts()).toHaveLength(1);
    expect(bed.sandbox.state.sites.find(({ id }) => id === shop)?.status).toBe('deploying');
  });

  test('does not resend the request after a lost response', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: `${SITE}/deploy` }, 'drop-after');
    const run = await bed.dnx('deploy shop.example.com');
    expect(run).toExit(13, { stdout: '', says: ['The request may have gone through.', `Check before you retry: ${RESUME}`] });
    expect(posts()).toHaveLength(1);
  });

  test('with --no-wait says how to check after a lost response', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: `${SITE}/deploy` }, 'drop-after');
    const run = await bed.dnx('deploy shop.example.com --no-wait');
    expect(run).toExit(13, { stdout: '', says: 'Check before you retry: dnx watch shop.example.com --server web-1' });
  });

  test('does not resend the request after a 5xx', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: `${SITE}/deploy` }, { status: 502, body: '<html>Bad Gateway</html>' });
    await expect(bed.dnx('deploy shop.example.com')).toExit(1, { stdout: '' });
    expect(posts()).toHaveLength(1);
  });

  test('resends the request after a 429', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: `${SITE}/deploy` }, { status: 429, headers: { 'Retry-After': '20' } });
    expect((await bed.dnx('deploy shop.example.com --json')).json()).toMatchObject({ outcome: 'succeeded' });
    expect(posts()).toHaveLength(2);
    expect(bed.sandbox.state.releases.filter(({ name }) => name.startsWith('20260416_1200'))).toHaveLength(1);
  });

  test('gives up after five polls without a response, not after four', async () => {
    bed.sandbox.faults.next({ method: 'GET', path: SITE }, (answer) => answer);
    bed.sandbox.faults.next({ method: 'GET', path: SITE }, 'drop', 4);
    await expect(bed.dnx('deploy shop.example.com')).toExit(0);

    // The site is remembered by now: it is verified and read before the first poll.
    bed.sandbox.faults.next({ method: 'GET', path: SITE }, (answer) => answer, 2);
    bed.sandbox.faults.next({ method: 'GET', path: SITE }, { status: 503 }, 5);
    const run = await bed.dnx('deploy shop.example.com');
    expect(run).toExit(13, { stdout: '', says: ['shop.example.com: no response, retrying', 'Error: Lost contact with shop.example.com'] });
    expect(run.stderr).toContain(`Resume with: ${RESUME}`);
    expect(posts()).toHaveLength(2);
  });

  test('says that the token expired during the wait, and keeps the run', async () => {
    bed.clock.at(5_000, () => {
      bed.sandbox.state.tokens.splice(0);
    });
    const run = await bed.dnx('deploy shop.example.com');
    expect(run).toExit(4, { stdout: '', says: 'The token expired or was revoked; the deployment continues.\n  Sign in with: dnx login\n' });
    expect(run.stderr).toContain(`  Then resume with: ${RESUME}\n`);
    const token = bed.sandbox.mint(['*']);
    const again = await bed.dnx('site watch --json', { env: { DNX_TOKEN: token } });
    expect(again.json()).toMatchObject({ site: 'shop.example.com', outcome: 'succeeded', release: '20260416_120003' });
  });

  test('sends one request with ids and --no-wait', async () => {
    const run = await bed.dnx(`site deploy ${shop} --server ${web1} --no-wait --json`);
    expect(run.calls).toEqual([`POST ${SITE}/deploy`]);
    expect(run.json()).toMatchObject({ site: shop, server: web1, outcome: 'started', status: null });
    expect(run).toExit(0);
  });

  test('starts a deployment with a token that cannot follow it, and says so', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['site:deploy']) };
    const run = await bed.dnx(`deploy ${shop} --server ${web1} --json`, { env });
    expect(run).toExit(0);
    expect(run.json()).toMatchObject({ outcome: 'started' });
    expect(run.stderr).toContain('! This token cannot follow the deployment: it lacks site:read.\n');
    expect(posts()).toHaveLength(1);
  });

  test.each(['--wait', '--verify /up'])('refuses %s with such a token before it deploys', async (option) => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['site:deploy']) };
    await expect(bed.dnx(`deploy ${shop} --server ${web1} ${option}`, { env })).toExit(5, { stdout: '', says: 'nothing was deployed' });
    expect(posts()).toHaveLength(0);
  });

  test('reports a rejected request and keeps no run', async () => {
    await expect(bed.dnx('deploy docs.example.com')).toExit(7, { stdout: '', says: 'This site is suspended.' });
    await expect(bed.dnx('site watch')).toExit(2);
  });

  test('follows a site without zero-downtime releases', async () => {
    expect((await bed.dnx('deploy blog.example.com --json')).json()).toMatchObject({ outcome: 'succeeded' });
  });

  test('prints the status every 30 seconds', async () => {
    stayDeploying();
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

  test('waits as long as --timeout says, even if the system clock changes', async () => {
    const jump = bed.clock.now;
    bed.clock.at(4_000, () => {
      bed.clock.now = () => jump() + 86_400_000;
    });
    stayDeploying();
    await expect(bed.dnx('deploy shop.example.com --timeout 1m')).toExit(124, { waited: 60_000 });
  });
});
