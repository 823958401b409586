import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import { perSuite } from '../support/fixtures.ts';
import { lacking, required } from '../support/programs.ts';
import { emptyFolder, run } from './run.ts';

const missing = lacking(['dbus-run-session', 'gnome-keyring-daemon']);
if (missing.length > 0 && !required)
  process.stderr.write(`Skipped the sign-in without the optional package: there is no ${missing.join(' and no ')}\n`);

// In a project, because npm ignores the option with --global. On Linux, dnx speaks to the keychain itself; test/unit covers the others.
describe('npm install --omit=optional', () => {
  const directory = emptyFolder();
  const sandbox = perSuite(startSandbox);
  const place = { release: '24', directory, path: [join(directory, 'node_modules/.bin')] } as const;

  beforeAll(async () => {
    writeFileSync(join(directory, 'package.json'), '{}');
    await run(place, 'npm', 'install', '--omit=optional', inject('tarball'));
  });

  test('installs a single package', () => {
    const modules = join(directory, 'node_modules');
    // npm 9 leaves the empty directory of a scope.
    const filled = readdirSync(modules).filter((name) => !name.startsWith('.') && readdirSync(join(modules, name)).length > 0);
    expect(filled).toEqual(['deploynix-cli']);
  });

  test('dnx works', async () => {
    expect(await run(place, 'dnx', 'sandbox', 'run', '--', 'dnx', 'server', 'list')).toContain('web-1');
  });

  test.skipIf(missing.length > 0 && !required)('login stores the token in the Secret Service', async () => {
    const env = { HOME: directory, XDG_RUNTIME_DIR: emptyFolder(), XDG_DATA_HOME: directory, DNX_HOST: sandbox.url, TOKEN: sandbox.token };
    const unlock = 'printf password | gnome-keyring-daemon --unlock --components=secrets > /dev/null';
    const line = `${unlock}; echo "$TOKEN" | dnx login --with-token && dnx whoami`;
    expect(await run({ ...place, env }, 'dbus-run-session', '--', 'sh', '-c', line)).toContain('ada@example.com');
    expect(existsSync(join(directory, '.config/dnx/tokens.json'))).toBe(false);
  });
});
