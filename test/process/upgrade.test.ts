import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporary } from '../support/dnx.ts';
import { leading } from '../support/volume.ts';

const places: readonly (readonly [by: string, place: string, lock: string, command: string])[] = [
  ['npm', 'prefix/lib', '', 'npm install --global deploynix-cli@latest'],
  ['npm, in a project', 'shop', 'package-lock.json', 'npm install --save-dev deploynix-cli@latest'],
  ['pnpm, in a project', 'shop', 'pnpm-lock.yaml', 'pnpm add --save-dev deploynix-cli@latest'],
  ['Yarn, in a project', 'shop', 'yarn.lock', 'yarn add --dev deploynix-cli@latest'],
  ['Bun, in a project', 'shop', 'bun.lock', 'bun add --dev deploynix-cli@latest'],
];

test.each(leading(places, 2))('dnx upgrade prints the command for %s', async (_, place, lock, command) => {
  const directory = temporary();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const root = join(directory, place);
  const home = join(root, 'node_modules/deploynix-cli');
  mkdirSync(home, { recursive: true });
  for (const each of ['bin', 'dist', 'package.json'])
    cpSync(each, join(home, each), { recursive: true, filter: (file) => !file.endsWith('.map') });
  if (lock !== '') writeFileSync(join(root, lock), '');
  // As package managers do.
  mkdirSync(join(directory, 'bin'));
  symlinkSync(join(home, 'bin/dnx.js'), join(directory, 'bin/dnx'));
  const dnx = (...args: string[]) => spawnSync(process.execPath, [join(directory, 'bin/dnx'), ...args], { encoding: 'utf8' });
  const run = dnx('upgrade');
  expect([run.status, run.stdout]).toEqual([0, `${command}\n`]);
  expect(run.stderr).toMatch(/^dnx \d+\.\d+\.\d+\S* was installed with (npm|pnpm|Yarn|Bun)/);
  const { installed_with: by } = JSON.parse(dnx('version', '--json').stdout);
  expect(run.stderr).toContain(` was installed with ${by}. `);
  expect(JSON.parse(dnx('doctor', '--json').stdout)[0].detail).toContain(` (${by}), Node `);
});
