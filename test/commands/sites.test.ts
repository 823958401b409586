import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const web2 = seeded.servers['web-2'];

const bed = perTest(openBed);

test('site list prints the sites of every server, with the server of each', async () => {
  const run = await bed.dnx('site list', { columns: 200 });
  expect(run).toExit(0, { stdout: expect.stringMatching(/SERVER/) });
  expect(run.stdout).toMatch(/shop\.example\.com +web-1 /);
  expect(run.stdout).toMatch(/api\.example\.com +web-2 /);
  expect(run.calls).toHaveLength(1 + bed.sandbox.state.servers.length);
});

test('site list --json prints the objects of the API, with the name of their server', async () => {
  const all = await bed.dnx('site list --json');
  const one = await bed.dnx('site list --server web-1 --json');
  expect(one.json<object[]>()[0]).toMatchObject({ domain: 'shop.example.com', server_id: web1, server: 'web-1' });
  expect(all.json<object[]>()).toHaveLength(bed.sandbox.state.sites.length);
  expect(all.json<{ server_id: string }[]>().filter(({ server_id }) => server_id === web1)).toEqual(one.json());
});

test('site list prints the server and its id in CSV, and for an id without a known name the id', async () => {
  const [byId, all, named] = [
    await bed.dnx(`site list --server ${web2} -o csv --fields domain,server`),
    await bed.dnx('site list -o csv'),
    await bed.dnx(`site list --server ${web2} -o csv`),
  ];
  expect(byId.stdout).toContain(`api.example.com,${web2}\n`);
  for (const { stdout } of [all, named]) {
    expect(stdout).toMatch(/^domain,server,status,branch,php_version,last_deployed_at,type,id,server_id\n/);
    expect(stdout).toMatch(new RegExp(`\napi\\.example\\.com,web-2,failed,.*,${web2}\n`));
  }
});

test('site list is limited by DNX_SERVER and --server, not by the link file', async () => {
  writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ server: 'web-2' }));
  const servers = async (line: string, env = {}) => [
    ...new Set((await bed.dnx(line, { env })).json<{ server_id: string }[]>().map(({ server_id }) => server_id)),
  ];
  expect(await servers('site list --json')).toEqual([web1, web2]);
  expect(await servers('site list --json', { DNX_SERVER: 'web-1' })).toEqual([web1]);
  expect(await servers(`site list --json --server ${web2}`, { DNX_SERVER: 'web-1' })).toEqual([web2]);
});

test('site list remembers the server of each site', async () => {
  await expect(bed.dnx('site list')).toExit(0);
  const run = await bed.dnx('site show shop.example.com --json');
  expect(run).toExit(0, { calls: [`GET /servers/${web1}/sites/${seeded.sites['shop.example.com']}`] });
});

test.each([403, 404])('site list names a server that returns %i, and prints the sites of the others', async (status) => {
  bed.sandbox.faults.always({ path: `/servers/${web2}/sites` }, { status, body: { message: 'No.' } });
  const run = await bed.dnx('site list --json');
  expect(run).toExit(0);
  expect(run.json<{ server_id: string }[]>().map(({ server_id }) => server_id)).toEqual([web1, web1, web1]);
  expect(run.stderr).toContain('! Sites on server web-2 are not listed. ');
});

test('site list names site:read if the token lacks it', async () => {
  await expect(bed.dnx('site list', { env: { DNX_TOKEN: bed.sandbox.mint(['server:read']) } })).toExit(5, { says: 'site:read' });
});

test('site list is empty without servers', async () => {
  bed.sandbox.state.servers.splice(0);
  const run = await bed.dnx('site list --json');
  expect([run.code, run.json()]).toEqual([0, []]);
});

test('token abilities --for needs server:read only without --server', async () => {
  const needs = async (line: string) => {
    const run = await bed.dnx(['token', 'abilities', '--for', line, '--json']);
    return run.json<{ ability: string }[]>().map(({ ability }) => ability);
  };
  expect(await needs('site list')).toEqual(expect.arrayContaining(['server:read', 'site:read']));
  expect(await needs(`site list --server ${web1}`)).toEqual(['site:read']);
});
