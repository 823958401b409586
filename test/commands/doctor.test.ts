import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { everyCommand, operationsOf } from '../../src/cli/language/tree.ts';
import * as tree from '../../src/commands/index.ts';
import type { Difference } from '../../src/features/doctor/contract.ts';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

interface Line {
  readonly check: string;
  readonly verdict: string;
  readonly detail: string;
  readonly mend: string | null;
}

/** Each check by its name, as `verdict: detail`. */
async function examined(line = 'doctor --json', options: RunOptions = {}) {
  const run = await bed.dnx(line, options);
  const lines = JSON.parse(run.stdout) as Line[];
  return { run, lines, by: Object.fromEntries(lines.map(({ check, verdict, detail }) => [check, `${verdict}: ${detail}`])) };
}

describe('doctor', () => {
  test('looks at everything, and what it says names nobody', async () => {
    const { run, by } = await examined('doctor --json', { env: { SHELL: '/bin/bash' } });
    expect(run.code).toBe(0);
    expect(by).toEqual({
      versions: expect.stringMatching(/^ok: dnx .*, Node 20\.19\.0, linux$/),
      'settings directory': 'skipped: ~/config is not there yet',
      settings: 'skipped: ~/config/config.json is not there yet',
      'token file': 'ok: no token lies in the clear',
      'link file': 'skipped: this directory is not linked to a site',
      completion: 'warning: not installed for bash',
      keychain: 'skipped: not looked at, for DNX_TOKEN is set',
      token: 'ok: from DNX_TOKEN, which wins over what is stored',
      host: `ok: ${bed.sandbox.url} (from the environment)`,
      proxy: 'ok: none',
      DNS: 'ok: the name is known',
      TLS: 'skipped: not used: the host is this machine',
      latency: expect.stringMatching(/^ok: \d+ ms for one request$/),
      clock: expect.any(String),
      API: 'ok: signed in as a…@example.com',
      abilities: 'warning: this token can do everything',
    });
    expect(run.stdout).not.toContain(bed.directory);
    expect(run.stdout).not.toContain(bed.sandbox.token);
  });

  test.each([
    ['skipped', { env: {} }],
    ['warning', { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }],
    ['failed', { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', DNX_HOST: 'https://127.0.0.1:9' } }],
  ])('certificates that nobody verifies are told: %s', async (verdict, options) => {
    const { by } = await examined('doctor --json', options);
    expect(by.TLS).toMatch(new RegExp(`^${verdict}: ${verdict === 'skipped' ? 'not used' : 'certificates are not verified'}`));
  });

  test('a clock that is wrong is told from the answer', async () => {
    bed.sandbox.faults.next({ path: '/user' }, (answer) => ({
      ...answer,
      headers: { ...answer.headers, Date: new Date(bed.clock.now() - 600_000).toUTCString() },
    }));
    expect((await examined()).by.clock).toBe("warning: 600 s ahead of the API's");
  });

  test.each([
    [{ env: { DNX_TOKEN: undefined } }, 'token', 'failed: none for'],
    [{ env: { DNX_TOKEN: '1|dead' } }, 'API', 'failed: it does not accept the token'],
    [{ env: { DNX_HOST: 'http://127.0.0.1:9' } }, 'connection', 'failed: Cannot reach http://127.0.0.1:9: the connection was refused.'],
  ])('%j fails at %s, with its mend', async (options, check, words) => {
    const { run, lines } = await examined('doctor --json', options);
    const line = lines.find((each) => each.check === check);
    expect(run.code).toBe(1);
    expect(`${line?.verdict}: ${line?.detail}`).toContain(words);
    expect(line?.mend).toEqual(expect.any(String));
    expect(run.stderr).toContain(`${check}: ${line?.mend}`);
  });

  test.each([
    ['a portal that answers with a page', { status: 200, body: '<html>Sign in to the Wi-Fi</html>' }, 'failed: the answer is not JSON'],
    ['a plan without API access', { status: 403, body: { message: 'Please upgrade your plan.' } }, 'failed: it lets nobody in'],
    ['another server', { status: 404, body: 'nothing here' }, 'failed: there is no API at this host'],
    ['an API that fails', { status: 503, body: '' }, 'failed: it answers 503'],
  ])('%s', async (_, reply, words) => {
    bed.sandbox.faults.always({ path: '/user' }, reply);
    expect((await examined()).by.API).toContain(words);
  });

  test('an answer that breaks off in the middle', async () => {
    bed.sandbox.faults.always({ path: '/user' }, 'cut');
    const { run, by } = await examined();
    expect([run.code, by.connection]).toEqual([1, expect.stringContaining('failed: Cannot reach')]);
  });

  test('files that others can read, and a token in the clear', async () => {
    expect((await bed.dnx('login --with-token --insecure-storage', { stdin: bed.sandbox.token, env: { DNX_TOKEN: undefined } })).code).toBe(
      0,
    );
    chmodSync(join(bed.directory, 'config'), 0o755);
    chmodSync(join(bed.directory, 'config', 'config.json'), 0o644);
    const { by, lines } = await examined('doctor --json', { env: { DNX_TOKEN: undefined } });
    expect(by['settings directory']).toBe('warning: ~/config can be read by others (mode 755)');
    expect(lines.find(({ check }) => check === 'settings')?.mend).toBe('chmod 600 ~/config/config.json');
    expect(by['token file']).toBe('warning: ~/config/tokens.json holds tokens in the clear (mode 600)');
  });

  test('a password in the address of a proxy is not shown', async () => {
    const { run, by } = await examined('doctor --json', { env: { HTTP_PROXY: 'http://me:secret@127.0.0.1:9' } });
    expect(by.proxy).toBe('ok: HTTP_PROXY=http://…@127.0.0.1:9');
    expect(run.stdout + run.stderr).not.toContain('secret');
  });

  test('a long text of the API is redacted at once', async () => {
    bed.sandbox.faults.always({ path: '/user' }, { status: 200, body: { data: { email: `${'a'.repeat(300_000)}@example.com` } } });
    expect((await examined()).by.API).toBe('ok: signed in as a…@example.com');
    bed.sandbox.faults.always({ path: '/user' }, { status: 200, body: { data: { email: 'a.'.repeat(200_000) } } });
    expect((await examined()).run.code).toBe(0);
  });

  test('completion that is installed', async () => {
    const place = join(bed.directory, 'data/bash-completion/completions');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'dnx'), '');
    const { by } = await examined('doctor --json', { env: { SHELL: '/bin/bash', XDG_DATA_HOME: join(bed.directory, 'data') } });
    expect(by.completion).toContain('ok: bash: ~/data');
  });
});

