import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { seeded, startSandbox, timings } from '../../src/sandbox/index.ts';
import { drive, START } from './driver.ts';

const shop = `/servers/${seeded.servers['web-1']}/sites/${seeded.sites['shop.example.com']}`;

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'dnx-sandbox-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test('the state file keeps the state, including work in progress', async () => {
  const folder = directory();
  const stateFile = join(folder, 'state.json');
  const first = await drive({ stateFile });
  await first.ask(`POST ${shop}/deploy`);
  expect(JSON.parse(readFileSync(stateFile, 'utf8')).deployments).toHaveLength(1);
  const minted = first.sandbox.mint(['site:read']);
  await first.sandbox.close();
  expect(readdirSync(folder)).toEqual(['state.json']);

  const second = await drive({ stateFile, now: () => START + timings.deployBegins });
  expect((await second.ask(`GET ${shop}`, undefined, { token: minted })).data.status).toBe('deploying');
});

test('the documented token works again after a restart, even if it was revoked', async () => {
  const stateFile = join(directory(), 'state.json');
  const first = await drive({ stateFile });
  await first.ask('POST /logout');
  expect((await first.ask('GET /user')).status).toBe(401);
  await first.sandbox.close();
  const second = await drive({ stateFile });
  expect((await second.ask('GET /user')).status).toBe(200);
});

test('an invalid state file is an error that names it', async () => {
  const stateFile = join(directory(), 'state.json');
  writeFileSync(stateFile, '{"version"');
  await expect(startSandbox({ stateFile })).rejects.toThrow(`${stateFile} is not valid JSON`);
  writeFileSync(stateFile, '{"version":0}');
  await expect(startSandbox({ stateFile })).rejects.toThrow('another version');
});

test('a state file that is not a regular file is an error', async () => {
  const stateFile = directory();
  await expect(startSandbox({ stateFile })).rejects.toThrow(`${stateFile} is not a regular file.`);
});

test('a port that is in use is an error', async () => {
  const { sandbox } = await drive();
  await expect(startSandbox({ port: Number(new URL(sandbox.url).port) })).rejects.toThrow('EADDRINUSE');
});

test('a sandbox answers only to the names of this machine with its port, so that no page in a browser reaches it under another', async () => {
  const { sandbox } = await drive();
  const { port } = new URL(sandbox.url);
  const ask = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { Host: host, Authorization: `Bearer ${sandbox.token}` };
      get(`${sandbox.url}/api/v1/user`, { headers }, (response) => resolve(response.resume().statusCode)).on('error', reject);
    });
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) expect([host, await ask(host)]).toEqual([host, 200]);
  for (const host of [`rebound.example.com:${port}`, 'rebound.example.com', '127.0.0.1', `127.0.0.1.example.com:${port}`, 'localhost:1'])
    expect([host, await ask(host)]).toEqual([host, 421]);
});

test('a sandbox listens only on the loopback address', async () => {
  const { sandbox } = await drive();
  const port = Number(new URL(sandbox.url).port);
  const answers = async (host: string) =>
    new Promise((resolve) => {
      const socket = connect({ host, port }, () => resolve(true)).on('error', () => resolve(false));
      onTestFinished(() => void socket.destroy());
    });
  // A server on every address of this machine would answer at each of them.
  expect(await Promise.all(['127.0.0.1', '127.0.0.2', '::1'].map(answers))).toEqual([true, false, false]);
});

test('calls are recorded in order', async () => {
  const { ask, sandbox } = await drive();
  const token = sandbox.mint(['server:read'], { name: 'Reader' });
  await ask('GET /servers?page=1&per_page=2', undefined, { token });
  await ask('POST /servers', { name: 'x' }, { token });
  await ask('GET /user', undefined, { token: null });
  expect(sandbox.calls).toEqual([
    { method: 'GET', path: '/servers', query: { page: '1', per_page: '2' }, body: undefined, token: 'Reader', status: 200 },
    { method: 'POST', path: '/servers', query: {}, body: { name: 'x' }, token: 'Reader', status: 403 },
    { method: 'GET', path: '/user', query: {}, body: undefined, token: null, status: 401 },
  ]);
});

test('global classes are not replaced', async () => {
  const { Request: request, Response: response } = globalThis;
  await drive();
  expect([globalThis.Request, globalThis.Response]).toEqual([request, response]);
});
