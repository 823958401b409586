import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { openReceiver, type Receiver } from '../support/receiver.ts';
import { openWebsite } from '../support/website.ts';

let bed: Bed;
let receiver: Receiver;
beforeEach(async () => {
  bed = await openBed();
  receiver = await openReceiver();
});
afterEach(() => Promise.all([bed.close(), receiver.close()]));

const deploy = 'deploy shop.example.com --server web-1';
/** A webhook whose path is a secret, as in Slack. */
const hook = () => `${receiver.url}/services/T0/B0/s3cr3t?key=s3cr3t`;
const warning = '! Could not notify: ';

describe('--notify URL', () => {
  test('posts the object that --json prints, once, without the token', async () => {
    const run = await bed.dnx([...deploy.split(' '), '--json', '--notify', hook()]);
    expect([run.code, run.stderr.includes(warning)]).toEqual([0, false]);
    expect(receiver.received).toEqual([
      {
        method: 'POST',
        url: '/services/T0/B0/s3cr3t?key=s3cr3t',
        body: { text: '✓ Deployed shop.example.com in 8s', exit_code: 0, command: 'deploy', result: run.json() },
        headers: expect.objectContaining({ 'content-type': 'application/json' }),
      },
    ]);
    expect(JSON.stringify(receiver.received)).not.toContain(bed.sandbox.token);
    expect(receiver.received[0]?.headers.authorization).toBeUndefined();
  });

  test('tells of a failure, with the error that --json prints', async () => {
    bed.sandbox.state.fail_deploys = true;
    const run = await bed.dnx([...deploy.split(' '), '--json', '--notify', hook()]);
    const { error } = JSON.parse(run.stderr.trim().split('\n').at(-1) ?? '');
    expect(run).toExit(1);
    expect(receiver.bodies).toEqual([
      { text: '✗ Deployment of shop.example.com failed after 16s', exit_code: 1, command: 'deploy', result: run.json(), error },
    ]);
  });

  test('tells of a timeout and of a refusal', async () => {
    const late = await bed.dnx(`${deploy} --timeout 5s --notify ${hook()}`);
    const missing = await bed.dnx(`deploy nothing.example.com --server web-1 --notify ${hook()}`);
    expect([late.code, missing.code]).toEqual([124, 6]);
    expect(receiver.bodies).toMatchObject([
      { exit_code: 124, text: '✗ Timed out after 5s; the deployment of shop.example.com continues', result: { outcome: 'timed_out' } },
      { exit_code: 6, error: { code: 'not_found', status: null } },
    ]);
    expect(receiver.bodies[1]).not.toHaveProperty('result');
  });

  test('tells of a rollback', async () => {
    const shop = seeded.sites['shop.example.com'];
    const live = bed.sandbox.state.releases.find(({ site_id, active }) => site_id === shop && active)?.name;
    const site = await openWebsite(bed.sandbox, shop, (release) => ({ status: release === live ? 200 : 500 }));
    const line = `${deploy} --verify / --within 4s --url ${site.url} --rollback-on-fail`;
    await expect(bed.dnx(`${line} --notify ${hook()}`).finally(() => site.close())).toExit(11);
    expect(receiver.bodies).toMatchObject([{ exit_code: 11, result: { outcome: 'rolled_back' }, error: { code: 'rolled_back' } }]);
  });

  test('tells of several sites at once', async () => {
    const run = await bed.dnx(`deploy --all --server web-1 --yes --json --notify ${hook()}`);
    expect(receiver.bodies).toEqual([{ text: '✓ dnx deploy: 3 succeeded', exit_code: 0, command: 'deploy', result: run.json() }]);
  });

  test.each([
    ['rollback shop.example.com --server web-1 --yes', '✓ Rolled back shop.example.com to'],
    ['server create web-3 --provider hetzner', '✓ Created server web-3 in'],
    ['server provision web-2 --yes', '✓ Provisioned server web-2 in'],
    ['certificate create www.shop.example.com --site shop.example.com', '✓ Issued a certificate for www.shop.example.com in'],
    ['backup create --database shop --server db-1', '✓ '],
    ['backup restore --latest --database shop --server db-1 --confirm shop', '✓ '],
    ['watch shop.example.com', 'No deployment of shop.example.com is in progress'],
    ['audit', '✓ 15 findings on 3 servers'],
    ['apply plan.json --yes', '✓ dnx apply: 1 succeeded'],
  ])('%s has it', async (line, text) => {
    const plan = "crontab create 'php artisan report' --frequency '0 6 * * *' --server web-1 --dry-run --out plan.json";
    if (line.startsWith('apply')) await expect(bed.dnx(plan)).toExit(0);
    const run = await bed.dnx(`${line} --json --notify ${hook()}`);
    expect(run).toExit(0);
    expect(receiver.bodies).toMatchObject([{ text: expect.stringContaining(text), exit_code: 0, result: run.json() }]);
  });

  test('tells of an audit whose token has expired, and of one with findings', async () => {
    const env = { DNX_NOTIFY: hook() };
    await expect(bed.dnx('audit', { env: { ...env, DNX_TOKEN: '1|expired' } })).toExit(4);
    const run = await bed.dnx('audit --fail-on high --json', { env });
    expect(run).toExit(10);
    expect(receiver.bodies).toMatchObject([
      { text: expect.stringMatching(/^✗ DNX_TOKEN was rejected by /), exit_code: 4, command: 'audit', error: { code: 'unauthenticated' } },
      { text: expect.stringMatching(/^✗ \d+ findings? of severity high\.$/), exit_code: 10, result: run.json() },
    ]);
  });

  test('does not quote what the API says of a plan, which may hold a secret', async () => {
    const plan = (name: string) => `daemon create --command ${name} --server web-1 --dry-run --out`;
    await expect(bed.dnx(`${plan('top')} plan.json`)).toExit(0);
    bed.sandbox.faults.always(
      { method: 'POST' },
      { status: 422, body: { message: 'hunter2 is weak.', errors: { command: ['hunter2 is weak.'] } } },
    );
    await expect(bed.dnx(`apply plan.json --yes --notify ${hook()}`)).toExit(7);
    expect(receiver.bodies).toMatchObject([{ text: '✗ dnx apply failed (422).', exit_code: 7, error: { status: 422 } }]);
    expect(JSON.stringify(receiver.bodies)).not.toContain('hunter2');
  });

  test('does not tell of a check or a schema', async () => {
    await expect(bed.dnx('apply --schema', { env: { DNX_NOTIFY: hook() } })).toExit(0);
    await expect(bed.dnx(`apply plan.json --check --notify ${hook()}`)).toExit(2, { says: '--notify cannot be combined with --check.' });
    expect(receiver.bodies).toEqual([]);
  });

  test('leaves out what a server returns as a secret', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: '/servers/{server}' }, (answer) => ({
      ...answer,
      body: { data: { ...(answer.body as { data: object }).data, sudo_password: 'hunter2', database: { password: 'hunter3' } } },
    }));
    expect((await bed.dnx(`server provision web-2 --yes --json --notify ${hook()}`)).json()).toMatchObject({ sudo_password: 'hunter2' });
    expect(receiver.bodies[0]).toMatchObject({ result: { name: 'web-2', sudo_password: '***', database: { password: '***' } } });
  });

  test.each([
    [302, 'returned 302'],
    [404, 'returned 404'],
    [500, 'returned 500'],
  ])('an answer of %d is a warning that shows only the host', async (status, why) => {
    receiver.answer = { status, headers: { location: `${receiver.url}/elsewhere` } };
    const run = await bed.dnx(`${deploy} --debug --notify ${hook()}`);
    expect(run).toExit(0, { says: `${warning}${new URL(receiver.url).host} ${why}.\n` });
    expect(run.stderr).not.toContain('s3cr3t');
    expect(receiver.received).toHaveLength(1);
  });

  test('a host that cannot be reached is a warning', async () => {
    const run = await bed.dnx(`${deploy} --debug --notify https://hooks.example.com/s3cr3t`, { elsewhere: () => {} });
    expect(run).toExit(0, { stdout: expect.stringContaining('✓ Deployed shop.example.com') });
    expect(run.stderr).toContain(`${warning}hooks.example.com: there is no such host.\n`);
    expect(run.stderr).not.toContain('s3cr3t');
  });

  test('a host that does not respond is a warning', async () => {
    receiver.answer = 'never';
    // Few requests, because the API has to respond in this time, too.
    const run = await bed.dnx(`watch shop.example.com --server web-1 --notify ${hook()}`, { idleMs: 500 });
    expect(run).toExit(0, { stdout: expect.stringContaining('No deployment of shop.example.com is in progress') });
    expect(run.stderr).toContain(`${warning}${new URL(receiver.url).host}: `);
  });

  test('no chat program finds a link or a mention in the text', async () => {
    const [site] = bed.sandbox.state.sites;
    if (!site) throw new Error('the seed has sites');
    site.domain = '<!channel>\u001b[31m.example.com';
    const run = await bed.dnx(`deploy ${site.id} --server ${site.server_id} --json --notify ${hook()}`);
    expect(receiver.bodies).toEqual([
      { text: '✓ Deployed ‹!channel›.example.com in 8s', exit_code: 0, command: 'deploy', result: run.json() },
    ]);
  });
});

