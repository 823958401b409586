import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { addIn, editYaml, removeIn, setIn } from '../../src/base/yaml-edit.ts';
import { seedOf, volume } from '../support/volume.ts';

type YamlEdit = { readonly path: readonly (string | number)[] } & (
  | { readonly set: unknown }
  | { readonly add: unknown }
  | { readonly remove: true }
);

/** Text with these edits made. Values that are set deep enough are written between brackets. */
const edited = (text: string, edits: readonly YamlEdit[], isInline = (path: YamlEdit['path']): boolean => path.length > 3): string =>
  editYaml(text, (document) => {
    const node = (value: unknown, path: YamlEdit['path']) =>
      typeof value === 'object' ? document.createNode(value, { flow: isInline(path) }) : value;
    for (const edit of edits) {
      const { path } = edit;
      if ('set' in edit) setIn(document, path, node(edit.set, path));
      else if ('add' in edit) addIn(document, path, node(edit.add, [...path, 0]));
      else removeIn(document, path);
    }
  });

const FILE = `# Shop
servers:
    web-1:            # Falkenstein
        databases: [shop]
        crontabs:
        # hourly
        - { command: php artisan schedule:run, frequency: '* * * * *' }
        - command: backup   # nightly
          frequency: 0 3 * * *

        # end of the jobs
sites:
    shop.example.com:
        branch:   "main"  # deployed by hand
        env: &env
            # shown in mails
            APP_NAME: Shop

            LOG_LEVEL: 'debug'
        secrets: [APP_KEY]
    blog.example.com: { branch: main, env: *env }
`;

