import { beforeEach, describe, expect, test } from 'vitest';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);
const api = perTest(() =>
  openElsewhere((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data }));
  }),
);
/** The API's response to every request. */
let data: unknown;

beforeEach(() => {
  data = [
    { id: '1', name: 'web-1', sites_count: 3, active: true, tags: ['a', 'b'] },
    { id: '2', name: 'web "2"', sites_count: null, active: false, tags: [] },
  ];
});

const dnx = (words: string | readonly string[], options: RunOptions = {}): Promise<Run> =>
  bed.dnx(words, { ...options, env: { DNX_HOST: api.url, NO_COLOR: '1', ...options.env } });
const list = (format: string, query: string, options: RunOptions = {}) => dnx(['server', 'list', '-o', format, '--query', query], options);

describe('--query', () => {
  test.each([
    ['table', '[].{name: name, n: sites_count}', 'NAME     N\nweb-1    3\nweb "2"  –\n'],
    ['table', '[].name', 'web-1\nweb "2"\n'],
    ['table', '[].[id, name]', '1  web-1\n2  web "2"\n'],
    ['table', '[0].{name: name, sites_count: sites_count}', 'Name   web-1\nSites  3\n'],
    ['table', 'length(@)', '2\n'],
    ['table', '[?id == `"9"`]', ''],
    ['table', '[0].nothing', ''],
    ['csv', '[].{name: name, n: sites_count}', 'name,n\nweb-1,3\n"web ""2""",\n'],
    ['csv', '[].name', 'web-1\n"web ""2"""\n'],
    ['csv', '[0].{id: id, name: name}', 'id,name\n1,web-1\n'],
    ['tsv', '[].{name: name, n: sites_count}', 'name\tn\nweb-1\t3\nweb "2"\t\n'],
    ['tsv', '[].[name, id]', 'web-1\t1\nweb "2"\t2\n'],
    ['text', '[].name', 'web-1\nweb "2"\n'],
    ['text', '[].active', 'true\nfalse\n'],
    ['text', '[].[id, name]', '1\tweb-1\n2\tweb "2"\n'],
    ['text', '[0].name', 'web-1\n'],
    ['text', '[0].nothing', ''],
    ['ids', '[].id', '1\n2\n'],
    ['ids', '[?name == `"web-1"`]', '1\n'],
    ['ids', '[].name', 'web-1\nweb "2"\n'],
    ['ids', '[].{id: id, n: name}', '1\n2\n'],
    ['ids', '[0].sites_count', '3\n'],
    ['ids', '[?name == `"none"`]', ''],
  ])('-o %s prints the result of %s', async (format, query, printed) => {
    await expect(list(format, query)).toExit(0, { stdout: printed });
  });

  test('works with the format in DNX_OUTPUT', async () => {
    await expect(dnx(['server', 'list', '--query', '[?sites_count].id'], { env: { DNX_OUTPUT: 'ids' } })).toExit(0, { stdout: '1\n' });
  });

  test('removes control characters from field names in a table', async () => {
    data = { '\u001b]0;x\u0007key': 'a\nb' };
    expect((await dnx(['server', 'show', '1', '--query', '@'], { columns: 80 })).stdout).toBe('Key  a b\n');
  });

  test.each([
    ['table', '[].nonsense(id)'],
    ['csv', 'length(id, name)'],
    ['json', '[?'],
  ])('fails before any request if the expression is invalid: -o %s %s', async (format, query) => {
    const run = await dnx(['server', 'create', 'web-3', '--provider', 'x', '--no-wait', '-o', format, '--query', query]);
    expect([run.code, run.stdout, api.requests.length]).toEqual([2, '', 0]);
    expect(run.stderr).toContain('--query');
  });

  test('-o ids fails before any request if --fields omits id', async () => {
    const run = await dnx('server list -o ids --fields name');
    expect([run.code, run.stdout, api.requests.length]).toEqual([2, '', 0]);
    expect(run.stderr).toContain('--fields');
  });

  test.each([
    '[].tags',
    '[].active',
    '[0]',
    '[].{name: name}',
    '{name: name}',
    '[].[tags, name]',
    '[?active].{n: name} | @',
    '[].active == `true`',
    '!id',
    '`[{"name": "x"}]`',
  ])('exits 2 if the list yields no ids: %s', async (query) => {
    data = [{ name: 'web-1', active: true, tags: [['a']] }];
    await expect(list('ids', query)).toExit(2, { stdout: '', says: '-o ids needs ids' });
  });

  test('exits 2 if an id has two lines', async () => {
    data = [{ id: '1\n2' }];
    await expect(list('ids', '[].id')).toExit(2, { stdout: '' });
  });

  test('exits 1 if the result of a change yields no ids, and says that the command ran', async () => {
    const ran = await bed.dnx(['database', 'create', 'shop_2', '--server', 'web-1', '-o', 'ids', '--query', 'keys(@) | [@]']);
    expect(ran).toExit(1, { stdout: '', says: 'The command ran, but its result cannot be printed' });
    expect(ran.calls.some((call) => call.startsWith('POST'))).toBe(true);
  });
});

