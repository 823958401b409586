import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { type Elsewhere, openElsewhere } from '../support/elsewhere.ts';
import { textOf } from '../support/exchange.ts';
import { perTest } from '../support/fixtures.ts';
import { leading, turn } from '../support/volume.ts';

const bed = perTest(openBed);

interface Platform extends Elsewhere {
  /** Requests other than GET, as `DELETE /servers/7 {"a":1}`. */
  readonly changes: string[];
}

/** An API with one server and one site, whose ids are this JSON text. */
async function platform(id: string): Promise<Platform> {
  const changes: string[] = [];
  const server = await openElsewhere(async (request: IncomingMessage, response) => {
    const path = (request.url ?? '').replace('/api/v1', '').replace(/\?.*/, '');
    const body = await textOf(request);
    if (request.method !== 'GET') changes.push(`${request.method} ${path} ${body}`.trim());
    const site = `{"id":${id},"domain":"shop.test","server_id":${id},"status":"active","size":123}`;
    const one = /\/sites(\/[^/]+)?$/.test(path) ? site : `{"id":${id},"name":"web-1","status":"active","key":"A","value":"1"}`;
    const list = /\/(servers|sites|tokens|environment-variables)$/.test(path) && request.method === 'GET';
    response.setHeader('content-type', 'application/json');
    response.end(`{"data":${list ? `[${one}]` : one}}`);
  });
  onTestFinished(() => server.close());
  return { ...server, changes };
}

const run = (line: string, { url }: Elsewhere, options: object = {}) => bed.dnx(line, { env: { DNX_HOST: url }, ...options });

describe.each(leading(['9007199254740993', '123456789012345678901234567890', '18446744073709551615'], 2))('an id of %s', (id) => {
  test('keeps its digits in paths, bodies and every output format', async () => {
    const api = await platform(id);
    await expect(run('server delete web-1 --confirm web-1', api)).toExit(0);
    for (const line of ['site suspend shop.test --yes', 'env set A=2 --site shop.test', 'backup create --site shop.test --no-wait'])
      await expect(run(line, api)).toExit(0);
    expect(api.changes).toEqual([
      `DELETE /servers/${id}`,
      `POST /servers/${id}/sites/${id}/suspend`,
      `PUT /servers/${id}/sites/${id}/environment-variables/${id} {"value":"2"}`,
      `POST /backups/application {"site_id":"${id}"}`,
    ]);
    expect((await run('server list --json', api)).stdout).toContain(`"id": ${id},`);
    for (const format of ['table', 'ids', 'csv', 'tsv', 'yaml', 'ndjson'])
      expect((await run(`server list -o ${format}`, api)).stdout).toMatch(new RegExp(`(^|[^\\d"'])${id}([^\\d"']|$)`, 'm'));
    expect((await run('server list --query "[].id" --json', api)).stdout).toBe(`[\n  ${id}\n]\n`);
    expect((await run('api GET /user', api)).stdout).toContain(`"id": ${id},`);
    expect((await run('api GET /user -i', api)).stdout).toContain(`"id": ${id},`);
    expect((await run('server list --sort id --limit 1 --fields id --json', api)).stdout).toContain(`"id": ${id}\n`);
  });

  test('is sent unchanged if the user gives it', async () => {
    const api = await platform(id);
    await expect(run(`server delete ${id} --confirm web-1`, api)).toExit(0);
    expect(api.changes).toEqual([`DELETE /servers/${id}`]);
  });

  test('keeps its digits in -F, --input and the link file', async () => {
    const api = await platform(id);
    for (const given of [
      ['-F', `id:=${id}`],
      ['--input', `{"id":${id}}`],
    ])
      await expect(bed.dnx(['api', 'POST', '/things', ...given], { env: { DNX_HOST: api.url } })).toExit(0);
    expect(api.changes).toEqual([`POST /things {"id":${id}}`, `POST /things {"id":${id}}`]);
    writeFileSync(join(bed.directory, '.deploynix.json'), `{"server": ${id}}`);
    await expect(run('daemon create --command top', api)).toExit(0);
    expect(api.changes.at(-1)).toBe(`POST /servers/${id}/daemons {"command":"top"}`);
  });
});

test('a remembered id keeps its digits', async () => {
  const api = await platform('9007199254740993');
  await expect(run('site show shop.test', api)).toExit(0);
  expect(readFileSync(join(bed.directory, 'cache/names.json'), 'utf8')).toContain('"id": "9007199254740993"');
});

const changing = [
  'server delete web-1 --confirm web-1',
  'site suspend shop.test --yes',
  'site delete shop.test --server 7 --confirm shop.test',
  'daemon create --command top --server web-1',
  'env set A=2 --site 7 --server 7',
  'env unset A --site 7 --server 7 --yes',
];
const unusable = ['null', '{}', '{"a":1}', '[1]', 'true', '""', '" "', '".."', '"\\ud800"', '1.5', '1e30', '-0.5'];

describe.each(unusable.map((id, row) => [id, row] as const))('an id of %s', (id, row) => {
  test.each(turn(changing, row))('stops dnx before anything is sent: %s', async (line) => {
    const api = await platform(id);
    const { code, stdout, stderr } = await run(line, api);
    expect(stderr).toMatch(/^Error: Deploynix returned an unusable id for a (server|site|variable): /);
    expect([code, stdout, api.changes]).toEqual([1, '', []]);
  });

  test('is printed as the API sent it', async () => {
    const { code, stdout } = await run('server list --json', await platform(id), { lies: true });
    expect([code, JSON.parse(stdout)[0].id]).toEqual([0, JSON.parse(id)]);
  });
});