describe('an edit changes its lines alone', () => {
  test.each<[what: string, edits: readonly YamlEdit[], changes: readonly (readonly [from: string, to: string])[]]>([
    [
      'a value keeps its quotes and its comment',
      [{ path: ['sites', 'shop.example.com', 'branch'], set: 'develop' }],
      [['"main"', '"develop"']],
    ],
    [
      'a new member stands after the last one',
      [{ path: ['servers', 'web-1', 'daemons'], add: { command: 'horizon' } }],
      [['0 3 * * *\n', '0 3 * * *\n        daemons:\n            - { command: horizon }\n']],
    ],
    [
      'a new item has the indent of the others',
      [{ path: ['servers', 'web-1', 'crontabs'], add: { command: 'x: y', frequency: '@daily' } }],
      [['0 3 * * *\n', "0 3 * * *\n        - { command: 'x: y', frequency: '@daily' }\n"]],
    ],
    [
      'an item goes with the comment behind it, not with the one before it',
      [{ path: ['servers', 'web-1', 'crontabs', 1], remove: true }],
      [['        - command: backup   # nightly\n          frequency: 0 3 * * *\n', '']],
    ],
    [
      'a value in brackets is added in brackets',
      [{ path: ['sites', 'shop.example.com', 'secrets'], add: 'DB_PASSWORD' }],
      [['[APP_KEY]', '[APP_KEY, DB_PASSWORD]']],
    ],
    [
      'a field of a list item is removed behind its dash',
      [{ path: ['servers', 'web-1', 'crontabs', 1, 'command'], remove: true }],
      [['command: backup   # nightly\n          frequency', 'frequency']],
    ],
    [
      'a list becomes a map',
      [{ path: ['servers', 'web-1', 'databases'], set: { shop: {}, blog: {} } }],
      [['databases: [shop]', 'databases:\n            shop: {}\n            blog: {}']],
    ],
  ])('%s', (_, edits, changes) => {
    const expected = changes.reduce((text, [from, to]) => text.replace(from, to), FILE);
    expect(edited(FILE, edits)).toBe(expected);
    expect(edited(FILE.replaceAll('\n', '\r\n'), edits)).toBe(expected.replaceAll('\n', '\r\n'));
  });

  test('an alias of what changed keeps the old value', () => {
    const text = edited(FILE, [{ path: ['sites', 'shop.example.com', 'env', 'APP_NAME'], set: 'Store' }]);
    expect(text).toBe(FILE.replace('APP_NAME: Shop', 'APP_NAME: Store').replace('*env', "{ APP_NAME: Shop, LOG_LEVEL: 'debug' }"));
  });

  test('an alias with a change of its own is a value of its own', () => {
    const text = edited(FILE, [{ path: ['sites', 'blog.example.com', 'env', 'LOG_LEVEL'], set: 'error' }]);
    expect(text).toBe(FILE.replace('*env', "{ APP_NAME: Shop, LOG_LEVEL: 'error' }"));
  });

  test('an alias with the same change stays', () => {
    const paths = ['shop.example.com', 'blog.example.com'].map((site) => ['sites', site, 'env', 'LOG_LEVEL']);
    expect(
      edited(
        FILE,
        paths.map((path) => ({ path, set: 'error' })),
      ),
    ).toBe(FILE.replace('debug', 'error'));
  });

  test.each<[what: string, before: string, edits: readonly YamlEdit[], after: string]>([
    ['tabs before comments', 'a:\t# x\n  b: 1\t# one\n  c: 2\n', [{ path: ['a', 'b'], set: 'x' }], 'a:\t# x\n  b: x\t# one\n  c: 2\n'],
    ['a BOM', '\ufeffa: 1\nb: 2\n', [{ path: ['a'], remove: true }], '\ufeffb: 2\n'],
    ['markers', '%YAML 1.2\n---\na: 1\n...', [{ path: ['b'], set: 'x' }], '%YAML 1.2\n---\na: 1\nb: x\n...'],
    ['a map behind a marker', '--- { a: 1 }\n', [{ path: ['b'], set: 'x' }], '--- { a: 1, b: x }\n'],
    ['a comment behind a marker', '--- # top\n# c\n', [{ path: ['b'], set: 'x' }], '--- # top\nb: x\n# c\n'],
    ['an end marker alone', '# c\n...\n', [{ path: ['b'], set: 'x' }], '# c\nb: x\n...\n'],
    ['no final newline', 'a:\n  b: 1', [{ path: ['a', 'c'], set: 'x' }], 'a:\n  b: 1\n  c: x'],
    ['a block text', 'a: |\n  one\n\n# c\nb: >-\n  two\n', [{ path: ['a'], set: 'x' }], 'a: x\n\n# c\nb: >-\n  two\n'],
    [
      'a block text with its blank lines',
      'a:\n  b: |+\n    x\n\nc: 1\n',
      [{ path: ['a', 'd'], set: 'x' }],
      'a:\n  b: |+\n    x\n\n  d: x\nc: 1\n',
    ],
    [
      'a list on lines',
      'l: [\n  a, # 1\n  b, # 2\n  c # 3\n]\n',
      [
        { path: ['l', 1], remove: true },
        { path: ['l'], add: 'd' },
      ],
      'l: [\n  a, # 1\n  c, # 3\n  d\n]\n',
    ],
    ['the last one on lines', 'l: [\n  a, # 1\n  b # 2\n]\n', [{ path: ['l', 1], remove: true }], 'l: [\n  a # 1\n]\n'],
    ['a comma at the end', 'l: [\n  a,\n  b, # 2\n]\n', [{ path: ['l'], add: 'c' }], 'l: [\n  a,\n  b, # 2\n  c,\n]\n'],
    ['a key without a value', 'm: { a: 1, b }\n', [{ path: ['m', 'b'], set: 'x' }], 'm: { a: 1, b: x }\n'],
    [
      'quoted keys',
      '"a b": \'x\'\n? c\n: d\n',
      [
        { path: ['a b'], set: 'it' },
        { path: ['c'], set: 'x' },
      ],
      '"a b": \'it\'\n? c\n: x\n',
    ],
    ['a value below its comment', 'a:\n  # c\n  "x"\n', [{ path: ['a'], set: 'y' }], 'a:\n  # c\n  "y"\n'],
    [
      'comments of what goes',
      'a: # h\n  # in\n  b: 1\n  # end\nc: 1\n',
      [{ path: ['a', 'b'], remove: true }],
      'a: {} # h\n  # in\n  # end\nc: 1\n',
    ],
    ['empty brackets', 'a: {} # none\n', [{ path: ['a', 'b'], set: 'x' }], 'a: # none\n  b: x\n'],
    [
      'JSON on a line',
      '{"a": {"b": 1}, "c": [1, 2]}',
      [
        { path: ['c', 1], remove: true },
        { path: ['d'], set: 'x' },
      ],
      '{"a": {"b": 1}, "c": [1], "d": "x"}',
    ],
    [
      'JSON with tabs',
      '{\n\t"a": 1,\n\t"b": 2\n}\n',
      [
        { path: ['b'], remove: true },
        { path: ['c'], set: 'x' },
      ],
      '{\n\t"a": 1,\n\t"c": "x"\n}\n',
    ],
  ])('%s', (_, before, edits, after) => expect(edited(before, edits)).toBe(after));

  const THREE = 'a:\n  env: &e # shared\n    # name\n    NAME: Shop\nb:\n  env: *e # too\nc:\n  env: *e\n';
  test.each<[what: string, edits: readonly YamlEdit[], after: string]>([
    ['all', ['a', 'b', 'c'].map((site) => ({ path: [site, 'env', 'X'], set: 'x' })), THREE.replace('Shop\n', 'Shop\n    X: x\n')],
    ['the second', [{ path: ['b', 'env', 'NAME'], set: 'x' }], THREE.replace('env: *e # too\n', 'env: # too\n    NAME: x\n')],
    [
      'the first',
      [{ path: ['a', 'env', 'NAME'], set: 'x' }],
      THREE.replace('Shop', 'x')
        .replace('env: *e # too\n', 'env: # too\n    NAME: Shop\n')
        .replace('*e\n', '\n    NAME: Shop\n')
        .replace('env: \n', 'env:\n'),
    ],
    ['none, and the first is gone', [{ path: ['a'], remove: true }], 'b:\n  env: &e # too\n    NAME: Shop\nc:\n  env: *e\n'],
  ])('variables of three sites, of which one edits %s', (_, edits, after) => expect(edited(THREE, edits)).toBe(after));

  test('JSON stays JSON', () => {
    const json = '{\n  "sites": {\n    "a.example.com": {\n      "branch": "main",\n      "queues": []\n    }\n  }\n}\n';
    const text = edited(json, [
      { path: ['sites', 'a.example.com', 'queues'], add: { queue: 'yes' } },
      { path: ['sites', 'a.example.com', 'web_directory'], set: '/public' },
    ]);
    expect(text).toBe(json.replace('[]', '[{ "queue": "yes" }],\n      "web_directory": "/public"'));
    JSON.parse(text);
  });

  test.each(['', '# only a comment', '{}\n', '# none\n{}', '{}\n# end\n'])('a file without a value gets one: %j', (text) => {
    const result = edited(text, [{ path: ['sites', 'a', 'env', 'A'], set: 'x' }]);
    expect(parseDocument(result).toJS()).toEqual({ sites: { a: { env: { A: 'x' } } } });
    expect(result).toContain(/#.*/.exec(text)?.[0] ?? '');
  });
});

const words = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => !/\p{Surrogate}/u.test(text)),
  fc.string({ unit: fc.constantFrom(...'a1 :#,[]{}\'"-?*&!|>%@`\\\n\t~=.\u0085\u2028\ufeff') }),
  fc.constantFrom(
    'null',
    '~',
    'yes',
    'No',
    '010',
    '8.10',
    '8.3',
    '1e3',
    '0x1f',
    '0o7',
    '12:30',
    '2026-12-01',
    '.inf',
    '<<',
    '=',
    '-',
    '---',
    'true',
  ),
);

