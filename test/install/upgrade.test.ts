import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { version } from '../../package.json';
import { emptyFolder, run } from './run.ts';

const install = (directory: string, ...options: readonly string[]) =>
  run({ release: '24', directory }, 'npm', 'install', '--global', '--prefix', directory, ...options);

const manifestIn = (directory: string): string => readFileSync(join(directory, 'lib/node_modules/deploynix-cli/package.json'), 'utf8');

describe('npm install --global over an older version', () => {
  const directory = emptyFolder();
  const place = { release: '24', directory, path: [join(directory, 'bin')] } as const;

  beforeAll(async () => {
    // The same package, but for its version and a file that the new one lacks.
    const older = emptyFolder();
    await execa('tar', ['-xzf', inject('tarball'), '-C', older]);
    await execa('npm', ['version', '0.0.1', '--no-git-tag-version', '--ignore-scripts'], { cwd: join(older, 'package') });
    await execa('npm', ['pack', '--ignore-scripts'], { cwd: join(older, 'package') });
    await install(directory, join(older, 'package', 'deploynix-cli-0.0.1.tgz'));
    expect(await run(place, 'dnx', '--version')).toBe('0.0.1');
    await install(directory, inject('tarball'));
  });

  test('replaces it', async () => {
    expect(await run(place, 'dnx', '--version')).toBe(version);
    expect(manifestIn(directory)).not.toContain('0.0.1');
    expect(await run(place, 'dnx', 'sandbox', 'run', '--', 'dnx', 'server', 'list')).toContain('web-1');
  });

  test('npm uninstall --global leaves nothing', async () => {
    await run(place, 'npm', 'uninstall', '--global', '--prefix', directory, 'deploynix-cli');
    expect(readdirSync(join(directory, 'bin'))).toEqual([]);
    expect(readdirSync(join(directory, 'lib/node_modules')).filter((name) => !name.startsWith('.'))).toEqual([]);
    expect(existsSync(join(directory, 'share/man/man1/dnx.1'))).toBe(false);
  });
});
