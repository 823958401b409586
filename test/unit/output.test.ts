import { describe, expect, test } from 'vitest';
import { ago } from '../../src/base/time.ts';
import { render } from '../../src/cli/output/render.ts';
import { forLog, json, safeLine, safeLines, styleFor } from '../../src/cli/output/text.ts';
import { columns, message, record, rows, running, type View } from '../../src/cli/output/view.ts';
import type { Format } from '../../src/machine/settings/settings.ts';
import { computed } from '../support/computed.ts';

const plain = await styleFor({}, {}, false);
const colored = await styleFor({}, { FORCE_COLOR: '1' }, true);

interface Server {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly sites_count: number | null;
}

const servers: Server[] = [
  { id: '1', name: 'web-2', status: 'active', sites_count: 10 },
  { id: '2', name: 'web-1', status: 'failed', sites_count: null },
];
const list = rows(servers, columns<Server>('name', 'status', 'sites_count'), 'No servers.');

const print = (view: View, format: Format, more: Partial<Parameters<typeof render>[1]> = {}) =>
  render(view, {
    format,
    fields: undefined,
    query: undefined,
    header: true,
    sort: undefined,
    limit: undefined,
    width: undefined,
    wide: false,
    terminal: false,
    now: Date.parse('2026-04-16T12:00:00Z'),
    style: plain,
    ...more,
  });

describe('the output of a list', () => {
  test('is a table with – for null and no trailing blanks', async () => {
    expect(await print(list, 'table')).toBe('NAME   STATUS  SITES\nweb-2  active  10\nweb-1  failed  –\n');
  });

  test('is a table without headings with --no-header', async () => {
    expect(await print(list, 'table', { header: false })).toBe('web-2  active  10\nweb-1  failed  –\n');
  });

  test('is complete as JSON, and [] if it is empty', async () => {
    expect(JSON.parse(await print(list, 'json'))).toEqual(servers);
    expect(await print(rows([], [], 'None.'), 'json')).toBe('[]\n');
    expect(await print(rows([], [], 'None.'), 'table')).toBe('');
  });

  test('is one JSON object or one id per line', async () => {
    expect(
      (await print(list, 'ndjson'))
        .trim()
        .split('\n')
        .map((each) => JSON.parse(each)),
    ).toEqual(servers);
    expect(await print(list, 'ids')).toBe('1\n2\n');
  });

  test('is quoted as CSV only where necessary', async () => {
    const awkward = rows([{ id: '1', name: 'a "b", c', status: 'x\ny', sites_count: 1 }], columns<Server>('name', 'status'), '');
    expect(await print(awkward, 'csv')).toBe('name,status\n"a ""b"", c","x\ny"\n');
    expect(await print(awkward, 'tsv', { header: false })).toBe('a "b", c\tx y\n');
  });

  test('is printed as YAML', async () => {
    expect(await print(list, 'yaml', { limit: 1 })).toBe('- id: "1"\n  name: web-2\n  status: active\n  sites_count: 10\n');
  });

  test('can be sorted, limited and reduced to fields', async () => {
    expect(await print(list, 'table', { sort: 'name', limit: 1, fields: ['name', 'id'] })).toBe('NAME   ID\nweb-1  2\n');
    expect(await print(list, 'ids', { sort: '-name' })).toBe('1\n2\n');
    expect(JSON.parse(await print(list, 'json', { fields: ['id'] }))).toEqual([{ id: '1' }, { id: '2' }]);
  });

  test('can be queried with JMESPath, and an invalid query is a usage error', async () => {
    expect(await print(list, 'json', { query: '[?status==`"failed"`].name' })).toBe('[\n  "web-1"\n]\n');
    await expect(print(list, 'json', { query: '[?' })).rejects.toMatchObject({ code: 'usage' });
  });

  describe('on a terminal', () => {
    const wide = rows(
      [{ id: 'x'.repeat(26), name: 'a-site.example.com', status: 'provisioning', sites_count: 12 }],
      columns<Server>('name', 'status', 'sites_count', { key: 'id', wide: true }),
      '',
    );
    const printed = async (width: number, more: Partial<Parameters<typeof render>[1]> = {}) => {
      let left = 0;
      const hidden = (count: number) => {
        left = count;
      };
      return [await print(wide, 'table', { width, terminal: true, hidden, ...more }), left];
    };
    const narrow = 'NAME                STATUS          SITES\na-site.example.com  ● provisioning  12\n';
    const short = 'NAME                STATUS\na-site.example.com  ● provisioning\n';
    const whole = `NAME                STATUS          SITES  ID\na-site.example.com  ● provisioning  12     ${'x'.repeat(26)}\n`;
    const stack = `Name    a-site.example.com\nStatus  ● provisioning\nSites   12\n`;

    test.each([
      ['omits wide columns in 80 columns', 80, {}, narrow, 1],
      ['shows wide columns in 120 columns', 120, {}, whole, 0],
      ['shows wide columns with --wide', 80, { wide: true }, whole, 0],
      ['hides the last columns if they do not fit', 40, {}, short, 2],
      ['prints a line per value if the first two columns do not fit', 33, {}, stack, 1],
      ['shows every field of --fields', 30, { fields: ['name', 'status'] }, stack.replace(/Sites.*\n/, ''), 0],
      ['lets the terminal break the rows of --wide', 40, { wide: true }, whole, 0],
    ] as const)('%s', async (_, width, more, text, hidden) => {
      expect(await printed(width, { ...more })).toEqual([text, hidden]);
    });
  });
});

