import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadProgram } from '../../src/machine/compiled-code.ts';
import { describeCompiledCode } from '../support/compiled-code.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { onlyOnNode } from '../support/program.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dnx-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const uid = process.getuid?.() ?? 0;
const cache = () => join(home, '.cache', 'dnx');
const all = () => join(cache(), 'compiled');
const files = (directory = all()) => (existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : []);

/** Loads the built program with this environment, and keeps its code. */
function keep(env: Readonly<Record<string, string>> = { HOME: home }, getuid = () => uid, platform: NodeJS.Platform = 'linux'): void {
  const { arch, versions, execPath, execArgv } = process;
  const host = { env: { ...env }, platform, arch, versions, execPath, execArgv, getuid };
  const { program, keep } = loadProgram<{ run: unknown }>(host, join(process.cwd(), 'dist', 'dnx.js'), require);
  expect(program.run).toBeInstanceOf(Function);
  keep();
}

describe('the file of compiled code', () => {
  test('is readable only by this user', () => {
    keep();
    const [file = ''] = files();
    expect([statSync(all()).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  test.each([
    [{ XDG_CACHE_HOME: '/x' }, '/x/dnx/compiled'],
    [{ DNX_CACHE_DIR: '/x', XDG_CACHE_HOME: '/y' }, '/x/compiled'],
  ])('follows %j', (given, path) => {
    const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, home + value]));
    keep({ HOME: '/nowhere', ...env });
    expect(files(home + path)).toHaveLength(1);
  });

  test.each([[{}], [{ HOME: '' }], [{ HOME: '/dev/null' }], [{ HOME: '/proc/none' }]])('is not written with %j', (env) => {
    keep(env);
    expect(files()).toEqual([]);
  });

  test('is not written through a link', () => {
    const elsewhere = join(home, 'elsewhere');
    for (const directory of [cache(), elsewhere]) mkdirSync(directory, { recursive: true, mode: 0o700 });
    symlinkSync(elsewhere, all());
    keep();
    expect(files(elsewhere)).toEqual([]);
  });

  test.each([['.cache/dnx'], ['.cache/dnx/compiled']])('is not written if others can write to %s', (path) => {
    mkdirSync(all(), { recursive: true, mode: 0o700 });
    chmodSync(join(home, path), 0o722);
    keep();
    expect(files()).toEqual([]);
  });

  test.each<readonly [string, (file: string) => void]>([
    ['others can write to it', (file) => chmodSync(file, 0o622)],
    ['others can write to its directory', () => chmodSync(all(), 0o722)],
    // Only root can give a file away.
    ...(uid === 0 ? ([['it belongs to someone else', (file: string) => chownSync(file, 1, 1)]] as const) : []),
  ])('is not read if %s', (name, spoil) => {
    keep();
    const [file = ''] = files();
    const before = statSync(file).ino;
    spoil(file);
    keep();
    // What is not read is not complete, so it is written again where that is allowed.
    expect(statSync(file).ino === before).toBe(name === 'others can write to its directory');
  });

  test('may be in a directory for everyone, in which all keep their own', () => {
    const shared = join(home, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    keep({ DNX_CACHE_DIR: shared });
    expect(files(join(shared, 'compiled'))).toHaveLength(1);
  });

  test('is not written for another user', () => {
    keep({ HOME: home }, () => uid + 1);
    expect(files()).toEqual([]);
  });

  test.each([
    [{}, 'Local/dnx/cache'],
    [{ XDG_CACHE_HOME: 'xdg' }, 'xdg/dnx'],
    [{ DNX_CACHE_DIR: 'own' }, 'own'],
  ])('is below %%LOCALAPPDATA%% on Windows, with %j in %s', (given, place) => {
    const env = Object.fromEntries(Object.entries({ LOCALAPPDATA: 'Local', ...given }).map(([name, path]) => [name, join(home, path)]));
    keep({ USERPROFILE: '/nowhere', ...env }, () => uid + 1, 'win32');
    expect(files(join(home, place, 'compiled'))).toHaveLength(1);
  });
});

describe.skipIf(onlyOnNode('the code that Node compiles, of which an executable has its own'))('the program', () => {
  describeCompiledCode({ node: () => process.execPath, package: process.cwd() });

  const compiledIn = ({ directory }: Executable) => join(directory, '.cache', 'dnx', 'compiled');
  /** One whose home directory has no compiled code yet. */
  const openNew = async () => {
    const executable = await openExecutable();
    rmSync(compiledIn(executable), { recursive: true, force: true });
    return executable;
  };

  test('keeps nothing if a signal ends it', async () => {
    await using executable = Object.assign(await openNew(), {
      async [Symbol.asyncDispose]() {
        await executable.close();
      },
    });
    const run = executable.dnx(['sandbox', 'start', '--port', '0']);
    run.stderr?.on('data', (text: Buffer) => text.includes('Ctrl-C stops it') && run.kill('SIGTERM'));
    expect((await run).exitCode).not.toBe(1);
    expect(existsSync(compiledIn(executable))).toBe(false);
  });

  test('works on a full disk', async () => {
    const executable = await openNew();
    const { exitCode, stdout } = await executable.shell('ulimit -f 1; dnx --help');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('Manage Deploynix')]);
    expect(readdirSync(compiledIn(executable))).toEqual([]);
    await executable.close();
  });
});
