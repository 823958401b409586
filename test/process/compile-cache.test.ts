import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { version } from '../../package.json';
import { keepCompiledCode } from '../../src/machine/compile-cache.ts';
import { describeCompileCache } from '../support/compile-cache.ts';
import { openExecutable } from '../support/executable.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dnx-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const all = () => join(home, '.cache', 'dnx', 'compiled');
const own = () => join(all(), version);
const uid = process.getuid?.() ?? 0;

/** The directory in which Node would keep compiled code; undefined for none. */
function chosen(env: Readonly<Record<string, string>> = { HOME: home }, getuid = () => uid, platform: NodeJS.Platform = 'linux') {
  const directories: string[] = [];
  keepCompiledCode({ env: { ...env }, platform, getuid }, (directory) => directories.push(directory));
  return directories[0];
}

describe('the directory of compiled code', () => {
  test('is one for each version, which only this user can read', () => {
    expect(chosen()).toBe(own());
    expect([all(), own()].map((directory) => statSync(directory).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  test.each([
    [{ XDG_CACHE_HOME: '/x' }, '/x/dnx/compiled'],
    [{ DNX_CACHE_DIR: '/x', XDG_CACHE_HOME: '/y' }, '/x/compiled'],
  ])('follows %j', (given, path) => {
    const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, home + value]));
    expect(chosen({ HOME: '/nowhere', ...env })).toBe(join(home + path, version));
  });

  test.each([
    [{ DNX_NO_COMPILE_CACHE: '1' }],
    [{ NODE_DISABLE_COMPILE_CACHE: '1' }],
    [{ NODE_COMPILE_CACHE: '/nowhere' }],
    [{ DNX_CACHE_DIR: 'relative' }],
  ])('is not created with %j', (given) => {
    expect(chosen({ HOME: home, ...given })).toBeUndefined();
    expect(existsSync(all())).toBe(false);
    expect(existsSync('relative')).toBe(false);
  });

  test.each([[{}], [{ HOME: '' }], [{ HOME: '/dev/null' }], [{ HOME: '/proc/none' }]])('is not created with %j', (env) => {
    expect(chosen(env)).toBeUndefined();
  });

  test.each([['.cache/dnx/compiled'], [`.cache/dnx/compiled/${version}`]])('is not a file or a link at %s', (path) => {
    const at = join(home, path);
    mkdirSync(join(at, '..'), { recursive: true });
    writeFileSync(at, '');
    expect(chosen()).toBeUndefined();
    rmSync(at);
    const elsewhere = join(home, 'elsewhere');
    mkdirSync(join(elsewhere, version), { recursive: true, mode: 0o700 });
    symlinkSync(elsewhere, at);
    expect(chosen()).toBeUndefined();
  });

  test.each([['.cache/dnx'], ['.cache/dnx/compiled'], [`.cache/dnx/compiled/${version}`]])(
    'is not used if others can write to %s',
    (path) => {
      chosen();
      chmodSync(join(home, path), 0o722);
      expect(chosen()).toBeUndefined();
    },
  );

  test('may be in a directory for everyone, in which all keep their own', () => {
    const shared = join(home, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    expect(chosen({ DNX_CACHE_DIR: shared })).toBe(join(shared, 'compiled', version));
  });

  test('is not used if it belongs to someone else', () => {
    chosen();
    expect(chosen({ HOME: home }, () => uid + 1)).toBeUndefined();
  });

  test('has no owner on Windows', () => {
    expect(chosen({ USERPROFILE: home }, () => uid + 1, 'win32')).toBe(own());
  });

  test.each([
    [{}, 'Local/dnx/cache'],
    [{ XDG_CACHE_HOME: 'xdg' }, 'xdg/dnx'],
    [{ DNX_CACHE_DIR: 'own' }, 'own'],
  ])('is below %%LOCALAPPDATA%% on Windows, with %j in %s', (given, place) => {
    const env = Object.fromEntries(Object.entries({ LOCALAPPDATA: 'Local', ...given }).map(([name, path]) => [name, join(home, path)]));
    expect(chosen({ USERPROFILE: '/nowhere', ...env }, () => uid + 1, 'win32')).toBe(join(home, place, 'compiled', version));
  });

  test('replaces those of old versions, but for the last two', () => {
    for (const [index, old] of ['0.0.4', '0.0.3', '0.0.2', '0.0.1'].entries()) {
      mkdirSync(join(all(), old, 'v24'), { recursive: true, mode: 0o700 });
      utimesSync(join(all(), old), 1_000 - index, 1_000 - index);
    }
    for (const directory of [join(home, '.cache', 'dnx'), all()]) chmodSync(directory, 0o700);
    chosen();
    expect(readdirSync(all()).sort()).toEqual(['0.0.3', '0.0.4', version].sort());
    mkdirSync(join(all(), '0.0.5'), { mode: 0o700 });
    chosen();
    expect(readdirSync(all())).toHaveLength(4);
  });
});

const keeps = 'enableCompileCache' in nodeModule;

describe.runIf(keeps)('the executable', () => {
  describeCompileCache({ node: () => process.execPath, package: process.cwd() });
});

describe.skipIf(keeps)('on a Node without a compile cache', () => {
  test('dnx keeps nothing and loads nothing for it', async () => {
    const executable = await openExecutable();
    const { exitCode } = await executable.dnx(['config', 'list']);
    expect([exitCode, existsSync(join(executable.directory, '.cache'))]).toEqual([0, false]);
    await executable.close();
  });
});
