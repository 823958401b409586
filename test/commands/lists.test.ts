import { describe, expect, onTestFinished, test } from 'vitest';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { gate, openPages, type PageOptions, type Pages, serverPages } from '../support/pages.ts';

const bed = perTest(() => openBed());

async function open(pages: readonly (readonly unknown[])[], options?: PageOptions): Promise<Pages> {
  const server = await openPages(pages, options);
  onTestFinished(() => server.close());
  return server;
}

const list = ({ url }: Pages, options: string, run: RunOptions = {}): Promise<Run> =>
  bed.dnx(`server list ${options}`, { ...run, env: { DNX_HOST: url } });
const idsIn = (pages: ReturnType<typeof serverPages>) => pages.flat().map(({ id }) => id);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the pages of a list', () => {
  test('are printed in order if later pages arrive first', async () => {
    const fifth = gate();
    const server = await open(serverPages(12), {
      before: async (page) => {
        if (page === 2) await fifth.passed;
        if (page === 5) fifth.open();
      },
    });
    const run = await list(server, '-o ids');
    expect([run.code, run.stdout.trim().split('\n')]).toEqual([0, idsIn(serverPages(12))]);
    expect(server.asked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  });

  test('are requested four at a time, after the first', async () => {
    let withFirst = 0;
    const server = await open(serverPages(21), {
      // Waits for the requests that come at the same time.
      before: async (page, { open }) => {
        for (let turns = 0; turns < (page === 1 ? 20 : 1_000) && open() < 4; turns++) await turn();
        if (page === 1) withFirst = open();
      },
    });
    const run = await list(server, '-o ids');
    expect([run.code, run.stdout.split('\n').length, withFirst, server.most()]).toEqual([0, 2_101, 1, 4]);
  });

  test('keep the filters, and 100 rows per request', async () => {
    const server = await open(serverPages(3));
    const run = await bed.dnx('backup list --status completed -o ids', { env: { DNX_HOST: server.url } });
    expect([run.code, server.requests.map(({ url }) => url).toSorted()]).toEqual([
      0,
      [1, 2, 3].map((page) => `/api/v1/backups?status=completed&page=${page}&per_page=100`),
    ]);
  });

  test('may become more while they are read', async () => {
    const server = await open(serverPages(5), { last: (page) => Math.min(5, page + 1) });
    expect((await list(server, '-o ids')).stdout.trim().split('\n')).toEqual(idsIn(serverPages(5)));
  });

  test('may become fewer while they are read', async () => {
    const server = await open(serverPages(3), { last: (page) => (page === 1 ? 9 : 3) });
    expect((await list(server, '-o ids')).stdout.trim().split('\n')).toEqual(idsIn(serverPages(3)));
  });

  test('lose their null rows', async () => {
    const server = await open([[null, { id: '1' }], [null, { id: '2' }, null], [{ id: '3' }]]);
    expect((await list(server, '--json')).json()).toEqual([{ id: '1' }, { id: '2' }, { id: '3' }]);
  });

  test('stop at the first one that fails, whatever happens to the others', async () => {
    const server = await open(serverPages(40), { status: (page) => (page < 3 ? 200 : 404) });
    await expect(list(server, '--fields name')).toExit(6, { stdout: '', stderr: expect.stringMatching(/^Error: Not found/) });
    expect(server.asked.length).toBeLessThanOrEqual(6);
  });

  test('are retried one by one', async () => {
    const failed = new Set<number>();
    const server = await open(serverPages(6), {
      status: (page) => {
        if (failed.has(page)) return 200;
        failed.add(page);
        return 502;
      },
    });
    const run = await list(server, '-o ids');
    expect([run.code, run.stdout.trim().split('\n')]).toEqual([0, idsIn(serverPages(6))]);
  });
});

describe('--limit', () => {
  test.each(['table', 'json', 'ndjson', 'csv', 'tsv', 'text', 'ids', 'yaml'])('of 5 is one request with -o %s', async (format) => {
    const server = await open(serverPages(9));
    const run = await list(server, `--limit 5 --no-header -o ${format}`);
    expect([run.code, run.stdout.match(/\b00000\d\b/g), server.asked]).toEqual([0, expect.arrayContaining(['000001', '000005']), [1]]);
    expect(run.stdout).not.toContain('000006');
  });

  test.each([
    [100, 1],
    [101, 2],
    [250, 3],
    [700, 7],
  ])('of %i requests %i pages', async (limit, pages) => {
    const server = await open(serverPages(9));
    const run = await list(server, `--limit ${limit} -o ids`);
    expect([run.stdout.trim().split('\n'), server.asked.length]).toEqual([idsIn(serverPages(9)).slice(0, limit), pages]);
  });

  test.each(['--sort -id', '--query "reverse(@)|[:5]"'])('counts after %s', async (option) => {
    const server = await open(serverPages(9));
    const run = await list(server, `--limit 5 ${option} -o ids`);
    expect([run.code, server.asked.length]).toEqual([0, 9]);
    if (option.startsWith('--sort')) expect(run.stdout).toBe('000900\n000899\n000898\n000897\n000896\n');
  });
});
