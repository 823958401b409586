import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContractDifference } from '../../src/features/contract/difference.ts';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

async function compared(text: string, line = 'doctor --contract openapi.json --json') {
  writeFileSync(join(bed.directory, 'openapi.json'), text);
  const run = await bed.dnx(line);
  return { ...run, found: run.stdout.startsWith('[') ? run.json<ContractDifference[]>() : [] };
}

const json = (schema: unknown) => ({ content: { 'application/json': { schema } } });
/** A document of one operation whose body has this schema. */
const document = (schema: unknown, more: object = {}) =>
  JSON.stringify({ openapi: '3.1.0', paths: { '/servers': { post: { requestBody: json(schema) } } }, ...more });
const ref = (name: string | number) => ({ $ref: `#/components/schemas/${name}` });

describe('doctor --contract', () => {
  test('groups what has one cause, and names the commands', async () => {
    const text = JSON.stringify({
      openapi: '3.1.0',
      paths: Object.fromEntries(
        ['daemons', 'daemons/{daemon}'].map((path) => [
          `/servers/{server}/${path}`,
          {
            get: {},
            put: { requestBody: json({ properties: { username: {} } }) },
            post: { requestBody: json({ properties: { username: {} } }) },
          },
        ]),
      ),
    });
    const { stdout, found } = await compared(text);
    expect(stdout).not.toContain('undefined');
    expect(found.filter(({ name }) => name === 'username')).toEqual([
      {
        basis: 'stated',
        kind: 'field',
        operation: 'POST /servers/{server}/daemons',
        name: 'username',
        difference: 'no option in dnx; use -F username=VALUE',
        operations: ['POST /servers/{server}/daemons', 'PUT /servers/{server}/daemons/{daemon}'],
        commands: ['daemon create', 'daemon ensure', 'daemon update'],
      },
    ]);
    expect(found.find(({ operation }) => operation === '/servers/{server}/sites')).toMatchObject({
      kind: 'operation',
      difference: 'not in the document: 35 operations',
      operations: expect.arrayContaining(['POST /servers/{server}/sites/{site}/deploy']),
    });
    const table = await bed.dnx('doctor --contract openapi.json', { columns: 200 });
    expect(table.stdout).toMatch(
      /POST \/servers\/\{server\}\/daemons \+1 .*use -F username=VALUE \(dnx daemon create, daemon ensure and 1 more\)/,
    );
    expect(table.stderr).toMatch(/^6 operations, \d+ differences \(\d+ in assumptions of dnx\)\n$/);
  });

  test('says once that a document is about something else', async () => {
    const { found, code } = await compared('{"openapi":"3.1.0","paths":{"/pets":{"get":{}}}}');
    expect([code, found.map(({ difference }) => difference)]).toEqual([0, ['none of the operations of dnx is in the document']]);
    const strict = await bed.dnx('doctor --contract openapi.json --exit-code');
    expect([strict.code, strict.stderr]).toEqual([10, expect.stringContaining('openapi.json and dnx differ.')]);
    const alone = await bed.dnx('doctor --exit-code');
    expect([alone.code, alone.stderr]).toEqual([2, 'Error: --exit-code works only with --contract.\n']);
  });

  test('says which references it could not read', async () => {
    const { found, stderr, code } = await compared(document({ $ref: './schemas.yaml#/Server' }));
    expect(code).toBe(0);
    expect(found.filter(({ operation }) => operation === 'POST /servers')).toEqual([]);
    expect(stderr).toContain('! 1 reference to other files or to nothing was not read, such as ./schemas.yaml#/Server\n');
  });

  test.each<readonly [string, unknown, object?]>([
    ['a reference that is not encoded', ref('%zz~1%')],
    ['references to properties of every object', { allOf: [{ $ref: '#/constructor' }, { $ref: '#/__proto__/toString' }] }],
    ['a reference to itself', ref('Self'), { components: { schemas: { Self: { allOf: [ref('Self')], anyOf: [ref('Self')] } } } }],
    ['a field that is its own object', ref('Tree'), { components: { schemas: { Tree: { properties: { name: ref('Tree') } } } } }],
    ['a circle of references', ref(0), { components: { schemas: [ref(1), ref(2), ref(0)] } }],
    ['null for everything', { type: null, properties: null, required: null, enum: null, allOf: null, items: null }],
    ['lists for everything', { type: [[]], properties: [[]], required: [[null]], enum: [[], {}], anyOf: [null, 1, []], $ref: [] }],
  ])('reads a document with %s', async (_, schema, more) => {
    const run = await compared(document(schema, more ?? {}));
    expect([run.code, run.stderr.includes('operation')]).toEqual([0, true]);
  });

  test('finds the fields of a document with the names of properties of every object', async () => {
    const text = document(
      JSON.parse('{"properties":{"__proto__":{},"constructor":{},"toString":{"enum":["a"]}},"required":["__proto__"]}'),
    );
    const { found } = await compared(text);
    const own = found.filter(({ operation, difference }) => operation === 'POST /servers' && difference.includes('option'));
    expect(own.map(({ name }) => name)).toEqual(['__proto__', 'constructor', 'toString']);
  });

  test('visits each schema once, however many references lead to it', async () => {
    const twelve = (name: string) => ({ allOf: Array.from({ length: 12 }, () => ref(name)) });
    const layers = Array.from({ length: 30 }, (_, index) => [`Layer${index}`, twelve(`Layer${index + 1}`)]);
    const schemas = { ...Object.fromEntries(layers), Layer30: { properties: { fingers: {} } } };
    const { found } = await compared(document(ref('Layer0'), { components: { schemas } }));
    expect(found.map(({ name }) => name)).toContain('fingers');
  });

  test('strips control characters for a terminal', async () => {
    const hostile = '\u001b]0;title\u0007\u001b[31mred';
    writeFileSync(
      join(bed.directory, 'openapi.json'),
      document({ properties: { [hostile]: {}, type: { enum: [hostile] } }, $ref: hostile }),
    );
    const run = await bed.dnx('doctor --contract openapi.json', { columns: 120, env: { NO_COLOR: '1' } });
    expect(run.stdout).toContain('red');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(run.stdout + run.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test('shortens endless values', async () => {
    const { found } = await compared(
      document({ properties: { type: { enum: Array.from({ length: 10_000 }, (_, index) => `t${index}`) } } }),
    );
    expect(found.map(({ difference }) => difference)).toContainEqual(
      expect.stringMatching(/only in the document: t0, .*, t11 and 9988 more$/),
    );
  });

  test.each([
    ['not: [yaml', 'is not valid YAML'],
    ['{"openapi":', 'is not valid JSON: Flow map must end with a } at line 1, column 12\n'],
    ['swagger: "2.0"', 'is not an OpenAPI 3 document'],
    ['{"openapi": "3.0.0"}', 'is not an OpenAPI 3 document'],
    ['{"openapi": "30", "paths": {}}', 'is not an OpenAPI 3 document'],
    ['', 'is not an OpenAPI 3 document'],
    [`{"openapi": "3.0.0", "paths": {}, "x": ${'['.repeat(600)}${']'.repeat(600)}}`, 'it is nested more than 512 levels deep'],
    [`{"openapi": ${'1'.repeat(1_000_001)}`, 'is not valid JSON'],
    [`openapi: ${'3'.repeat(4_000_001)}`, 'is larger than 4 MB, which is too much YAML.\n  Convert it to JSON.'],
    [`{"openapi": "3.1.0", "paths": {}, "x": "${'x'.repeat(16_000_000)}"}`, 'is larger than 16 MB, which is too much to compare.'],
    [`openapi: 3.1.0\npaths: ${'['.repeat(20_000)}`, 'is not valid YAML'],
    [
      `a: &a [x, x]\n${['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, at) => `${name}: &${name} [${`*${'abcdefg'[at]}, `.repeat(9)}]`).join('\n')}`,
      'is not valid YAML',
    ],
  ])('refuses %.40s', async (text, words) => {
    writeFileSync(join(bed.directory, 'openapi.yaml'), text);
    const run = await bed.dnx('doctor --contract openapi.yaml');
    expect([run.code, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain(words);
  });

  test('reads a URL without sending the token there', async () => {
    const run = await bed.dnx(`doctor --contract ${bed.sandbox.url}/openapi.json`);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^Error: .*\/openapi\.json returned \d+\.\n {2}Download the document, and pass the file\.\n$/);
    expect(bed.sandbox.calls.at(-1)).toMatchObject({ token: null });
    const broken = await bed.dnx('doctor --contract http://[');
    expect([broken.code, broken.stderr]).toEqual([2, "Error: 'http://[' is not a valid URL.\n"]);
  });
});
