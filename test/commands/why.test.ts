import { describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/features/why/diagnosis.ts';
import { NetworkFault, type Transport } from '../../src/machine/world.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';

const shop = seeded.sites['shop.example.com'];
const api = seeded.sites['api.example.com'];

const bed = perTest(openBed);
const web = perTest(() => openElsewhere((request, response) => response.writeHead(Number(request.url?.slice(1)) || 200).end()));

/** The diagnosis of a site from the API alone: there is no ssh. */
async function diagnosed(site: string, url: string, options: RunOptions = {}): Promise<Diagnosis> {
  const run = await bed.dnx(`why ${site} --url ${url} --json`, options);
  expect(run).toExit(0);
  return run.json<Diagnosis>();
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colors are escape sequences
const ESCAPES = /\u001b\[[\d;]*m/g;

/** A record of the sandbox. */
function recordOf<T extends { readonly id: string }>(records: readonly T[], id: string): T {
  const found = records.find((each) => each.id === id);
  if (!found) throw new Error(`The sandbox has no ${id}.`);
  return found;
}

describe('without ssh, dnx why knows', () => {
  test('that nothing is wrong, and sends one request to the site, without the token', async () => {
    const found = await diagnosed('blog.example.com', `${web.url}/200`);
    expect([found.outcome, found.title, found.subject]).toEqual(['healthy', 'Nothing is wrong', 'site']);
    expect(found.unknown).toEqual([
      { what: 'server logs and state', why: 'Could not run ssh: command not found', fix: expect.stringMatching(/^Install OpenSSH/) },
    ]);
    expect(web.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([['GET', undefined]]);
    const calls = bed.sandbox.calls.map(({ method, path }) => `${method} ${path}`);
    expect(calls.filter((call) => /servers\/\w+(\/sites\/\w+)?$/.test(call))).toHaveLength(2);
    expect(new Set(calls).size).toBe(calls.length);
  });

  test('which deployment failed', async () => {
    const found = await diagnosed('api.example.com', `${web.url}/200`);
    expect([found.outcome, found.cause, found.subject, found.title]).toEqual(['unknown', null, 'deployment', 'Cannot read the server']);
    const [live, failed] = bed.sandbox.state.releases.filter(({ site_id }) => site_id === api).slice(-2);
    expect([found.previous?.id, found.release?.id, found.release?.live]).toEqual([live?.id, failed?.id, false]);
  });

  test('how to get the log of a deployment, if it could not be read', async () => {
    const run = await bed.dnx(`why api.example.com --url ${web.url}/200 --user ada`);
    expect(run).toExit(0, { stdout: expect.stringMatching(/^ +nearest +no log on the server could be read$/m) });
    expect(run.stderr).toContain(
      [
        'Copy the deployment log from the dashboard to deploy.log: dnx open web-2/api.example.com --dashboard',
        `Then: dnx why api.example.com --server web-2 --log @deploy.log --url ${web.url}/200 --user ada\n`,
      ].join('\n'),
    );
    await expect(bed.dnx('open web-2/api.example.com --dashboard --print')).toExit(0);
    bed.sandbox.faults.always({ path: /\/logs$/ }, { status: 500 });
    const { stdout } = await bed.dnx(`why api.example.com --url ${web.url}/200`);
    expect(stdout).toMatch(/^ +nearest +no log could be read$/m);
  });

  test('that the deployment log was given', async () => {
    const run = await bed.dnx(`why api.example.com --url ${web.url}/200 --log -`, { stdin: 'Something odd failed.\n' });
    expect(run).toExit(0, { stdout: expect.stringContaining('Something odd failed. (--log, line 1)') });
    expect(run.stderr).not.toContain('deploy.log');
  });

  test.each([
    ['text', (line: string) => line],
    ['lines', (line: string) => ['Started', line]],
    ['an object', (line: string) => ({ output: line })],
  ])('a failure in the log of the server at Deploynix, given as %s', async (_, dataOf) => {
    const line = `${new Date(bed.clock.now() - 1_000).toISOString()} error: disk sda failed`;
    bed.sandbox.faults.always({ path: /\/logs$/ }, { status: 200, body: { data: dataOf(line) } });
    const found = await diagnosed('shop.example.com', `${web.url}/500`);
    expect(found.evidence.map((each) => [each.source, each.line])).toEqual([['server', line]]);
  });

  test('that a deployment that failed long ago does not explain a site that is down now', async () => {
    const found = await diagnosed('api.example.com', `${web.url}/500`);
    expect([found.outcome, found.subject, found.release]).toEqual(['unknown', 'site', null]);
  });

  test('that a deployment failed before it had a release', async () => {
    const site = recordOf(bed.sandbox.state.sites, shop);
    Object.assign(site, { status: 'failed', updated_at: new Date(bed.clock.now()).toISOString() });
    const found = await diagnosed('shop.example.com', `${web.url}/200`);
    expect([found.outcome, found.subject, found.release]).toEqual(['unknown', 'deployment', null]);
  });

  test('that a deployment is in progress', async () => {
    await bed.dnx('deploy shop.example.com --no-wait').then(({ code }) => expect(code).toBe(0));
    await bed.clock.sleep(5_000);
    const found = await diagnosed('shop.example.com', `${web.url}/200`);
    expect([found.cause, found.fixes[0]?.command]).toEqual(['deployment_in_progress', 'dnx watch shop.example.com --server web-1']);
  });

  test('that a site is suspended', async () => {
    const found = await diagnosed('docs.example.com', `${web.url}/403`);
    expect([found.cause, found.fixes[0]?.command]).toEqual(['site_suspended', 'dnx site resume docs.example.com --server web-2']);
  });

  test('that a server is not active', async () => {
    Object.assign(recordOf(bed.sandbox.state.servers, seeded.servers['web-1']), { status: 'disconnected' });
    const found = await diagnosed('shop.example.com', 'http://127.0.0.1:9/');
    expect([found.cause, found.title]).toEqual(['server_inactive', 'The server web-1 is disconnected']);
  });

  test('that a worker stopped', async () => {
    const queue = bed.sandbox.state.queues.find(({ site_id }) => site_id === shop);
    Object.assign(queue ?? {}, { status: 'failed' });
    const found = await diagnosed('shop.example.com', `${web.url}/200`);
    expect([found.cause, found.evidence[0]?.line]).toEqual(['workers_stopped', `worker ${queue?.queue}: failed`]);
  });

  test('that the certificate expired', async () => {
    for (const each of bed.sandbox.state.certificates) if (each.site_id === shop) each.expires_at = '2026-04-01T00:00:00Z';
    const found = await diagnosed('shop.example.com', 'https://127.0.0.1:9/');
    expect([found.cause, found.fixes[1]?.command]).toEqual([
      'certificate_invalid',
      'dnx certificate create shop.example.com --site shop.example.com --server web-1',
    ]);
  });

  test('that it does not know, if it can read neither the site nor the server', async () => {
    const blog = seeded.sites['blog.example.com'];
    Object.assign(recordOf(bed.sandbox.state.sites, blog), { domain: '*.shop.example' });
    const run = await bed.dnx(`why ${blog} --server web-1`);
    expect([run.code, run.stdout.split('\n', 1)[0]]).toEqual([0, '✗ *.shop.example: Can read neither the site nor the server']);
    const { outcome, cause } = (await bed.dnx(`why ${blog} --server web-1 --json`)).json<Diagnosis>();
    expect([outcome, cause]).toEqual(['unknown', null]);
  });

  test('that nobody answers', async () => {
    const found = await diagnosed('shop.example.com', 'http://127.0.0.1:9/');
    expect([found.cause, found.evidence[0]?.line]).toEqual(['web_refused', 'GET http://127.0.0.1:9/: connection refused']);
  });

  test.each([
    ['ENOTFOUND', 'dns', 'dnx: step'],
    ['CERT_HAS_EXPIRED', 'certificate_rejected', 'dnx certificate list --site shop.example.com --server web-1'],
  ])('what %s of the site means', async (reason, cause, fix) => {
    const through = (network: Transport): Transport => ({
      ...network,
      request: async (request) => {
        if (request.url.startsWith(bed.sandbox.url)) return network.request(request);
        throw new NetworkFault('no answer', { sent: false, reason });
      },
    });
    const found = await diagnosed('shop.example.com', 'https://shop.example.com/', { through });
    expect([found.cause, found.fixes[0]?.command ?? 'dnx: step']).toEqual([cause, fix]);
  });

  test('no cause of a 500', async () => {
    const found = await diagnosed('shop.example.com', `${web.url}/500`);
    expect([found.outcome, found.title, found.checks.http?.status]).toEqual(['unknown', 'Cannot read the server', 500]);
  });
});

test.each([40, 80, 120])('at %i columns, dnx why breaks everything but command lines', async (columns) => {
  const log =
    'npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.\n';
  for (const site of ['api.example.com', 'docs.example.com', 'blog.example.com']) {
    const given = site.startsWith('api') ? ['--log', '-'] : [];
    const run = await bed.dnx(['why', site, '--url', `${web.url}/200`, ...given], { columns, stdin: log });
    expect(run).toExit(0);
    const wide = run.stdout.split('\n').filter((line) => [...line.replace(ESCAPES, '')].length > columns && !line.includes(' dnx '));
    expect(wide).toEqual([]);
    expect(run.stdout.replace(ESCAPES, '')).toMatch(site.startsWith('blog') ? /^✓ Nothing is wrong/ : /^✗ /);
  }
});

test.each(['ftp://example.com', 'shop.example.com'])('refuses --url %s before any request', async (url) => {
  await expect(bed.dnx(`why shop.example.com --url ${url}`)).toExit(2, { stdout: '', says: `'${url}' is not a URL.` });
});
