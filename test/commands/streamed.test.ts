import { describe, expect, onTestFinished, test } from 'vitest';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { openPages, type PageOptions, type Pages, serverPages } from '../support/pages.ts';
import { sampled, turn } from '../support/volume.ts';

const bed = perTest(() => openBed());

async function open(pages: readonly (readonly unknown[])[], options?: PageOptions): Promise<Pages> {
  const server = await openPages(pages, options);
  onTestFinished(() => server.close());
  return server;
}

const list = ({ url }: Pages, options: string, run: RunOptions = {}): Promise<Run> =>
  bed.dnx(`server list ${options}`, { ...run, env: { DNX_HOST: url, NO_COLOR: '1', ...run.env } });

const formats = ['json', 'ndjson', 'csv', 'tsv', 'text', 'ids'];

describe('a list of several pages', () => {
  const odd = [
    [
      { id: 1, name: 'a', status: 'active' },
      { id: 2, name: '##[x] ::set-output::\u009b2J\u202e', extra: { deep: [[], {}, [1, { a: null }]] } },
    ],
    [{ id: 3, name: 'd\n"e",\tf\r\n\u001b[31mred\u001b]0;x', status: null, tags: ['x', 'y'] }],
    [{ id: 4, name: '', created_at: '2026-04-15T03:00:00Z' }, { id: 5 }, {}],
  ];

  test.each(sampled([...formats, 'yaml', 'table'], 4, 33))('is printed with -o %s as if it were one page', async (format) => {
    const [paged, whole] = [await open(odd), await open([odd.flat()])];
    for (const [row, options] of ['', '--fields id,name,extra', '--no-header', '--limit 3', '--limit 5'].entries())
      for (const columns of turn([undefined, 80, 200], row)) {
        const run = { ...(columns !== undefined && { columns }), env: { GITHUB_ACTIONS: 'true' } };
        const [long, short] = [await list(paged, `-o ${format} ${options}`, run), await list(whole, `-o ${format} ${options}`, run)];
        expect(long).toExit(0, { stdout: short.stdout, stderr: short.stderr });
      }
  });

  test('is one JSON array with --json, indented by two spaces', async () => {
    const json = JSON.stringify(odd.flat(), null, 2).replace('##[', '##\\u005b').replace('\u009b', '\\u009b').replace('\u202e', '\\u202e');
    expect((await list(await open(odd), '--json')).stdout).toBe(`${json}\n`);
  });

  test.each([
    ['json', '[]\n'],
    ['ndjson', ''],
    ['csv', expect.stringMatching(/^id,name,.*\n$/)],
    ['tsv', expect.stringMatching(/^id\tname\t.*\n$/)],
    ['text', ''],
    ['ids', ''],
    ['yaml', '[]\n'],
    ['table', ''],
  ])('may be empty with -o %s', async (format, printed) => {
    const run = await list(await open([[]]), `-o ${format} --fields ${format === 'table' ? 'name' : 'id,name,status'}`);
    expect(run).toExit(0, { stdout: printed });
  });
});

describe('a list filtered by dnx', () => {
  const backups = ['completed', 'failed', 'failed', 'completed'].map((status, id) => [{ id, type: 'database', status, server_id: 1 }]);

  test.each([
    ['json', /^\[\n {2}\{\n[^[\]]*\n {2}\},\n {2}\{\n[^[\]]*\n {2}\}\n\]\n$/, '[]\n'],
    ['yaml', /^- id: 0\n( .*\n)+- id: 3\n( .*\n)+$/, '[]\n'],
    ['csv', /^source,id.*\n.*,0,.*\n.*,3,.*\n$/, /^source,id.*\n$/],
    ['ids', /^0\n3\n$/, /^$/],
  ])('may have pages without a match with -o %s', async (format, two, none) => {
    const server = await open(backups);
    const filtered = (status: string) =>
      bed.dnx(`backup list --database 7 --server 7 --status ${status} -o ${format}`, { env: { DNX_HOST: server.url } });
    expect((await filtered('completed')).stdout).toMatch(two);
    expect((await filtered('pending')).stdout).toMatch(none);
  });
});

describe('a list that fails', () => {
  const failing = (from: number, status: number) => open(serverPages(8), { status: (page) => (page < from ? 200 : status) });

  test.each(sampled([...formats, 'yaml', 'table'], 3, 91))('at its first page prints nothing with -o %s', async (format) => {
    const run = await list(await failing(1, 404), `-o ${format}`);
    expect(run).toExit(6, { stdout: '', says: 'Not found' });
  });

  test.each(['-o table', '-o yaml', '--json', '-o ids', '-o csv --query [].id'])(
    'at its third page prints nothing with %s',
    async (options) => {
      expect(await list(await failing(3, 404), options)).toExit(6, { stdout: '', says: 'Not found' });
    },
  );

  test('is not needed if --limit ends before', async () => {
    await expect(list(await failing(3, 404), '-o ids --limit 200')).toExit(0, { stderr: '' });
  });
});

describe('--fields', () => {
  const pages = serverPages(4, 2).map((page, index) => (index < 2 ? page : page.map((each) => ({ ...each, extra: index }))));

  test.each([...formats.filter((format) => format !== 'ids'), 'table'])(
    'accepts a field that only later pages have with -o %s',
    async (format) => {
      const run = await list(await open(pages), `-o ${format} --fields id,extra`);
      expect([run.code, run.stderr, run.stdout.match(/00000\d/g)?.length]).toEqual([0, '', 8]);
    },
  );

  test.each(sampled([...formats, 'table'], 3, 170))('exits 2 before any output if no page has it with -o %s', async (format) => {
    for (const limit of ['', ' --limit 1']) {
      const run = await list(await open(pages), `-o ${format} --fields id,nme${limit}`);
      expect(run).toExit(2, { stdout: '', says: "Unknown field 'nme'. Did you mean 'name'?" });
    }
  });

  test('prints nothing if a page fails before the field was seen', async () => {
    const run = await list(await open(pages, { status: (page) => (page === 3 ? 404 : 200) }), '-o csv --fields id,extra');
    expect(run).toExit(6, { stdout: '' });
  });
});
