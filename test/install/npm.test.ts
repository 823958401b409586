import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { version } from '../../package.json';
import { nodeOf } from './nodes.ts';
import { releases } from './releases.ts';
import { emptyFolder, names, run } from './run.ts';

// npm comes with Node, so it is tested on each release; the other managers on one, see managers.test.ts.
describe.concurrent.each(releases)('npm on Node %s', (release) => {
  const directory = emptyFolder();
  const place = { release, directory, path: [join(directory, 'bin')] };

  beforeAll(() => run(place, 'npm', 'install', '--global', '--prefix', directory, inject('tarball')));

  test('runs on that release', async () => {
    expect(await run(place, 'node', '-p', 'process.execPath')).toBe(nodeOf(release));
    expect(`${await run(place, 'node', '--version')}.`).toContain(`v${release}.`);
  });

  test.each(names)('%s --version', async (name) => {
    expect(await run(place, name, '--version')).toBe(version);
  });

  test.each(['--help', 'site --help', 'completion bash', 'config list', 'help exit-codes'])('dnx %s', async (line) => {
    expect(await run(place, 'dnx', ...line.split(' '))).not.toBe('');
  });

  test.each(['server list', 'server list --json', 'deploy shop.example.com'])('dnx %s against the sandbox', async (line) => {
    expect(await run(place, 'dnx', 'sandbox', 'run', '--', 'dnx', ...line.split(' '))).toMatch(/web-1|01J|shop/);
  });

  test('the keychain is installed', async () => {
    const installed = join(directory, 'lib', 'node_modules', 'deploynix-cli');
    expect(await run({ ...place, directory: installed }, 'node', '-p', "typeof require('@napi-rs/keyring').Entry")).toBe('function');
  });

  test('the package has no V8 code cache and no other packages', () => {
    const installed = join(directory, 'lib', 'node_modules', 'deploynix-cli');
    expect(readdirSync(join(installed, 'dist')).filter((name) => !/\.(?:js|map|txt)$/.test(name))).toEqual([]);
    expect(readdirSync(join(installed, 'node_modules'))).toEqual(['@napi-rs']);
    expect(existsSync(join(installed, 'src'))).toBe(false);
  });
});
