import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { version } from '../../package.json';
import { leading } from '../support/volume.ts';
import type { Release } from './releases.ts';
import { emptyFolder, run } from './run.ts';

const berry = join(inject('managers'), 'node_modules', 'berry', 'bin', 'yarn.js');
const url = inject('registry');
const tarball = inject('tarball');

/** Managers read the registry from different variables; these name one on loopback that has the packed tarball. */
const env = {
  npm_config_registry: url,
  pnpm_config_registry: url,
  YARN_NPM_REGISTRY_SERVER: url,
  YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
};

const byName: readonly (readonly [line: string, Release])[] = [
  ['npx --yes deploynix-cli', '20.19.0'],
  ['npx --yes --package deploynix-cli dnx', '26'],
  ['pnpm --silent dlx deploynix-cli', '24'],
  ['pnpm --silent --package deploynix-cli dlx dnx', '24'],
  [`node ${berry} dlx --quiet deploynix-cli`, '24'],
  [`node ${berry} dlx --quiet --package deploynix-cli dnx`, '24'],
  ['bunx --silent deploynix-cli', '26'],
];

const fromTarball: readonly (readonly [line: string, Release])[] = [
  [`npx --yes --package ${tarball} dnx`, '24'],
  [`pnpm --silent dlx ${tarball}`, '24'],
  [`node ${berry} dlx --quiet --package deploynix-cli@file:${tarball} dnx`, '24'],
];

describe.concurrent('without installing', () => {
  test.each(byName)('%s --version, on Node %s', async (line, release) => {
    const [program = '', ...args] = line.split(' ');
    expect(await run({ release, directory: emptyFolder(), env }, program, ...args, '--version')).toBe(version);
  });

  test.each(leading(fromTarball, 1))('%s --version, on Node %s', async (line, release) => {
    const [program = '', ...args] = line.split(' ');
    expect(await run({ release, directory: emptyFolder() }, program, ...args, '--version')).toBe(version);
  });
});