describe('-o text', () => {
  test('prints a line per row with tabs and no header', async () => {
    await expect(dnx('server list -o text --fields id,name')).toExit(0, { stdout: '1\tweb-1\n2\tweb "2"\n' });
  });
});

const awkward = '\tname = \u200e"a"\r\n\u001b[31mred\u001b[0m \u061c\u202eend\r\n';

describe('a value', () => {
  beforeEach(() => {
    data = { id: '1', key: 'KEY', value: awkward };
  });
  const get = ['env', 'get', '01JQ8Z4T9G0000000000VAR001', '--site', '1', '--server', '1'];

  test.each([
    ['by default', []],
    ['with -o text', ['-o', 'text']],
    ['with -o text and a query', ['-o', 'text', '--query', 'value']],
    ['with a query', ['--query', 'value']],
  ])('is written to a pipe byte for byte %s', async (_, options) => {
    const run = await dnx([...get, ...options]);
    expect([run.code, run.bytes.toString()]).toEqual([0, awkward]);
  });

  test('is written to a pipe byte for byte as CSV', async () => {
    const run = await dnx([...get, '-o', 'csv', '--fields', 'value']);
    expect([run.code, run.bytes.toString()]).toEqual([0, `value\n"${awkward.replaceAll('"', '""')}"\n`]);
  });

  test('is written to a pipe byte for byte in GitHub Actions', async () => {
    data = { id: '1', key: 'KEY', value: '::set-output name=a::b\n ##[add-matcher]x' };
    await expect(dnx(get, { env: { GITHUB_ACTIONS: 'true' } })).toExit(0, { stdout: '::set-output name=a::b\n ##[add-matcher]x\n' });
  });

  test.each([
    ['by default', []],
    ['with -o text', ['-o', 'text']],
    ['with a query', ['--query', 'value']],
  ])('has no control characters on a terminal %s', async (_, options) => {
    await expect(dnx([...get, ...options], { columns: 80 })).toExit(0, { stdout: '\tname = "a"\nred end\n' });
  });

  test.each(['csv', 'tsv', 'yaml', 'ids', 'json', 'ndjson', 'table', 'text'])(
    'has no control characters in a list on a terminal with -o %s',
    async (format) => {
      data = [{ id: `1${awkward}`, name: awkward, status: '\u009b2J' }];
      const run = await dnx(['server', 'list', '-o', format], { columns: 200 });
      expect(run).toExit(0);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for
      expect(run.stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u202e]/);
      expect(run.stdout).toContain('red');
    },
  );
});

describe('two output formats', () => {
  test.each([
    ['-o json -o table', 'text'],
    ['-o table -o json', 'JSON'],
    ['-o table --json', 'JSON'],
    ['--json -o table', 'JSON'],
  ])('%s prints result and error as %s', async (options, kind) => {
    const good = await dnx(`server list ${options}`);
    const bad = await dnx(`server list ${options} --nonsense`);
    const worse = await dnx(`${options} site show`);
    expect([good.code, bad.code, worse.code]).toEqual([0, 2, 2]);
    expect([good.stdout, bad.stderr, worse.stderr].map((text) => /^[[{]/.test(text))).toEqual(Array(3).fill(kind === 'JSON'));
  });
});

test('--debug prints no control characters', async () => {
  const run = await dnx(['api', 'GET', '/servers?x=%C2%9B2J\u009b2J\u061c'], { columns: 80, env: { DNX_DEBUG: '1' } });
  expect(run).toExit(0, { says: '> GET /servers' });
  expect(run.stderr).not.toMatch(/[\u0080-\u009f\u061c]/);
});