test('any text is read as it was written, in a block and in brackets', () => {
  fc.assert(
    fc.property(words, (text) => {
      for (const [before, path, edit] of [
        ['k: a', ['k'], { set: text }],
        ['k: { k: a }', ['k', 'k'], { set: text }],
        ['k: [a]', ['k'], { add: text }],
        ['k:\n- a', ['k', 0], { set: text }],
        ['k:\n  k: 1', ['k', text], { set: 1 }],
        ['k: { k: 1 }', ['k', text], { set: 1 }],
      ] as const) {
        const document = parseDocument(edited(before, [{ path, ...edit }]), { version: '1.2' });
        expect(document.errors).toEqual([]);
        const found = JSON.stringify(document.toJS(), (_, value: unknown) => (typeof value === 'object' ? value : String(value)));
        expect(found).toContain(JSON.stringify(text));
      }
    }),
    { seed: seedOf(71), numRuns: volume(2_000, 200) },
  );
});

type Value = string | readonly Value[] | { readonly [key: string]: Value };

const { value: anyValue } = fc.letrec<{ value: Value; map: { [key: string]: Value }; list: Value[] }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.constantFrom('x', 'a b', '* *', '8.10'), tie('map'), tie('list')),
  map: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value'), { noNullPrototype: true }),
  list: fc.array(tie('value'), { maxLength: 3 }),
}));

