import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';

let built: Executable;
beforeAll(async () => {
  built = await openExecutable();
});
afterAll(() => built.close());

const profiles = () => JSON.parse(readFileSync(join(built.directory, '.config/dnx/config.json'), 'utf8')).profiles;

test('what several edit at once is all kept', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const ended = await Promise.all(names.map((name) => built.dnx(['config', 'set', 'server', `web-${name}`, '--profile', name])));
  expect(ended.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(names.map(() => [0, '']));
  expect(profiles()).toEqual(Object.fromEntries(names.map((name) => [name, { server: `web-${name}` }])));
});

test('what a killed process left in the way is cleared away', async () => {
  mkdirSync(join(built.directory, '.config/dnx/config.json.lock'));
  const run = await built.dnx(['config', 'set', 'server', 'web-9', '--profile', 'z']);
  expect([run.exitCode, run.stderr, profiles().z]).toEqual([0, '', { server: 'web-9' }]);
});
