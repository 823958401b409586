import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { emptyFolder, run } from './run.ts';

test('npm install --global installs the man pages', async () => {
  const directory = emptyFolder();
  await run({ release: '24', directory }, 'npm', 'install', '--global', '--prefix', directory, inject('tarball'));
  expect(existsSync(join(directory, 'share/man/man1/dnx.1'))).toBe(true);
  const installed = readdirSync(join(directory, 'share/man'), { recursive: true }).filter((name) => /\.\d$/.test(String(name)));
  expect(installed.map((name) => String(name).slice(5)).sort()).toEqual(readdirSync('man').sort());
});
