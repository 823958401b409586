import { describe, expect, onTestFinished, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { openJson } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { leading } from '../support/volume.ts';

const bed = perTest(() => openBed());

async function jsonServer(answer: Parameters<typeof openJson>[0]) {
  const server = await openJson(answer);
  onTestFinished(() => server.close());
  return server;
}

const at = ({ url }: { readonly url: string }) => ({ env: { DNX_HOST: url } });

describe('a list without an end', () => {
  const meta = { last_page: 10 ** 9 };
  const MOST_AHEAD = 4;

  test('fails at the second page if it repeats the first', async () => {
    const server = await jsonServer(() => ({ data: [{ id: 1 }, { id: 2 }], meta }));
    const run = await bed.dnx('server list', at(server));
    expect(run).toExit(1, { stdout: '' });
    expect(server.requests.length).toBeLessThanOrEqual(MOST_AHEAD + 1);
    expect(run.stderr).toContain('The list GET /servers cannot be read completely: page 2 repeats earlier pages.');
  });

  test.each(leading([2, 3, 7], 1))('fails if its pages repeat in a circle of %i', async (period) => {
    const server = await jsonServer((url) => ({ data: [{ id: Number(url.searchParams.get('page')) % period }], meta }));
    const run = await bed.dnx('server list', at(server));
    expect(run).toExit(1, { stdout: '' });
    expect(server.requests.length).toBeLessThanOrEqual(3 * period + MOST_AHEAD);
    expect(run.stderr).toContain('repeats earlier pages.');
  });

  test('fails if its pages repeat in a circle that leaves out the first', async () => {
    const server = await jsonServer((url) => {
      const page = Number(url.searchParams.get('page'));
      return { data: [{ id: page === 1 ? 'first' : page % 2 }], meta };
    });
    const run = await bed.dnx('server list', at(server));
    expect(run).toExit(1, { stdout: '' });
    expect(server.requests.length).toBeLessThanOrEqual(6 + MOST_AHEAD);
    expect(run.stderr).toContain('repeats earlier pages.');
  });

  test('fails after 1,000 pages, and prints nothing', async () => {
    const server = await jsonServer((url) => ({ data: [{ id: `s${url.searchParams.get('page')}` }], meta }));
    const message = 'GET /servers has more than 1,000 pages, which is the limit.';
    const run = await bed.dnx('server list --json', at(server));
    expect([run.code, server.requests.length]).toEqual([1, 1_000]);
    expect(() => run.json()).toThrow(SyntaxError);
    expect(JSON.parse(run.stderr)).toMatchObject({
      error: {
        message,
        next: [{ command: expect.stringContaining("api GET '/servers?page=1001'") }],
      },
    });
  });

  test('is read beyond 1,000 pages if --limit asks for more', async () => {
    const server = await jsonServer((url) => ({ data: [{ id: `s${url.searchParams.get('page')}` }], meta: { last_page: 1_001 } }));
    const run = await bed.dnx('server list --limit 200000 -o ids', at(server));
    expect([run.code, run.stdout.split('\n').length]).toEqual([0, 1_002]);
  });

  test('fails at an empty page, and may repeat a row that moved to the next page', async () => {
    const pages = [[{ id: 1 }, { id: 2 }], [{ id: 2 }, { id: 3 }], []];
    const server = await jsonServer((url) => ({ data: pages[Number(url.searchParams.get('page')) - 1], meta }));
    const run = await bed.dnx('server list -o ids', at(server));
    expect(run).toExit(1, { stdout: '' });
    expect(run.stderr).toContain('The list GET /servers cannot be read completely: page 3 is empty.');
    expect(server.requests.length).toBeLessThanOrEqual(2 + MOST_AHEAD);
  });

  test.each([
    ['', '200 without a body'],
    ['{"message":"Maintenance."}', 'the message “Maintenance.”'],
    ['{"data":null}', 'no data'],
    ['null', 'no data'],
  ])('is not complete if a later page is %j', async (body, words) => {
    const server = await jsonServer((url) => (url.searchParams.get('page') === '1' ? { data: [{ id: 1 }], meta: { last_page: 3 } } : body));
    const run = await bed.dnx('server list -o ids', at(server));
    expect(run).toExit(1, { stdout: '', says: `Error: GET /servers returned ${words} instead of a list.` });
    await expect(bed.dnx('server show web-1', at(server))).toExit(1, { stdout: '' });
  });

  test('goes on if a later page does not say how many there are', async () => {
    const server = await jsonServer((url) => {
      const page = Number(url.searchParams.get('page'));
      return { data: [{ id: page }], ...(page === 1 && { meta: { last_page: 3 } }) };
    });
    await expect(bed.dnx('server list -o ids', at(server))).toExit(0, { stdout: '1\n2\n3\n' });
  });

  test('accepts a page of 150,000 rows', async () => {
    const rows = Array.from({ length: 150_000 }, (_, id) => ({ id }));
    const server = await jsonServer(() => ({ data: rows }));
    expect((await bed.dnx('server list -o ids', at(server))).stdout.split('\n')).toHaveLength(150_001);
  });
});