const edits = fc.array(
  fc.record({
    path: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
    how: fc.constantFrom('set', 'add', 'remove'),
    key: fc.constantFrom('a', 'e', 'f'),
    value: anyValue,
  }),
  { maxLength: 4 },
);

interface Chosen {
  readonly path: readonly number[];
  readonly how: string;
  readonly key: string;
  readonly value: Value;
}

/** An edit of a place that there is: numbers choose the way to it. */
function editOf(root: Value, { path: choices, how, key, value }: Chosen): YamlEdit | undefined {
  let at = root;
  const path: (string | number)[] = [];
  for (const choice of choices) {
    const keys = typeof at === 'string' ? [] : Object.keys(at);
    if (keys.length === 0) break;
    const next = keys[choice % keys.length] ?? '';
    path.push(Array.isArray(at) ? Number(next) : next);
    at = (at as { readonly [key: string]: Value })[next] ?? '';
  }
  if (how === 'add')
    return Array.isArray(at) ? { path, add: value } : typeof at === 'string' ? undefined : { path: [...path, key], set: value };
  if (path.length === 0) return undefined;
  return how === 'set' ? { path, set: value } : { path, remove: true };
}

/** What an edit makes of a value. Indexes are those of the value before. */
function expectedOf(root: Value, all: readonly YamlEdit[]): unknown {
  const GONE = {};
  const copy = structuredClone(root) as never;
  const added: (readonly [list: unknown[], value: unknown])[] = [];
  for (const edit of all) {
    const parent = edit.path.slice(0, -1).reduce<Record<string, unknown>>((at, part) => at[part] as never, copy);
    const last = edit.path.at(-1) ?? '';
    if ('add' in edit) added.push([(edit.path.length === 0 ? copy : parent[last]) as unknown[], edit.add]);
    else parent[last] = 'set' in edit ? structuredClone(edit.set) : GONE;
  }
  for (const [list, value] of added) list.push(structuredClone(value));
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.filter((item) => item !== GONE).map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).flatMap(([key, member]) => (member === GONE ? [] : [[key, clean(member)]])));
  };
  return clean(copy);
}

test('any edits of any document make the value that they say, whatever its layout', () => {
  const layouts = fc.record({
    indent: fc.constantFrom(1, 2, 4),
    indentSeq: fc.boolean(),
    collectionStyle: fc.constantFrom('any', 'flow'),
    json: fc.boolean(),
    eol: fc.constantFrom('\n', '\r\n'),
  });
  const isApart = (all: readonly YamlEdit[]): boolean =>
    all.every(({ path }, at) => all.every((other, index) => index === at || !path.every((part, depth) => part === other.path[depth])));
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), anyValue, { minKeys: 1, noNullPrototype: true }),
      edits,
      layouts,
      fc.boolean(),
      (root, chosen, layout, inline) => {
        const all = chosen.flatMap((choice) => editOf(root, choice) ?? []);
        fc.pre(isApart(all));
        const source = parseDocument(JSON.stringify(root)).toJS() as object;
        const plain = layout.json
          ? JSON.stringify(root, null, layout.indent)
          : String(Object.assign(parseDocument(''), { contents: parseDocument('').createNode(source) }).toString(layout as never));
        const text = plain.replaceAll('\n', layout.eol);
        const result = edited(text, all, () => inline);
        const document = parseDocument(result);
        expect(document.errors).toEqual([]);
        expect(document.toJS()).toEqual(expectedOf(root, all));
        if (layout.json) JSON.parse(result);
        if (layout.eol === '\r\n') expect(result).not.toMatch(/(?<!\r)\n/);
      },
    ),
    { seed: seedOf(72), numRuns: volume(2_000, 200) },
  );
});
