import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { childEnv, openEnv } from '../../src/machine/env.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const onWindows = (env: RunOptions['env'] = {}): RunOptions => ({ platform: 'win32', env });
const given = () => bed.children.at(-1)?.env ?? {};
const spellings = (name: string) => Object.keys(given()).filter((each) => each.toUpperCase() === name);

describe('variables', () => {
  test('are read in any case', () => {
    const env = { dnx_token: 'secret', Path: 'C:\\Windows' };
    const opened = openEnv(env, 'win32');
    expect([opened.DNX_TOKEN, 'DNX_TOKEN' in opened, opened.PATH, opened.HOME]).toEqual(['secret', true, 'C:\\Windows', undefined]);
    expect(Object.keys(opened)).toEqual(['dnx_token', 'Path']);
    expect(openEnv(env, 'linux').DNX_TOKEN).toBeUndefined();
  });

  test('choose the output in any case', async () => {
    const run = await bed.dnx('server list', onWindows({ Dnx_Output: 'ids' }));
    expect(run.stdout.split('\n')[0]).toMatch(/^01\w{24}$/);
  });

  test.each([
    ['a command', "deploy shop.example.com --notify 'exit 0'"],
    ['a verification', "deploy shop.example.com --verify-cmd 'exit 0'"],
    ['an editor', 'env edit --site shop.example.com --yes'],
  ])('keep the token from %s in any case', async (_, line) => {
    const run = await bed.dnx(line, onWindows({ dnx_token: 'secret', Path: 'C:\\Windows' }));
    expect([run.code, bed.children.length]).toEqual([0, 1]);
    expect(spellings('DNX_TOKEN')).toEqual([]);
    expect(given().Path).toBe('C:\\Windows');
  });

  test('never have two spellings in a child', () => {
    const env = openEnv({ Path: 'C:\\a', windir: 'C:\\Windows' }, 'win32');
    const child = childEnv(childEnv(env, { PATH: 'C:\\b', no_proxy: 'x' }), { NO_PROXY: 'y', pAtH: 'C:\\c', WinDir: undefined });
    expect(child).toEqual({ pAtH: 'C:\\c', NO_PROXY: 'y' });
    expect(childEnv({ Path: 'a' }, { PATH: 'b' })).toEqual({ Path: 'a', PATH: 'b' });
  });

  test.each(['Path', 'PATH', 'path'])('name the directories of programs: %s', async (name) => {
    await bed.dnx('sandbox run -- true', onWindows({ [name]: 'C:\\Windows' })).then(({ code }) => expect(code).toBe(0));
    expect(spellings('PATH')).toEqual(['PATH']);
    expect(given().PATH).toMatch(/dnx-sandbox-\w+[/\\]bin;C:\\Windows$/);
  });

  test('of a site do not replace those that locate Windows programs', async () => {
    const names = ['PSModulePath', 'SystemRoot', 'windir', 'ProgramFiles', 'PATHEXT', 'ComSpec', 'Path'];
    for (const key of names)
      await bed.dnx(['env', 'set', `${key}=C:\\theirs`, '--site', 'shop.example.com']).then(({ code }) => expect(code).toBe(0));
    writeFileSync(join(bed.directory, '.env.example'), 'APP_ENV=local\n');
    const run = await bed.dnx('env run --site shop.example.com -- php', onWindows({ Path: 'C:\\mine', SYSTEMROOT: 'C:\\Windows' }));
    expect([run.code, JSON.stringify(given()).includes('theirs')]).toEqual([0, false]);
    expect(given()).toMatchObject({ Path: 'C:\\mine', SYSTEMROOT: 'C:\\Windows', APP_ENV: 'production' });
  });
});

test('sandbox run has a dnx for sh and one for cmd', async () => {
  let files: Record<string, string> = {};
  const run = await bed.dnx('sandbox run -- true', {
    ...onWindows({ Path: 'C:\\Windows' }),
    child: ({ env }) => {
      const [directory = ''] = (env.PATH ?? '').split(';');
      files = Object.fromEntries(['dnx', 'dnx.cmd'].map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
      return 0;
    },
  });
  expect([run.code, files]).toEqual([0, { dnx: '#!/bin/sh\nexec node dnx "$@"\n', 'dnx.cmd': '@"node" "dnx" %*\r\n' }]);
});

describe('directories', () => {
  const unset = { DNX_CONFIG_DIR: undefined, DNX_CACHE_DIR: undefined, DNX_STATE_DIR: undefined };
  const there = (...path: string[]) => existsSync(join(bed.directory, ...path));

  test('are those that Windows has for programs', async () => {
    const env = { ...unset, AppData: join(bed.directory, 'Roaming'), LocalAppData: join(bed.directory, 'Local') };
    await expect(bed.dnx('config set server web-1', onWindows(env))).toExit(0);
    await expect(bed.dnx('site show shop.example.com', onWindows(env))).toExit(0);
    await expect(bed.dnx('deploy shop.example.com', onWindows(env))).toExit(0);
    expect([there('Roaming/dnx/config.json'), there('Local/dnx/cache'), there('Local/dnx/state/runs')]).toEqual([true, true, true]);
    expect([there('.config'), there('.cache'), there('.local')]).toEqual([false, false, false]);
  });

  test('are those of XDG or the home directory if Windows names none', async () => {
    await expect(bed.dnx('config set server web-1', onWindows(unset))).toExit(0);
    const xdg = { ...unset, APPDATA: join(bed.directory, 'Roaming'), XDG_CONFIG_HOME: join(bed.directory, 'xdg') };
    await expect(bed.dnx('config set server web-1', onWindows(xdg))).toExit(0);
    expect([there('.config/dnx/config.json'), there('xdg/dnx/config.json'), there('Roaming')]).toEqual([true, true, false]);
  });

  test('elsewhere ignore the variables of Windows', async () => {
    const env = { ...unset, APPDATA: join(bed.directory, 'Roaming') };
    await expect(bed.dnx('config set server web-1', { env })).toExit(0);
    expect([there('.config/dnx/config.json'), there('Roaming')]).toEqual([true, false]);
  });
});