describe('DNX_NOTIFY', () => {
  test('is used by commands that wait', async () => {
    const env = { DNX_NOTIFY: hook() };
    await expect(bed.dnx(deploy, { env })).toExit(0);
    expect(receiver.bodies).toMatchObject([{ exit_code: 0 }]);
  });

  test.each(['server list', `${deploy} --no-wait`, `${deploy} --dry-run`])('is ignored by %s', async (line) => {
    const run = await bed.dnx(line, { env: { DNX_NOTIFY: hook() } });
    expect([run.code, receiver.received]).toEqual([0, []]);
  });

  test('is overridden by --notify', async () => {
    const run = await bed.dnx(`${deploy} --notify true`, { env: { DNX_NOTIFY: hook() } });
    expect([run.code, receiver.received]).toEqual([0, []]);
  });

  test('is named if it is wrong', async () => {
    const secret = await bed.dnx(deploy, { env: { DNX_NOTIFY: 'hooks.example.com/s3cr3t' } });
    expect([secret.code, secret.calls, secret.stderr]).toEqual([2, [], expect.stringContaining('DNX_NOTIFY is a URL without https://.')]);
    expect(secret.stderr).not.toContain('s3cr3t');
  });
});

describe('nothing is sent', () => {
  test.each([
    ['', '--notify is empty.'],
    ['hooks.example.com/services/T0/s3cr3t', '--notify is a URL without https://.'],
    ['hooks.example.com:8443/services?token=s3cr3t', '--notify is a URL without https://.'],
    ['localhost:8080/s3cr3t', '--notify is a URL without https://.'],
    ['ftp://example.com', '--notify is not an http:// or https:// URL.'],
    ['https://', '--notify is not a valid URL.'],
    ['https://user:s3cr3t@example.com', '--notify must not contain a user name or password.'],
  ])('for --notify %j', async (value, message) => {
    const run = await bed.dnx([...deploy.split(' '), '--notify', value]);
    expect(run).toExit(2, { calls: [], stdout: '', says: message });
    expect(run.stderr).not.toContain('s3cr3t');
  });

  test.each(['--no-wait', '--dry-run'])('with %s', async (option) => {
    const run = await bed.dnx(`${deploy} ${option} --notify true`);
    expect(run).toExit(2, { calls: [], says: `--notify cannot be combined with ${option}.` });
  });

  test('after Ctrl-C, a usage error or a no', async () => {
    const stopped = await bed.dnx(`${deploy} --notify ${hook()}`, { interruptAt: 6_000 });
    const usage = await bed.dnx(`${deploy} --rollback-on-fail --notify ${hook()}`);
    const no = await bed.dnx(`rollback shop.example.com --server web-1 --notify ${hook()}`, { columns: 200, keys: '\rn\r' });
    expect([stopped.code, usage.code, no.code]).toEqual([130, 2, 1]);
    expect(receiver.received).toEqual([]);
  });
});
