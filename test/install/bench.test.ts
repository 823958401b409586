import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, inject, test } from 'vitest';
import { userEnvironment } from './environment.ts';

test('npm run bench measures the packed dnx', async () => {
  const written = readFileSync('docs/performance.md', 'utf8');
  const options = { env: userEnvironment(inject('home')), extendEnv: false };
  const { stdout } = await execa('node', ['scripts/bench.mjs', '--quick', '--rounds', '1', '--package', inject('tarball')], options);
  expect(stdout).toMatch(/^\| dnx server list --json +\| +1 \| +\d+ ms/m);
  expect(stdout).toMatch(/^\| Tab: dnx site dep +\| +0 \| +\d+ ms/m);
  expect(stdout).toMatch(/^\| packed +\| +\d+ kB/m);
  expect(readFileSync('docs/performance.md', 'utf8')).toBe(written);
});
