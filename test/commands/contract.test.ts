import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { everyCommand, operationsOf } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';
import type { Difference } from '../../src/features/doctor/contract.ts';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

describe('doctor --contract', () => {
  type Document = Record<string, unknown> & { paths: Record<string, Record<string, Record<string, unknown>>> };

  /** A document that contains exactly what dnx declares. */
  async function agreeing(): Promise<Document> {
    const paths: Document['paths'] = {};
    const at = (word: string) => {
      const [method = '', path = ''] = word.split(' ');
      const place = `/api/v1${path}`;
      const verb = method.toLowerCase();
      const item = paths[place] ?? {};
      const operation = item[verb] ?? { responses: {} };
      item[verb] = operation;
      paths[place] = item;
      return operation;
    };
    for (const { command } of await everyCommand(tree)) {
      for (const each of operationsOf(command)) at(each);
      const [first] = operationsOf(command);
      if (!command.fields || !first) continue;
      const operation = at(first);
      const options = Object.entries(command.fields);
      const assumed = options.filter(([, option]) => option.assumed);
      const schema = { type: 'object', properties: Object.fromEntries(assumed.map(([name]) => [name, { type: 'string' }])) };
      operation.requestBody = { content: { 'application/json': { schema } } };
    }
    return { openapi: '3.1.0', paths };
  }

  async function compared(document: object, line = 'doctor --contract openapi.json --json') {
    writeFileSync(join(bed.directory, 'openapi.json'), JSON.stringify(document));
    const run = await bed.dnx(line);
    return { run, found: run.stdout === '' ? [] : (JSON.parse(run.stdout) as Difference[]) };
  }

  test('finds no difference if the document agrees', async () => {
    const { run, found } = await compared(await agreeing(), 'doctor --contract openapi.json --json --exit-code');
    expect(found).toEqual([]);
    expect(run.code).toBe(0);
    expect(run.calls).toEqual([]);
  });

  test('reports operations, fields and statuses, assumptions first', async () => {
    const document = await agreeing();
    const daemons = document.paths['/api/v1/servers/{server}/daemons'];
    const operations = document.paths['/api/v1/servers/{server}/sites/{site}/rollback'];
    if (!daemons?.post || !daemons.get || !operations) throw new Error('the document is not as expected');
    delete document.paths['/api/v1/servers/{server}/sites/{site}/rollback'];
    document.paths['/api/v1/teams'] = { get: {} };
    document.components = {
      schemas: {
        Daemon: {
          type: 'object',
          properties: {
            id: { type: 'string' },
            command: { type: 'string' },
            username: { type: 'string' },
            processes: { type: 'integer' },
            status: { enum: ['running', 'zombie'] },
          },
        },
        NewDaemon: {
          allOf: [{ properties: { command: {}, username: {} }, required: ['command', 'username'] }, { properties: { processes: {} } }],
        },
      },
    };
    daemons.post.requestBody = { content: { 'application/json': { schema: { $ref: '#/components/schemas/NewDaemon' } } } };
    daemons.get.responses = {
      200: {
        content: {
          'application/json': { schema: { properties: { data: { type: 'array', items: { $ref: '#/components/schemas/Daemon' } } } } },
        },
      },
    };
    const { run, found } = await compared(document, 'doctor --contract openapi.json --json --exit-code');
    const daemon = 'servers/{server}/daemons';
    expect(run.code).toBe(10);
    expect(found.map(({ basis, kind, operation, name }) => [basis, kind, operation, name])).toEqual([
      ['assumed', 'field', `GET /${daemon}`, 'user'],
      ['assumed', 'status', `GET /${daemon}`, 'status'],
      ['assumed', 'field', `POST /${daemon}`, 'directory'],
      ['assumed', 'field', `POST /${daemon}`, 'user'],
      ['stated', 'operation', 'POST /servers/{server}/sites/{site}/rollback', null],
      ['stated', 'operation', 'GET /teams', null],
      ['stated', 'field', `POST /${daemon}`, 'username'],
    ]);
    expect(found.at(-1)?.difference).toBe('required, but no option in dnx daemon create; use -F username=VALUE');
  });

  test('reads YAML, servers with a path, and parameters with values', async () => {
    const text = `
openapi: 3.0.3
servers: [{ url: https://deploynix.io/api/v1 }]
paths:
  /backups:
    get:
      parameters:
        - { in: query, name: status, schema: { type: string, enum: [pending, in_progress, completed, failed, expired] } }
`;
    writeFileSync(join(bed.directory, 'openapi.yaml'), text);
    const run = await bed.dnx('doctor --contract openapi.yaml --json');
    const values = (JSON.parse(run.stdout) as Difference[]).filter(({ kind }) => kind === 'values');
    expect(values.map(({ difference }) => difference)).toEqual([
      'only in dnx backup list: restored',
      'only in the document: expired (dnx backup list)',
    ]);
  });

  test.each([
    ['an unencoded reference', { $ref: '#/components/schemas/%zz~1%' }],
    ['references to properties of every object', { allOf: [{ $ref: '#/constructor' }, { $ref: '#/__proto__/toString' }] }],
    ['a reference to itself', { $ref: '#/paths/~1api~1v1~1teams/post/requestBody/content/application~1json/schema' }],
  ])('reads a document with %s', async (_, schema) => {
    const document = await agreeing();
    document.paths['/api/v1/teams'] = { post: { requestBody: { content: { 'application/json': { schema } } } } };
    const { run, found } = await compared(document);
    expect([run.code, found.map(({ operation }) => operation)]).toEqual([0, ['POST /teams']]);
  });

  test('visits each schema once, however many references lead to it', async () => {
    const document = await agreeing();
    const body = (name: string) => ({
      requestBody: { content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } } },
    });
    const twelve = (name: string) => ({ allOf: Array.from({ length: 12 }, () => ({ $ref: `#/components/schemas/${name}` })) });
    const layers = Array.from({ length: 8 }, (_, index) => [`Layer${index}`, twelve(`Layer${index + 1}`)]);
    document.components = { schemas: { Self: twelve('Self'), ...Object.fromEntries(layers), Layer8: { properties: { name: {} } } } };
    document.paths['/api/v1/teams'] = { post: body('Self'), put: body('Layer0') };
    const { run, found } = await compared(document);
    expect([run.code, found.map(({ operation }) => operation)]).toEqual([0, ['POST /teams', 'PUT /teams']]);
  });

  test.each([
    ['not: [yaml', 'is not valid YAML'],
    ['swagger: "2.0"', 'is not an OpenAPI 3 document'],
  ])('refuses %s', async (text, words) => {
    writeFileSync(join(bed.directory, 'openapi.yaml'), text);
    const run = await bed.dnx('doctor --contract openapi.yaml');
    expect(run.code).toBe(2);
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