test('a record has a line per field, and relative times on a terminal', async () => {
  const shown = columns<Server & { created_at: string }>('name', 'status', 'created_at');
  expect(await print(record({ ...servers[0], created_at: '2026-04-16T09:00:00Z' }, shown), 'table')).toBe(
    'Name     web-2\nStatus   active\nCreated  2026-04-16T09:00:00Z\n',
  );
  expect(await print(record({ ...servers[0], created_at: '2026-04-16T09:00:00Z' }, shown), 'table', { terminal: true, width: 80 })).toBe(
    'Name     web-2\nStatus   ● active\nCreated  3h ago\n',
  );
});

test.each([
  ['active', 'green'],
  ['Deployed', 'green'],
  ['in-progress', 'yellow'],
  ['running', 'yellow'],
  ['failed', 'red'],
  ['canceled', 'red'],
  ['expired', 'red'],
  ['stopped', 'dim'],
  ['suspended', 'dim'],
  ['frobnicated', undefined],
] as const)('a status of %s is %s with a dot on a terminal', async (status, color) => {
  const style = colored;
  const view = rows([{ name: 'x', status }], columns<Server>('name', 'status'), '');
  const dotted = color ? style[color](`● ${status}`) : `● ${status}`;
  expect(await print(view, 'table', { terminal: true, width: 80, header: false, style })).toBe(`x  ${dotted}\n`);
  expect(await print(view, 'table', { header: false })).toBe(`x  ${status}\n`);
});

test('a status of running is green for a worker', async () => {
  const style = colored;
  const view = rows([{ status: 'running' }], columns<Server>(running), '');
  expect(await print(view, 'table', { terminal: true, header: false, style })).toBe(`${style.green('● running')}\n`);
});

test('a message is a sentence as text and an object as JSON', async () => {
  expect(await print(message('Deleted.', { id: 7, deleted: true }), 'table')).toBe('Deleted.\n');
  expect(JSON.parse(await print(message('Deleted.', { id: 7, deleted: true }), 'json'))).toEqual({ id: 7, deleted: true });
});

describe('control characters from the API', () => {
  const evil = '\u001b]0;title\u0007\u001b[31mred\u001b[0m\r\u009b2Jname\u202etxt\u0000';

  test('are removed from a cell, a line and a text', async () => {
    const view = rows([{ id: '1', name: evil, status: 'a\nb', sites_count: 0 }], columns<Server>('name', 'status'), '');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for
    expect(await print(view, 'table')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(safeLine('a\nb')).toBe('a b');
    expect(safeLines(`one\n${evil}`)).toBe('one\nrednametxt');
  });

  const invisible = '\u061c\u180e\u200b\u200e\u200f\u2028\u202a\u202e\u2060\u2066\u2069\u206f\ufeff\ufff9\u{e0001}\u{e0041}\u{e007f}';

  test('include direction marks and invisible characters', () => {
    expect(safeLines(`a${invisible}b`)).toBe('ab');
    expect(safeLine(`a${invisible}b`)).toMatch(/^a ?b$/);
    const data = { [invisible]: invisible };
    expect(json(data)).toMatch(/^[ -~]*$/);
    expect(JSON.parse(json(data))).toEqual(data);
  });

  test.each([
    '👩‍👩‍👧‍👦',
    '👍🏽',
    'e\u0301',
    'می\u200cخواهم',
    '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
    '日本語',
    '\ta\nb',
  ])('do not include %j', (text) => {
    expect(safeLines(text)).toBe(text);
    expect(json(text)).toContain(JSON.stringify(text).slice(1, 3));
    expect(JSON.parse(json(text))).toBe(text);
  });

  test('are removed from a long text within two seconds', async () => {
    const ms = await computed(() => {
      for (const each of ['\u{e0041}', '\u200b', '\u001b]', ':', ' ', '##[']) {
        safeLines(each.repeat(200_000));
        forLog(each.repeat(200_000), { GITHUB_ACTIONS: 'true' });
      }
    });
    expect(ms).toBeLessThan(2_000);
  });

  test('are escaped in JSON without loss', () => {
    expect(json({ evil })).not.toContain('\u009b');
    expect(JSON.parse(json({ evil }))).toEqual({ evil });
  });
});

test.each([
  ['2026-04-16T11:59:55Z', 'just now'],
  ['2026-04-16T11:59:00Z', '1m ago'],
  ['2026-04-16T14:00:00Z', 'in 2h'],
  ['2026-04-13T12:00:00Z', '3d ago'],
  ['2026-02-16T12:00:00Z', '59d ago'],
  ['2025-06-20T12:00:00Z', '10mo ago'],
  ['2027-02-10T12:00:00Z', 'in 300d'],
  ['2024-04-16T12:00:00Z', '2y ago'],
  ['yesterday', 'yesterday'],
])('the time %s is printed as %s', (timestamp, words) => {
  expect(ago(timestamp, Date.parse('2026-04-16T12:00:00Z'))).toBe(words);
});