describe('doctor --contract', () => {
  type Document = Record<string, unknown> & { paths: Record<string, Record<string, Record<string, unknown>>> };

  /** A document that says just what dnx declares. */
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

  test('says nothing where the document agrees', async () => {
    const { run, found } = await compared(await agreeing(), 'doctor --contract openapi.json --json --exit-code');
    expect(found).toEqual([]);
    expect(run.code).toBe(0);
    expect(run.calls).toEqual([]);
  });

  test('reports operations, fields, values and statuses, what is assumed first', async () => {
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
    expect(found.at(-1)?.difference).toBe('dnx daemon create has no option for it, although it is required: -F username=…');
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
      'dnx backup list offers restored, and the document does not',
      'the document has expired, and dnx backup list does not offer that',
    ]);
  });

  test.each([
    ['a reference that is not encoded', { $ref: '#/components/schemas/%zz~1%' }],
    ['references to what every object has', { allOf: [{ $ref: '#/constructor' }, { $ref: '#/__proto__/toString' }] }],
    ['a reference to itself', { $ref: '#/paths/~1api~1v1~1teams/post/requestBody/content/application~1json/schema' }],
  ])('reads a document with %s', async (_, schema) => {
    const document = await agreeing();
    document.paths['/api/v1/teams'] = { post: { requestBody: { content: { 'application/json': { schema } } } } };
    const { run, found } = await compared(document);
    expect([run.code, found.map(({ operation }) => operation)]).toEqual([0, ['POST /teams']]);
  });

  test('reads a schema of twelve references to itself, and one of eight layers of twelve, at once', async () => {
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
    expect(run.stderr).toContain('answered');
    expect(bed.sandbox.calls.at(-1)).toMatchObject({ token: null });
  });
});
