import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLimitedBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { signIn } from '../support/sign-in.ts';

const bed = perTest(openLimitedBed);

test('every file that dnx keeps has mode 600, in directories with mode 700', async () => {
  for (const run of [
    await signIn(bed, 'login --with-token --insecure-storage'),
    await bed.dnx('config set output table'),
    await bed.dnx('site show shop.example.com'),
    await bed.dnx('deploy shop.example.com'),
  ])
    expect(run).toExit(0);
  const kept = ['config', 'cache', 'state'].flatMap((name) => {
    const directory = join(bed.directory, name);
    expect(existsSync(directory)).toBe(true);
    return [directory, ...readdirSync(directory, { recursive: true }).map((each) => join(directory, String(each)))];
  });
  const modes = kept.map((path) => {
    const found = statSync(path);
    return [path.slice(bed.directory.length), found.isDirectory() ? 'directory' : 'file', (found.mode & 0o777).toString(8)];
  });
  expect(modes.map(([path]) => path)).toEqual(
    expect.arrayContaining([
      '/config/config.json',
      '/config/tokens.json',
      '/cache/names.json',
      '/state/budget.json',
      expect.stringMatching(/^\/state\/budget\/[\da-f]{14}\.\d+$/),
      expect.stringMatching(/^\/state\/runs\/.*\.json$/),
    ]),
  );
  expect(modes.filter(([, kind, mode]) => mode !== (kind === 'file' ? '600' : '700'))).toEqual([]);
});
