import { describe, expect, test } from 'vitest';
import { operationsOf } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';
import { endpointsAt } from '../../src/features/api/schema.ts';
import { endpointsOf } from '../../src/features/schema/endpoints.ts';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { leaves } from '../support/tree.ts';

const bed = perSuite(openBed);

interface Schema {
  readonly operation: string;
  readonly ability: { readonly name: string; readonly assumed: boolean } | null;
  readonly commands: readonly string[];
  readonly path: readonly string[];
  readonly query: readonly { readonly name: string }[];
  readonly body: readonly { readonly name: string }[];
  readonly response: { readonly type: string; readonly fields: readonly { readonly name: string }[] };
}

async function schema(...words: readonly string[]): Promise<readonly Schema[]> {
  const run = await bed.dnx(['api', '--schema', ...words, '--json'], { env: { DNX_TOKEN: '' } });
  expect(run).toExit(0, { calls: [] });
  return run.json<Schema[]>();
}

const refused = async (...words: readonly string[]) => {
  const run = await bed.dnx(['api', '--schema', ...words]);
  expect([run.stdout, run.calls]).toEqual(['', []]);
  return [run.code, run.stderr];
};

describe('api --schema', () => {
  test('prints an endpoint, without a request or a token', async () => {
    const [daemon, ...others] = await schema('POST', '/servers/{server}/daemons');
    expect(others).toEqual([]);
    expect(daemon).toMatchObject({
      operation: 'POST /servers/{server}/daemons',
      ability: { name: 'daemon:create', assumed: false },
      commands: ['daemon create', 'daemon ensure', 'site copy'],
      path: ['server'],
      query: [],
      response: { type: 'object' },
    });
    expect(daemon?.body).toContainEqual({
      name: 'command',
      type: 'string',
      required: true,
      assumed: true,
      choices: [],
      option: true,
      help: 'Command to keep running',
    });
    expect(daemon?.response.fields).toContainEqual({ name: 'status', type: 'string', assumed: true });
  });

  test('prints every method of a path, given as a template, with ids, names, or as a URL', async () => {
    const all = await schema('/servers/{server}');
    expect(all.map(({ operation }) => operation)).toEqual(['GET /servers/{server}', 'PUT /servers/{server}', 'DELETE /servers/{server}']);
    for (const path of ['servers/7', '/servers/web-1', '/api/v1/servers/{id}', `${bed.sandbox.url}/api/v1/servers/7?a=b`])
      expect(await schema(path)).toEqual(all);
    expect(await schema('delete', '/servers/7')).toEqual([all[2]]);
  });

  test('knows the filters of a list, and a file', async () => {
    const [backups] = await schema('GET', '/backups');
    expect(backups?.query.map(({ name }) => name)).toEqual(expect.arrayContaining(['page', 'per_page', 'status']));
    expect(backups?.response.type).toBe('array');
    expect((await schema('GET', '/backups/1/download'))[0]?.response.type).toBe('file');
  });

  test('finds every endpoint that a command calls', async () => {
    const all = await endpointsOf(tree);
    for (const endpoint of new Set(leaves.flatMap(({ command }) => operationsOf(command)))) {
      const [method, path = ''] = endpoint.split(' ');
      expect(endpointsAt(all, path, method)).toEqual([expect.objectContaining({ operation: endpoint })]);
    }
  });

  test('an unknown path is exit code 6, with the nearest one', async () => {
    const typo = "Did you mean '/servers/1/sites/2/deploy'?";
    expect(await refused('/servers/1/sites/2/deplyo')).toEqual([6, expect.stringContaining(typo)]);
    expect(await refused('/server')).toEqual([6, expect.stringContaining("dnx knows no endpoint /server. Did you mean '/servers'?")]);
    expect(await refused('PATCH', '/servers/1')).toEqual([6, expect.stringContaining('Known: GET, PUT, DELETE.')]);
  });

  test('has sections on a terminal, at any width', async () => {
    const wide = await bed.dnx('api --schema POST /servers', { columns: 120, env: { NO_COLOR: '1' } });
    expect(wide.stdout).toMatch(
      / {2}Ability {3}server:create\n {2}Commands {2}server create\n {2}Body {6}name +string +required {2}Server name\n/,
    );
    expect(wide.stdout).toMatch(/ {12}php_version\* +string +PHP version: 8\.\d, /);
    expect(wide.stdout).toMatch(/ {12}monitoring_enabled\* .*\(only with -F\)\n/);
    expect(wide.stdout).toContain('  * assumed: the API reference does not state it\n');
    const fitted = await bed.dnx('api --schema POST /servers', { columns: 80, env: { NO_COLOR: '1' } });
    expect(fitted.stdout).toMatch(/\n {12}type\* +string +Server type: app, web,\n {52}worker, database, cache,\n/);
    const narrow = await bed.dnx('api --schema POST /servers', { columns: 40, env: { NO_COLOR: '1' } });
    expect(Math.max(...narrow.stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(40);
    expect(narrow.stdout).toContain('\n            provider  string  required\n');
  });

  test('has every other format', async () => {
    expect((await bed.dnx('api --schema /tokens -o csv')).stdout).toMatch(/^operation,ability,commands\nPOST \/tokens,/);
    expect((await bed.dnx(['api', '--schema', '/servers', '--query', '[].operation', '-o', 'text'])).stdout).toBe(
      'GET /servers\nPOST /servers\n',
    );
  });

  test('rejects the options of a request', async () => {
    for (const option of ['--rate', '-i', '--paginate', '--input={}'])
      expect(await refused('/servers', option)).toEqual([2, expect.stringContaining('--schema sends no request')]);
    expect(await refused()).toEqual([2, expect.stringContaining('Missing <path>.')]);
    expect(await refused('https://example.org/api/v1/servers')).toEqual([2, expect.stringContaining('is a different host')]);
  });
});
