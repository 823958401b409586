import { describe, expect, onTestFinished, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openLimitedBed } from '../support/dnx.ts';
import { openJson } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openLimitedBed);

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];

describe('api', () => {
  test('prints the response unchanged, in every spelling of the path', async () => {
    const run = await bed.dnx('api get /user');
    expect(JSON.parse(run.stdout)).toMatchObject({ data: { name: 'Ada Lovelace' } });
    expect(run).toExit(0, { stderr: '', calls: ['GET /user'] });
    for (const path of ['user', '/api/v1/user', `${bed.sandbox.url}/api/v1/user`])
      expect((await bed.dnx(['api', 'GET', path])).stdout).toBe(run.stdout);
  });

  test('is a GET without a method, in every spelling of the path', async () => {
    for (const path of ['/user', 'user', '/api/v1/user', `${bed.sandbox.url}/api/v1/user`]) {
      await expect(bed.dnx(['api', path])).toExit(0, { calls: ['GET /user'] });
    }
    await expect(bed.dnx('api /backups -F status=restored')).toExit(0, { calls: ['GET /backups'] });
    expect(bed.sandbox.calls.at(-1)?.query).toEqual({ status: 'restored' });
    await expect(bed.dnx('api servers --paginate --fields name')).toExit(0, { calls: ['GET /servers'] });
    const filled = await bed.dnx('api /servers/{server} --server web-1');
    expect(filled.calls.at(-1)).toBe(`GET /servers/${web1}`);
  });

  test('takes --no-input as the global option, not as an --input', async () => {
    await expect(bed.dnx('api /user --no-input')).toExit(0, { calls: ['GET /user'] });
    const sent = await bed.dnx(['api', 'POST', `/servers/${web1}/daemons`, '--input', '{"command":"b"}', '--no-input']);
    expect([sent.code, bed.sandbox.calls.at(-1)?.body], sent.stderr).toEqual([0, { command: 'b' }]);
  });

  test.each([
    ['api', 'Missing <path>.'],
    ['api get', 'Missing <path>.'],
    ['api DELETE', 'Missing <path>.'],
    ['api FOO /user', "'FOO' is not an HTTP method.", 'Use GET, POST, PUT, PATCH or DELETE.'],
    ['api /user POST', 'The method comes before the path.', 'dnx api POST PATH'],
    ['api /tokens --input {}', '--input needs a method', 'dnx api POST PATH --input FILE'],
    ['api /user --rate', '--rate sends no request'],
  ])('dnx %s is a usage error', async (line, ...words) => {
    await expect(bed.dnx(line)).toExit(2, { stdout: '', calls: [], says: words });
  });

  test('refuses the URL of another host', async () => {
    const run = await bed.dnx('api GET https://example.org/api/v1/user');
    expect(run).toExit(2, { stdout: '', calls: [], says: 'https://example.org is a different host.' });
  });

  test('fills in {server} and {site} from options and the environment', async () => {
    const path = `GET /servers/${web1}/sites/${shop}`;
    const byOption = await bed.dnx('api GET /servers/{server}/sites/{site} --server web-1 --site shop.example.com');
    expect(byOption.calls.at(-1)).toBe(path);
    const bySite = await bed.dnx('api GET /servers/{server}/sites/{site}', { env: { DNX_SITE: 'shop.example.com' } });
    expect([bySite.calls.at(-1), bySite.code]).toEqual([path, 0]);
    await expect(bed.dnx('api GET /servers/{server}')).toExit(2, { says: 'No server given.', calls: [] });
    await expect(bed.dnx('api GET /servers/{server}/daemons/{daemon} --server web-1')).toExit(2, { says: 'Cannot fill in {daemon}.' });
  });

  test('-F adds to the query of a GET, and to the JSON body of other methods', async () => {
    const filtered = await bed.dnx('api GET /backups?type=database -F status=restored');
    expect(filtered.json<{ data: unknown[] }>().data).toHaveLength(1);
    const made = await bed.dnx([
      'api',
      'POST',
      `/servers/${web1}/daemons`,
      '--data',
      '{"command":"a","user":"root"}',
      '-F',
      'processes:=2',
    ]);
    expect(made.json()).toMatchObject({ data: { command: 'a', user: 'root', processes: 2 } });
    const whole = await bed.dnx(['api', 'POST', `/servers/${web1}/daemons`, '--input', '-'], { stdin: '{"command":"b"}' });
    expect(whole.json()).toMatchObject({ data: { command: 'b' } });
    await expect(bed.dnx(['api', 'POST', '/tokens', '--input', '{}', '-F', 'a=b'])).toExit(2, { calls: [] });
    await expect(bed.dnx(['api', 'POST', '/tokens', '--input', '{'])).toExit(2, { says: '--input is not valid JSON' });
  });

  test('--paginate reads every page and keeps the filters', async () => {
    for (let n = 0; n < 120; n++) bed.sandbox.mint([], { name: `t${n}` });
    const run = await bed.dnx('api GET /tokens --paginate');
    expect(run.json<unknown[]>()).toHaveLength(126);
    expect(run.calls).toEqual(['GET /tokens', 'GET /tokens']);
    expect(bed.sandbox.calls.map(({ query }) => query)).toEqual([
      { page: '1', per_page: '100' },
      { page: '2', per_page: '100' },
    ]);
    const lines = await bed.dnx('api GET /backups?status=completed --paginate -o ndjson');
    expect(lines.stdout.trim().split('\n')).toHaveLength(4);
    expect((await bed.dnx('api GET /tokens --paginate --sort -id --limit 2 --fields id')).json()).toEqual([{ id: 126 }, { id: 125 }]);
    await expect(bed.dnx('api POST /tokens --paginate')).toExit(2);
  });

  test('--paginate keeps a repeated parameter', async () => {
    const api = await openJson(() => ({ data: [] }));
    onTestFinished(() => api.close());
    await expect(bed.dnx('api GET /backups?ids[]=1&ids[]=2&a=1&a=1&b= --paginate', { env: { DNX_HOST: api.url } })).toExit(0);
    expect(api.requests[0]?.url).toBe('/api/v1/backups?ids%5B%5D=1&ids%5B%5D=2&a=1&a=1&b=&page=1&per_page=100');
  });

  test('-i prints the status and headers', async () => {
    const run = await bed.dnx('api GET /user -i');
    expect(run.stdout).toMatch(/^HTTP 200\n(.+: .+\n)*x-ratelimit-remaining: \d+\n(.+: .+\n)*\n\{\n {2}"data"/);
    expect((await bed.dnx('api GET /user -i --json')).json()).toMatchObject({ status: 200, body: { data: { name: 'Ada Lovelace' } } });
    await expect(bed.dnx('api GET /nothing -i', {})).toExit(6, { stdout: '', says: 'HTTP 404\n' });
  });

  test('says when a response has no body, and prints one that is not JSON unchanged', async () => {
    bed.sandbox.faults.next({}, { status: 204 });
    await expect(bed.dnx('api GET /user')).toExit(0, { stdout: '', stderr: 'Deploynix returned 204 without a body.\n' });
    bed.sandbox.faults.next({}, { status: 200, body: 'plain words' });
    expect((await bed.dnx('api GET /user')).stdout).toBe('plain words\n');
  });

  test('retries a GET, and no other method', async () => {
    bed.sandbox.faults.next({ method: 'GET' }, { status: 502, body: '<h1>Bad Gateway</h1>' });
    bed.sandbox.faults.next({ method: 'GET' }, 'cut');
    const read = await bed.dnx('api GET /user');
    expect([read.code, read.stderr.match(/retrying/g)?.length, read.calls.length]).toEqual([0, 2, 3]);
    bed.sandbox.faults.next({ method: 'POST' }, 'cut');
    const sent = await bed.dnx(`api POST /servers/${web1}/daemons -F command=a`);
    expect([sent.code, sent.stdout, sent.calls.length]).toEqual([13, '', 1]);
    expect(sent.stderr).toContain('The request may have gone through.');
  });

  test.each([
    [401, 4, 'DNX_TOKEN was rejected'],
    [404, 6, 'Not found'],
    [418, 1, 'Deploynix returned 418'],
    [422, 7, 'name: The name field is required.'],
    [502, 1, 'Deploynix returned 502'],
  ])('a %d fails with exit code %d', async (status, code, words) => {
    bed.sandbox.faults.always({}, { status, body: { message: 'No.', errors: { name: ['The name field is required.'] } } });
    await expect(bed.dnx('api GET /user')).toExit(code, { stdout: '', says: words });
  });

  test('names the ability that the path needs after a 403', async () => {
    const token = bed.sandbox.mint(['server:read']);
    const run = await bed.dnx(`api POST /servers/${web1}/sites/${shop}/deploy`, { env: { DNX_TOKEN: token } });
    expect(run).toExit(5, { says: 'Token is missing the ability site:deploy' });
    const read = await bed.dnx(`api /servers/${web1}/daemons`, { env: { DNX_TOKEN: bed.sandbox.mint(['site:read']) } });
    expect(read.stderr).toContain('daemon:read');
    expect((await bed.dnx(`api DELETE /servers/${web1}/daemons/7 --yes`, { env: { DNX_TOKEN: token } })).stderr).toContain('daemon:delete');
  });
});
