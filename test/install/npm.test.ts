import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { version } from '../../package.json';
import { leading } from '../support/volume.ts';
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

  test.each(leading(['--help', 'config list', 'help exit-codes', 'site --help', 'completion bash'], 3))('dnx %s', async (line) => {
    expect(await run(place, 'dnx', ...line.split(' '))).not.toBe('');
  });

  test('commands against the sandbox', async () => {
    const ran = await run(
      place,
      'dnx',
      'sandbox',
      'run',
      '--',
      'sh',
      '-c',
      'dnx server list && dnx deploy shop.example.com --no-wait --json',
    );
    expect(ran).toMatch(/web-1[\s\S]*"outcome": "started"/);
  });

  test('the man pages are installed', () => {
    const pages = readdirSync(join(directory, 'share/man'), { recursive: true, encoding: 'utf8' }).filter((name) => /\.\d$/.test(name));
    expect(pages.map((name) => basename(name)).sort()).toEqual(readdirSync('man').sort());
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
