import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { version } from '../../package.json';

/** The oldest supported release, the newest 20, and the newest of every later line. */
const releases = ['20.19.0', '20.20.2', '22', '24', '26'];

const directory = mkdtempSync(join(tmpdir(), 'dnx-install-'));
const installed = join(directory, 'installed', 'node_modules', 'deploynix-cli');
const { CI: _, DNX_HOST: __, DNX_TOKEN: ___, ...inherited } = process.env;
const env = { ...inherited, HOME: directory };

/** Installs a package into a new folder, as a user would with `npm install`. */
async function install(folder: string, name: string): Promise<void> {
  mkdirSync(join(directory, folder), { recursive: true });
  await execa('npm', ['install', '--prefix', join(directory, folder), '--no-audit', '--no-fund', name], { env, extendEnv: false });
}

beforeAll(async () => {
  await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', directory]);
  await install('installed', join(directory, `deploynix-cli-${version}.tgz`));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('the package contains no V8 code cache', () => {
  expect(readdirSync(join(installed, 'dist')).filter((name) => !/\.(?:js|map|txt)$/.test(name))).toEqual([]);
  expect(readdirSync(join(installed, 'bin'))).toEqual(['dnx.js']);
});

test('the package name is an executable too, for pnpm dlx and yarn dlx', () => {
  expect(readdirSync(join(installed, '../.bin')).sort()).toEqual(['deploynix', 'deploynix-cli', 'dnx']);
});

describe.each(releases)('on Node %s', (release) => {
  const folder = `node-${release}`;
  const node = join(directory, folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  const bin = join(installed, 'bin', 'dnx.js');
  const dnx = (...args: string[]) => execa(node, [bin, ...args], { cwd: directory, env, extendEnv: false, reject: false });

  beforeAll(async () => {
    await install(folder, `node-${process.platform}-${process.arch}@${release}`);
    chmodSync(node, 0o755);
  });

  test('is that release', async () => {
    expect((await execa(node, ['--version'])).stdout).toMatch(new RegExp(`^v${release.replaceAll('.', '\\.')}\\b`));
  });

  test.each([['--version'], ['--help'], ['site', '--help'], ['completion', 'bash'], ['config', 'list']])('dnx %s %s', async (...args) => {
    const { exitCode, stdout, stderr } = await dnx(...args.filter(Boolean));
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).not.toBe('');
  });

  test.each([['server list'], ['server list --json'], ['deploy shop.example.com']])('dnx %s against the sandbox', async (line) => {
    const { exitCode, stdout, stderr } = await dnx('sandbox', 'run', '--', node, bin, ...line.split(' '));
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/web-1|01J|shop/);
  });
});
