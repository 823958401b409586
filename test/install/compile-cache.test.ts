import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe } from 'vitest';
import { version } from '../../package.json';
import { describeCompileCache } from '../support/compile-cache.ts';

const releases = ['22', '24', '26'];
const directory = mkdtempSync(join(tmpdir(), 'dnx-install-'));
const modules = join(directory, 'node_modules');

// The package as it is published, which Node 20 built.
beforeAll(async () => {
  const platform = `${process.platform}-${process.arch}`;
  const nodes = releases.map((release) => `node-${release}@npm:node-${platform}@${release}`);
  const packed = join(directory, `deploynix-cli-${version}.tgz`);
  writeFileSync(join(directory, 'package.json'), '{}');
  await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', directory]);
  await execa('npm', ['install', '--prefix', directory, '--ignore-scripts', '--no-audit', '--no-fund', packed, ...nodes]);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(releases)('on Node %s', (release) => {
  describeCompileCache({ node: () => join(modules, `node-${release}`, 'bin', 'node'), package: join(modules, 'deploynix-cli') });
});
