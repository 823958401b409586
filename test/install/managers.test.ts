import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { version } from '../../package.json';
import type { Release } from './releases.ts';
import { emptyFolder, run } from './run.ts';

interface Manager {
  readonly name: string;
  readonly release: Release;
  readonly add: readonly string[];
  /** What runs a command of the project's packages. */
  readonly exec: readonly string[];
}

const classic = join(inject('managers'), 'node_modules', 'yarn', 'bin', 'yarn.js');
const berry = join(inject('managers'), 'node_modules', 'berry', 'bin', 'yarn.js');

/** Each on another Node: what differs between managers is where they put files, and npm.test.ts covers the releases. */
const managers: readonly Manager[] = [
  { name: 'npm', release: '20.19.0', add: ['npm', 'install'], exec: ['npx', '--no', '--'] },
  { name: 'pnpm', release: '24', add: ['pnpm', 'add'], exec: ['pnpm', 'exec'] },
  { name: 'Yarn 1', release: '20.19.0', add: ['node', classic, 'add'], exec: ['node', classic, '--silent', 'run'] },
  { name: 'Yarn 4 with its own loader', release: '24', add: ['node', berry, 'add'], exec: ['node', berry, 'run'] },
  { name: 'bun', release: '26', add: ['bun', 'add'], exec: ['bun', '--silent', 'run'] },
];

describe.concurrent.each(managers)('a project with $name on Node $release', ({ release, add, exec }) => {
  const directory = emptyFolder();
  const place = { release, directory };
  const dnx = (...args: readonly string[]) => run(place, exec[0] ?? '', ...exec.slice(1), ...args);

  beforeAll(async () => {
    writeFileSync(join(directory, 'package.json'), '{"name":"project","private":true,"license":"UNLICENSED"}');
    // Yarn takes the folder for a part of a larger project otherwise.
    writeFileSync(join(directory, 'yarn.lock'), '');
    await run(place, add[0] ?? '', ...add.slice(1), inject('tarball'));
  });

  test('the name of the package, and a command against the sandbox', async () => {
    expect(await dnx('deploynix-cli', '--version')).toBe(version);
    expect(await dnx('dnx', 'sandbox', 'run', '--', ...exec, 'dnx', 'server', 'list')).toContain('web-1');
  });
});
